#include "core/pool/sizing/pool_size.h"

#include <algorithm>

#include "gtest/gtest.h"

namespace sipcm::pool {
namespace {

constexpr SizeBounds kBounds{.min = 2, .max = 16};

SizeMeasurement Up(int size, double busy_share) {
  SizeMeasurement measurement;
  measurement.size = size;
  measurement.connection_count = size;
  measurement.busy_count = busy_share * size;
  return measurement;
}

SizeMeasurement LongQuiet(int size, double busy_share) {
  SizeMeasurement measurement = Up(size, busy_share);
  measurement.quiet_interval_count = kQuietIntervals - 1;
  return measurement;
}

TEST(PoolSizeTest, GrowsFromThreeQuartersBusyOnAndNotBefore) {
  EXPECT_EQ(DecideSize(kBounds, Up(8, 0.749)), 8);
  EXPECT_EQ(DecideSize(kBounds, Up(8, 0.75)), 12);
}

TEST(PoolSizeTest, GrowsByOneAtLeastAndDoublesAtMost) {
  EXPECT_EQ(DecideSize({.min = 1, .max = 16}, Up(1, 0.76)), 2);
  EXPECT_EQ(DecideSize(kBounds, Up(4, 1.0)), 8);
}

TEST(PoolSizeTest, GrowsWhenRequestsWaitHoweverIdleItIs) {
  SizeMeasurement measurement = Up(4, 0.1);
  measurement.waited_count = 1;
  EXPECT_EQ(DecideSize(kBounds, measurement), 5);
}

TEST(PoolSizeTest, DoesNotGrowWhenItsConnectionsDoNotComeUp) {
  SizeMeasurement measurement = Up(4, 0);
  measurement.waited_count = 1000;
  measurement.connection_count = 1.9;
  EXPECT_EQ(DecideSize(kBounds, measurement), 4);
  measurement.connection_count = 2;
  EXPECT_EQ(DecideSize(kBounds, measurement), 5);
}

TEST(PoolSizeTest, ShrinksOnlyAfterSixQuietIntervals) {
  SizeMeasurement measurement = Up(8, 0.1);
  measurement.quiet_interval_count = kQuietIntervals - 2;
  EXPECT_EQ(DecideSize(kBounds, measurement), 8);
  EXPECT_EQ(DecideSize(kBounds, LongQuiet(8, 0.1)), 6);
  EXPECT_EQ(DecideSize(kBounds, LongQuiet(8, 0.26)), 8) << "not quiet";
}

TEST(PoolSizeTest, ShrinksByAQuarterAtMostAndByOneAtLeast) {
  EXPECT_EQ(DecideSize(kBounds, LongQuiet(16, 0)), 12);
  EXPECT_EQ(DecideSize(kBounds, LongQuiet(3, 0)), 2);
}

TEST(PoolSizeTest, StaysWithinItsBounds) {
  EXPECT_EQ(DecideSize(kBounds, Up(16, 1.0)), 16);
  EXPECT_EQ(DecideSize(kBounds, LongQuiet(2, 0)), 2);
  EXPECT_EQ(DecideSize(kBounds, Up(40, 0.5)), 16) << "the maximum was lowered";
  EXPECT_EQ(DecideSize(kBounds, Up(1, 0.5)), 2) << "the minimum was raised";
}

// Hysteresis: with the same load, no step calls for a step back.
TEST(PoolSizeTest, NoStepCallsForTheOppositeOne) {
  for (int size = 1; size <= 64; ++size) {
    for (double busy = 0; busy <= size; busy += 0.05) {
      const SizeBounds bounds{.min = 1, .max = 1000};
      const int next = DecideSize(bounds, LongQuiet(size, busy / size));
      if (next == size) continue;
      SizeMeasurement after = LongQuiet(next, 0);
      after.busy_count = std::min<double>(busy, next);
      const int then = DecideSize(bounds, after);
      // On, or to rest.
      EXPECT_TRUE(next < size ? then <= next : then >= next)
          << size << " -> " << next << " -> " << then << " with busy " << busy;
    }
  }
}

}  // namespace
}  // namespace sipcm::pool
