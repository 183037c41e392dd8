// How many connects a destination sees, whatever its requests and its faults.
#include "tests/core/pool/pool_fixture.h"

namespace sipcm::pool {
namespace {

using ConnectionStormTest = PoolFixture;
using Fault = fakes::FakeNetwork::Fault;

// reliability.md 33
TEST_F(ConnectionStormTest, ARefusingTargetWithAThousandQueuedCostsAtMostTenConnectsASecond) {
  for (const int max : {5, 100, kNoSharing}) {
    network_.SetFault(address_, Fault::kRefused);
    MakePool(max);
    int refused = 0;
    on_answer_ = [&](Outcome*) { ++refused; };
    for (int second = 0; second < 60; ++second) {
      const uint64_t before = network_.connect_count();
      for (int i = 0; i < 1000; ++i) Acquire();
      for (int i = 0; i < 10; ++i) {
        loop_.AdvanceBy(absl::Milliseconds(100));
        Acquire();
      }
      loop_.RunUntilIdle();
      ASSERT_LE(network_.connect_count() - before, 10u) << max << ", second " << second;
      for (const auto& outcome : outcomes_) ASSERT_TRUE(outcome->answered) << "fast failure";
      outcomes_.clear();
    }
    EXPECT_GT(refused, 0);
    network_.Heal(address_);
    loop_.AdvanceBy(absl::Seconds(1));
    Serve(1);
    on_answer_ = nullptr;
    outcomes_.clear();
    pool_->Drain(loop_.Now());
    loop_.RunUntilIdle();
  }
}

TEST_F(ConnectionStormTest, WhoFindsNoPlaceForItsAttemptWaitsAndThenOpensItsOwn) {
  MakePool(20);
  for (int i = 0; i < 20; ++i) Acquire();
  EXPECT_EQ(pool_->statistics().connecting_count, PoolSelection::kMostAttempts);
  EXPECT_EQ(pool_->statistics().waiting_count, 20);
  loop_.RunUntilIdle();
  EXPECT_EQ(pool_->statistics().live_count, 20);
  std::map<int, int> uses;
  for (const auto& outcome : outcomes_) ++uses[NumberOf(outcome->connection)];
  EXPECT_EQ(uses.size(), 20u) << "as if each had opened at once";
}

TEST_F(ConnectionStormTest, TheLineForAttemptsIsBoundedToo) {
  limits_.max_waiting_count = 2;
  MakePool(20);
  network_.SetFault(address_, Fault::kBlackHole);
  for (int i = 0; i < 7; ++i) Acquire();
  ExpectRefused(Acquire(), absl::StatusCode::kResourceExhausted, "POOL_WAIT_QUEUE_FULL");
  loop_.AdvanceBy(absl::Seconds(4));
  for (const auto& outcome : outcomes_) EXPECT_TRUE(outcome->answered);
  EXPECT_EQ(network_.connect_count(), 5u);
}

TEST_F(ConnectionStormTest, AMillionthPartOfAnUnevenTurnWouldShow) {
  MakePool(4);
  Serve(4);
  std::map<connection::Connection*, int> uses;
  for (int i = 0; i < 100001; ++i) {
    ConnectionPool::Acquired acquired = pool_->Acquire(nullptr);
    ASSERT_NE(acquired.connection, nullptr);
    ++uses[acquired.connection];
  }
  ASSERT_EQ(uses.size(), 4u);
  for (const auto& [connection, count] : uses) {
    EXPECT_GE(count, 25000);
    EXPECT_LE(count, 25001);
  }
  EXPECT_EQ(network_.connect_count(), 4u);
}

}  // namespace
}  // namespace sipcm::pool
