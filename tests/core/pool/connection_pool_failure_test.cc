// Attempts that fail, and what that costs whom.
#include "tests/core/pool/pool_fixture.h"

namespace sipcm::pool {
namespace {

using ConnectionPoolFailureTest = PoolFixture;
using Fault = fakes::FakeNetwork::Fault;

TEST_F(ConnectionPoolFailureTest, SharersShareTheFailureWithItsCause) {
  MakePool(1);
  server_.reset();
  Outcome* const opener = Acquire();
  Outcome* const sharer = Acquire();
  loop_.RunUntilIdle();
  ExpectRefused(opener, absl::StatusCode::kUnavailable, "CONNECT_REFUSED");
  ExpectRefused(sharer, absl::StatusCode::kUnavailable, "CONNECT_REFUSED");
  EXPECT_EQ(opener->status.message(), sharer->status.message());
  EXPECT_EQ(network_.connect_count(), 1u);
  EXPECT_EQ(pool_->statistics().failed_attempts_total, 1u);
  EXPECT_TRUE(pool_->empty());
}

TEST_F(ConnectionPoolFailureTest, SharersMoveToAnotherUsableMember) {
  MakePool(2);
  Serve(1);
  network_.SetFault(address_, Fault::kRefused);
  Outcome* const opener = Acquire();
  loop_.RunUntilIdle();
  ASSERT_TRUE(opener->answered);
  EXPECT_EQ(NumberOf(opener->connection), 1);
  EXPECT_EQ(pool_->statistics().failed_attempts_total, 1u);
}

TEST_F(ConnectionPoolFailureTest, SharersMoveToAnotherConnectingMember) {
  MakePool(2);
  network_.SetFault(address_, Fault::kBlackHole);
  Outcome* const first = Acquire();
  loop_.AdvanceBy(absl::Seconds(2));
  network_.Heal(address_);
  fakes::FakeNetworkOptions slow;
  slow.min_connect_delay = slow.max_connect_delay = absl::Seconds(3);
  network_.set_options(slow);
  Outcome* const second = Acquire();
  loop_.AdvanceBy(absl::Seconds(2));
  EXPECT_FALSE(first->answered);  // its own attempt failed by now
  EXPECT_EQ(pool_->statistics().failed_attempts_total, 1u);
  loop_.AdvanceBy(absl::Seconds(1));
  ASSERT_TRUE(first->answered && second->answered);
  EXPECT_EQ(first->connection, second->connection);
  EXPECT_NE(first->connection, nullptr);
}

TEST_F(ConnectionPoolFailureTest, InTheBackOffRequestsFailFastWithTheSameCause) {
  MakePool(3);
  server_.reset();
  Acquire();
  loop_.RunUntilIdle();
  const uint64_t before = network_.connect_count();
  for (int i = 0; i < 100; ++i) {
    ExpectRefused(Acquire(), absl::StatusCode::kUnavailable, "CONNECT_REFUSED");
  }
  EXPECT_EQ(network_.connect_count(), before);
  EXPECT_EQ(pool_->statistics().backed_off_total, 100u);
  EXPECT_EQ(pool_->statistics().refused_total, 0u);
}

TEST_F(ConnectionPoolFailureTest, AfterAFailureOneAttemptAtATimeProbesAndOthersShareIt) {
  MakePool(3);
  network_.SetFault(address_, Fault::kRefused);
  Acquire();
  loop_.AdvanceBy(absl::Seconds(1));
  network_.Heal(address_);
  const uint64_t before = network_.connect_count();
  std::vector<Outcome*> outcomes = {Acquire(), Acquire(), Acquire(), Acquire()};
  EXPECT_EQ(network_.connect_count(), before);  // resolving first
  loop_.RunUntilIdle();
  EXPECT_EQ(network_.connect_count(), before + 1);
  for (const Outcome* outcome : outcomes) EXPECT_EQ(NumberOf(outcome->connection), 1);
  EXPECT_EQ(Serve(3), (std::vector<int>{2, 3, 1}));  // it may grow again
}

TEST_F(ConnectionPoolFailureTest, ADeadTargetCostsAtMostTenConnectsASecond) {
  for (const int max : {1, 5}) {
    MakePool(max);
    server_.reset();
    const uint64_t before = network_.connect_count();
    int answered = 0;
    on_answer_ = [&](Outcome*) { ++answered; };
    for (int ms = 0; ms < 60000; ms += 20) {  // 50 requests a second, for a minute
      Acquire();
      loop_.AdvanceBy(absl::Milliseconds(20));
      if (ms == 980) {
        EXPECT_LE(network_.connect_count() - before, 10u);
      }
    }
    const uint64_t connects = network_.connect_count() - before;
    EXPECT_GE(connects, 59u) << "tried at least once a second";
    EXPECT_LE(connects, 150u);
    for (const auto& outcome : outcomes_) EXPECT_TRUE(outcome->answered);
    outcomes_.clear();
    EXPECT_TRUE(pool_->empty());
  }
}

TEST_F(ConnectionPoolFailureTest, ATargetThatComesBackIsFoundWithinASecond) {
  MakePool(2);
  network_.SetFault(address_, Fault::kRefused);
  for (int i = 0; i < 300; ++i) {
    Acquire();
    loop_.AdvanceBy(absl::Milliseconds(100));
  }
  network_.Heal(address_);
  loop_.AdvanceBy(absl::Seconds(1));
  EXPECT_EQ(Serve(1), std::vector<int>{1});
}

TEST_F(ConnectionPoolFailureTest, WhileAMemberServesFailedGrowthIsNotTriedWithEachRequest) {
  MakePool(3);
  Serve(1);
  network_.SetFault(address_, Fault::kRefused);
  const uint64_t before = network_.connect_count();
  for (int i = 0; i < 600; ++i) {  // a minute
    EXPECT_EQ(Serve(1), std::vector<int>{1});
    loop_.AdvanceBy(absl::Milliseconds(100));
  }
  EXPECT_LE(network_.connect_count() - before, 10u);
  EXPECT_GE(network_.connect_count() - before, 5u);
}

TEST_F(ConnectionPoolFailureTest, AMemberLostIsReplacedAtOnceWhenNothingFailed) {
  MakePool(1);
  Serve(1);
  server_->peers()[0]->Close();
  loop_.RunUntilIdle();
  EXPECT_EQ(Serve(1), std::vector<int>{2});
}

TEST_F(ConnectionPoolFailureTest, ABlackHoleDoesNotHoldRequestsLongerThanItsConnectLimit) {
  MakePool(2);
  network_.SetFault(address_, Fault::kBlackHole);
  std::vector<Outcome*> outcomes;
  for (int i = 0; i < 10; ++i) outcomes.push_back(Acquire());
  loop_.AdvanceBy(absl::Seconds(4) - absl::Nanoseconds(1));
  for (const Outcome* outcome : outcomes) EXPECT_FALSE(outcome->answered);
  loop_.AdvanceBy(absl::Nanoseconds(1));
  for (const Outcome* outcome : outcomes) {
    ExpectRefused(outcome, absl::StatusCode::kUnavailable, "CONNECT_TIMEOUT");
  }
  EXPECT_EQ(network_.connect_count(), 2u);
}

TEST_F(ConnectionPoolFailureTest, WithoutSharingAFailureIsNobodyElses) {
  MakePool(kNoSharing);
  Serve(1);
  network_.SetFault(address_, Fault::kRefused);
  Outcome* const second = Acquire();
  loop_.RunUntilIdle();
  ExpectRefused(second, absl::StatusCode::kUnavailable, "CONNECT_REFUSED");
  ExpectRefused(Acquire(), absl::StatusCode::kUnavailable, "CONNECT_REFUSED");  // backs off
  network_.Heal(address_);
  loop_.AdvanceBy(absl::Seconds(1));
  EXPECT_EQ(Serve(1), std::vector<int>{2});
}

TEST_F(ConnectionPoolFailureTest, ARefusedNameIsToldOnceUsedAgain) {
  host_ = "nowhere.example";
  MakePool(1);
  Outcome* const outcome = Acquire();
  loop_.RunUntilIdle();
  ExpectRefused(outcome, absl::StatusCode::kNotFound, "DNS_NO_SUCH_NAME");
  EXPECT_EQ(empty_count_, 1);
  ExpectRefused(Acquire(), absl::StatusCode::kNotFound, "DNS_NO_SUCH_NAME");
  loop_.RunUntilIdle();
  EXPECT_EQ(empty_count_, 2);  // told after each use, so that the owner can count from it
}

TEST_F(ConnectionPoolFailureTest, AConnectionThatComesTooLateForItsOwnerFailsItsRequests) {
  refuse_adoption_ = true;
  MakePool(1);
  Outcome* const outcome = Acquire();
  loop_.RunUntilIdle();
  ExpectRefused(outcome, absl::StatusCode::kUnavailable, "SHUTTING_DOWN");
  EXPECT_TRUE(pool_->empty());
}

TEST_F(ConnectionPoolFailureTest, UnderRandomFaultsEveryRequestHasOneAnswerAndNothingIsLeft) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SeededRandomSource chance(seed);
    fakes::FakeNetworkOptions faults;
    faults.max_connect_delay = absl::Seconds(2);
    faults.refuse_probability = 0.2;
    faults.black_hole_probability = 0.1;
    network_.set_options(faults);
    limits_.max_waiting_count = 20;
    MakePool(3, static_cast<SelectionPolicy>(seed % 3));
    on_answer_ = [&](Outcome*) {
      if (chance.NextFraction() < 0.1) Acquire();
    };
    for (int i = 0; i < 300; ++i) {
      const double what = chance.NextFraction();
      if (what < 0.6) Acquire();
      if (what > 0.9 && !outcomes_.empty()) {
        outcomes_[chance.Next() % outcomes_.size()]->waiter.reset();
      }
      if (what > 0.8 && what < 0.85 && !connections_.empty()) {
        connections_[chance.Next() % connections_.size()]->Close(connection::CloseReason::kAdmin);
      }
      if (what > 0.85 && what < 0.9) {
        limits_.max_connection_count = 1 + static_cast<int>(chance.Next() % 4);
        pool_->SetLimits(limits_);
      }
      const PoolStatistics statistics = pool_->statistics();
      ASSERT_LE(statistics.live_count + statistics.connecting_count, limits_.max_connection_count)
          << "seed " << seed;
      if (what < 0.5) loop_.AdvanceBy(absl::Milliseconds(chance.Next() % 700));
    }
    on_answer_ = nullptr;
    loop_.AdvanceBy(absl::Minutes(2));
    for (const auto& outcome : outcomes_) {
      EXPECT_TRUE(outcome->answered || outcome->waiter == nullptr) << "seed " << seed;
    }
    outcomes_.clear();
    pool_->Drain(loop_.Now());
    loop_.RunUntilIdle();
    ASSERT_TRUE(pool_->empty()) << "seed " << seed;
    EXPECT_EQ(pool_->statistics().waiting_count, 0) << "seed " << seed;
  }
}

}  // namespace
}  // namespace sipcm::pool
