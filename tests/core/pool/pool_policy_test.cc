#include "core/pool/pool_policy.h"

#include <vector>

#include "gtest/gtest.h"

namespace sipcm::pool {
namespace {

constexpr MemberSnapshot kIdle{.connecting = false, .usable = true, .outstanding = 0};
constexpr MemberSnapshot kConnecting{.connecting = true, .usable = true, .outstanding = 1};
constexpr MemberSnapshot kThrottled{.connecting = false, .usable = false, .outstanding = 9};

MemberSnapshot Busy(int outstanding) {
  return {.connecting = false, .usable = true, .outstanding = outstanding};
}

PoolLimits Limits(int max, SelectionPolicy selection = SelectionPolicy::kGrowFirst) {
  PoolLimits limits;
  limits.max_connection_count = max;
  limits.selection = selection;
  limits.max_waiting_count = 2;
  return limits;
}

void ExpectUse(const PoolDecision& decision, int member) {
  EXPECT_EQ(decision.action, PoolAction::kUse);
  EXPECT_EQ(decision.member, member);
}

TEST(PoolPolicyTest, GrowFirstOpensUntilTheMaximumIsLive) {
  std::vector<MemberSnapshot> members;
  for (int live = 0; live < 3; ++live) {
    EXPECT_EQ(DecideAcquire(Limits(3), members, 0, 0).action, PoolAction::kOpen) << live;
    members.push_back(kIdle);
  }
  EXPECT_EQ(DecideAcquire(Limits(3), members, 0, 0).action, PoolAction::kUse);
}

TEST(PoolPolicyTest, ConnectingAndThrottledMembersCountAgainstTheMaximum) {
  ExpectUse(DecideAcquire(Limits(2), {kConnecting, kConnecting}, 0, 0), 0);
  ExpectUse(DecideAcquire(Limits(2), {kThrottled, kConnecting}, 0, 0), 1);
}

TEST(PoolPolicyTest, TheNextInRoundRobinIsUsedConnectingOnesToo) {
  const std::vector<MemberSnapshot> members = {kIdle, kConnecting, Busy(7)};
  ExpectUse(DecideAcquire(Limits(3), members, 0, 0), 0);
  ExpectUse(DecideAcquire(Limits(3), members, 1, 0), 1);
  ExpectUse(DecideAcquire(Limits(3), members, 2, 0), 2);
  ExpectUse(DecideAcquire(Limits(3), members, 3, 0), 0);
}

TEST(PoolPolicyTest, RoundRobinPassesOverWhatIsNotUsable) {
  const std::vector<MemberSnapshot> members = {kIdle, kThrottled, kIdle};
  ExpectUse(DecideAcquire(Limits(3), members, 1, 0), 2);
}

TEST(PoolPolicyTest, WithNothingUsableTheLineFillsUpToItsBoundAndThenRefuses) {
  const std::vector<MemberSnapshot> members = {kThrottled};
  EXPECT_EQ(DecideAcquire(Limits(1), members, 0, 0).action, PoolAction::kWait);
  EXPECT_EQ(DecideAcquire(Limits(1), members, 0, 1).action, PoolAction::kWait);
  EXPECT_EQ(DecideAcquire(Limits(1), members, 0, 2).action, PoolAction::kRefuse);
}

TEST(PoolPolicyTest, ALineOfZeroRefusesAtOnce) {
  PoolLimits limits = Limits(1);
  limits.max_waiting_count = 0;
  EXPECT_EQ(DecideAcquire(limits, {kThrottled}, 0, 0).action, PoolAction::kRefuse);
}

TEST(PoolPolicyTest, AConnectingMemberIsSharedByAsManyAsMayWait) {
  ExpectUse(DecideAcquire(Limits(1), {kConnecting}, 0, 1), 0);
  EXPECT_EQ(DecideAcquire(Limits(1), {kConnecting}, 0, 2).action, PoolAction::kRefuse);
  ExpectUse(DecideAcquire(Limits(2), {kConnecting, Busy(3)}, 0, 2), 1);  // no need to wait there
}

TEST(PoolPolicyTest, ReuseFirstOpensOnlyWhenNothingIsIdle) {
  const PoolLimits limits = Limits(3, SelectionPolicy::kReuseFirst);
  EXPECT_EQ(DecideAcquire(limits, {}, 0, 0).action, PoolAction::kOpen);
  ExpectUse(DecideAcquire(limits, {Busy(1), kIdle}, 0, 0), 1);
  EXPECT_EQ(DecideAcquire(limits, {Busy(1), Busy(1)}, 0, 0).action, PoolAction::kOpen);
  EXPECT_EQ(DecideAcquire(limits, {kConnecting}, 0, 0).action, PoolAction::kOpen);
  EXPECT_EQ(DecideAcquire(limits, {kThrottled}, 0, 0).action, PoolAction::kOpen);
}

TEST(PoolPolicyTest, ReuseFirstAtItsMaximumGoesRound) {
  const PoolLimits limits = Limits(3, SelectionPolicy::kReuseFirst);
  ExpectUse(DecideAcquire(limits, {Busy(5), Busy(1), Busy(1)}, 0, 0), 0);
  ExpectUse(DecideAcquire(limits, {Busy(5), Busy(1), Busy(1)}, 2, 0), 2);
  ExpectUse(DecideAcquire(limits, {kIdle, Busy(1), kIdle}, 1, 0), 2);
  EXPECT_EQ(DecideAcquire(limits, {kThrottled, kThrottled, kThrottled}, 0, 0).action,
            PoolAction::kWait);
}

TEST(PoolPolicyTest, LeastOutstandingTakesIdleThenGrowsThenTakesTheLeastLoaded) {
  const PoolLimits limits = Limits(3, SelectionPolicy::kLeastOutstanding);
  ExpectUse(DecideAcquire(limits, {Busy(1), kIdle}, 0, 0), 1);
  EXPECT_EQ(DecideAcquire(limits, {Busy(1), Busy(1)}, 0, 0).action, PoolAction::kOpen);
  ExpectUse(DecideAcquire(limits, {Busy(4), Busy(2), Busy(3)}, 0, 0), 1);
  // Of equals the next in turn.
  ExpectUse(DecideAcquire(limits, {Busy(2), Busy(2), Busy(2)}, 1, 0), 1);
  ExpectUse(DecideAcquire(limits, {Busy(2), Busy(2), Busy(2)}, 2, 0), 2);
}

TEST(PoolPolicyTest, WithoutSharingEachRequestOpensItsOwn) {
  const std::vector<MemberSnapshot> members(1000, kIdle);
  for (const SelectionPolicy selection : {SelectionPolicy::kGrowFirst, SelectionPolicy::kReuseFirst,
                                          SelectionPolicy::kLeastOutstanding}) {
    EXPECT_EQ(DecideAcquire(Limits(kNoSharing, selection), members, 0, 0).action,
              PoolAction::kOpen);
  }
}

}  // namespace
}  // namespace sipcm::pool
