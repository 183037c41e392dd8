// What happens to the requests of a subscription that ends.
#include <memory>
#include <string>
#include <vector>

#include "core/dispatch/delivery/delivery_queue.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/dispatch/delivery/delivery_fixture.h"

namespace sipcm::dispatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RedeliveryTest : public DeliveryFixture {
 protected:
  std::vector<RequestId> Offer(int count, const std::string& method = "MESSAGE") {
    std::vector<RequestId> ids;
    ids.reserve(count);
    for (int i = 0; i < count; ++i) ids.push_back(worker().Offer(method));
    RunUntilIdle();
    return ids;
  }
  void EndNow(const TestSubscription& subscription) {
    End(subscription);
    RunUntilIdle();
  }
  std::vector<int> Attempts(const TestSubscription& subscription) {
    std::vector<int> attempts;
    for (const Delivery& delivery : subscription.sink->deliveries) {
      attempts.push_back(delivery.attempt);
    }
    return attempts;
  }
};

TEST_F(RedeliveryTest, UnansweredRequestsGoToAnotherInTheirOrderWithTheNextAttempt) {
  auto lost = Subscribe(10);
  const auto ids = Offer(4);
  worker().Answer(ids[1]);
  auto heir = Subscribe(10);
  EndNow(lost);
  EXPECT_THAT(heir.sink->Ids(), ElementsAre(ids[0], ids[2], ids[3]));
  EXPECT_THAT(Attempts(heir), ElementsAre(2, 2, 2));
  EXPECT_THAT(worker().redelivered, ElementsAre(ids[0], ids[2], ids[3]));
  EXPECT_EQ(heir.state->credit, 7);
}

TEST_F(RedeliveryTest, EachLossCountsAnAttempt) {
  auto first = Subscribe(1), second = Subscribe(0), third = Subscribe(0);
  const auto ids = Offer(1);
  AddCredit(second, 1);
  EndNow(first);
  EXPECT_THAT(Attempts(second), ElementsAre(2));
  AddCredit(third, 1);
  EndNow(second);
  EXPECT_THAT(third.sink->Ids(), ElementsAre(ids[0]));
  EXPECT_THAT(Attempts(third), ElementsAre(3));
  EXPECT_EQ(third.sink->deliveries[0].expire_time, worker().table.Find(ids[0])->expire_time);
}

TEST_F(RedeliveryTest, TheyGoBeforeThoseThatCameLater) {
  auto lost = Subscribe(2);
  const auto delivered = Offer(2);
  const auto waiting = Offer(2);
  auto heir = Subscribe(0);
  EndNow(lost);
  AddCredit(heir, 3);
  RunUntilIdle();
  EXPECT_THAT(heir.sink->Ids(), ElementsAre(delivered[0], delivered[1], waiting[0]));
  EXPECT_THAT(Attempts(heir), ElementsAre(2, 2, 1));
}

TEST_F(RedeliveryTest, TheyFindRoomInAFullLine) {
  const EndpointDirectory::Entry small = MakeEntry("small", /*max_waiting=*/1);
  auto lost = SubscribeTo(small.group, 3, {});
  std::vector<RequestId> ids;
  ids.reserve(4);
  for (int i = 0; i < 4; ++i) ids.push_back(worker().Offer("MESSAGE", small));
  auto heir = SubscribeTo(small.group, 0, {});
  EndNow(lost);
  EXPECT_THAT(worker().undeliverable, IsEmpty());
  EXPECT_EQ(worker().queue.waiting_count(), 4u);
  AddCredit(heir, 4);
  RunUntilIdle();
  EXPECT_THAT(heir.sink->Ids(), ElementsAre(ids[0], ids[1], ids[2], ids[3]));
}

TEST_F(RedeliveryTest, WithNobodyLeftTheDeliveredAndTheWaitingGetTheirOwnAnswers) {
  auto lost = Subscribe(2);
  const auto ids = Offer(4);
  EndNow(lost);
  ASSERT_THAT(worker().undeliverable, SizeIs(4));
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(worker().undeliverable[i].id, ids[i]);
    EXPECT_EQ(worker().undeliverable[i].situation,
              i < 2 ? Situation::kApplicationGone : Situation::kNoSubscription);
  }
  EXPECT_EQ(worker().table.size(), 0u);
  EXPECT_EQ(worker().queue.waiting_count(), 0u);
  EXPECT_EQ(entry_.group->waiting_workers(), 0u);
}

TEST_F(RedeliveryTest, TheManagersSubscriptionInheritsWhenTheEndpointHasNoneLeft) {
  auto manager = SubscribeToManager(3);
  auto lost = Subscribe(2);
  const auto ids = Offer(4);
  EndNow(lost);
  EXPECT_THAT(manager.sink->Ids(), ElementsAre(ids[0], ids[1], ids[2]));
  EXPECT_THAT(Attempts(manager), ElementsAre(2, 2, 1));
  EXPECT_TRUE(worker().IsWaiting(ids[3]));
  worker().Answer(ids[0]);
  RunUntilIdle();
  EXPECT_THAT(manager.sink->Ids(), ElementsAre(ids[0], ids[1], ids[2], ids[3]));
}

TEST_F(RedeliveryTest, OneThatTakesOtherMethodsOnlyIsNoHeir) {
  auto lost = Subscribe(2, {"INVITE"});
  auto other = Subscribe(10, {"MESSAGE"});
  const auto ids = Offer(3, "INVITE");
  EndNow(lost);
  EXPECT_THAT(other.sink->Ids(), IsEmpty());
  ASSERT_THAT(worker().undeliverable, SizeIs(3));
  // Those that it had are not told that their method is unknown here.
  EXPECT_EQ(worker().undeliverable[0].situation, Situation::kApplicationGone);
  EXPECT_EQ(worker().undeliverable[1].situation, Situation::kApplicationGone);
  EXPECT_EQ(worker().undeliverable[2].id, ids[2]);
  EXPECT_EQ(worker().undeliverable[2].situation, Situation::kMethodNotTaken);
  EXPECT_EQ(worker().undeliverable[2].allow, "MESSAGE");
}

TEST_F(RedeliveryTest, WaitingRequestsOfAMethodThatIsStillTakenStay) {
  auto lost = Subscribe(0, {"INVITE"});
  auto stays = Subscribe(0, {"MESSAGE"});
  const RequestId invite = worker().Offer("INVITE");
  const RequestId message = worker().Offer("MESSAGE");
  EndNow(lost);
  EXPECT_FALSE(worker().IsOpen(invite));
  EXPECT_TRUE(worker().IsWaiting(message));
  AddCredit(stays, 1);
  RunUntilIdle();
  EXPECT_THAT(stays.sink->Ids(), ElementsAre(message));
}

TEST_F(RedeliveryTest, ACancelledRequestWantsItsOwnAnswerAndNoHeir) {
  auto lost = Subscribe(2);
  auto heir = Subscribe(0);
  const auto ids = Offer(2, "INVITE");
  worker().table.Find(ids[0])->is_cancelled = true;
  AddCredit(heir, 2);
  EndNow(lost);
  EXPECT_THAT(heir.sink->Ids(), ElementsAre(ids[1]));
  ASSERT_THAT(worker().undeliverable, SizeIs(1));
  EXPECT_EQ(worker().undeliverable[0].id, ids[0]);
  EXPECT_EQ(worker().undeliverable[0].situation, Situation::kCancelled);
}

TEST_F(RedeliveryTest, NothingNewGoesToAnEndedSubscriptionBeforeTheWorkersAreTold) {
  auto ended = Subscribe(10), other = Subscribe(10);
  ended.state->ended = true;
  const auto ids = Offer(3);
  EXPECT_THAT(ended.sink->Ids(), IsEmpty());
  EXPECT_THAT(other.sink->Ids(), ElementsAre(ids[0], ids[1], ids[2]));
}

TEST_F(RedeliveryTest, AnEndWithinTheTurnOfTheDeliveryLosesNothing) {
  auto lost = Subscribe(10);
  auto heir = Subscribe(10);
  worker().loop.Post([&] {
    worker().Offer();
    worker().Offer();
    End(lost);
    worker().queue.OnSubscriptionEnded(lost.state);
  });
  RunUntilIdle();
  EXPECT_THAT(lost.sink->deliveries, IsEmpty());
  EXPECT_THAT(heir.sink->deliveries, SizeIs(2));
  EXPECT_EQ(worker().table.size(), 2u);
}

TEST_F(RedeliveryTest, AnAnswerInTheSameTurnAsTheEndCountsOnce) {
  auto lost = Subscribe(10);
  auto heir = Subscribe(10);
  const auto ids = Offer(2);
  End(lost);
  worker().Answer(ids[0]);  // before the worker was told
  RunUntilIdle();
  EXPECT_THAT(heir.sink->Ids(), ElementsAre(ids[1]));
  EXPECT_EQ(heir.state->credit, 9);
}

TEST_F(RedeliveryTest, EndingOneThatHadNothingIsFine) {
  auto idle = Subscribe(10);
  EndNow(idle);
  EXPECT_THAT(worker().undeliverable, IsEmpty());
  worker().Offer();
  EXPECT_EQ(worker().undeliverable.back().situation, Situation::kNoSubscription);
}

TEST_F(RedeliveryTest, AnEndAfterTheGroupWasForgottenIsFine) {
  auto lost = Subscribe(1);
  const auto ids = Offer(2);
  End(lost);
  worker().queue.Forget(entry_.group, Situation::kNothingMatches);
  RunUntilIdle();
  ASSERT_THAT(worker().undeliverable, SizeIs(2));
  EXPECT_EQ(worker().undeliverable[0].id, ids[1]);
  EXPECT_EQ(worker().undeliverable[0].situation, Situation::kNothingMatches);
  EXPECT_EQ(worker().undeliverable[1].situation, Situation::kApplicationGone);
}

TEST_F(RedeliveryTest, AManagersSubscriptionThatEndsGivesEachRequestBackToItsEndpoint) {
  const EndpointDirectory::Entry bob = MakeEntry("bob");
  auto manager = SubscribeToManager(10);
  const RequestId for_alice = worker().Offer();
  const RequestId for_bob = worker().Offer("MESSAGE", bob);
  const RequestId for_alice_too = worker().Offer();
  RunUntilIdle();
  auto alice = Subscribe(1);
  End(manager);
  RunUntilIdle();
  EXPECT_THAT(alice.sink->Ids(), ElementsAre(for_alice));
  EXPECT_TRUE(worker().IsWaiting(for_alice_too));
  ASSERT_THAT(worker().undeliverable, SizeIs(1));
  EXPECT_EQ(worker().undeliverable[0].id, for_bob);
  EXPECT_EQ(worker().undeliverable[0].situation, Situation::kApplicationGone);
}

TEST_F(RedeliveryTest, AnAckInTheOutboxOfALostSubscriptionCountsAsLostOrGoesToAnother) {
  for (const bool has_other : {false, true}) {
    auto lost = Subscribe(1);
    TestSubscription other;
    worker().loop.Post([&] {
      DeliverAck(MakeRecord({.method = "ACK"}), DispatchReason::kRequestUri);
      End(lost);
      if (has_other) other = Subscribe(1);
      worker().queue.OnSubscriptionEnded(lost.state);
    });
    RunUntilIdle();
    EXPECT_THAT(lost.sink->deliveries, IsEmpty());
    EXPECT_EQ(lost.state->lineage->TakeLost(), 1);
    if (has_other) {
      EXPECT_THAT(other.sink->deliveries, SizeIs(1));
    }
  }
}

TEST_F(RedeliveryTest, TenThousandUnansweredRequestsMoveQuickly) {
  auto lost = Subscribe(10'000);
  const auto ids = Offer(10'000);
  auto heir = Subscribe(0);
  EndNow(lost);
  EXPECT_EQ(worker().queue.waiting_count(), 10'000u);
  AddCredit(heir, 10'000);
  RunUntilIdle();
  EXPECT_EQ(heir.sink->Ids(), ids);
}

}  // namespace
}  // namespace sipcm::dispatch
