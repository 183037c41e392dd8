#include "core/base/random_source.h"

#include <gtest/gtest.h>

#include <set>

namespace sipcm {
namespace {

TEST(SeededRandomSourceTest, SameSeedGivesTheSameNumbers) {
  SeededRandomSource a(17), b(17), c(18);
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const uint64_t number = a.Next();
    EXPECT_EQ(number, b.Next());
    differs |= number != c.Next();
  }
  EXPECT_TRUE(differs);
}

// The reference values of SplitMix64 for seed 1234567.
TEST(SeededRandomSourceTest, IsSplitMix64) {
  SeededRandomSource random(1234567);
  EXPECT_EQ(random.Next(), 6457827717110365317u);
  EXPECT_EQ(random.Next(), 3203168211198807973u);
  EXPECT_EQ(random.Next(), 9817491932198370423u);
}

TEST(RandomSourceTest, FractionIsWithinZeroAndOne) {
  SeededRandomSource random(2);
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    const double fraction = random.NextFraction();
    ASSERT_GE(fraction, 0.0);
    ASSERT_LT(fraction, 1.0);
    sum += fraction;
  }
  EXPECT_NEAR(sum / 10'000, 0.5, 0.02);
}

TEST(SystemRandomSourceTest, TwoSourcesDoNotRepeatThemselvesOrEachOther) {
  SystemRandomSource a, b;
  std::set<uint64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    seen.insert(a.Next());
    seen.insert(b.Next());
  }
  EXPECT_EQ(seen.size(), 2000u);
}

}  // namespace
}  // namespace sipcm
