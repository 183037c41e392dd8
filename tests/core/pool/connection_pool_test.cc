// What a pool gives to whom; failures are in connection_pool_failure_test.cc.
#include "tests/core/pool/pool_fixture.h"

namespace sipcm::pool {
namespace {

using ConnectionPoolTest = PoolFixture;

TEST_F(ConnectionPoolTest, APoolOfThreeGrowsThenGoesRoundOneTwoThree) {
  MakePool(3);
  EXPECT_EQ(Serve(9), (std::vector<int>{1, 2, 3, 1, 2, 3, 1, 2, 3}));
  EXPECT_EQ(network_.connect_count(), 3u);
  const PoolStatistics statistics = pool_->statistics();
  EXPECT_EQ(statistics.live_count, 3);
  EXPECT_EQ(statistics.opened_total, 3u);
  EXPECT_EQ(statistics.reused_total, 6u);
  EXPECT_EQ(statistics.request_total, 9u);
}

TEST_F(ConnectionPoolTest, RequestsInOneTurnShareWhatIsConnectingAndGoRoundToo) {
  MakePool(3);
  std::vector<Outcome*> outcomes;
  for (int i = 0; i < 9; ++i) outcomes.push_back(Acquire());
  EXPECT_EQ(pool_->statistics().connecting_count, 3);
  EXPECT_EQ(pool_->statistics().waiting_count, 9);
  loop_.RunUntilIdle();
  std::map<connection::Connection*, int> uses;
  for (const Outcome* outcome : outcomes) {
    ASSERT_TRUE(outcome->answered && outcome->status.ok());
    ++uses[outcome->connection];
  }
  EXPECT_EQ(uses.size(), 3u);
  for (const auto& [connection, count] : uses) EXPECT_EQ(count, 3);
  EXPECT_EQ(network_.connect_count(), 3u);
}

TEST_F(ConnectionPoolTest, AHundredConcurrentRequestsNeverPassTheMaximum) {
  for (const int max : {1, 4, 50}) {
    MakePool(max);
    const uint64_t before = network_.connect_count();
    std::map<connection::Connection*, int> uses;
    std::vector<Outcome*> outcomes;
    for (int i = 0; i < 100; ++i) outcomes.push_back(Acquire());
    loop_.RunUntilIdle();
    for (const Outcome* outcome : outcomes) ++uses[outcome->connection];
    EXPECT_EQ(network_.connect_count() - before, static_cast<uint64_t>(max));
    ASSERT_EQ(uses.size(), static_cast<size_t>(max));
    for (const auto& [connection, count] : uses) EXPECT_EQ(count, 100 / max);
    outcomes_.clear();
    pool_->Drain(loop_.Now());
    loop_.RunUntilIdle();
    ASSERT_TRUE(pool_->empty());
  }
}

TEST_F(ConnectionPoolTest, AClosedMemberIsReplacedByTheNextRequest) {
  MakePool(3);
  Serve(3);
  server_->peers()[1]->Close();
  loop_.RunUntilIdle();
  EXPECT_EQ(pool_->statistics().live_count, 2);
  EXPECT_EQ(pool_->statistics().closed_total, 1u);
  EXPECT_EQ(Serve(4), (std::vector<int>{4, 1, 3, 4}));
}

TEST_F(ConnectionPoolTest, ADrainingMemberGetsNothingNewAndDoesNotCount) {
  MakePool(2);
  Serve(2);
  Numbered(1)->AddTransaction();
  Numbered(1)->Drain(loop_.Now() + absl::Seconds(30));
  EXPECT_EQ(Serve(3), (std::vector<int>{3, 2, 3}));
  EXPECT_EQ(pool_->statistics().draining_count, 1);
  EXPECT_EQ(pool_->statistics().live_count, 2);
  EXPECT_EQ(pool_->statistics().outstanding_count, 1);
  EXPECT_EQ(pool_->members().size(), 3u);
  Numbered(1)->RemoveTransaction();
  loop_.RunUntilIdle();
  EXPECT_EQ(pool_->statistics().draining_count, 0);
}

TEST_F(ConnectionPoolTest, ReuseFirstOpensOneMoreOnlyWhenAllAreBusy) {
  MakePool(3, SelectionPolicy::kReuseFirst);
  EXPECT_EQ(Serve(3), (std::vector<int>{1, 1, 1}));
  Numbered(1)->AddTransaction();
  EXPECT_EQ(Serve(2), (std::vector<int>{2, 2}));
  Numbered(1)->RemoveTransaction();
}

TEST_F(ConnectionPoolTest, LeastOutstandingSpreadsTheLoad) {
  MakePool(2, SelectionPolicy::kLeastOutstanding);
  Serve(1);
  Numbered(1)->AddTransaction();
  Serve(1);
  Numbered(2)->AddTransaction();
  Numbered(2)->AddTransaction();
  EXPECT_EQ(Serve(2), (std::vector<int>{1, 1}));
  Numbered(1)->AddTransaction();
  Numbered(1)->AddTransaction();
  EXPECT_EQ(Serve(1), std::vector<int>{2});
  for (int i = 0; i < 3; ++i) Numbered(1)->RemoveTransaction();
  for (int i = 0; i < 2; ++i) Numbered(2)->RemoveTransaction();
}

// ---- No sharing ----

TEST_F(ConnectionPoolTest, WithoutSharingEachRequestHasAConnectionOfItsOwn) {
  MakePool(kNoSharing);
  EXPECT_EQ(Serve(2), (std::vector<int>{1, 2}));
  Outcome* const a = Acquire();
  Outcome* const b = Acquire();
  loop_.RunUntilIdle();
  EXPECT_EQ(NumberOf(a->connection) + NumberOf(b->connection), 3 + 4);
  EXPECT_EQ(pool_->statistics().live_count, 4);
}

TEST_F(ConnectionPoolTest, WithoutSharingARequestGivenUpTakesItsConnectionWithIt) {
  MakePool(kNoSharing);
  Outcome* const early = Acquire();
  early->waiter.reset();  // while connecting
  loop_.RunUntilIdle();
  EXPECT_FALSE(early->answered);
  EXPECT_TRUE(pool_->empty());
  EXPECT_EQ(empty_count_, 1);
  EXPECT_TRUE(connections_.empty());
}

TEST_F(ConnectionPoolTest, WhenSharingIsTurnedOnWhatIsThereIsShared) {
  MakePool(kNoSharing);
  Serve(1);
  limits_.max_connection_count = 2;
  pool_->SetLimits(limits_);
  EXPECT_EQ(Serve(3), (std::vector<int>{2, 1, 2}));
}

TEST_F(ConnectionPoolTest, WhenSharingIsTurnedOffWhatWasSharedDrainsButTheWarmOnes) {
  MakePool(4);
  Serve(4);
  Numbered(3)->AddTransaction();
  limits_.min_connection_count = 1;
  limits_.max_connection_count = kNoSharing;
  pool_->SetLimits(limits_);
  loop_.RunUntilIdle();
  EXPECT_EQ(pool_->statistics().live_count, 1) << "the oldest is kept open";
  EXPECT_EQ(pool_->statistics().draining_count, 1) << "until its transaction ends";
  EXPECT_EQ(connections_.size(), 2u);
  Numbered(3)->RemoveTransaction();
  loop_.RunUntilIdle();
  EXPECT_EQ(connections_.size(), 1u);
  EXPECT_EQ(Serve(2), (std::vector<int>{1, 5})) << "it serves one, and is replaced";
}

// ---- Waiting ----

TEST_F(ConnectionPoolTest, AThrottledMemberGetsNothingUntilItIsReleased) {
  MakePool(2);
  Serve(2);
  pool_->SetThrottled(Numbered(1), true);
  EXPECT_EQ(Serve(2), (std::vector<int>{2, 2}));
  pool_->SetThrottled(Numbered(2), true);
  Outcome* const waiting = Acquire();
  loop_.AdvanceBy(absl::Seconds(1));
  EXPECT_FALSE(waiting->answered);
  EXPECT_EQ(pool_->statistics().waiting_count, 1);
  pool_->SetThrottled(Numbered(1), false);
  loop_.RunUntilIdle();
  ASSERT_TRUE(waiting->answered);
  EXPECT_EQ(NumberOf(waiting->connection), 1);
}

TEST_F(ConnectionPoolTest, TheLineIsServedInOrder) {
  MakePool(1);
  Serve(1);
  pool_->SetThrottled(Numbered(1), true);
  std::vector<Outcome*> order;
  on_answer_ = [&](Outcome* outcome) { order.push_back(outcome); };
  const std::vector<Outcome*> waiting = {Acquire(), Acquire(), Acquire()};
  pool_->SetThrottled(Numbered(1), false);
  loop_.RunUntilIdle();
  EXPECT_EQ(order, waiting);
}

TEST_F(ConnectionPoolTest, TheLineIsBoundedInNumber) {
  limits_.max_waiting_count = 2;
  MakePool(1);
  Serve(1);
  pool_->SetThrottled(Numbered(1), true);
  Acquire();
  Outcome* const second = Acquire();
  ExpectRefused(Acquire(), absl::StatusCode::kResourceExhausted, "POOL_WAIT_QUEUE_FULL");
  second->waiter.reset();  // makes room
  Outcome* const third = Acquire();
  EXPECT_FALSE(third->answered);
  EXPECT_EQ(pool_->statistics().refused_total, 1u);
}

TEST_F(ConnectionPoolTest, TheLineIsBoundedInTime) {
  MakePool(1);
  Serve(1);
  pool_->SetThrottled(Numbered(1), true);
  Outcome* const first = Acquire();
  loop_.AdvanceBy(absl::Seconds(2));
  Outcome* const second = Acquire();
  loop_.AdvanceBy(absl::Seconds(3) - absl::Nanoseconds(1));
  EXPECT_FALSE(first->answered);
  loop_.AdvanceBy(absl::Nanoseconds(1));
  ExpectRefused(first, absl::StatusCode::kDeadlineExceeded, "POOL_WAIT_TIMEOUT");
  EXPECT_FALSE(second->answered);
  loop_.AdvanceBy(absl::Seconds(2) - absl::Nanoseconds(1));
  EXPECT_FALSE(second->answered);
  loop_.AdvanceBy(absl::Nanoseconds(1));
  ExpectRefused(second, absl::StatusCode::kDeadlineExceeded, "POOL_WAIT_TIMEOUT");
  EXPECT_EQ(pool_->statistics().refused_total, 2u);
}

TEST_F(ConnectionPoolTest, SharingAConnectingOneIsWaitingAndBoundedToo) {
  limits_.max_waiting_count = 2;
  MakePool(1);
  settings_.connect_timeout = absl::Seconds(8);
  network_.SetFault(address_, fakes::FakeNetwork::Fault::kBlackHole);
  Outcome* const opener = Acquire();
  Outcome* const sharer = Acquire();
  Acquire();
  ExpectRefused(Acquire(), absl::StatusCode::kResourceExhausted, "POOL_WAIT_QUEUE_FULL");
  loop_.AdvanceBy(absl::Seconds(5));
  ExpectRefused(sharer, absl::StatusCode::kDeadlineExceeded, "POOL_WAIT_TIMEOUT");
  EXPECT_FALSE(opener->answered);
  loop_.AdvanceBy(absl::Seconds(3));
  ExpectRefused(opener, absl::StatusCode::kUnavailable, "CONNECT_TIMEOUT");
}

TEST_F(ConnectionPoolTest, AClosedMemberMakesRoomForTheLine) {
  MakePool(1);
  Serve(1);
  pool_->SetThrottled(Numbered(1), true);
  Outcome* const waiting = Acquire();
  server_->peers()[0]->Close();
  loop_.RunUntilIdle();
  ASSERT_TRUE(waiting->answered);
  EXPECT_EQ(NumberOf(waiting->connection), 2);
}

// ---- Limits and draining ----

TEST_F(ConnectionPoolTest, LoweringTheMaximumDrainsTheNewest) {
  MakePool(4);
  Serve(4);
  Numbered(4)->AddTransaction();
  limits_.max_connection_count = 2;
  pool_->SetLimits(limits_);
  loop_.RunUntilIdle();
  EXPECT_EQ(pool_->statistics().live_count, 2);
  EXPECT_EQ(pool_->statistics().draining_count, 1);
  EXPECT_EQ(reasons_[3], connection::CloseReason::kSurplus);
  EXPECT_EQ(Serve(4), (std::vector<int>{1, 2, 1, 2}));
  loop_.AdvanceBy(absl::Seconds(30) - absl::Nanoseconds(1));
  EXPECT_NE(Numbered(4), nullptr);
  loop_.AdvanceBy(absl::Nanoseconds(1));
  EXPECT_EQ(reasons_[4], connection::CloseReason::kSurplus);
}

TEST_F(ConnectionPoolTest, LoweringTheMaximumMovesWhoWaitsForASurplusConnection) {
  MakePool(3);
  std::vector<Outcome*> outcomes = {Acquire(), Acquire(), Acquire()};
  limits_.max_connection_count = 1;
  pool_->SetLimits(limits_);
  loop_.RunUntilIdle();
  for (const Outcome* outcome : outcomes) EXPECT_EQ(NumberOf(outcome->connection), 1);
  EXPECT_EQ(pool_->statistics().opened_total, 1u);
}

TEST_F(ConnectionPoolTest, RaisingTheMaximumServesTheLine) {
  MakePool(1);
  Serve(1);
  pool_->SetThrottled(Numbered(1), true);
  Outcome* const waiting = Acquire();
  limits_.max_connection_count = 2;
  pool_->SetLimits(limits_);
  loop_.RunUntilIdle();
  EXPECT_EQ(NumberOf(waiting->connection), 2);
}

TEST_F(ConnectionPoolTest, DrainEndsMembersAndFailsWaiters) {
  MakePool(2);
  Serve(1);
  Numbered(1)->AddTransaction();
  Outcome* const connecting = Acquire();
  pool_->Drain(loop_.Now() + absl::Seconds(20));
  EXPECT_FALSE(connecting->answered);
  loop_.RunUntilIdle();
  ExpectRefused(connecting, absl::StatusCode::kUnavailable, "POOL_DRAINED");
  EXPECT_EQ(pool_->statistics().draining_count, 1);
  EXPECT_EQ(empty_count_, 0);
  loop_.AdvanceBy(absl::Seconds(20));
  EXPECT_EQ(reasons_[1], connection::CloseReason::kDrained);
  EXPECT_TRUE(pool_->empty());
  EXPECT_EQ(empty_count_, 1);
  EXPECT_EQ(Serve(1), std::vector<int>{2});  // later requests begin anew
}

TEST_F(ConnectionPoolTest, AnAnswerThatWaitsForTheTurnsEndIsDrainedToo) {
  MakePool(1);
  Serve(1);
  pool_->SetThrottled(Numbered(1), true);
  Outcome* const waiting = Acquire();
  pool_->SetThrottled(Numbered(1), false);
  pool_->Drain(loop_.Now());
  loop_.RunUntilIdle();
  ExpectRefused(waiting, absl::StatusCode::kUnavailable, "POOL_DRAINED");
}

TEST_F(ConnectionPoolTest, AnAnswerWhoseConnectionEndsInTheSameTurnGoesToAnother) {
  MakePool(1);
  Serve(1);
  pool_->SetThrottled(Numbered(1), true);
  Outcome* const waiting = Acquire();
  pool_->SetThrottled(Numbered(1), false);
  Numbered(1)->Close(connection::CloseReason::kAdmin);
  loop_.RunUntilIdle();
  EXPECT_EQ(NumberOf(waiting->connection), 2);
}

TEST_F(ConnectionPoolTest, TheMomentOfEmptinessIsToldAndMayDestroyThePool) {
  MakePool(2);
  EXPECT_EQ(pool_->empty_since(), loop_.Now());
  Serve(2);
  EXPECT_TRUE(pool_->empty_since().is_infinite());
  loop_.AdvanceBy(absl::Seconds(5));
  server_->peers()[0]->Close();
  loop_.RunUntilIdle();
  EXPECT_EQ(empty_count_, 0);
  server_->peers()[1]->Close();
  loop_.RunUntilIdle();
  EXPECT_EQ(empty_count_, 1);
  EXPECT_EQ(pool_->empty_since(), loop_.Now());
  destroy_when_empty_ = true;
  Acquire()->waiter.reset();
  pool_->Drain(loop_.Now());
  loop_.RunUntilIdle();
  EXPECT_EQ(pool_, nullptr);
}

// ---- Callbacks ----

TEST_F(ConnectionPoolTest, AWaiterDestroyedIsNeverCalled) {
  MakePool(1);
  Outcome* const opener = Acquire();
  Outcome* const sharer = Acquire();
  opener->waiter.reset();
  sharer->waiter.reset();
  loop_.RunUntilIdle();
  EXPECT_FALSE(opener->answered || sharer->answered);
  EXPECT_EQ(pool_->statistics().live_count, 1);  // of use to the next one
}

TEST_F(ConnectionPoolTest, ACallbackMayDestroyOtherWaitersAndAcquireAgain) {
  MakePool(1);
  Outcome* const first = Acquire();
  Outcome* const second = Acquire();
  Outcome* const third = Acquire();
  on_answer_ = [&](Outcome* outcome) {
    if (outcome != first) return;
    first->waiter.reset();
    second->waiter.reset();
    EXPECT_TRUE(Acquire()->answered);
    pool_->SetThrottled(first->connection, true);
    Acquire();
    pool_->SetThrottled(first->connection, false);
  };
  loop_.RunUntilIdle();
  EXPECT_TRUE(first->answered);
  EXPECT_FALSE(second->answered);
  EXPECT_TRUE(third->answered);
  EXPECT_TRUE(outcomes_.back()->answered);
}

TEST_F(ConnectionPoolTest, ACallbackMayDrainThePool) {
  MakePool(1);
  Outcome* const first = Acquire();
  Outcome* const second = Acquire();
  on_answer_ = [&](Outcome* outcome) {
    if (outcome == first) pool_->Drain(loop_.Now());
  };
  loop_.RunUntilIdle();
  EXPECT_TRUE(first->status.ok());
  ExpectRefused(second, absl::StatusCode::kUnavailable, "POOL_DRAINED");
}

TEST_F(ConnectionPoolTest, DestroyedWithItsOwnerItAnswersNobody) {
  MakePool(1);
  Outcome* const first = Acquire();
  Outcome* const second = Acquire();
  pool_.reset();
  loop_.RunUntilIdle();
  EXPECT_FALSE(first->answered || second->answered);
}

}  // namespace
}  // namespace sipcm::pool
