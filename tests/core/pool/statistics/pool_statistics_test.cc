// What a pool tells of itself.
#include "tests/core/pool/pool_fixture.h"

namespace sipcm::pool {
namespace {

using PoolStatisticsTest = PoolFixture;
using Fault = fakes::FakeNetwork::Fault;

TEST_F(PoolStatisticsTest, GaugesShowWhatIsNow) {
  fakes::FakeNetworkOptions slow;
  slow.min_connect_delay = slow.max_connect_delay = absl::Seconds(1);
  network_.set_options(slow);
  MakePool(2);
  Acquire();
  Acquire();
  Acquire();
  loop_.RunUntilIdle();
  ExpectGauges(2, 0, 0, 3);
  loop_.AdvanceBy(absl::Seconds(1));
  ExpectGauges(0, 2, 0, 0);
  Numbered(2)->AddTransaction();
  EXPECT_EQ(totals_.busy.value(), 1);
  limits_.max_connection_count = 1;
  pool_->SetLimits(limits_);
  loop_.RunUntilIdle();
  ExpectGauges(0, 1, 1, 0);
  Numbered(2)->RemoveTransaction();
  loop_.RunUntilIdle();
  ExpectGauges(0, 1, 0, 0);
  EXPECT_EQ(totals_.busy.value(), 0);
  EXPECT_EQ(totals_.opened.value(), 2);
  EXPECT_EQ(totals_.closed.value(), 1);
}

TEST_F(PoolStatisticsTest, GaugesOfAPoolGoWithIt) {
  MakePool(2);
  Acquire();
  pool_.reset();
  ExpectGauges(0, 0, 0, 0);
}

TEST_F(PoolStatisticsTest, WaitsAreMeasuredHoweverTheyEnd) {
  fakes::FakeNetworkOptions slow;
  slow.min_connect_delay = slow.max_connect_delay = absl::Seconds(2);
  network_.set_options(slow);
  MakePool(1);
  EXPECT_FALSE(pool_->statistics().wait_p50.has_value());
  Acquire();
  Outcome* const impatient = Acquire();
  Acquire();
  loop_.AdvanceBy(absl::Milliseconds(100));
  impatient->waiter.reset();
  EXPECT_NEAR(absl::ToDoubleSeconds(*pool_->statistics().wait_p99), 0.1, 0.02);
  loop_.AdvanceBy(absl::Seconds(2));
  const PoolStatistics statistics = pool_->statistics();
  EXPECT_EQ(statistics.waited_total, 3u);
  EXPECT_EQ(statistics.waiting_count, 0);
  EXPECT_NEAR(absl::ToDoubleSeconds(*statistics.wait_p50), 2, 0.25);
  EXPECT_EQ(totals_.waited.value(), 3);
  EXPECT_EQ(totals_.waits[5].value(), 1) << "up to 100 ms";
  EXPECT_EQ(totals_.waits[9].value(), 2) << "up to 2.5 s";
  EXPECT_EQ(totals_.wait_microseconds.value(), 4100000);
  Serve(1);
  EXPECT_EQ(pool_->statistics().waited_total, 3u) << "a reused one makes nobody wait";
  loop_.AdvanceBy(absl::Minutes(1));
  EXPECT_FALSE(pool_->statistics().wait_p50.has_value());
}

TEST_F(PoolStatisticsTest, UtilizationIsTheBusyShareOfTheLastMinute) {
  MakePool(2);
  Serve(2);
  Numbered(1)->AddTransaction();
  loop_.AdvanceBy(absl::Seconds(20));
  EXPECT_DOUBLE_EQ(pool_->statistics().utilization, 0.5);
  EXPECT_EQ(pool_->statistics().outstanding_count, 1);
  Numbered(1)->RemoveTransaction();
  loop_.AdvanceBy(absl::Seconds(20));
  EXPECT_DOUBLE_EQ(pool_->statistics().utilization, 0.25);
  loop_.AdvanceBy(absl::Minutes(2));
  EXPECT_EQ(pool_->statistics().utilization, 0);
}

TEST_F(PoolStatisticsTest, FailuresAreCountedByCause) {
  MakePool(1);
  network_.SetFault(address_, Fault::kRefused);
  Acquire();
  loop_.AdvanceBy(absl::Seconds(1));
  network_.SetFault(address_, Fault::kBlackHole);
  Acquire();
  loop_.AdvanceBy(absl::Seconds(5));
  network_.SetFault(address_, Fault::kUnreachable);
  Acquire();
  loop_.AdvanceBy(absl::Seconds(5));
  const auto failures = [&](FailureCause cause) {
    const auto index = static_cast<size_t>(cause);
    EXPECT_EQ(totals_.failed_attempts[index].value(),
              static_cast<int64_t>(pool_->statistics().failed_attempts_by_cause[index]));
    return pool_->statistics().failed_attempts_by_cause[index];
  };
  EXPECT_EQ(failures(FailureCause::kConnectRefused), 1u);
  EXPECT_EQ(failures(FailureCause::kConnectTimeout), 1u);
  EXPECT_EQ(failures(FailureCause::kUnreachable), 1u);
  EXPECT_EQ(pool_->statistics().failed_attempts_total, 3u);
}

TEST_F(PoolStatisticsTest, RefusalsAreCountedByTheirLimit) {
  limits_.max_waiting_count = 1;
  MakePool(1);
  Serve(1);
  pool_->SetThrottled(Numbered(1), true);
  Acquire();
  Acquire();
  loop_.AdvanceBy(absl::Seconds(5));
  EXPECT_EQ(totals_.waits_refused.value(), 1);
  EXPECT_EQ(totals_.waits_timed_out.value(), 1);
  EXPECT_EQ(pool_->statistics().refused_total, 2u);
}

TEST_F(PoolStatisticsTest, WaitLimitsHoldForLaterRequests) {
  MakePool(1);
  Serve(1);
  pool_->SetThrottled(Numbered(1), true);
  Outcome* const before = Acquire();
  pool_->SetWaitLimits(2, absl::Seconds(1));
  Outcome* const after = Acquire();
  ExpectRefused(Acquire(), absl::StatusCode::kResourceExhausted, "POOL_WAIT_QUEUE_FULL");
  loop_.AdvanceBy(absl::Seconds(1));
  ExpectRefused(after, absl::StatusCode::kDeadlineExceeded, "POOL_WAIT_TIMEOUT");
  EXPECT_FALSE(before->answered);
}

TEST_F(PoolStatisticsTest, EachCauseHasTheWordOfTheApi) {
  std::map<std::string, int> words;
  for (int i = 0; i < kFailureCauseCount; ++i) {
    ++words[std::string(FailureCauseName(static_cast<FailureCause>(i)))];
  }
  EXPECT_EQ(words.size(), static_cast<size_t>(kFailureCauseCount));
  const auto cause = [](const char* reason) {
    return CauseOf(MakeError(absl::StatusCode::kUnavailable, reason, "why"));
  };
  EXPECT_EQ(cause("DNS_TIMEOUT"), FailureCause::kResolutionFailed);
  EXPECT_EQ(cause("PEER_NAME_MISMATCH"), FailureCause::kPeerNotAccepted);
  EXPECT_EQ(cause("PEER_ALERT"), FailureCause::kPeerRefusedUs);
  EXPECT_EQ(cause("HANDSHAKE_TIMEOUT"), FailureCause::kHandshakeTimeout);
  EXPECT_EQ(cause("SOMETHING_ELSE"), FailureCause::kOther);
}

}  // namespace
}  // namespace sipcm::pool
