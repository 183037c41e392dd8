#include "tests/benchmark/load/latency_histogram.h"

#include "gtest/gtest.h"

namespace sipcm::load {
namespace {

TEST(LatencyHistogramTest, KnowsNothingWithoutValues) {
  const LatencyHistogram histogram;
  EXPECT_EQ(histogram.count(), 0);
  EXPECT_EQ(histogram.max(), 0);
  EXPECT_EQ(histogram.Percentile(0.99), 0);
}

TEST(LatencyHistogramTest, IsExactForSmallValues) {
  LatencyHistogram histogram;
  for (int value = 1; value <= 100; ++value) histogram.Add(value);
  EXPECT_EQ(histogram.Percentile(0.5), 50);
  EXPECT_EQ(histogram.Percentile(0.99), 99);
  EXPECT_EQ(histogram.Percentile(1), 100);
}

TEST(LatencyHistogramTest, ErrsUpwardsByAtMostOneSixtyFourth) {
  for (int64_t value = 1; value < int64_t{1} << 61; value = value * 3 + 1) {
    LatencyHistogram histogram;
    histogram.Add(value);
    histogram.Add(INT64_MAX);
    const int64_t found = histogram.Percentile(0.5);
    EXPECT_GE(found, value);
    EXPECT_LE(found - value, value / 64) << value;
  }
}

TEST(LatencyHistogramTest, NeverExceedsTheLargestValue) {
  LatencyHistogram histogram;
  histogram.Add(1'000'001);
  EXPECT_EQ(histogram.Percentile(0.99), 1'000'001);
}

TEST(LatencyHistogramTest, CountsAClockThatWentBackAsZero) {
  LatencyHistogram histogram;
  histogram.Add(-5);
  EXPECT_EQ(histogram.count(), 1);
  EXPECT_EQ(histogram.Percentile(0.5), 0);
}

}  // namespace
}  // namespace sipcm::load
