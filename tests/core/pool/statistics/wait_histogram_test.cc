#include "core/pool/statistics/wait_histogram.h"

#include <cmath>

#include "gtest/gtest.h"

namespace sipcm::pool {
namespace {

class WaitHistogramTest : public ::testing::Test {
 protected:
  double Milliseconds(double fraction) {
    const auto wait = histogram_.Quantile(fraction, now_);
    return wait.has_value() ? absl::ToDoubleMilliseconds(*wait) : -1;
  }

  WaitHistogram histogram_;
  Instant now_ = Instant() + absl::Seconds(1000);
};

TEST_F(WaitHistogramTest, HasNoQuantileWhenNobodyWaited) {
  EXPECT_FALSE(histogram_.Quantile(0.5, now_).has_value());
}

TEST_F(WaitHistogramTest, TellsTheMedianAndTheTail) {
  for (int ms = 1; ms <= 1000; ++ms) histogram_.Add(absl::Milliseconds(ms), now_);
  EXPECT_NEAR(Milliseconds(0.5), 500, 500 / 8.0);
  EXPECT_NEAR(Milliseconds(0.99), 990, 990 / 8.0);
}

TEST_F(WaitHistogramTest, IsRightToAnEighthFromMicrosecondsToAnHour) {
  for (absl::Duration wait = absl::Microseconds(17); wait < absl::Hours(1); wait = wait * 1.3) {
    WaitHistogram one;
    one.Add(wait, now_);
    EXPECT_NEAR(absl::FDivDuration(*one.Quantile(0.99, now_), wait), 1, 0.126) << wait;
  }
}

TEST_F(WaitHistogramTest, WhatIsOutOfItsRangeCountsAtItsEnds) {
  histogram_.Add(absl::ZeroDuration(), now_);
  EXPECT_LT(Milliseconds(0.5), 0.017);
  WaitHistogram long_ones;
  long_ones.Add(absl::Hours(100), now_);
  EXPECT_GT(*long_ones.Quantile(0.5, now_), absl::Hours(1));
}

TEST_F(WaitHistogramTest, ForgetsWhatIsOlderThanAMinute) {
  histogram_.Add(absl::Seconds(4), now_);
  now_ = now_ + absl::Seconds(50);
  histogram_.Add(absl::Milliseconds(1), now_);
  EXPECT_NEAR(Milliseconds(0.99), 4000, 500) << "still in the window";
  now_ = now_ + absl::Seconds(10);
  EXPECT_NEAR(Milliseconds(0.99), 1, 0.126);
  now_ = now_ + absl::Seconds(50);
  EXPECT_EQ(Milliseconds(0.99), -1);
}

TEST_F(WaitHistogramTest, ASlotOfLongAgoIsUsedAgain) {
  histogram_.Add(absl::Seconds(4), now_);
  now_ = now_ + absl::Hours(1);
  histogram_.Add(absl::Milliseconds(1), now_);
  EXPECT_NEAR(Milliseconds(0.99), 1, 0.126);
}

}  // namespace
}  // namespace sipcm::pool
