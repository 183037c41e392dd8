// Timers: each just before and at its edge, in virtual time.
#include "tests/core/connection/connection_fixture.h"

namespace sipcm::connection {
namespace {

using ConnectionLifetimeTest = ConnectionFixture;

constexpr absl::Duration kTick = absl::Nanoseconds(1);

TEST_F(ConnectionLifetimeTest, TcpIsEstablishedInTheFirstTurn) {
  Make();
  EXPECT_EQ(connection_->state(), ConnectionState::kHandshaking);
  EXPECT_EQ(established_count_, 0);
  loop_.RunUntilIdle();
  EXPECT_EQ(connection_->state(), ConnectionState::kEstablished);
  EXPECT_EQ(established_count_, 1);
}

TEST_F(ConnectionLifetimeTest, AcceptedAndSilentClosesAtTheFirstMessageLimit) {
  Open();
  ExpectClosesAfter(absl::Seconds(60), CloseReason::kFirstMessageTimeout);
}

TEST_F(ConnectionLifetimeTest, CrlfOnlyClosesAtTheFirstMessageLimit) {
  Open();
  for (int i = 0; i < 5; ++i) {
    PeerSends("\r\n\r\n");
    loop_.AdvanceBy(absl::Seconds(10));
  }
  EXPECT_EQ(peer_->received(), "\r\n\r\n\r\n\r\n\r\n");  // five pongs
  ExpectClosesAfter(absl::Seconds(10), CloseReason::kFirstMessageTimeout);
}

TEST_F(ConnectionLifetimeTest, AMalformedMessageIsNoFirstMessage) {
  Open();
  std::string bad = Options(1);
  bad.replace(bad.find("70"), 2, "xx");
  PeerSends(bad);
  ASSERT_EQ(verdicts_.size(), 1u);
  ExpectClosesAfter(absl::Seconds(60), CloseReason::kFirstMessageTimeout);
}

TEST_F(ConnectionLifetimeTest, OurOwnRequestIsNoFirstMessageOfThePeer) {
  Open();
  loop_.AdvanceBy(absl::Seconds(30));
  connection_->Send(Options(1));
  ExpectClosesAfter(absl::Seconds(30), CloseReason::kFirstMessageTimeout);
}

TEST_F(ConnectionLifetimeTest, AnOutgoingConnectionHasNoFirstMessageLimit) {
  settings_.ping_interval = absl::InfiniteDuration();
  Open(Direction::kOutgoing);
  ExpectClosesAfter(absl::Minutes(15), CloseReason::kIdle);
}

TEST_F(ConnectionLifetimeTest, AfterTheFirstMessageOnlyTheIdleLimitCounts) {
  Open();
  loop_.AdvanceBy(absl::Seconds(59));
  PeerSends(Options(1));
  EXPECT_EQ(calls_, std::vector<std::string>{"call-1"});
  ExpectClosesAfter(absl::Minutes(15), CloseReason::kIdle);
}

TEST_F(ConnectionLifetimeTest, AnIdleLimitShorterThanTheFirstMessageLimitHoldsAfterIt) {
  settings_.incoming_idle_timeout = absl::Seconds(5);
  Open();
  loop_.AdvanceBy(absl::Seconds(20));
  PeerSends(Options(1));
  ExpectClosesAfter(absl::Seconds(5), CloseReason::kIdle);
}

TEST_F(ConnectionLifetimeTest, AMessageEitherWayRearmsTheIdleLimit) {
  Open();
  PeerSends(Options(1));
  loop_.AdvanceBy(absl::Minutes(15) - kTick);
  connection_->Send(Answer(1));
  loop_.AdvanceBy(absl::Minutes(15) - kTick);
  PeerSends(Options(2));
  ExpectClosesAfter(absl::Minutes(15), CloseReason::kIdle);
}

TEST_F(ConnectionLifetimeTest, KeepAlivesAndMalformedMessagesDoNotRearmTheIdleLimit) {
  Open();
  PeerSends(Options(1));
  loop_.AdvanceBy(absl::Minutes(10));
  PeerSends("\r\n\r\n");
  std::string bad = Options(2);
  bad.replace(bad.find("70"), 2, "xx");
  PeerSends(bad);
  ExpectClosesAfter(absl::Minutes(5), CloseReason::kIdle);
}

TEST_F(ConnectionLifetimeTest, LiveTransactionsAreNeverClosedAsIdle) {
  Open();
  PeerSends(Options(1));
  connection_->AddTransaction();
  loop_.AdvanceBy(absl::Hours(5));
  ASSERT_FALSE(closed());
  connection_->Send(Answer(1));
  connection_->RemoveTransaction();
  ExpectClosesAfter(absl::Minutes(15), CloseReason::kIdle);
}

TEST_F(ConnectionLifetimeTest, ATransactionThatTimedOutLeavesALongIdleConnectionToClose) {
  Open();
  PeerSends(Options(1));
  connection_->AddTransaction();
  loop_.AdvanceBy(absl::Hours(5));
  Call([this] { connection_->RemoveTransaction(); });
  loop_.RunUntilIdle();
  ExpectClosed(CloseReason::kIdle);
}

TEST_F(ConnectionLifetimeTest, InfiniteIdleNeverCloses) {
  settings_.incoming_idle_timeout = absl::InfiniteDuration();
  Open();
  PeerSends(Options(1));
  loop_.AdvanceBy(absl::Hours(24 * 365));
  EXPECT_FALSE(closed());
}

TEST_F(ConnectionLifetimeTest, WithoutAFirstMessageLimitTheIdleLimitCountsFromTheBeginning) {
  settings_.first_message_timeout = absl::InfiniteDuration();
  Open();
  ExpectClosesAfter(absl::Minutes(15), CloseReason::kIdle);
}

TEST_F(ConnectionLifetimeTest, IdleIsSettablePerConnectionAndDirection) {
  settings_.incoming_idle_timeout = absl::Minutes(7);
  Open();
  PeerSends(Options(1));
  EXPECT_EQ(connection_->idle_timeout(), absl::Minutes(7));
  connection_->SetIdleTimeout(absl::Seconds(20));
  ExpectClosesAfter(absl::Seconds(20), CloseReason::kIdle);
}

TEST_F(ConnectionLifetimeTest, ALongerIdleLimitSetLateHolds) {
  Open();
  PeerSends(Options(1));
  loop_.AdvanceBy(absl::Minutes(14));
  connection_->SetIdleTimeout(absl::Minutes(30));
  ExpectClosesAfter(absl::Minutes(16), CloseReason::kIdle);
}

TEST_F(ConnectionLifetimeTest, APartialMessageClosesFromItsFirstByteOn) {
  Open();
  const std::string message = Options(1);
  PeerSends(message.substr(0, 1));
  for (int i = 1; i <= 9; ++i) {  // a byte a second does not help (slow loris)
    loop_.AdvanceBy(absl::Seconds(1));
    PeerSends(message.substr(i, 1));
  }
  ExpectClosesAfter(absl::Seconds(1), CloseReason::kPartialMessageTimeout);
}

TEST_F(ConnectionLifetimeTest, AMessageFinishedJustInTimeIsDelivered) {
  Open();
  const std::string message = Options(1, "body");
  PeerSends(message.substr(0, message.size() - 1));
  loop_.AdvanceBy(absl::Seconds(10) - kTick);
  PeerSends(message.substr(message.size() - 1));
  EXPECT_EQ(bodies_, std::vector<std::string>{"body"});
  loop_.AdvanceBy(absl::Seconds(60));
  EXPECT_FALSE(closed());
}

TEST_F(ConnectionLifetimeTest, EachUnfinishedMessageHasItsOwnTime) {
  Open();
  const std::string message = Options(1);
  const size_t half = message.size() / 2;
  PeerSends(message.substr(0, half));
  for (int i = 0; i < 10; ++i) {  // ends one and begins the next
    loop_.AdvanceBy(absl::Seconds(9));
    PeerSends(message.substr(half) + message.substr(0, half));
  }
  EXPECT_EQ(calls_.size(), 10u);
  ExpectClosesAfter(absl::Seconds(10), CloseReason::kPartialMessageTimeout);
}

TEST_F(ConnectionLifetimeTest, APeerThatDoesNotReadClosesAtTheWriteStallLimit) {
  options_.capacity = 1000;
  Open();
  peer_->SetReading(false);
  for (int i = 0; i < 8; ++i) connection_->Send(Answer(i));
  ExpectClosesAfter(absl::Seconds(10), CloseReason::kWriteStalled);
}

TEST_F(ConnectionLifetimeTest, ProgressRearmsTheWriteStall) {
  options_.capacity = 1000;
  settings_.max_write_queue_bytes = 1 << 20;
  Open();
  PeerSends(Options(1));
  peer_->SetReading(false);
  connection_->Send(std::string(5000, 'x'));
  for (int i = 0; i < 3; ++i) {
    loop_.AdvanceBy(absl::Seconds(10) - kTick);
    ASSERT_FALSE(closed());
    peer_->SetReading(true);
    ASSERT_TRUE(loop_.AdvanceUntil([&] { return !peer_->TakeReceived().empty(); }));
    peer_->SetReading(false);
  }
  EXPECT_LT(0u, connection_->queued_bytes());
}

TEST_F(ConnectionLifetimeTest, AnOutgoingConnectionPingsAfterSilence) {
  Open(Direction::kOutgoing);
  loop_.AdvanceBy(absl::Seconds(30) - kTick);
  EXPECT_EQ(peer_->received(), "");
  loop_.AdvanceBy(kTick);
  EXPECT_EQ(peer_->TakeReceived(), "\r\n\r\n");
  loop_.AdvanceBy(absl::Seconds(9));
  PeerSends("\r\n");
  loop_.AdvanceBy(absl::Seconds(30) - kTick);
  EXPECT_EQ(peer_->received(), "");
  loop_.AdvanceBy(kTick);
  EXPECT_EQ(peer_->received(), "\r\n\r\n");
}

TEST_F(ConnectionLifetimeTest, AMutePeerClosesAtThePongLimit) {
  Open(Direction::kOutgoing);
  loop_.AdvanceBy(absl::Seconds(30));
  ExpectClosesAfter(absl::Seconds(10), CloseReason::kPongTimeout);
}

TEST_F(ConnectionLifetimeTest, APeerIsAskedWheneverItsOwnerWantsAndOnceAtATime) {
  Open(Direction::kOutgoing);
  loop_.AdvanceBy(absl::Seconds(5));
  connection_->Ping();
  connection_->Ping();
  loop_.RunUntilIdle();
  EXPECT_EQ(peer_->TakeReceived(), "\r\n\r\n");
  ExpectClosesAfter(absl::Seconds(10), CloseReason::kPongTimeout);
}

TEST_F(ConnectionLifetimeTest, AHalfOpenPeerIsFoundByThePing) {
  Open(Direction::kOutgoing);
  PeerSends(Options(1));
  stream_->SetStalled(true);
  connection_->AddTransaction();
  ExpectClosesAfter(absl::Seconds(40), CloseReason::kPongTimeout);
}

TEST_F(ConnectionLifetimeTest, AnythingReceivedAnswersAPing) {
  Open(Direction::kOutgoing);
  loop_.AdvanceBy(absl::Seconds(39));
  PeerSends(Options(1).substr(0, 20));
  loop_.AdvanceBy(absl::Seconds(5));
  EXPECT_FALSE(closed());
}

TEST_F(ConnectionLifetimeTest, PingsDoNotKeepAConnectionFromBeingIdle) {
  Open(Direction::kOutgoing);
  PeerSends(Options(1));
  for (int i = 0; i < 29; ++i) {
    loop_.AdvanceBy(absl::Seconds(30));
    ASSERT_EQ(peer_->TakeReceived(), "\r\n\r\n") << i;
    PeerSends("\r\n");
  }
  ExpectClosesAfter(absl::Seconds(30), CloseReason::kIdle);
}

TEST_F(ConnectionLifetimeTest, AnIncomingConnectionIsNotPinged) {
  Open();
  PeerSends(Options(1));
  loop_.AdvanceBy(absl::Minutes(14));
  EXPECT_EQ(peer_->received(), "");
}

TEST_F(ConnectionLifetimeTest, WhilePausedNeitherPongNorRestIsThePeersFault) {
  Open(Direction::kOutgoing);
  PeerSends(Options(1).substr(0, 50));
  loop_.AdvanceBy(absl::Seconds(5));
  connection_->SetReading(false);
  loop_.AdvanceBy(absl::Minutes(14));
  ASSERT_FALSE(closed());
  connection_->SetReading(true);
  ExpectClosesAfter(absl::Seconds(10), CloseReason::kPartialMessageTimeout);
}

TEST_F(ConnectionLifetimeTest, AMessageSetsNoAlarm) {
  Open();
  PeerSends(Options(1));
  const Instant armed = loop_.EarliestAlarm();
  for (int i = 0; i < 100; ++i) PeerSends(Options(i));
  EXPECT_EQ(loop_.EarliestAlarm(), armed);
}

}  // namespace
}  // namespace sipcm::connection
