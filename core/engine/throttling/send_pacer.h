#ifndef SIPCM_CORE_ENGINE_THROTTLING_SEND_PACER_H_
#define SIPCM_CORE_ENGINE_THROTTLING_SEND_PACER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "core/base/intrusive_list.h"
#include "core/dispatch/endpoint.h"
#include "core/engine/message_order.h"
#include "core/engine/throttling/throttle.h"

namespace sipcm::engine {

struct PacerTag;
struct SendLane;

// A send that a pacer may have in a lane.
struct PacedSend : ListHook<PacerTag> {
  SendLane* lane = nullptr;  // null: in none
  bool waits_in_lane = false;
};

// The sends of one endpoint to one destination.
struct SendLane {
  std::string key;
  int outstanding = 0;
  int waiting_count = 0;
  IntrusiveList<PacedSend, PacerTag> waiting;  // first come, first served
};

// Keeps our own sends below what a server allows one client (semantics.md 8, mechanism 4): beyond
// kMostOutstanding in a lane the others wait, bounded; their time goes on. Thread: the worker's.
class SendPacer {
 public:
  static constexpr int kMostOutstanding = 19;  // servers refuse the 21st, some the 20th
  static constexpr int kMaxWaiting = 1000;     // in one lane

  ~SendPacer();

  enum class Admission : uint8_t { kNow, kWaits, kFull };
  // Puts it into its lane, unless that is full. One of an endpoint that is not throttled may always
  // go and is in none. `*change`: the first that waits.
  Admission Enter(const dispatch::Endpoint& endpoint, const SendOrder& order, PacedSend* send,
                  ThrottleChange* change);
  // RESOURCE_EXHAUSTED (SEND_QUEUE_FULL): what to say when it is kFull.
  static absl::Status FullError(const dispatch::Endpoint& endpoint);
  // Takes it out, waiting or not. The one whose turn it is now, or null: it is admitted. `*change`:
  // nobody waits any more.
  PacedSend* Leave(PacedSend* send, ThrottleChange* change);

 private:
  absl::flat_hash_map<std::string, std::unique_ptr<SendLane>> lanes_;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_THROTTLING_SEND_PACER_H_
