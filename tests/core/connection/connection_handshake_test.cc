// What comes before kEstablished.
#include "core/base/error.h"
#include "tests/core/connection/connection_fixture.h"

namespace sipcm::connection {
namespace {

using ConnectionHandshakeTest = ConnectionFixture;

TEST_F(ConnectionHandshakeTest, IsEstablishedWhenTheStreamIsReady) {
  Make(Direction::kIncoming, HandshakingStream::Plan{absl::Seconds(3), absl::OkStatus()});
  loop_.AdvanceBy(absl::Seconds(3) - absl::Nanoseconds(1));
  EXPECT_EQ(connection_->state(), ConnectionState::kHandshaking);
  EXPECT_EQ(established_count_, 0);
  loop_.AdvanceBy(absl::Nanoseconds(1));
  EXPECT_EQ(connection_->state(), ConnectionState::kEstablished);
  EXPECT_EQ(established_count_, 1);
}

TEST_F(ConnectionHandshakeTest, AHandshakeThatStallsClosesAtItsLimit) {
  Make(Direction::kIncoming, HandshakingStream::Plan{absl::InfiniteDuration(), absl::OkStatus()});
  ExpectClosesAfter(absl::Seconds(5), CloseReason::kHandshakeTimeout);
  EXPECT_EQ(ReasonOf(detail_), "HANDSHAKE_TIMEOUT");
  EXPECT_EQ(established_count_, 0);
}

TEST_F(ConnectionHandshakeTest, TheFirstMessageLimitCountsFromTheHandshakesEnd) {
  Make(Direction::kIncoming, HandshakingStream::Plan{absl::Seconds(3), absl::OkStatus()});
  loop_.AdvanceBy(absl::Seconds(3));
  ExpectClosesAfter(absl::Seconds(60), CloseReason::kFirstMessageTimeout);
}

TEST_F(ConnectionHandshakeTest, NoByteOfAPeerIsParsedBeforeTheVerdict) {
  Make(Direction::kIncoming, HandshakingStream::Plan{absl::Seconds(1), absl::OkStatus()});
  PeerSends(Options(1));
  EXPECT_TRUE(calls_.empty());
  loop_.AdvanceBy(absl::Seconds(1));
  EXPECT_EQ(calls_, std::vector<std::string>{"call-1"});
}

TEST_F(ConnectionHandshakeTest, ARefusedPeerIsNotAllowedAndNothingOfItIsParsed) {
  const absl::Status refusal = MakeError(absl::StatusCode::kFailedPrecondition, "PEER_NOT_ALLOWED",
                                         "no name of the certificate is allowed");
  Make(Direction::kIncoming, HandshakingStream::Plan{absl::ZeroDuration(), refusal});
  PeerSends(Options(1));
  ExpectClosed(CloseReason::kNotAllowed);
  EXPECT_EQ(detail_, refusal);
  EXPECT_TRUE(calls_.empty());
}

TEST_F(ConnectionHandshakeTest, ABrokenHandshakeIsNamed) {
  Make(Direction::kOutgoing,
       HandshakingStream::Plan{absl::Seconds(1), MakeError(absl::StatusCode::kUnavailable,
                                                           "HANDSHAKE_FAILED", "no cipher")});
  loop_.AdvanceBy(absl::Seconds(1));
  ExpectClosed(CloseReason::kHandshakeFailed);
}

TEST_F(ConnectionHandshakeTest, PausedByItsOwnerBeforeItIsEstablishedNothingIsRead) {
  Make(Direction::kIncoming, HandshakingStream::Plan{absl::Seconds(1), absl::OkStatus()});
  connection_->SetReading(false);
  PeerSends(Options(1));
  loop_.AdvanceBy(absl::Seconds(2));
  EXPECT_EQ(established_count_, 1);
  EXPECT_TRUE(calls_.empty());
  connection_->SetReading(true);
  loop_.RunUntilIdle();
  EXPECT_EQ(calls_, std::vector<std::string>{"call-1"});
}

TEST_F(ConnectionHandshakeTest, DrainedBeforeItIsEstablishedItCloses) {
  Make(Direction::kIncoming, HandshakingStream::Plan{absl::Seconds(1), absl::OkStatus()});
  Call([this] { connection_->Drain(loop_.Now() + absl::Seconds(30)); });
  loop_.RunUntilIdle();
  ExpectClosed(CloseReason::kDrained);
}

}  // namespace
}  // namespace sipcm::connection
