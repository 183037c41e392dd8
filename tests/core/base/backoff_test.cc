#include "core/base/backoff.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sipcm {
namespace {

// The least and the greatest that a source may give.
class FixedRandomSource final : public RandomSource {
 public:
  explicit FixedRandomSource(uint64_t value) : value_(value) {}
  uint64_t Next() override { return value_; }

 private:
  const uint64_t value_;
};

constexpr absl::Duration kInitial = absl::Seconds(1);
constexpr absl::Duration kCap = absl::Seconds(10);

TEST(BackoffTest, LeastDelayIsHalfOfTheDoublingBaseUpToTheCap) {
  FixedRandomSource least(0);
  Backoff backoff(kInitial, kCap, &least);
  for (const double seconds : {0.5, 1.0, 2.0, 4.0, 5.0, 5.0, 5.0}) {
    EXPECT_EQ(backoff.NextDelay(), absl::Seconds(seconds));
  }
}

TEST(BackoffTest, GreatestDelayIsTheDoublingBaseUpToTheCap) {
  FixedRandomSource greatest(~uint64_t{0});
  Backoff backoff(kInitial, kCap, &greatest);
  for (const double seconds : {1.0, 2.0, 4.0, 8.0, 10.0, 10.0}) {
    const absl::Duration delay = backoff.NextDelay();
    EXPECT_LE(delay, absl::Seconds(seconds));
    EXPECT_GT(delay, absl::Seconds(seconds) * 0.999);
  }
}

TEST(BackoffTest, DelaysOfManyClientsSpreadOverTheWholeRange) {
  SeededRandomSource random(5);
  absl::Duration least = absl::InfiniteDuration();
  absl::Duration greatest;
  for (int i = 0; i < 1000; ++i) {
    Backoff backoff(kInitial, kCap, &random);
    const absl::Duration delay = backoff.NextDelay();
    least = std::min(least, delay);
    greatest = std::max(greatest, delay);
  }
  EXPECT_GE(least, kInitial / 2);
  EXPECT_LT(least, kInitial * 0.52);
  EXPECT_LE(greatest, kInitial);
  EXPECT_GT(greatest, kInitial * 0.98);
}

TEST(BackoffTest, ResetStartsOver) {
  FixedRandomSource least(0);
  Backoff backoff(kInitial, kCap, &least);
  backoff.NextDelay();
  backoff.NextDelay();
  backoff.Reset();
  EXPECT_EQ(backoff.NextDelay(), kInitial / 2);
}

TEST(BackoffDeathTest, BoundsInTheWrongOrderAreOurFault) {
  SeededRandomSource random(1);
  EXPECT_DEATH(Backoff(kCap, kInitial, &random), "CHECK failed");
  EXPECT_DEATH(Backoff(absl::ZeroDuration(), kCap, &random), "CHECK failed");
}

}  // namespace
}  // namespace sipcm
