#ifndef SIPCM_CORE_EVENT_EVENT_LOOP_H_
#define SIPCM_CORE_EVENT_EVENT_LOOP_H_

#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/event/loop_thread.h"

namespace sipcm::event {

// Calls its callback once when its deadline has come. Thread: the loop's. Destroying it cancels;
// the callback never runs from inside Set(), and may destroy the alarm.
class Alarm {
 public:
  virtual ~Alarm() = default;
  // Arms, or moves an armed one. A deadline in the past fires in the next turn.
  // Instant::Infinite() cancels.
  virtual void Set(Instant deadline) = 0;
  virtual void Cancel() = 0;
  virtual bool armed() const = 0;
};

// One thread's turn-taking: posted tasks, alarms, and (FdLoop) descriptors. A turn runs all that
// is ready, then the tasks of AtTurnEnd. Now() stands still within a turn.
class EventLoop {
 public:
  virtual ~EventLoop() = default;

  // Thread: the loop's.
  virtual Instant Now() const = 0;
  // Wall time, for certificates and for what a person reads; never for a timer. Any thread.
  virtual absl::Time WallNow() const = 0;
  virtual std::unique_ptr<Alarm> NewAlarm(absl::AnyInvocable<void()> callback) = 0;
  // Runs `task` once when all else of this turn has run; tasks added while these run, run too.
  // Thread: the loop's. This is where writes are flushed: one send per connection and turn.
  virtual void AtTurnEnd(absl::AnyInvocable<void()> task) = 0;

  // Any thread. In order per posting thread; a burst costs one wake-up. Tasks that are still
  // waiting when the loop is destroyed are destroyed without running.
  virtual void Post(absl::AnyInvocable<void()> task) = 0;

  // The capability that members of objects living on this loop are guarded by.
  LoopThread& thread() ABSL_LOCK_RETURNED(thread_) { return thread_; }

 protected:
  LoopThread thread_;
};

}  // namespace sipcm::event

#endif  // SIPCM_CORE_EVENT_EVENT_LOOP_H_
