#include "tests/fakes/manual_scheduler.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"
#include "tests/fakes/manual_event_loop.h"

namespace sipcm::fakes {

ManualScheduler::~ManualScheduler() {
  SIPCM_CHECK_MESSAGE(loops_.empty(), "a loop outlives its scheduler");
}

void ManualScheduler::RunUntilIdle() {
  for (int round = 0; RunRound(); ++round) {
    SIPCM_CHECK_MESSAGE(round < kMaxTurnsAtOneInstant,
                        "the loops never come to rest: something is told again and again");
  }
}

void ManualScheduler::AdvanceBy(absl::Duration by) {
  SIPCM_CHECK(by >= absl::ZeroDuration());
  const Instant end = clock_->now() + by;
  RunUntilIdle();
  while (true) {
    const Instant next = EarliestAlarm();
    if (next > end) break;
    clock_->MoveTo(std::max(next, clock_->now()));
    RunUntilIdle();
  }
  clock_->MoveTo(end);
}

bool ManualScheduler::AdvanceUntil(const std::function<bool()>& condition, absl::Duration limit) {
  const Instant end = clock_->now() + limit;
  int rounds = 0;
  while (!condition()) {
    if (RunRound()) {
      SIPCM_CHECK_MESSAGE(++rounds < kMaxTurnsAtOneInstant,
                          "the loops never come to rest: something is told again and again");
      continue;
    }
    rounds = 0;
    const Instant next = EarliestAlarm();
    if (next > end) {
      clock_->MoveTo(end);
      return false;
    }
    clock_->MoveTo(std::max(next, clock_->now()));
  }
  return true;
}

Instant ManualScheduler::EarliestAlarm() {
  Instant earliest = Instant::Infinite();
  for (ManualEventLoop* loop : loops_) earliest = std::min(earliest, loop->EarliestAlarm());
  return earliest;
}

void ManualScheduler::Leave(ManualEventLoop* loop) {
  loops_.erase(std::find(loops_.begin(), loops_.end(), loop));
}

bool ManualScheduler::RunRound() {
  // A copy: a turn may make or destroy other loops.
  std::vector<ManualEventLoop*> order = loops_;
  if (random_ != nullptr) {
    for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random_->Next() % i]);
  }
  bool any = false;
  for (ManualEventLoop* loop : order) {
    const bool alive = std::find(loops_.begin(), loops_.end(), loop) != loops_.end();
    if (!alive || !loop->HasWork()) continue;
    loop->RunTurn();
    any = true;
  }
  return any;
}

}  // namespace sipcm::fakes
