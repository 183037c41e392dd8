#include "core/engine/registered/flow_recovery.h"

#include <algorithm>

#include "gtest/gtest.h"

namespace sipcm::engine {
namespace {

using Rule = FlowRecovery::Rule;

class FlowRecoveryTest : public ::testing::Test {
 protected:
  static Instant At(absl::Duration since) { return Instant() + since; }

  SeededRandomSource random_{1};
  FlowRecovery recovery_{&random_};
};

TEST_F(FlowRecoveryTest, WhatLastedIsBackAtOnce) {
  for (const Rule rule : {Rule::kQuick, Rule::kOutbound}) {
    recovery_.OnOpened(At(absl::ZeroDuration()));
    recovery_.OnRegistered();
    EXPECT_EQ(recovery_.OnLost(At(FlowRecovery::kLasting), rule), absl::ZeroDuration());
    recovery_.OnOpened(At(absl::ZeroDuration()));
    recovery_.OnRegistered();
    EXPECT_GT(recovery_.OnLost(At(FlowRecovery::kLasting - absl::Milliseconds(1)), rule),
              absl::ZeroDuration());
  }
}

TEST_F(FlowRecoveryTest, WhatDoesNotLastWaitsUpToAMinute) {
  absl::Duration most = FlowRecovery::kFirstQuickDelay;
  for (int i = 0; i < 12; ++i) {
    recovery_.OnOpened(At(absl::ZeroDuration()));
    recovery_.OnRegistered();
    const absl::Duration delay = recovery_.OnLost(At(absl::Seconds(1)), Rule::kOutbound);
    EXPECT_GE(delay, most / 2);
    EXPECT_LE(delay, most);
    most = std::min(most * 2, FlowRecovery::kLongestQuickDelay);
  }
}

// RFC 5626 4.5, with its own example: after three failures the bound is 30 * 2^3 = 240 s.
TEST_F(FlowRecoveryTest, OutboundThatFailsToRegisterWaitsAsTheRfcSays) {
  const absl::Duration kBase = absl::Seconds(30);
  for (int failures = 1; failures <= 10; ++failures) {
    const absl::Duration bound = std::min(absl::Seconds(1800), kBase * (1 << failures));
    recovery_.OnOpened(At(absl::ZeroDuration()));
    const absl::Duration delay = failures % 2 == 0
                                     ? recovery_.OnFailedToOpen(Rule::kOutbound)
                                     : recovery_.OnLost(At(absl::Hours(1)), Rule::kOutbound);
    EXPECT_GE(delay, bound / 2) << failures;
    EXPECT_LE(delay, bound) << failures;
  }
}

TEST_F(FlowRecoveryTest, ARegistrationEndsTheCountOfFailures) {
  for (int i = 0; i < 5; ++i) recovery_.OnFailedToOpen(Rule::kOutbound);
  recovery_.OnOpened(At(absl::ZeroDuration()));
  recovery_.OnRegistered();
  recovery_.OnOpened(At(absl::ZeroDuration()));
  EXPECT_LE(recovery_.OnFailedToOpen(Rule::kOutbound), FlowRecovery::kFirstOutboundDelay);
}

TEST_F(FlowRecoveryTest, WithoutOutboundAFailureIsTriedAgainSoon) {
  EXPECT_LE(recovery_.OnFailedToOpen(Rule::kQuick), FlowRecovery::kFirstQuickDelay);
}

}  // namespace
}  // namespace sipcm::engine
