#include "core/dispatch/delivery/delivery_queue.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/dispatch/delivery/delivery_fixture.h"

namespace sipcm::dispatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class DeliveryQueueTest : public DeliveryFixture {
 protected:
  std::vector<RequestId> Offer(int count, const std::string& method = "MESSAGE") {
    std::vector<RequestId> ids;
    ids.reserve(count);
    for (int i = 0; i < count; ++i) ids.push_back(worker().Offer(method));
    return ids;
  }
  // What became of the last request that nobody took.
  Situation LastSituation() { return worker().undeliverable.back().situation; }
};

TEST_F(DeliveryQueueTest, DeliversAllThatAnApplicationNeedsToAnswer) {
  auto subscription = Subscribe(10);
  const RequestId id = worker().Offer("INVITE");
  const OpenRequest& open = *worker().table.Find(id);
  RunUntilIdle();
  ASSERT_THAT(subscription.sink->deliveries, SizeIs(1));
  const Delivery& delivery = subscription.sink->deliveries[0];
  EXPECT_EQ(delivery.kind, Delivery::Kind::kRequest);
  EXPECT_EQ(delivery.request_id, id);
  EXPECT_EQ(delivery.request, open.record);
  EXPECT_EQ(delivery.request->view.method(), "INVITE");
  EXPECT_EQ(delivery.endpoint->id, "alice");
  EXPECT_EQ(delivery.reason, DispatchReason::kRequestUri);
  EXPECT_EQ(delivery.attempt, 1);
  EXPECT_EQ(delivery.expire_time, open.expire_time);
}

TEST_F(DeliveryQueueTest, SubscriptionsTakeTurns) {
  auto a = Subscribe(10), b = Subscribe(10), c = Subscribe(10);
  const auto ids = Offer(7);
  RunUntilIdle();
  EXPECT_THAT(a.sink->Ids(), ElementsAre(ids[0], ids[3], ids[6]));
  EXPECT_THAT(b.sink->Ids(), ElementsAre(ids[1], ids[4]));
  EXPECT_THAT(c.sink->Ids(), ElementsAre(ids[2], ids[5]));
}

TEST_F(DeliveryQueueTest, TurnsSkipWhoeverIsOutOfCredit) {
  auto poor = Subscribe(1), rich = Subscribe(10);
  const auto ids = Offer(5);
  RunUntilIdle();
  EXPECT_THAT(poor.sink->Ids(), ElementsAre(ids[0]));
  EXPECT_THAT(rich.sink->Ids(), ElementsAre(ids[1], ids[2], ids[3], ids[4]));
}

TEST_F(DeliveryQueueTest, EachDeliveryTakesACreditAndEachAnswerReturnsIt) {
  auto subscription = Subscribe(3);
  const auto ids = Offer(2);
  EXPECT_EQ(subscription.state->credit, 1);
  worker().Answer(ids[0]);
  EXPECT_EQ(subscription.state->credit, 2);
  worker().Answer(ids[1]);
  EXPECT_EQ(subscription.state->credit, 3);
}

TEST_F(DeliveryQueueTest, WithoutCreditRequestsWaitInOrderAndGoOutAsAnswersCome) {
  auto subscription = Subscribe(2);
  const auto ids = Offer(5);
  RunUntilIdle();
  EXPECT_EQ(worker().queue.waiting_count(), 3u);
  EXPECT_THAT(subscription.sink->Ids(), ElementsAre(ids[0], ids[1]));
  worker().Answer(ids[1]);
  RunUntilIdle();
  EXPECT_THAT(subscription.sink->Ids(), ElementsAre(ids[0], ids[1], ids[2]));
  worker().Answer(ids[0]);
  worker().Answer(ids[2]);
  RunUntilIdle();
  EXPECT_THAT(subscription.sink->Ids(), ElementsAre(ids[0], ids[1], ids[2], ids[3], ids[4]));
  EXPECT_EQ(worker().queue.waiting_count(), 0u);
  EXPECT_EQ(entry_.group->waiting_workers(), 0u);
  EXPECT_EQ(subscription.state->credit, 0);
}

TEST_F(DeliveryQueueTest, AWaitingRequestThatEndsLeavesTheLine) {
  auto subscription = Subscribe(1);
  const auto ids = Offer(3);
  worker().Answer(ids[1]);  // its deadline passed, say
  EXPECT_EQ(worker().queue.waiting_count(), 1u);
  EXPECT_EQ(subscription.state->credit, 0);
  worker().Answer(ids[0]);
  RunUntilIdle();
  EXPECT_THAT(subscription.sink->Ids(), ElementsAre(ids[0], ids[2]));
}

TEST_F(DeliveryQueueTest, AddedCreditServesTheLine) {
  auto subscription = Subscribe(0);
  const auto ids = Offer(3);
  RunUntilIdle();
  EXPECT_THAT(subscription.sink->Ids(), IsEmpty());
  AddCredit(subscription, 2);
  RunUntilIdle();
  EXPECT_THAT(subscription.sink->Ids(), ElementsAre(ids[0], ids[1]));
  EXPECT_EQ(subscription.state->credit, 0);
}

TEST_F(DeliveryQueueTest, ANewSubscriptionServesTheLine) {
  auto paused = Subscribe(0);
  const auto ids = Offer(2);
  auto fresh = Subscribe(5);
  RunUntilIdle();
  EXPECT_THAT(fresh.sink->Ids(), ElementsAre(ids[0], ids[1]));
  EXPECT_THAT(paused.sink->Ids(), IsEmpty());
}

TEST_F(DeliveryQueueTest, WithdrawnCreditIsPaidBackBeforeAnythingIsDelivered) {
  auto subscription = Subscribe(3);
  const auto ids = Offer(5);
  AddCredit(subscription, -2);  // now it may have one unanswered, and has three
  EXPECT_EQ(subscription.state->credit, -2);
  worker().Answer(ids[0]);
  worker().Answer(ids[1]);
  RunUntilIdle();
  EXPECT_THAT(subscription.sink->Ids(), ElementsAre(ids[0], ids[1], ids[2]));
  worker().Answer(ids[2]);
  RunUntilIdle();
  EXPECT_THAT(subscription.sink->Ids(), ElementsAre(ids[0], ids[1], ids[2], ids[3]));
}

TEST_F(DeliveryQueueTest, ANewcomerDoesNotOvertakeThoseWhoWait) {
  auto subscription = Subscribe(0);
  const RequestId waiting = worker().Offer();
  // Credit is there, but the wake-up has not run yet.
  AddCredit(subscription, 1);
  const RequestId newcomer = worker().Offer();
  RunUntilIdle();
  EXPECT_THAT(subscription.sink->Ids(), ElementsAre(waiting));
  EXPECT_TRUE(worker().IsWaiting(newcomer));
}

TEST_F(DeliveryQueueTest, TheLineIsBoundedAndTheNextIsOverload) {
  const EndpointDirectory::Entry small = MakeEntry("small", /*max_waiting=*/2);
  auto subscription = SubscribeTo(small.group, 1, {});
  std::vector<RequestId> ids;
  ids.reserve(5);
  for (int i = 0; i < 4; ++i) ids.push_back(worker().Offer("MESSAGE", small));
  ASSERT_THAT(worker().undeliverable, SizeIs(1));
  EXPECT_EQ(worker().undeliverable[0].id, ids[3]);
  EXPECT_EQ(worker().undeliverable[0].situation, Situation::kOverloaded);
  EXPECT_EQ(worker().queue.waiting_count(), 2u);
  worker().Answer(ids[0]);
  ids.push_back(worker().Offer("MESSAGE", small));  // there is room again
  EXPECT_THAT(worker().undeliverable, SizeIs(1));
  EXPECT_TRUE(worker().IsWaiting(ids[4]));
}

TEST_F(DeliveryQueueTest, ABoundOfZeroMeansNobodyWaits) {
  const EndpointDirectory::Entry impatient = MakeEntry("impatient", /*max_waiting=*/0);
  auto subscription = SubscribeTo(impatient.group, 1, {});
  worker().Offer("MESSAGE", impatient);
  EXPECT_THAT(worker().undeliverable, IsEmpty());
  worker().Offer("MESSAGE", impatient);
  EXPECT_EQ(LastSituation(), Situation::kOverloaded);
}

TEST_F(DeliveryQueueTest, WithoutAnySubscriptionThereIsNobody) {
  const RequestId id = worker().Offer();
  ASSERT_THAT(worker().undeliverable, SizeIs(1));
  EXPECT_EQ(worker().undeliverable[0].id, id);
  EXPECT_EQ(LastSituation(), Situation::kNoSubscription);
  EXPECT_EQ(worker().undeliverable[0].allow, "");
}

TEST_F(DeliveryQueueTest, TheEndpointsSubscriptionsGoBeforeTheManagers) {
  auto manager = SubscribeToManager(10);
  auto endpoint = Subscribe(1);
  const auto ids = Offer(2);
  RunUntilIdle();
  EXPECT_THAT(endpoint.sink->Ids(), ElementsAre(ids[0]));
  // It waits for the endpoint's own application rather than go elsewhere.
  EXPECT_THAT(manager.sink->Ids(), IsEmpty());
  EXPECT_TRUE(worker().IsWaiting(ids[1]));
}

TEST_F(DeliveryQueueTest, TheManagersSubscriptionsGetWhatTheEndpointsDoNotTake) {
  auto manager = SubscribeToManager(10);
  auto endpoint = Subscribe(10, {"INVITE"});
  const RequestId message = worker().Offer("MESSAGE");
  const RequestId invite = worker().Offer("INVITE");
  RunUntilIdle();
  EXPECT_THAT(manager.sink->Ids(), ElementsAre(message));
  EXPECT_THAT(endpoint.sink->Ids(), ElementsAre(invite));
}

TEST_F(DeliveryQueueTest, AMethodThatNobodyTakesIs405WithWhatAllTake) {
  auto a = Subscribe(10, {"INVITE", "BYE"});
  auto b = Subscribe(10, {"BYE", "OPTIONS"});
  auto c = SubscribeToManager(10, {"INFO"});
  worker().Offer("MESSAGE");
  ASSERT_THAT(worker().undeliverable, SizeIs(1));
  EXPECT_EQ(LastSituation(), Situation::kMethodNotTaken);
  EXPECT_EQ(worker().undeliverable[0].allow, "INVITE, BYE, OPTIONS, INFO");
}

TEST_F(DeliveryQueueTest, AllowOmitsWhatOnlyAnEndedSubscriptionTook) {
  auto a = Subscribe(10, {"INVITE"});
  auto b = Subscribe(10, {"BYE"});
  a.state->ended = true;  // the workers have not been told yet
  worker().Offer("INVITE");
  EXPECT_EQ(LastSituation(), Situation::kMethodNotTaken);
  EXPECT_EQ(worker().undeliverable[0].allow, "BYE");
}

TEST_F(DeliveryQueueTest, MethodsAreComparedExactly) {
  auto subscription = Subscribe(10, {"MESSAGE"});
  worker().Offer("message");
  EXPECT_EQ(LastSituation(), Situation::kMethodNotTaken);
}

TEST_F(DeliveryQueueTest, RequestsThatWaitForAnotherMethodsCreditDoNotBlock) {
  auto calls = Subscribe(1, {"INVITE"});
  auto texts = Subscribe(1, {"MESSAGE"});
  const auto invites = Offer(300, "INVITE");
  const auto messages = Offer(2, "MESSAGE");
  RunUntilIdle();
  EXPECT_THAT(texts.sink->Ids(), ElementsAre(messages[0]));
  // Behind 299 waiting INVITEs, and still next for the credit that takes it.
  worker().Answer(messages[0]);
  RunUntilIdle();
  EXPECT_THAT(texts.sink->Ids(), ElementsAre(messages[0], messages[1]));
  EXPECT_THAT(calls.sink->Ids(), ElementsAre(invites[0]));
  worker().Answer(invites[0]);
  RunUntilIdle();
  EXPECT_THAT(calls.sink->Ids(), ElementsAre(invites[0], invites[1]));
}

TEST_F(DeliveryQueueTest, OneTurnBringsOneCallPerSink) {
  auto a = Subscribe(100), b = Subscribe(100);
  Offer(10);
  EXPECT_THAT(a.sink->batch_sizes, IsEmpty());  // not before the turn's end
  RunUntilIdle();
  EXPECT_THAT(a.sink->batch_sizes, ElementsAre(5u));
  EXPECT_THAT(b.sink->batch_sizes, ElementsAre(5u));
  Offer(2);
  RunUntilIdle();
  EXPECT_THAT(a.sink->batch_sizes, ElementsAre(5u, 1u));
}

TEST_F(DeliveryQueueTest, TellsOfCancellationAndExpiryInOrderBehindTheRequest) {
  auto subscription = Subscribe(10);
  const RequestId id = worker().Offer("INVITE");
  worker().queue.Tell(*worker().table.Find(id), Delivery::Kind::kCancelled);
  worker().queue.Tell(*worker().table.Find(id), Delivery::Kind::kExpired);
  RunUntilIdle();
  const std::vector<Delivery> got = subscription.sink->Take();
  ASSERT_THAT(got, SizeIs(3));
  EXPECT_EQ(got[0].kind, Delivery::Kind::kRequest);
  EXPECT_EQ(got[1].kind, Delivery::Kind::kCancelled);
  EXPECT_EQ(got[2].kind, Delivery::Kind::kExpired);
  for (const Delivery& delivery : got) {
    EXPECT_EQ(delivery.request_id, id);
    EXPECT_EQ(delivery.endpoint->id, "alice");
    EXPECT_EQ(delivery.attempt, 1);
    EXPECT_EQ(delivery.request == nullptr, delivery.kind != Delivery::Kind::kRequest);
  }
  EXPECT_EQ(subscription.state->credit, 9);  // telling costs none
}

TEST_F(DeliveryQueueTest, ExpiryIsToldAlsoWhenTheRequestEndsInTheSameTurn) {
  auto subscription = Subscribe(10);
  const RequestId id = worker().Offer();
  RunUntilIdle();
  subscription.sink->Take();
  worker().queue.Tell(*worker().table.Find(id), Delivery::Kind::kExpired);
  worker().Answer(id);
  RunUntilIdle();
  ASSERT_THAT(subscription.sink->deliveries, SizeIs(1));
  EXPECT_EQ(subscription.sink->deliveries[0].kind, Delivery::Kind::kExpired);
}

TEST_F(DeliveryQueueTest, NothingIsToldOfARequestThatStillWaits) {
  auto subscription = Subscribe(0);
  const RequestId id = worker().Offer();
  worker().queue.Tell(*worker().table.Find(id), Delivery::Kind::kCancelled);
  RunUntilIdle();
  EXPECT_THAT(subscription.sink->deliveries, IsEmpty());
}

TEST_F(DeliveryQueueTest, AnAckIsDeliveredWithoutCreditAndWithoutARequestId) {
  auto subscription = Subscribe(0);
  const auto record = MakeRecord({.method = "ACK"});
  EXPECT_TRUE(DeliverAck(record, DispatchReason::kToAddress));
  RunUntilIdle();
  ASSERT_THAT(subscription.sink->deliveries, SizeIs(1));
  const Delivery& delivery = subscription.sink->deliveries[0];
  EXPECT_EQ(delivery.request, record);
  EXPECT_EQ(delivery.request_id, RequestId());
  EXPECT_EQ(delivery.reason, DispatchReason::kToAddress);
  EXPECT_EQ(delivery.expire_time, absl::InfiniteFuture());
  EXPECT_EQ(subscription.state->credit, 0);
  EXPECT_EQ(worker().table.size(), 0u);
}

TEST_F(DeliveryQueueTest, AnAckFollowsTheInviteThroughMethodFilters) {
  auto texts = Subscribe(1, {"MESSAGE"});
  auto calls = SubscribeToManager(1, {"INVITE"});
  EXPECT_TRUE(DeliverAck(MakeRecord({.method = "ACK"}), DispatchReason::kRequestUri));
  RunUntilIdle();
  EXPECT_THAT(texts.sink->deliveries, IsEmpty());
  EXPECT_THAT(calls.sink->deliveries, SizeIs(1));
}

TEST_F(DeliveryQueueTest, AnAckThatNobodyTakesIsJustNotDelivered) {
  auto texts = Subscribe(1, {"MESSAGE"});
  EXPECT_FALSE(DeliverAck(MakeRecord({.method = "ACK"}), DispatchReason::kRequestUri));
  EXPECT_THAT(worker().undeliverable, IsEmpty());
}

TEST_F(DeliveryQueueTest, AnAckGoesToWhoAnsweredItsInviteWhileThatIsThere) {
  auto other = Subscribe(1);
  auto answered = Subscribe(1);
  const auto deliver = [&] {
    Delivery delivery;
    delivery.request = MakeRecord({.method = "ACK"});
    return worker().queue.DeliverUnanswerable(
        {answered.state->lineage, entry_.group, manager_group_}, std::move(delivery));
  };
  EXPECT_TRUE(deliver());
  RunUntilIdle();
  EXPECT_THAT(other.sink->deliveries, IsEmpty());
  EXPECT_THAT(answered.sink->deliveries, SizeIs(1));
  End(answered);
  EXPECT_TRUE(deliver());
  RunUntilIdle();
  EXPECT_THAT(other.sink->deliveries, SizeIs(1));
}

TEST_F(DeliveryQueueTest, ForgettingAGroupAnswersItsLineOldestFirst) {
  auto subscription = Subscribe(1);
  const auto ids = Offer(3);
  worker().queue.Forget(entry_.group, Situation::kNothingMatches);
  ASSERT_THAT(worker().undeliverable, SizeIs(2));
  EXPECT_EQ(worker().undeliverable[0].id, ids[1]);
  EXPECT_EQ(worker().undeliverable[1].id, ids[2]);
  EXPECT_EQ(LastSituation(), Situation::kNothingMatches);
  EXPECT_EQ(entry_.group->waiting_workers(), 0u);
  EXPECT_TRUE(worker().IsOpen(ids[0]));  // the application has it and may answer
  worker().Answer(ids[0]);
  RunUntilIdle();
}

TEST_F(DeliveryQueueTest, ForgettingAnUnknownGroupIsFine) {
  worker().queue.Forget(std::make_shared<SubscriptionGroup>(), Situation::kNothingMatches);
  EXPECT_THAT(worker().undeliverable, IsEmpty());
}

TEST_F(DeliveryQueueTest, AbandoningReturnsNoCreditAndServesNobody) {
  auto subscription = Subscribe(1);
  const auto ids = Offer(2);
  OpenRequest* delivered = worker().table.Find(ids[0]);
  worker().queue.Abandon(delivered);
  worker().table.Close(delivered, Ending::kUndeliverable);
  EXPECT_TRUE(worker().IsWaiting(ids[1]));
  EXPECT_EQ(subscription.state->credit, 0);
  OpenRequest* waiting = worker().table.Find(ids[1]);
  worker().queue.Abandon(waiting);
  worker().table.Close(waiting, Ending::kUndeliverable);
  EXPECT_EQ(worker().queue.waiting_count(), 0u);
}

}  // namespace
}  // namespace sipcm::dispatch
