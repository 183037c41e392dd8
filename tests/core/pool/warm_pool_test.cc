// Connections that are kept open without requests.
#include "tests/core/pool/pool_fixture.h"

namespace sipcm::pool {
namespace {

using Fault = fakes::FakeNetwork::Fault;

class WarmPoolTest : public PoolFixture {
 protected:
  void MakeWarm(int min, int max) {
    limits_.min_connection_count = min;
    MakePool(max);
    loop_.RunUntilIdle();
  }
  int live() const { return pool_->statistics().live_count; }
};

TEST_F(WarmPoolTest, TheMinimumIsOpenBeforeTheFirstRequest) {
  MakeWarm(2, 4);
  EXPECT_EQ(live(), 2);
  EXPECT_FALSE(pool_->empty());
  EXPECT_EQ(pool_->statistics().request_total, 0u);
  EXPECT_EQ(pool_->statistics().waited_total, 0u);
}

TEST_F(WarmPoolTest, GrowFirstStillGrowsBeforeItReuses) {
  MakeWarm(2, 3);
  EXPECT_EQ(Serve(4), (std::vector<int>{3, 1, 2, 3}));
}

TEST_F(WarmPoolTest, ReuseFirstTakesWhatIsWarm) {
  limits_.selection = SelectionPolicy::kReuseFirst;
  limits_.min_connection_count = 2;
  MakePool(4, SelectionPolicy::kReuseFirst);
  loop_.RunUntilIdle();
  EXPECT_EQ(Serve(3), (std::vector<int>{1, 2, 1}));
  EXPECT_EQ(pool_->statistics().reused_total, 3u);
}

TEST_F(WarmPoolTest, ALostOneIsReplacedInTheSameTurn) {
  MakeWarm(3, 3);
  server_->peers()[1]->Close();
  loop_.RunUntilIdle();
  EXPECT_EQ(live(), 3);
  EXPECT_EQ(connections_.size(), 3u);
}

TEST_F(WarmPoolTest, MoreThanTheMinimumAreNotReplaced) {
  MakeWarm(1, 3);
  Serve(2);
  server_->peers()[2]->Close();
  loop_.RunUntilIdle();
  EXPECT_EQ(live(), 2);
}

TEST_F(WarmPoolTest, NeverMoreThanTheMaximum) {
  MakeWarm(5, 2);
  EXPECT_EQ(live(), 2);
  Serve(10);
  EXPECT_EQ(network_.connect_count(), 2u);
}

TEST_F(WarmPoolTest, ALargeMinimumIsOpenedFiveAtATimeAndThenDoubling) {
  fakes::FakeNetworkOptions slow;
  slow.min_connect_delay = slow.max_connect_delay = absl::Milliseconds(100);
  network_.set_options(slow);
  MakeWarm(40, 40);
  EXPECT_EQ(network_.connect_count(), 5u);
  loop_.AdvanceBy(absl::Milliseconds(100));
  EXPECT_EQ(network_.connect_count(), 10u);
  loop_.AdvanceBy(absl::Milliseconds(100));
  EXPECT_EQ(network_.connect_count(), 20u);
  loop_.AdvanceBy(absl::Milliseconds(200));
  EXPECT_EQ(live(), 40);
}

TEST_F(WarmPoolTest, ADeadTargetIsProbedWithBackOffAndFoundAgain) {
  MakeWarm(3, 3);
  loop_.AdvanceBy(absl::Seconds(10));
  network_.SetFault(address_, Fault::kRefused);
  const uint64_t before = network_.connect_count();
  for (auto& peer : server_->peers()) peer->Close();
  for (int second = 0; second < 60; ++second) {
    const uint64_t then = network_.connect_count();
    loop_.AdvanceBy(absl::Seconds(1));
    EXPECT_LE(network_.connect_count() - then, 10u) << second;
  }
  EXPECT_GE(network_.connect_count() - before, 55u) << "once a second";
  EXPECT_FALSE(pool_->empty()) << "it is wanted, though it has nothing";
  EXPECT_EQ(empty_count_, 0);
  network_.Heal(address_);
  loop_.AdvanceBy(absl::Seconds(1));
  loop_.RunUntilIdle();
  EXPECT_EQ(live(), 3);
}

TEST_F(WarmPoolTest, APeerThatAcceptsAndHangsUpIsNoReasonForAStorm) {
  MakeWarm(1, 2);
  server_->peers().clear();
  for (int second = 0; second < 30; ++second) {
    const uint64_t before = network_.connect_count();
    for (int i = 0; i < 100; ++i) {
      loop_.AdvanceBy(absl::Milliseconds(10));
      server_->peers().clear();
    }
    EXPECT_LE(network_.connect_count() - before, 10u) << second;
  }
  ExpectRefused(Acquire(), absl::StatusCode::kUnavailable, "CONNECTION_CLOSED");
  loop_.AdvanceBy(absl::Seconds(3));  // one stays for longer than a second
  EXPECT_EQ(live(), 1);
  EXPECT_EQ(Serve(1).size(), 1u);
  EXPECT_EQ(live(), 2) << "it may grow again";
}

TEST_F(WarmPoolTest, APeerThatSaysSomethingAndHangsUpIsNoReasonForAStormEither) {
  // A whole SIP message, and the greeting of another protocol (which ends the connection).
  for (const char* word : {"SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP a;branch=z9hG4bK1\r\n"
                           "From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\n"
                           "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
                           "220 mail.example.com ESMTP\r\n\r\n"}) {
    MakeWarm(5, 5);
    for (int second = 0; second < 10; ++second) {
      const uint64_t before = network_.connect_count();
      for (int i = 0; i < 100; ++i) {
        for (const auto& peer : server_->peers()) peer->Send(word);
        loop_.AdvanceBy(absl::Milliseconds(10));
        server_->peers().clear();
      }
      // The first three losses are no pattern yet.
      EXPECT_LE(network_.connect_count() - before, second == 0 ? 15u : 10u) << second << word;
    }
    loop_.AdvanceBy(absl::Minutes(1));
    EXPECT_EQ(live(), 5);
    server_->peers().clear();
    pool_->Drain(loop_.Now());
    loop_.RunUntilIdle();
  }
}

TEST_F(WarmPoolTest, ASettingThatRaisesTheMinimumOpensAtOnceAndOneThatLowersItLetsGo) {
  MakeWarm(0, 4);
  EXPECT_TRUE(pool_->empty());
  limits_.min_connection_count = 3;
  pool_->SetLimits(limits_);
  loop_.RunUntilIdle();
  EXPECT_EQ(live(), 3);
  limits_.min_connection_count = 0;
  pool_->SetLimits(limits_);
  server_->peers().clear();
  loop_.RunUntilIdle();
  EXPECT_TRUE(pool_->empty());
  EXPECT_EQ(empty_count_, 1);
}

TEST_F(WarmPoolTest, DrainedItKeepsNothingOpenUntilItIsUsedAgain) {
  MakeWarm(2, 2);
  pool_->Drain(loop_.Now());
  loop_.AdvanceBy(absl::Minutes(1));
  EXPECT_TRUE(pool_->empty());
  EXPECT_EQ(network_.connect_count(), 2u);
  Serve(1);
  EXPECT_EQ(live(), 2);
}

TEST_F(WarmPoolTest, WithoutSharingEachRequestTakesOneAndItIsReplaced) {
  MakeWarm(2, kNoSharing);
  EXPECT_EQ(live(), 2);
  Outcome* const outcome = Acquire();
  EXPECT_TRUE(outcome->answered) << "without waiting for a handshake";
  loop_.RunUntilIdle();
  EXPECT_EQ(live(), 3) << "two for who comes next";
  EXPECT_NE(Acquire()->connection, outcome->connection);
}

}  // namespace
}  // namespace sipcm::pool
