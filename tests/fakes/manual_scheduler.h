#ifndef SIPCM_TESTS_FAKES_MANUAL_SCHEDULER_H_
#define SIPCM_TESTS_FAKES_MANUAL_SCHEDULER_H_

#include <functional>
#include <vector>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/random_source.h"
#include "tests/fakes/manual_clock.h"

namespace sipcm::fakes {

class ManualEventLoop;

// Steps the manual loops that share its clock, in one thread: an engine of several workers runs
// deterministically. Loops join when made and leave when destroyed, before the scheduler is.
//
// Work that never ends at one instant (a listener that leaves reading on and never reads) would
// spin a real loop; here it is a CHECK after kMaxTurnsAtOneInstant turns.
class ManualScheduler {
 public:
  static constexpr int kMaxTurnsAtOneInstant = 200'000;

  // `random`: the order of loops within a round is drawn from it; null: the order they joined.
  // Both must outlive this.
  explicit ManualScheduler(ManualClock* clock, RandomSource* random = nullptr)
      : clock_(clock), random_(random) {}
  ManualScheduler(const ManualScheduler&) = delete;
  ManualScheduler& operator=(const ManualScheduler&) = delete;
  ~ManualScheduler();

  ManualClock* clock() const { return clock_; }

  // Takes turns at this instant until no loop has anything to do.
  void RunUntilIdle();
  // RunUntilIdle(), then every alarm up to and including now + `by`, each at its own time and in
  // order. The clock ends at now + `by` exactly. `by` >= 0.
  void AdvanceBy(absl::Duration by);
  // Runs and moves time from alarm to alarm until `condition` holds; false when it still does not
  // after `limit`. Time stops where the condition came true.
  [[nodiscard]] bool AdvanceUntil(const std::function<bool()>& condition, absl::Duration limit);

  // The earliest deadline of all loops, Infinite when none.
  Instant EarliestAlarm();

 private:
  friend class ManualEventLoop;
  void Join(ManualEventLoop* loop) { loops_.push_back(loop); }
  void Leave(ManualEventLoop* loop);

  // One turn of each loop that has something to do; false when none has.
  bool RunRound();

  ManualClock* const clock_;
  RandomSource* const random_;
  std::vector<ManualEventLoop*> loops_;
};

}  // namespace sipcm::fakes

#endif  // SIPCM_TESTS_FAKES_MANUAL_SCHEDULER_H_
