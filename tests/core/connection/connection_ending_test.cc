// Who ends a connection, and what still happens on it.
#include "core/base/error.h"
#include "tests/core/connection/connection_fixture.h"

namespace sipcm::connection {
namespace {

using ConnectionEndingTest = ConnectionFixture;

TEST_F(ConnectionEndingTest, ThePeersEndBetweenMessagesIsInOrder) {
  Open();
  PeerSends(Options(1));
  peer_->CloseWrite();
  loop_.RunUntilIdle();
  ExpectClosed(CloseReason::kPeerClosed);
  EXPECT_EQ(absl::StatusCode::kUnavailable, detail_.code());
  EXPECT_TRUE(peer_->has_ended());
}

TEST_F(ConnectionEndingTest, ThePeersEndInsideAMessageTruncatesAndIsNeverDispatched) {
  Open();
  const std::string message = Options(2, "body");
  PeerSends(Options(1) + message.substr(0, message.size() - 1));
  peer_->CloseWrite();
  loop_.RunUntilIdle();
  EXPECT_EQ(calls_, CallIds(1, 1));
  ExpectClosed(CloseReason::kTruncated);
}

TEST_F(ConnectionEndingTest, AnswersStillGoOutToAPeerThatEndedItsSide) {
  Open();
  on_message_ = [this](const sip::MessageView&) { connection_->AddTransaction(); };
  peer_->Send(Options(1) + Options(2));
  peer_->CloseWrite();
  loop_.RunUntilIdle();
  ASSERT_FALSE(closed());
  EXPECT_EQ(connection_->state(), ConnectionState::kDraining);
  loop_.AdvanceBy(absl::Seconds(9));
  connection_->Send(Answer(1));
  connection_->RemoveTransaction();
  loop_.RunUntilIdle();
  ASSERT_FALSE(closed());
  connection_->Send(Answer(2));
  connection_->RemoveTransaction();
  loop_.RunUntilIdle();
  EXPECT_EQ(peer_->received(), Answer(1) + Answer(2));
  ExpectClosed(CloseReason::kPeerClosed);
}

TEST_F(ConnectionEndingTest, AHalfClosedConnectionIsNotKeptForEver) {
  Open();
  on_message_ = [this](const sip::MessageView&) { connection_->AddTransaction(); };
  peer_->Send(Options(1));
  peer_->CloseWrite();
  loop_.RunUntilIdle();
  ExpectClosesAfter(absl::Seconds(10), CloseReason::kPeerClosed);
  EXPECT_FALSE(detail_.ok());
}

TEST_F(ConnectionEndingTest, AnOutgoingConnectionEndsWithItsPeerBecauseNoAnswerCanCome) {
  Open(Direction::kOutgoing);
  connection_->Send(Options(1));
  connection_->AddTransaction();
  peer_->CloseWrite();
  loop_.RunUntilIdle();
  ExpectClosed(CloseReason::kPeerClosed);
}

TEST_F(ConnectionEndingTest, AResetIsNamed) {
  Open();
  connection_->AddTransaction();
  stream_->Reset();
  loop_.RunUntilIdle();
  ExpectClosed(CloseReason::kReset);
  EXPECT_EQ(ReasonOf(detail_), "RESET");
}

TEST_F(ConnectionEndingTest, AResetWhileTheAnswerIsUnderWayIsNamed) {
  Open();
  on_message_ = [this](const sip::MessageView&) {
    connection_->Send(Answer(1));
    stream_->Reset();
  };
  PeerSends(Options(1));
  ExpectClosed(CloseReason::kReset);
}

TEST_F(ConnectionEndingTest, CloseAfterFlushSendsWhatIsQueued) {
  options_.capacity = 1000;
  Open();
  peer_->SetReading(false);
  connection_->Send(std::string(5000, 'x'));
  Call([this] { connection_->CloseAfterFlush(CloseReason::kAdmin); });
  loop_.AdvanceBy(absl::Seconds(9));
  ASSERT_FALSE(closed());
  peer_->SetReading(true);
  loop_.RunUntilIdle();
  EXPECT_EQ(peer_->received().size(), 5000u);
  ExpectClosed(CloseReason::kAdmin);
}

TEST_F(ConnectionEndingTest, CloseAfterFlushDoesNotWaitForAPeerThatNeverReads) {
  options_.capacity = 1000;
  Open();
  peer_->SetReading(false);
  connection_->Send(std::string(5000, 'x'));
  connection_->CloseAfterFlush(CloseReason::kShutdown);
  ExpectClosesAfter(absl::Seconds(10), CloseReason::kShutdown);
}

TEST_F(ConnectionEndingTest, DrainWithoutTransactionsClosesAtOnce) {
  Open();
  Call([this] { connection_->Drain(loop_.Now() + absl::Seconds(30)); });
  EXPECT_FALSE(connection_->is_usable());
  loop_.RunUntilIdle();
  ExpectClosed(CloseReason::kDrained);
}

TEST_F(ConnectionEndingTest, DrainWaitsForTransactionsAndReadsTheirAnswers) {
  Open(Direction::kOutgoing);
  connection_->AddTransaction();
  Call([this] { connection_->Drain(loop_.Now() + absl::Seconds(30), CloseReason::kSurplus); });
  EXPECT_FALSE(connection_->is_usable());
  PeerSends(Answer(1));
  EXPECT_EQ(calls_, CallIds(1, 1));
  ASSERT_FALSE(closed());
  Call([this] { connection_->RemoveTransaction(); });
  loop_.RunUntilIdle();
  ExpectClosed(CloseReason::kSurplus);
}

TEST_F(ConnectionEndingTest, DrainIsForcedAtItsEarliestDeadline) {
  Open();
  connection_->AddTransaction();
  connection_->Drain(loop_.Now() + absl::Seconds(30));
  connection_->Drain(loop_.Now() + absl::Seconds(20));
  connection_->Drain(loop_.Now() + absl::Seconds(40));
  ExpectClosesAfter(absl::Seconds(20), CloseReason::kDrained);
}

TEST_F(ConnectionEndingTest, TheFirstReasonStays) {
  Open();
  Call([this] {
    connection_->Close(CloseReason::kAdmin, absl::UnavailableError("first"));
    connection_->Close(CloseReason::kShutdown);
    connection_->CloseAfterFlush(CloseReason::kDrained);
    connection_->Drain(loop_.Now());
  });
  loop_.RunUntilIdle();
  ExpectClosed(CloseReason::kAdmin);
  EXPECT_EQ(detail_.message(), "first");
}

TEST_F(ConnectionEndingTest, ClosedBeforeItWasEstablishedTellsOnlyThat) {
  Make();
  Call([this] { connection_->Close(CloseReason::kShutdown); });
  loop_.RunUntilIdle();
  EXPECT_EQ(established_count_, 0);
  ExpectClosed(CloseReason::kShutdown);
}

TEST_F(ConnectionEndingTest, ClosedInsideOnEstablishedIsToldAfterIt) {
  on_established_ = [this] { connection_->Close(CloseReason::kAdmin); };
  Make();
  loop_.RunUntilIdle();
  ExpectClosed(CloseReason::kAdmin);
}

TEST_F(ConnectionEndingTest, MayOutliveItsClosing) {
  destroy_when_closed_ = false;
  Open();
  connection_->AddTransaction();
  connection_->Close(CloseReason::kAdmin);
  loop_.RunUntilIdle();
  ExpectClosed(CloseReason::kAdmin);
  EXPECT_TRUE(peer_->is_over());
  connection_->RemoveTransaction();
  connection_->SetReading(true);
  connection_->Send("dropped");
  connection_->SetIdleTimeout(absl::Seconds(1));
  connection_->Drain(loop_.Now());
  loop_.AdvanceBy(absl::Hours(1));
}

TEST_F(ConnectionEndingTest, DestroyedWithWorkScheduledSaysNothing) {
  Open();
  connection_->Send(Answer(1));
  connection_->Close(CloseReason::kAdmin);
  connection_.reset();
  loop_.RunUntilIdle();
  EXPECT_FALSE(closed());
}

}  // namespace
}  // namespace sipcm::connection
