#include "core/dispatch/subscription_group.h"

#include <memory>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sipcm::dispatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<int> Turns(SubscriptionGroup& group, int count) {
  std::vector<int> turns;
  turns.reserve(count);
  for (int i = 0; i < count; ++i) turns.push_back(group.NextWaitingWorker());
  return turns;
}

TEST(SubscriptionStateTest, AnEmptyFilterTakesEveryMethod) {
  const SubscriptionState state;
  EXPECT_TRUE(state.Takes("INVITE"));
  EXPECT_TRUE(state.Takes("UNHEARD-OF"));
}

TEST(SubscriptionStateTest, AFilterTakesItsMethodsOnlyAndExactly) {
  SubscriptionState state;
  state.methods = {"MESSAGE", "OPTIONS"};
  EXPECT_TRUE(state.Takes("MESSAGE"));
  EXPECT_TRUE(state.Takes("OPTIONS"));
  EXPECT_FALSE(state.Takes("INVITE"));
  EXPECT_FALSE(state.Takes("message"));
  EXPECT_FALSE(state.Takes(""));
}

TEST(SubscriptionStateTest, CreditIsTakenUntilThereIsNone) {
  SubscriptionState state;
  EXPECT_FALSE(state.TakeCredit());
  state.credit = 2;
  EXPECT_TRUE(state.TakeCredit());
  EXPECT_TRUE(state.TakeCredit());
  EXPECT_FALSE(state.TakeCredit());
  EXPECT_EQ(state.credit, 0);
  state.credit = -1;
  EXPECT_FALSE(state.TakeCredit());
  EXPECT_EQ(state.credit, -1);
}

TEST(SubscriptionGroupTest, StartsWithoutSubscriptionsAndWithoutWaiters) {
  SubscriptionGroup group;
  EXPECT_THAT(*group.subscriptions().Get(), IsEmpty());
  EXPECT_EQ(group.waiting_workers(), 0u);
  EXPECT_EQ(group.NextWaitingWorker(), -1);
  EXPECT_EQ(group.NextToLook(), -1);
}

TEST(SubscriptionGroupTest, TurnsGoRoundTheWaitingWorkers) {
  SubscriptionGroup group;
  for (const int worker : {0, 3, 63}) group.SetWaiting(worker);
  EXPECT_THAT(Turns(group, 5), ElementsAre(3, 63, 0, 3, 63));
  group.ClearWaiting(63);
  EXPECT_THAT(Turns(group, 2), ElementsAre(0, 3));
}

TEST(SubscriptionGroupTest, AnOnlyWaiterHasEveryTurn) {
  SubscriptionGroup group;
  group.SetWaiting(63);
  EXPECT_THAT(Turns(group, 3), ElementsAre(63, 63, 63));
}

TEST(SubscriptionGroupTest, EveryWorkerNumberHasItsBit) {
  SubscriptionGroup group;
  for (int worker = 0; worker < 64; ++worker) {
    group.SetWaiting(worker);
    EXPECT_EQ(group.NextWaitingWorker(), worker);
    group.ClearWaiting(worker);
    EXPECT_EQ(group.waiting_workers(), 0u);
  }
}

TEST(SubscriptionGroupTest, SettingTwiceIsClearedOnce) {
  SubscriptionGroup group;
  group.SetWaiting(1);
  group.SetWaiting(1);
  group.ClearWaiting(1);
  EXPECT_EQ(group.waiting_workers(), 0u);
}

TEST(SubscriptionGroupTest, InARoundEachWaitingWorkerLooksOnce) {
  SubscriptionGroup group;
  for (const int worker : {0, 1, 2}) group.SetWaiting(worker);
  group.BeginRound();
  std::vector<int> looked;
  for (int worker = group.NextToLook(); worker >= 0; worker = group.NextToLook()) {
    looked.push_back(worker);
    group.SetLooked(worker);
  }
  EXPECT_THAT(looked, ElementsAre(1, 2, 0));
  group.BeginRound();
  EXPECT_EQ(group.NextToLook(), 1);
}

TEST(SubscriptionGroupTest, GrantsWaitForTheirWorkerInOrder) {
  SubscriptionGroup group;
  const auto a = std::make_shared<SubscriptionState>();
  const auto b = std::make_shared<SubscriptionState>();
  group.Grant(1, a);
  group.Grant(2, b);
  group.Grant(1, b);
  EXPECT_THAT(group.TakeGrants(0), IsEmpty());
  const auto grants = group.TakeGrants(1);
  ASSERT_THAT(grants, SizeIs(2));
  EXPECT_EQ(grants[0].lock(), a);
  EXPECT_EQ(grants[1].lock(), b);
  EXPECT_THAT(group.TakeGrants(1), IsEmpty());
  EXPECT_THAT(group.TakeGrants(2), SizeIs(1));
}

TEST(SubscriptionGroupTest, AGrantDoesNotKeepItsSubscriptionAlive) {
  SubscriptionGroup group;
  auto state = std::make_shared<SubscriptionState>();
  group.Grant(0, state);
  state.reset();
  const auto grants = group.TakeGrants(0);
  ASSERT_THAT(grants, SizeIs(1));
  EXPECT_TRUE(grants[0].expired());
}

}  // namespace
}  // namespace sipcm::dispatch
