// What happens to the requests of an application whose stream broke and that may come back.
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

constexpr absl::Duration kTimeout = absl::Seconds(2);

class ResumeTest : public DeliveryFixture {
 protected:
  ResumeTest() : DeliveryFixture(/*worker_count=*/2) {}

  std::vector<RequestId> Offer(int count, const std::string& method = "MESSAGE") {
    std::vector<RequestId> ids;
    ids.reserve(count);
    for (int i = 0; i < count; ++i) ids.push_back(worker().Offer(method));
    RunUntilIdle();
    return ids;
  }
  void LoseNow(const TestSubscription& subscription) {
    Lose(subscription, kTimeout);
    RunUntilIdle();
  }
  TestSubscription ResumeNow(const TestSubscription& lost, int credit,
                             std::vector<std::string> methods = {}) {
    TestSubscription subscription = Resume(lost, credit, std::move(methods));
    RunUntilIdle();
    return subscription;
  }
  static std::vector<AttemptReason> ReasonsOf(const TestSubscription& subscription) {
    std::vector<AttemptReason> reasons;
    for (const Delivery& delivery : subscription.sink->deliveries) {
      reasons.push_back(delivery.attempt_reason);
    }
    return reasons;
  }
};

TEST_F(ResumeTest, WhatItHadComesBackToItUnderTheSameName) {
  auto lost = Subscribe(10);
  const auto ids = Offer(3);
  worker().Answer(ids[1]);
  LoseNow(lost);
  EXPECT_EQ(lost.state->lineage->open_count(), 2);
  auto back = ResumeNow(lost, 10);
  EXPECT_THAT(back.sink->Ids(), ElementsAre(ids[0], ids[2]));
  EXPECT_THAT(ReasonsOf(back), ElementsAre(AttemptReason::kResumed, AttemptReason::kResumed));
  EXPECT_EQ(back.sink->deliveries[0].attempt, 2);
  EXPECT_THAT(worker().redelivered, IsEmpty());  // no id was renewed
  EXPECT_EQ(back.state->lineage->open_count(), 0);
  EXPECT_EQ(back.state->lineage->TakeLost(), 0);
  EXPECT_EQ(back.state->credit, 8);
}

TEST_F(ResumeTest, JustBeforeTheTimeoutItIsWaitedForAtItNoMore) {
  auto lost = Subscribe(10);
  const auto ids = Offer(2);
  LoseNow(lost);
  AdvanceBy(kTimeout - absl::Milliseconds(1));
  EXPECT_TRUE(worker().IsWaiting(ids[0]));
  EXPECT_THAT(worker().undeliverable, IsEmpty());
  AdvanceBy(absl::Milliseconds(1));
  ASSERT_THAT(worker().undeliverable, SizeIs(2));
  EXPECT_EQ(worker().undeliverable[0].situation, Situation::kApplicationGone);
  EXPECT_EQ(lost.state->lineage->open_count(), 0);
  EXPECT_EQ(lost.state->lineage->TakeLost(), 2);
}

TEST_F(ResumeTest, WithoutATimeoutNobodyIsWaitedFor) {
  auto lost = Subscribe(10);
  Offer(1);
  Lose(lost, absl::ZeroDuration());
  RunUntilIdle();
  EXPECT_THAT(worker().undeliverable, SizeIs(1));
}

TEST_F(ResumeTest, OneThatLeftInOrderIsNotWaitedFor) {
  auto gone = Subscribe(10);
  gone.state->resume_timeout = kTimeout;
  Offer(1);
  End(gone);
  RunUntilIdle();
  EXPECT_THAT(worker().undeliverable, SizeIs(1));
}

TEST_F(ResumeTest, WhatAnotherTakesGoesThereAtOnceAndIsLost) {
  auto lost = Subscribe(10);
  const auto ids = Offer(2);
  auto other = Subscribe(1);
  LoseNow(lost);
  EXPECT_THAT(other.sink->Ids(), ElementsAre(ids[0]));
  EXPECT_THAT(ReasonsOf(other), ElementsAre(AttemptReason::kSubscriptionLost));
  auto back = ResumeNow(lost, 10);
  EXPECT_THAT(back.sink->Ids(), ElementsAre(ids[1]));
  EXPECT_EQ(back.state->lineage->TakeLost(), 1);
}

TEST_F(ResumeTest, OneThatComesMeanwhileTakesTheWholeLine) {
  auto lost = Subscribe(2);
  const auto ids = Offer(3);
  LoseNow(lost);
  auto other = Subscribe(10);
  RunUntilIdle();
  EXPECT_THAT(other.sink->Ids(), ElementsAre(ids[0], ids[1], ids[2]));
  EXPECT_EQ(lost.state->lineage->TakeLost(), 2);  // the third it never had
}

TEST_F(ResumeTest, RequestsThatComeMeanwhileWaitToo) {
  auto lost = Subscribe(1);
  const auto had = Offer(1);
  const auto waiting = Offer(1);
  LoseNow(lost);
  const auto later = Offer(1);
  EXPECT_THAT(worker().undeliverable, IsEmpty());
  auto back = ResumeNow(lost, 10);
  EXPECT_THAT(back.sink->Ids(), ElementsAre(had[0], waiting[0], later[0]));
  EXPECT_THAT(ReasonsOf(back), ElementsAre(AttemptReason::kResumed, AttemptReason::kFirstAttempt,
                                           AttemptReason::kFirstAttempt));
}

TEST_F(ResumeTest, AfterTheTimeoutThoseThatItNeverHadHearThatNobodyIsSubscribed) {
  auto lost = Subscribe(1);
  Offer(2);
  LoseNow(lost);
  Offer(1);
  AdvanceBy(kTimeout);
  ASSERT_THAT(worker().undeliverable, SizeIs(3));
  EXPECT_EQ(worker().undeliverable[0].situation, Situation::kApplicationGone);
  EXPECT_EQ(worker().undeliverable[1].situation, Situation::kNoSubscription);
  EXPECT_EQ(worker().undeliverable[2].situation, Situation::kNoSubscription);
  EXPECT_EQ(lost.state->lineage->TakeLost(), 1);
  worker().Offer();
  EXPECT_THAT(worker().undeliverable, SizeIs(4));
}

TEST_F(ResumeTest, TheLineIsBoundedWhileItIsAway) {
  const EndpointDirectory::Entry small = MakeEntry("small", /*max_waiting=*/1);
  auto lost = SubscribeTo(small.group, 1, {});
  worker().Offer("MESSAGE", small);
  LoseNow(lost);
  worker().Offer("MESSAGE", small);
  ASSERT_THAT(worker().undeliverable, SizeIs(1));
  EXPECT_EQ(worker().undeliverable[0].situation, Situation::kOverloaded);
}

TEST_F(ResumeTest, MethodsThatItDidNotTakeDoNotWaitForIt) {
  auto lost = Subscribe(10, {"INVITE"});
  const auto ids = Offer(1, "INVITE");
  LoseNow(lost);
  Offer(1, "MESSAGE");
  ASSERT_THAT(worker().undeliverable, SizeIs(1));
  EXPECT_EQ(worker().undeliverable[0].situation, Situation::kNoSubscription);
  EXPECT_TRUE(worker().IsWaiting(ids[0]));
}

TEST_F(ResumeTest, WhatItDoesNotTakeAnyMoreIsAnswered) {
  auto lost = Subscribe(10);
  const auto ids = Offer(1, "INVITE");
  LoseNow(lost);
  auto back = ResumeNow(lost, 10, {"MESSAGE"});
  EXPECT_THAT(back.sink->Ids(), IsEmpty());
  ASSERT_THAT(worker().undeliverable, SizeIs(1));
  EXPECT_EQ(worker().undeliverable[0].id, ids[0]);
  EXPECT_EQ(back.state->lineage->TakeLost(), 1);
}

TEST_F(ResumeTest, CreditBoundsWhatComesBackAtOnce) {
  auto lost = Subscribe(3);
  const auto ids = Offer(3);
  LoseNow(lost);
  auto back = ResumeNow(lost, 1);
  EXPECT_THAT(back.sink->Ids(), ElementsAre(ids[0]));
  EXPECT_EQ(back.state->lineage->open_count(), 2);
  worker().Answer(ids[0]);
  RunUntilIdle();
  EXPECT_THAT(back.sink->Ids(), ElementsAre(ids[0], ids[1]));
  EXPECT_EQ(back.sink->deliveries[1].attempt_reason, AttemptReason::kResumed);
}

TEST_F(ResumeTest, AnAnswerWhileItIsAwayCountsAndIsNoLoss) {
  auto lost = Subscribe(10);
  const auto ids = Offer(2);
  LoseNow(lost);
  worker().Answer(ids[0]);  // by its name, which is still good
  auto back = ResumeNow(lost, 10);
  EXPECT_THAT(back.sink->Ids(), ElementsAre(ids[1]));
  EXPECT_EQ(back.state->lineage->TakeLost(), 0);
}

TEST_F(ResumeTest, AnAnswerBeforeTheWorkersHeardOfTheLossIsCountedOnce) {
  auto lost = Subscribe(10);
  const auto ids = Offer(2);
  Lose(lost, kTimeout);
  EXPECT_EQ(lost.state->lineage->open_count(), 2);
  worker().Answer(ids[0]);
  RunUntilIdle();
  EXPECT_EQ(lost.state->lineage->open_count(), 1);
  EXPECT_THAT(ResumeNow(lost, 10).sink->Ids(), ElementsAre(ids[1]));
}

TEST_F(ResumeTest, ACancelledRequestWaitsForNobody) {
  auto lost = Subscribe(10);
  const auto ids = Offer(1, "INVITE");
  worker().table.Find(ids[0])->is_cancelled = true;
  LoseNow(lost);
  ASSERT_THAT(worker().undeliverable, SizeIs(1));
  EXPECT_EQ(worker().undeliverable[0].situation, Situation::kCancelled);
  EXPECT_EQ(lost.state->lineage->TakeLost(), 1);
}

TEST_F(ResumeTest, ASecondStreamOfAnOpenOneComesBeforeOthers) {
  auto open = Subscribe(2), other = Subscribe(0);
  const auto ids = Offer(2);
  AddCredit(other, 10);
  // As the engine does it: the new one is in the list before the workers hear of the end.
  Lose(open, kTimeout);
  auto heir = Resume(open, 10);
  RunUntilIdle();
  EXPECT_THAT(heir.sink->Ids(), ElementsAre(ids[0], ids[1]));
  EXPECT_THAT(ReasonsOf(heir), ElementsAre(AttemptReason::kResumed, AttemptReason::kResumed));
  EXPECT_THAT(other.sink->Ids(), IsEmpty());
  // Nobody is waited for any more.
  End(heir);
  End(other);
  RunUntilIdle();
  EXPECT_THAT(worker().undeliverable, SizeIs(2));
}

TEST_F(ResumeTest, ASecondStreamGetsWhatIsBehindACancelledRequestToo) {
  auto open = Subscribe(3), other = Subscribe(0);
  const auto ids = Offer(3);
  AddCredit(other, 10);
  worker().table.Find(ids[1])->is_cancelled = true;
  Lose(open, kTimeout);
  auto heir = Resume(open, 10);
  RunUntilIdle();
  EXPECT_THAT(heir.sink->Ids(), ElementsAre(ids[0], ids[2]));
  EXPECT_THAT(other.sink->Ids(), IsEmpty());
}

TEST_F(ResumeTest, EachLossIsWaitedForAnew) {
  auto first = Subscribe(10);
  const auto ids = Offer(1);
  LoseNow(first);
  AdvanceBy(kTimeout / 2);
  auto second = ResumeNow(first, 10);
  LoseNow(second);
  AdvanceBy(kTimeout - absl::Milliseconds(1));
  auto third = ResumeNow(second, 10);
  EXPECT_THAT(third.sink->Ids(), ElementsAre(ids[0]));
  EXPECT_EQ(third.sink->deliveries[0].attempt, 3);
}

TEST_F(ResumeTest, OfManyThatAreAwayTheLongestIsGivenUp) {
  auto first = Subscribe(10, {"INVITE"});
  const auto ids = Offer(1, "INVITE");
  LoseNow(first);
  for (size_t i = 1; i < DeliveryQueue::kMaxAbsences; ++i) LoseNow(Subscribe(1, {"MESSAGE"}));
  EXPECT_TRUE(worker().IsOpen(ids[0]));
  LoseNow(Subscribe(1, {"MESSAGE"}));
  EXPECT_FALSE(worker().IsOpen(ids[0]));
}

TEST_F(ResumeTest, ADeletedEndpointWaitsForNobody) {
  auto lost = Subscribe(10);
  Offer(1);
  LoseNow(lost);
  worker().queue.Forget(entry_.group, Situation::kNothingMatches);
  ASSERT_THAT(worker().undeliverable, SizeIs(1));
  EXPECT_EQ(worker().undeliverable[0].situation, Situation::kNothingMatches);
  AdvanceBy(kTimeout);  // and nothing is left that would end
}

TEST_F(ResumeTest, AManagersApplicationIsWaitedForWhereTheEndpointHasNone) {
  auto lost = SubscribeToManager(10);
  const auto ids = Offer(1);
  LoseNow(lost);
  EXPECT_TRUE(worker().IsWaiting(ids[0]));
  auto back = ResumeNow(lost, 10);
  EXPECT_THAT(back.sink->Ids(), ElementsAre(ids[0]));
}

TEST_F(ResumeTest, EveryWorkerHandsOutWhatItHas) {
  auto lost = Subscribe(10);
  const RequestId here = worker(0).Offer();
  const RequestId there = worker(1).Offer();
  RunUntilIdle();
  LoseNow(lost);
  EXPECT_EQ(lost.state->lineage->open_count(), 2);
  auto back = ResumeNow(lost, 10);
  EXPECT_THAT(back.sink->Ids(), testing::UnorderedElementsAre(here, there));
}

// --- What needs no answer ------------------------------------------------------------------------

class UnanswerableTest : public ResumeTest {
 protected:
  bool DeliverAckTo(const TestSubscription& answered) {
    Delivery delivery;
    delivery.request = MakeRecord({.method = "ACK"});
    delivery.endpoint = entry_.endpoint;
    const bool taken = worker().queue.DeliverUnanswerable(
        {answered.state->lineage, entry_.group, manager_group_}, std::move(delivery));
    RunUntilIdle();
    return taken;
  }
};

TEST_F(UnanswerableTest, AnAckIsKeptForWhoAnsweredAndComesBeforeWhatFollows) {
  auto lost = Subscribe(10);
  auto other = Subscribe(10);
  LoseNow(lost);
  EXPECT_TRUE(DeliverAckTo(lost));
  EXPECT_THAT(other.sink->deliveries, IsEmpty());
  End(other);
  const auto ids = Offer(1, "BYE");
  auto back = ResumeNow(lost, 10);
  ASSERT_THAT(back.sink->deliveries, SizeIs(2));
  EXPECT_EQ(back.sink->deliveries[0].request->view.method(), "ACK");
  EXPECT_EQ(back.sink->deliveries[1].request_id, ids[0]);
  EXPECT_EQ(lost.state->lineage->TakeLost(), 0);
}

TEST_F(UnanswerableTest, AtTheTimeoutAnAckGoesToAnotherOrIsLostAndBothCount) {
  for (const bool has_other : {false, true}) {
    auto lost = Subscribe(10);
    LoseNow(lost);
    TestSubscription other;
    if (has_other) other = Subscribe(10);
    EXPECT_TRUE(DeliverAckTo(lost));
    AdvanceBy(kTimeout - absl::Milliseconds(1));
    EXPECT_EQ(lost.state->lineage->TakeLost(), 0);
    AdvanceBy(absl::Milliseconds(1));
    EXPECT_EQ(lost.state->lineage->TakeLost(), 1);
    if (has_other) {
      EXPECT_THAT(other.sink->deliveries, SizeIs(1));
    }
    if (!has_other) {
      EXPECT_FALSE(DeliverAckTo(lost));
    }
  }
}

TEST_F(UnanswerableTest, WhatTheTurnOfTheLossBroughtIsKept) {
  auto lost = Subscribe(10);
  worker().loop.Post([&] {
    Delivery missing;
    missing.kind = Delivery::Kind::kAckMissing;
    worker().queue.DeliverUnanswerable({lost.state->lineage, entry_.group, manager_group_},
                                       std::move(missing));
    lost.state->resume_timeout = kTimeout;
    End(lost, Parting::kLost);
    worker().queue.OnSubscriptionEnded(lost.state);
  });
  RunUntilIdle();
  EXPECT_THAT(lost.sink->deliveries, IsEmpty());
  auto back = ResumeNow(lost, 10);
  ASSERT_THAT(back.sink->deliveries, SizeIs(1));
  EXPECT_EQ(back.sink->deliveries[0].kind, Delivery::Kind::kAckMissing);
}

TEST_F(UnanswerableTest, WhatIsKeptIsBoundedAndMoreCountsAsLost) {
  auto lost = Subscribe(10);
  LoseNow(lost);
  for (size_t i = 0; i < DeliveryQueue::kMaxKept; ++i) EXPECT_TRUE(DeliverAckTo(lost));
  EXPECT_FALSE(DeliverAckTo(lost));
  auto back = ResumeNow(lost, 0);
  EXPECT_THAT(back.sink->deliveries, SizeIs(DeliveryQueue::kMaxKept));
  EXPECT_EQ(back.state->lineage->TakeLost(), 1);
}

}  // namespace
}  // namespace sipcm::dispatch
