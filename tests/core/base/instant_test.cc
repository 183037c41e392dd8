#include "core/base/instant.h"

#include <gtest/gtest.h>

#include <limits>

namespace sipcm {
namespace {

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

TEST(InstantTest, AddsAndSubtractsDurations) {
  const Instant at = Instant::FromNanoseconds(5'000);
  EXPECT_EQ((at + absl::Microseconds(2)).nanoseconds(), 7'000);
  EXPECT_EQ((at + -absl::Microseconds(2)).nanoseconds(), 3'000);
  EXPECT_EQ((at + absl::Microseconds(2)) - at, absl::Microseconds(2));
  EXPECT_EQ(at - (at + absl::Microseconds(2)), -absl::Microseconds(2));
}

TEST(InstantTest, OrdersByTime) {
  EXPECT_LT(Instant::FromNanoseconds(1), Instant::FromNanoseconds(2));
  EXPECT_LT(Instant::FromNanoseconds(kMost - 1), Instant::Infinite());
  EXPECT_EQ(Instant(), Instant::FromNanoseconds(0));
}

TEST(InstantTest, SaturatesAtInfinite) {
  const Instant late = Instant::FromNanoseconds(kMost - 10);
  EXPECT_EQ(late + absl::Nanoseconds(9), Instant::FromNanoseconds(kMost - 1));
  EXPECT_TRUE((late + absl::Nanoseconds(11)).is_infinite());
  EXPECT_TRUE((late + absl::Hours(24 * 365 * 1000)).is_infinite());
  EXPECT_TRUE((Instant() + absl::InfiniteDuration()).is_infinite());
  EXPECT_TRUE((Instant::Infinite() + -absl::Hours(1)).is_infinite());
}

TEST(InstantTest, InfiniteIsInfinitelyFarFromAnythingFinite) {
  EXPECT_EQ(Instant::Infinite() - Instant::FromNanoseconds(7), absl::InfiniteDuration());
}

}  // namespace
}  // namespace sipcm
