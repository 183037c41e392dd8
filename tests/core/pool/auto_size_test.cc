// An AUTO pool under load, in virtual time.
#include <deque>

#include "tests/core/pool/pool_fixture.h"

namespace sipcm::pool {
namespace {

class AutoSizeTest : public PoolFixture {
 protected:
  void MakeAuto(int min, int max, SelectionPolicy selection = SelectionPolicy::kGrowFirst) {
    limits_.min_connection_count = min;
    limits_.sizing = Sizing::kAuto;
    MakePool(max, selection);
  }

  // Requests come at random, `load` of them outstanding on average, each for 100 ms.
  void Run(absl::Duration time, double load) {
    constexpr absl::Duration kStep = absl::Milliseconds(20);
    constexpr absl::Duration kServed = absl::Milliseconds(100);
    const Instant end = loop_.Now() + time;
    double due = 0;
    while (loop_.Now() < end) {
      due += load * absl::FDivDuration(kStep, kServed) * 2 * random_.NextFraction();
      for (; due >= 1; --due) Request(loop_.Now() + kServed);
      loop_.AdvanceBy(kStep);
      EndDue();
      ASSERT_LE(pool_->statistics().live_count + pool_->statistics().connecting_count,
                limits_.max_connection_count);
    }
  }
  void Request(Instant until) {
    ConnectionPool::Acquired acquired = pool_->Acquire(nullptr);
    // Who would wait is of no interest here but to the pool.
    if (acquired.connection == nullptr) return;
    acquired.connection->AddTransaction();
    served_.emplace_back(until, acquired.connection);
  }
  void EndDue() {
    while (!served_.empty() && served_.front().first <= loop_.Now()) {
      served_.front().second->RemoveTransaction();
      served_.pop_front();
    }
  }

  std::deque<std::pair<Instant, connection::Connection*>> served_;
};

TEST_F(AutoSizeTest, ConvergesUpUnderLoadAndDownAfter) {
  MakeAuto(1, 32);
  Request(loop_.Now());
  loop_.RunUntilIdle();
  EXPECT_EQ(pool_->size(), 1);
  Run(absl::Minutes(2), 8);
  const int under_load = pool_->size();
  EXPECT_GE(under_load, 8);
  EXPECT_LE(under_load, 24);
  EXPECT_EQ(pool_->statistics().live_count, under_load);
  // It has settled: nothing moves any more.
  const uint64_t opened = pool_->statistics().opened_total;
  for (int i = 0; i < 10; ++i) {
    Run(absl::Seconds(30), 8);
    EXPECT_EQ(pool_->size(), under_load);
  }
  EXPECT_EQ(pool_->statistics().opened_total, opened);
  Run(absl::Minutes(8), 0.2);
  EXPECT_LE(pool_->size(), 2);
  EXPECT_EQ(pool_->statistics().live_count, pool_->size());
  EXPECT_EQ(reasons_.begin()->second, connection::CloseReason::kSurplus);
  Run(absl::Seconds(1), 0);
}

TEST_F(AutoSizeTest, GrowsToItsBoundAndNoFurther) {
  MakeAuto(2, 6);
  loop_.RunUntilIdle();
  EXPECT_EQ(pool_->statistics().live_count, 2);
  Run(absl::Minutes(2), 50);
  EXPECT_EQ(pool_->size(), 6);
  EXPECT_EQ(pool_->statistics().opened_total, 6u);
  Run(absl::Minutes(10), 0);
  EXPECT_EQ(pool_->size(), 2);
  EXPECT_EQ(pool_->statistics().live_count, 2);
}

TEST_F(AutoSizeTest, ConvergesWithEachPolicy) {
  for (const SelectionPolicy selection :
       {SelectionPolicy::kReuseFirst, SelectionPolicy::kLeastOutstanding}) {
    MakeAuto(1, 32, selection);
    Run(absl::Minutes(3), 8);
    EXPECT_GE(pool_->size(), 8) << static_cast<int>(selection);
    EXPECT_LE(pool_->size(), 32) << static_cast<int>(selection);
    Run(absl::Minutes(10), 0);
    EXPECT_EQ(pool_->size(), 1) << static_cast<int>(selection);
    pool_->Drain(loop_.Now());
    loop_.RunUntilIdle();
  }
}

TEST_F(AutoSizeTest, ATargetThatRefusesIsNoReasonToGrow) {
  MakeAuto(1, 32);
  network_.SetFault(address_, fakes::FakeNetwork::Fault::kRefused);
  Run(absl::Minutes(1), 8);
  EXPECT_EQ(pool_->size(), 1);
}

TEST_F(AutoSizeTest, TurnedOnAndOffWhileItLives) {
  MakePool(8);
  Serve(5);
  EXPECT_EQ(pool_->size(), 8);
  limits_.sizing = Sizing::kAuto;
  pool_->SetLimits(limits_);
  EXPECT_EQ(pool_->size(), 5) << "as many as it has";
  Run(absl::Minutes(10), 0);
  EXPECT_EQ(pool_->size(), 1);
  EXPECT_EQ(pool_->statistics().live_count, 1);
  limits_.sizing = Sizing::kFixed;
  pool_->SetLimits(limits_);
  EXPECT_EQ(pool_->size(), 8);
}

}  // namespace
}  // namespace sipcm::pool
