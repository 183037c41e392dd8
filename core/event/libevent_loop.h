#ifndef SIPCM_CORE_EVENT_LIBEVENT_LOOP_H_
#define SIPCM_CORE_EVENT_LIBEVENT_LOOP_H_

#include <atomic>
#include <cstddef>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/event/alarm_queue.h"
#include "core/event/fd_loop.h"
#include "core/event/mailbox.h"
#include "core/event/turn_end_tasks.h"

struct event_base;

namespace sipcm::event {

// The production loop: libevent (epoll) waits, the turn is ours. One turn: descriptors that are
// ready, posted tasks, due alarms, then the tasks of AtTurnEnd. Steady state allocates nothing per
// turn. Any object that lives on the loop (alarm, watch) is destroyed before it: a CHECK.
class LibeventLoop final : public FdLoop {
 public:
  // RESOURCE_EXHAUSTED (reason FILE_DESCRIPTORS_EXHAUSTED or MEMORY_LIMIT).
  static absl::StatusOr<std::unique_ptr<LibeventLoop>> Create();
  // Not while it runs. Waiting tasks are destroyed without running.
  ~LibeventLoop() override;

  // Binds the loop to the calling thread and takes turns until Stop(); then unbinds it, so that
  // whoever joined that thread can take its objects down. May be called again.
  void Run();
  // Any thread. What this thread posted before still runs.
  void Stop();

  Instant Now() const override;
  absl::Time WallNow() const override { return absl::Now(); }
  std::unique_ptr<Alarm> NewAlarm(absl::AnyInvocable<void()> callback) override;
  void AtTurnEnd(absl::AnyInvocable<void()> task) override;
  void Post(absl::AnyInvocable<void()> task) override;
  std::unique_ptr<FdWatch> WatchFd(int fd, FdListener* listener) override;

  // Watches alive; for tests and for memory accounting.
  size_t watch_count() const { return watch_count_; }

 private:
  class Watch;
  struct Events;  // libevent's structs, kept out of this header

  LibeventLoop(std::unique_ptr<Events> events, int wake_fd);

  void RunTurn() ABSL_EXCLUSIVE_LOCKS_REQUIRED(thread_);
  // Runs what descriptors bring: sleeps for it, unless there is something to do at once.
  void Poll() ABSL_EXCLUSIVE_LOCKS_REQUIRED(thread_);
  // True when there is something to do at once; otherwise the timer is set for the next alarm.
  bool PrepareWait() ABSL_EXCLUSIVE_LOCKS_REQUIRED(thread_);

  static void OnWake(int fd, short what, void* loop);
  static void OnTimer(int fd, short what, void* loop);

  const std::unique_ptr<Events> events_;
  const int wake_fd_;
  Mailbox mailbox_;
  // It looks into the mailbox before it sleeps: who posts need not wake it.
  std::atomic<bool> awake_{false};
  AlarmQueue alarms_ ABSL_GUARDED_BY(thread_);
  TurnEndTasks turn_end_ ABSL_GUARDED_BY(thread_);

  bool running_ ABSL_GUARDED_BY(thread_) = false;
  bool in_turn_ ABSL_GUARDED_BY(thread_) = false;
  // Read from the clock at the first question of a turn.
  mutable bool now_is_read_ ABSL_GUARDED_BY(thread_) = false;
  mutable Instant now_ ABSL_GUARDED_BY(thread_);
  Instant timer_deadline_ ABSL_GUARDED_BY(thread_) = Instant::Infinite();
  Watch* calling_ = nullptr;  // null also when the watch was destroyed by its own listener
  size_t watch_count_ = 0;
};

}  // namespace sipcm::event

#endif  // SIPCM_CORE_EVENT_LIBEVENT_LOOP_H_
