#ifndef SIPCM_CORE_BASE_INSTANT_H_
#define SIPCM_CORE_BASE_INSTANT_H_

#include <compare>
#include <cstdint>
#include <limits>

#include "absl/time/time.h"

namespace sipcm {

// A point of the monotonic clock: nanoseconds since an arbitrary start that is the same for all
// loops of one process. Eight bytes, because every connection keeps several. Never converted to
// wall time: the wall clock may jump (reliability.md 23).
class Instant {
 public:
  constexpr Instant() = default;
  static constexpr Instant FromNanoseconds(int64_t nanoseconds) { return Instant(nanoseconds); }
  static constexpr Instant Infinite() { return Instant(std::numeric_limits<int64_t>::max()); }

  constexpr int64_t nanoseconds() const { return nanoseconds_; }
  constexpr bool is_infinite() const { return *this == Infinite(); }

  // Saturates at Infinite(), also for absl::InfiniteDuration().
  friend Instant operator+(Instant at, absl::Duration by) {
    if (at.is_infinite() || by == absl::InfiniteDuration()) return Infinite();
    const int64_t nanoseconds = absl::ToInt64Nanoseconds(by);
    if (nanoseconds > 0 && at.nanoseconds_ > Infinite().nanoseconds_ - nanoseconds) {
      return Infinite();
    }
    return Instant(at.nanoseconds_ + nanoseconds);
  }
  // Infinite minus anything finite is InfiniteDuration.
  friend absl::Duration operator-(Instant a, Instant b) {
    if (a.is_infinite()) return absl::InfiniteDuration();
    return absl::Nanoseconds(a.nanoseconds_ - b.nanoseconds_);
  }
  friend constexpr auto operator<=>(Instant a, Instant b) = default;

 private:
  constexpr explicit Instant(int64_t nanoseconds) : nanoseconds_(nanoseconds) {}
  int64_t nanoseconds_ = 0;
};

}  // namespace sipcm

#endif  // SIPCM_CORE_BASE_INSTANT_H_
