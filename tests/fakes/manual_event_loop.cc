#include "tests/fakes/manual_event_loop.h"

#include <utility>

#include "core/base/check.h"

namespace sipcm::fakes {

ManualEventLoop::ManualEventLoop()
    : own_clock_(std::make_unique<ManualClock>()),
      own_scheduler_(std::make_unique<ManualScheduler>(own_clock_.get())),
      scheduler_(own_scheduler_.get()),
      clock_(own_clock_.get()) {
  scheduler_->Join(this);
}

ManualEventLoop::ManualEventLoop(ManualScheduler* scheduler)
    : scheduler_(scheduler), clock_(scheduler->clock()) {
  scheduler_->Join(this);
}

ManualEventLoop::~ManualEventLoop() {
  SIPCM_CHECK_MESSAGE(!in_turn_, "the loop is destroyed while it runs");
  scheduler_->Leave(this);
  // A task's destructor may post or add again.
  while (!mailbox_.empty() || !turn_end_.empty()) {
    mailbox_.Clear();
    turn_end_.Clear();
  }
}

std::unique_ptr<event::Alarm> ManualEventLoop::NewAlarm(absl::AnyInvocable<void()> callback) {
  return alarms_.NewAlarm(std::move(callback));
}

void ManualEventLoop::Post(absl::AnyInvocable<void()> task) {
  // Nobody to wake: the scheduler looks at every loop.
  static_cast<void>(mailbox_.Put(std::move(task)));
}

void ManualEventLoop::RunTurn() {
  SIPCM_CHECK_MESSAGE(!in_turn_, "a turn begins within a turn");
  in_turn_ = true;
  mailbox_.RunWaiting();
  alarms_.RunDue(Now());
  turn_end_.RunAll();
  in_turn_ = false;
}

bool ManualEventLoop::HasWork() {
  return !mailbox_.empty() || !turn_end_.empty() || alarms_.Earliest() <= Now();
}

}  // namespace sipcm::fakes
