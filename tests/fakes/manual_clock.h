#ifndef SIPCM_TESTS_FAKES_MANUAL_CLOCK_H_
#define SIPCM_TESTS_FAKES_MANUAL_CLOCK_H_

#include "absl/time/time.h"
#include "core/base/check.h"
#include "core/base/instant.h"

namespace sipcm::fakes {

// Virtual time: monotonic and wall, moved only by a test. Both run together except where the wall
// clock is made to jump (reliability.md 23). One thread.
class ManualClock {
 public:
  Instant now() const { return now_; }
  absl::Time wall_now() const { return wall_now_; }

  // Never backwards. Fires nothing by itself: that is the scheduler's.
  void MoveTo(Instant now) {
    SIPCM_CHECK_MESSAGE(now >= now_ && !now.is_infinite(), "the monotonic clock cannot go back");
    wall_now_ += now - now_;
    now_ = now;
  }
  void SetWall(absl::Time wall_now) { wall_now_ = wall_now; }

 private:
  // Not zero, so that a forgotten initialisation shows.
  Instant now_ = Instant::FromNanoseconds(1'000'000'000'000);
  absl::Time wall_now_ = absl::FromUnixSeconds(1'780'000'000);  // 2026-05-28
};

}  // namespace sipcm::fakes

#endif  // SIPCM_TESTS_FAKES_MANUAL_CLOCK_H_
