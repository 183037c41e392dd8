// Several workers that share the credit of one endpoint's subscriptions.
#include <algorithm>
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
using ::testing::UnorderedElementsAre;

class TwoWorkersTest : public DeliveryFixture {
 protected:
  TwoWorkersTest() : DeliveryFixture(2) {}
};

class FourWorkersTest : public DeliveryFixture {
 protected:
  FourWorkersTest() : DeliveryFixture(4) {}

  int TotalWakes() const {
    int total = 0;
    for (const auto& worker : workers_) total += worker->wake_count;
    return total;
  }
};

TEST_F(TwoWorkersTest, ACreditThatOneReturnsServesTheOther) {
  auto subscription = Subscribe(1);
  const RequestId first = worker(0).Offer();
  const RequestId second = worker(1).Offer();
  EXPECT_TRUE(worker(1).IsWaiting(second));
  worker(0).Answer(first);
  RunUntilIdle();
  EXPECT_THAT(subscription.sink->Ids(), ElementsAre(first, second));
  EXPECT_EQ(subscription.state->credit, 0);
  worker(1).Answer(second);
  EXPECT_EQ(subscription.state->credit, 1);
  EXPECT_EQ(entry_.group->waiting_workers(), 0u);
}

TEST_F(TwoWorkersTest, BothWaitAndOneCreditIsUsedOnceWithoutEndlessWakeUps) {
  auto subscription = Subscribe(1);
  const RequestId first = worker(0).Offer();
  worker(0).Offer();
  worker(1).Offer();
  RunUntilIdle();
  worker(0).Answer(first);
  RunUntilIdle();  // would not end if they kept waking each other
  EXPECT_THAT(subscription.sink->deliveries, SizeIs(2));
  EXPECT_LE(worker(0).wake_count + worker(1).wake_count, 2);
}

TEST_F(TwoWorkersTest, CreditThatNeitherCanUseDoesNotGoRoundForEver) {
  auto calls = Subscribe(0, {"INVITE"});
  auto texts = Subscribe(1, {"MESSAGE"});
  worker(0).Offer("INVITE");
  worker(1).Offer("INVITE");
  const RequestId text = worker(0).Offer("MESSAGE");
  RunUntilIdle();
  worker(0).Answer(text);
  RunUntilIdle();
  EXPECT_EQ(texts.state->credit, 1);
  EXPECT_THAT(calls.sink->deliveries, IsEmpty());
}

TEST_F(TwoWorkersTest, ACreditThatTheOtherCannotUseComesBack) {
  auto calls = Subscribe(0, {"INVITE"});
  auto texts = Subscribe(1, {"MESSAGE"});
  worker(1).Offer("INVITE");  // waits for what does not come
  const RequestId text = worker(0).Offer("MESSAGE");
  const RequestId next = worker(0).Offer("MESSAGE");
  RunUntilIdle();
  worker(0).Answer(text);
  RunUntilIdle();
  EXPECT_THAT(texts.sink->Ids(), ElementsAre(text, next));
  worker(0).Answer(next);
  RunUntilIdle();
  EXPECT_EQ(texts.state->credit, 1);
}

TEST_F(TwoWorkersTest, ACreditOnItsWayIsNobodyElses) {
  auto subscription = Subscribe(1);
  const RequestId first = worker(0).Offer();
  const RequestId other = worker(1).Offer();
  RunUntilIdle();
  worker(0).Answer(first);  // to worker 1, which has not run yet
  const RequestId newcomer = worker(0).Offer();
  EXPECT_TRUE(worker(0).IsWaiting(newcomer));
  RunUntilIdle();
  EXPECT_THAT(subscription.sink->Ids(), ElementsAre(first, other));
}

TEST_F(TwoWorkersTest, ABusyWorkerDoesNotStarveTheOther) {
  auto subscription = Subscribe(2);
  std::vector<RequestId> open = {worker(0).Offer(), worker(0).Offer()};
  const std::vector<RequestId> patient = {worker(1).Offer(), worker(1).Offer()};
  RunUntilIdle();
  // Worker 0 answers and takes new requests without end, all in one turn.
  for (int round = 0; round < 6 && worker(1).queue.waiting_count() > 0; ++round) {
    worker(0).Answer(open[0]);
    open.erase(open.begin());
    worker(0).Offer();
    RunUntilIdle();
    open.clear();
    worker(0).table.ForEach([&](OpenRequest& request) {
      if (request.assigned != nullptr) open.push_back(request.id);
    });
    if (open.empty()) break;
  }
  EXPECT_EQ(worker(1).queue.waiting_count(), 0u);
  const auto ids = subscription.sink->Ids();
  for (const RequestId id : patient) EXPECT_EQ(std::count(ids.begin(), ids.end(), id), 1);
}

TEST_F(TwoWorkersTest, AGrantForARequestThatEndedMeanwhileIsReturned) {
  auto subscription = Subscribe(1);
  const RequestId first = worker(0).Offer();
  const RequestId waiting = worker(1).Offer();
  RunUntilIdle();
  worker(0).Answer(first);    // grants to worker 1
  worker(1).Answer(waiting);  // its deadline passed before it ran
  RunUntilIdle();
  EXPECT_EQ(subscription.state->credit, 1);
  EXPECT_THAT(subscription.sink->Ids(), ElementsAre(first));
}

TEST_F(TwoWorkersTest, AGrantForARequestThatEndedGoesOnToWhoeverWaits) {
  auto subscription = Subscribe(1);
  const RequestId first = worker(0).Offer();
  const RequestId late = worker(1).Offer();
  const RequestId next = worker(0).Offer();
  RunUntilIdle();
  worker(0).Answer(first);
  worker(1).Answer(late);
  RunUntilIdle();
  EXPECT_THAT(subscription.sink->Ids(), ElementsAre(first, next));
}

TEST_F(TwoWorkersTest, AGrantOfASubscriptionThatEndedIsDropped) {
  auto lost = Subscribe(1);
  const RequestId first = worker(0).Offer();
  const RequestId waiting = worker(1).Offer();
  RunUntilIdle();
  worker(0).Answer(first);
  End(lost);
  RunUntilIdle();
  // Delivered before the end and given back by it, or never: it gets an answer either way.
  EXPECT_FALSE(worker(1).IsOpen(waiting));
  EXPECT_THAT(worker(1).undeliverable, SizeIs(1));
}

TEST_F(TwoWorkersTest, AnEndedSubscriptionsRequestsAreOfferedAgainOnEachWorker) {
  auto lost = Subscribe(4);
  const std::vector<RequestId> ids = {worker(0).Offer(), worker(1).Offer(), worker(0).Offer(),
                                      worker(1).Offer()};
  RunUntilIdle();
  auto heir = Subscribe(10);
  End(lost);
  RunUntilIdle();
  EXPECT_THAT(heir.sink->Ids(), UnorderedElementsAre(ids[0], ids[1], ids[2], ids[3]));
  EXPECT_EQ(heir.state->credit, 6);
}

TEST_F(TwoWorkersTest, ANewSubscriptionServesAllWorkersThatWait) {
  auto paused = Subscribe(0);
  worker(0).Offer();
  worker(1).Offer();
  auto fresh = Subscribe(2);
  RunUntilIdle();
  EXPECT_THAT(fresh.sink->deliveries, SizeIs(2));
}

TEST_F(TwoWorkersTest, OfferingToAGroupWithoutWaitersWakesNobody) {
  auto subscription = Subscribe(10);
  for (int i = 0; i < 5; ++i) {
    worker(0).Answer(worker(0).Offer());
    worker(1).Answer(worker(1).Offer());
  }
  RunUntilIdle();
  EXPECT_EQ(worker(0).wake_count + worker(1).wake_count, 0);
}

TEST_F(FourWorkersTest, ReturnedCreditGoesRoundThoseThatWait) {
  auto subscription = Subscribe(1);
  RequestId open = worker(0).Offer();
  for (int i = 1; i < 4; ++i) {
    worker(i).Offer();
    worker(i).Offer();
  }
  RunUntilIdle();
  std::vector<int> served;
  for (int i = 0; i < 6; ++i) {
    worker(open.worker()).Answer(open);
    RunUntilIdle();
    open = subscription.sink->deliveries.back().request_id;
    served.push_back(open.worker());
  }
  EXPECT_THAT(served, ElementsAre(1, 2, 3, 1, 2, 3));
}

TEST_F(FourWorkersTest, AMixOfMethodsFindsItsCreditOnWhicheverWorker) {
  auto texts = Subscribe(1, {"MESSAGE"});
  auto calls = Subscribe(1, {"INVITE"});
  const RequestId text = worker(0).Offer("MESSAGE");
  const RequestId call = worker(0).Offer("INVITE");
  worker(1).Offer("INVITE");
  worker(2).Offer("INVITE");
  const RequestId far_text = worker(3).Offer("MESSAGE");
  RunUntilIdle();
  worker(0).Answer(text);
  RunUntilIdle();
  EXPECT_THAT(texts.sink->Ids(), ElementsAre(text, far_text));
  EXPECT_THAT(calls.sink->Ids(), ElementsAre(call));
  EXPECT_LE(TotalWakes(), 4);
}

TEST_F(FourWorkersTest, EachReturnedCreditCostsAtMostOneRoundOfWakeUps) {
  auto calls = Subscribe(0, {"INVITE"});
  auto texts = Subscribe(1, {"MESSAGE"});
  for (int i = 0; i < 4; ++i) worker(i).Offer("INVITE");
  RunUntilIdle();
  for (int i = 0; i < 10; ++i) {
    const RequestId text = worker(i % 4).Offer("MESSAGE");
    RunUntilIdle();
    const int before = TotalWakes();
    worker(i % 4).Answer(text);
    RunUntilIdle();
    EXPECT_LE(TotalWakes() - before, 5);
    EXPECT_EQ(texts.state->credit, 1);
  }
}

}  // namespace
}  // namespace sipcm::dispatch
