#ifndef SIPCM_CORE_CONNECTION_TARGETS_CONNECT_BUDGET_H_
#define SIPCM_CORE_CONNECTION_TARGETS_CONNECT_BUDGET_H_

#include <array>
#include <cstddef>
#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/intrusive_list.h"
#include "core/event/event_loop.h"

namespace sipcm::connection {

// How often one destination may be knocked at while it is not known to answer (reliability.md 33):
// kMaxConnects within any second. For a second after an attempt that succeeded there is no bound,
// unless one fails; whoever waits for its turn then fails with it, rather than knocking in vain one
// after another.
// Thread: the loop's.
class ConnectBudget {
 public:
  static constexpr size_t kMaxConnects = 10;
  static constexpr absl::Duration kWindow = absl::Seconds(1);

  // A place in the line for one connect; destroying it leaves the line.
  class Turn;

  explicit ConnectBudget(event::EventLoop* loop);
  ~ConnectBudget();

  // Null: go on now. Else `done` is called later, once: OK = go on, or why not to. It may destroy
  // the turn.
  std::unique_ptr<Turn> Take(absl::AnyInvocable<void(const absl::Status&)> done);
  // Outcomes of whole attempts.
  void NoteSuccess();
  void NoteFailure(const absl::Status& failure);

  size_t waiting_count() const { return line_.size(); }

 private:
  struct LineTag;
  using Line = IntrusiveList<Turn, LineTag>;

  bool IsFree() const;
  void Count();
  void OnAlarm();

  event::EventLoop* const loop_;
  Instant proven_until_;
  std::array<Instant, kMaxConnects> last_;  // a ring; of the last connects
  size_t count_ = 0;
  Line line_;
  const std::unique_ptr<event::Alarm> alarm_;
};

class ConnectBudget::Turn : public ListHook<LineTag> {
 public:
  explicit Turn(absl::AnyInvocable<void(const absl::Status&)> done) : done_(std::move(done)) {}
  ~Turn() { Leave(); }

 private:
  friend class ConnectBudget;
  void Enter(Line* line);
  void Leave();
  // May destroy this.
  void Tell(const absl::Status& status);

  absl::AnyInvocable<void(const absl::Status&)> done_;
  Line* line_ = nullptr;
};

}  // namespace sipcm::connection

#endif  // SIPCM_CORE_CONNECTION_TARGETS_CONNECT_BUDGET_H_
