#ifndef SIPCM_CORE_ENGINE_THROTTLING_READING_PAUSE_H_
#define SIPCM_CORE_ENGINE_THROTTLING_READING_PAUSE_H_

#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "core/connection/connection_id.h"
#include "core/engine/connection_table.h"
#include "core/event/event_loop.h"

namespace sipcm::engine {

// Makes refusing cheap: a server that has too much to do must not spend its time on saying so. A
// connection whose requests are refused for load in one turn after the other is read only every
// kPause; what gathers meanwhile comes in one read and is answered by one write. What else it
// brings waits as long at most. Thread: the worker's.
class ReadingPause {
 public:
  static constexpr absl::Duration kPause = absl::Milliseconds(8);
  // In so many turns, none of them kPause after the one before, it may be refused until it pauses.
  static constexpr int kTurns = 4;

  // Both outlive this; `loop` runs no further turn once this is destroyed.
  ReadingPause(event::EventLoop* loop, ConnectionTable* connections);

  // A request that it brought was refused because of how much there is to do. It pauses from the
  // end of the turn on: what came with it is taken first.
  void OnRefused(const ConnectionSlot& slot);

 private:
  struct Refusals {
    int turns = 0;
    bool this_turn = false;
    bool pauses = false;
    bool more = false;  // since the last alarm
  };

  void OnTurnEnd();
  void OnAlarm();

  event::EventLoop* const loop_;
  ConnectionTable* const connections_;
  const std::unique_ptr<event::Alarm> alarm_;
  // Those that had one since the last alarm but one.
  absl::flat_hash_map<connection::ConnectionId, Refusals> refused_;
  std::vector<connection::ConnectionId> this_turn_;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_THROTTLING_READING_PAUSE_H_
