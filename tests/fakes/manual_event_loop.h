#ifndef SIPCM_TESTS_FAKES_MANUAL_EVENT_LOOP_H_
#define SIPCM_TESTS_FAKES_MANUAL_EVENT_LOOP_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/event/alarm_queue.h"
#include "core/event/event_loop.h"
#include "core/event/mailbox.h"
#include "core/event/turn_end_tasks.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/manual_scheduler.h"

namespace sipcm::fakes {

// A loop in virtual time, run by the test. Alone:
//   ManualEventLoop loop;
//   loop.AdvanceBy(absl::Seconds(5));
// or several on one ManualScheduler; then the calls below step them all. A turn: posted tasks, due
// alarms, tasks of AtTurnEnd, as in the production loop. Post() from any thread; the rest in one.
class ManualEventLoop final : public event::EventLoop {
 public:
  ManualEventLoop();                                     // with a clock and a scheduler of its own
  explicit ManualEventLoop(ManualScheduler* scheduler);  // which must outlive it
  ~ManualEventLoop() override;

  // EventLoop.
  Instant Now() const override { return clock_->now(); }
  absl::Time WallNow() const override { return clock_->wall_now(); }
  std::unique_ptr<event::Alarm> NewAlarm(absl::AnyInvocable<void()> callback) override;
  void AtTurnEnd(absl::AnyInvocable<void()> task) override { turn_end_.Add(std::move(task)); }
  void Post(absl::AnyInvocable<void()> task) override;

  // Of the scheduler; all loops that share it.
  void RunUntilIdle() { scheduler_->RunUntilIdle(); }
  void AdvanceBy(absl::Duration by) { scheduler_->AdvanceBy(by); }
  [[nodiscard]] bool AdvanceUntil(const std::function<bool()>& condition,
                                  absl::Duration limit = absl::Hours(24)) {
    return scheduler_->AdvanceUntil(condition, limit);
  }
  void SetWall(absl::Time wall_now) { clock_->SetWall(wall_now); }
  ManualScheduler* scheduler() { return scheduler_; }
  ManualClock* clock() { return clock_; }

  // One turn of this loop, at the present instant.
  void RunTurn();
  // A task waits or an alarm is due.
  bool HasWork();
  Instant EarliestAlarm() { return alarms_.Earliest(); }

  // For a fixture's end: alarms that exist, and that are armed.
  size_t alarm_count() const { return alarms_.size(); }
  size_t armed_alarm_count() const { return alarms_.CountArmed(); }

 private:
  const std::unique_ptr<ManualClock> own_clock_;
  const std::unique_ptr<ManualScheduler> own_scheduler_;
  ManualScheduler* const scheduler_;
  ManualClock* const clock_;
  event::Mailbox mailbox_;
  event::AlarmQueue alarms_;
  event::TurnEndTasks turn_end_;
  bool in_turn_ = false;
};

}  // namespace sipcm::fakes

#endif  // SIPCM_TESTS_FAKES_MANUAL_EVENT_LOOP_H_
