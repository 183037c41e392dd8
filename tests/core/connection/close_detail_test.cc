#include "core/connection/close_detail.h"

#include <string>

#include "core/base/error.h"
#include "gtest/gtest.h"

namespace sipcm::connection {
namespace {

const net::SocketAddress kAddress{net::IpAddress(), 5060};
const ConnectionName kFrom{Direction::kIncoming, kAddress};
const ConnectionName kTo{Direction::kOutgoing, kAddress};

bool Has(const absl::Status& status, absl::string_view text) {
  return std::string(status.message()).find(std::string(text)) != std::string::npos;
}

TEST(CloseDetailTest, EachTimerHasItsReasonAndSaysItsLimit) {
  ConnectionSettings settings;
  settings.handshake_timeout = absl::Seconds(1);
  settings.first_message_timeout = absl::Seconds(2);
  settings.partial_message_timeout = absl::Seconds(3);
  settings.write_stall_timeout = absl::Seconds(4);
  settings.pong_timeout = absl::Seconds(5);
  const struct {
    TimerKind kind;
    CloseReason reason;
    const char* limit;
  } kCases[] = {
      {TimerKind::kHandshake, CloseReason::kHandshakeTimeout, "1s"},
      {TimerKind::kFirstMessage, CloseReason::kFirstMessageTimeout, "2s"},
      {TimerKind::kPartialMessage, CloseReason::kPartialMessageTimeout, "3s"},
      {TimerKind::kWriteStall, CloseReason::kWriteStalled, "4s"},
      {TimerKind::kPong, CloseReason::kPongTimeout, "5s"},
      {TimerKind::kIdle, CloseReason::kIdle, "6s"},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(ReasonOfTimer(c.kind), c.reason);
    const absl::Status detail = TimerDetail(kFrom, c.kind, settings, absl::Seconds(6));
    EXPECT_EQ(detail.code(), absl::StatusCode::kUnavailable);
    EXPECT_TRUE(Has(detail, "connection from 0.0.0.0:5060")) << detail;
    EXPECT_TRUE(Has(detail, absl::string_view(c.limit))) << detail;
    EXPECT_NE(ReasonOf(detail), "");
  }
}

TEST(CloseDetailTest, AVerdictOnTheCertificateIsNotAFailedHandshake) {
  EXPECT_EQ(ReasonOfFailedHandshake(MakeError(absl::StatusCode::kFailedPrecondition,
                                              "PEER_NAME_MISMATCH", "certificate names [a]")),
            CloseReason::kNotAllowed);
  EXPECT_EQ(ReasonOfFailedHandshake(
                MakeError(absl::StatusCode::kUnavailable, "HANDSHAKE_FAILED", "no cipher")),
            CloseReason::kHandshakeFailed);
}

TEST(CloseDetailTest, ABrokenStreamSaysHow) {
  const auto reason = [](absl::string_view word) {
    return ReasonOfBrokenStream(MakeError(absl::StatusCode::kUnavailable, word, "x"));
  };
  EXPECT_EQ(reason("RESET"), CloseReason::kReset);
  EXPECT_EQ(reason("TRUNCATED"), CloseReason::kTruncated);
  EXPECT_EQ(reason("PEER_REFUSED_US"), CloseReason::kHandshakeFailed);
  EXPECT_EQ(reason("PEER_ALERT"), CloseReason::kHandshakeFailed);
  EXPECT_EQ(reason("TLS_PROTOCOL_ERROR"), CloseReason::kProtocolError);
  EXPECT_EQ(reason("IO_ERROR"), CloseReason::kIoFailed);
}

TEST(CloseDetailTest, SizesAreLimitsAndTheRestIsTheProtocol) {
  using Reason = sip::FrameErrorReason;
  for (const Reason reason :
       {Reason::kHeaderTooLarge, Reason::kTooManyHeaders, Reason::kBodyTooLarge}) {
    EXPECT_EQ(ReasonOfFrameError(reason), CloseReason::kLimit);
  }
  for (const Reason reason : {Reason::kNotSip, Reason::kBareLineFeed, Reason::kGluedMessage,
                              Reason::kMissingContentLength, Reason::kConflictingContentLength}) {
    EXPECT_EQ(ReasonOfFrameError(reason), CloseReason::kProtocolError);
  }
}

TEST(CloseDetailTest, TheFaultIsNamedAndEscaped) {
  sip::FrameError error;
  error.text = "the length is no number";
  error.field = "Content-Length";
  EXPECT_EQ(FramingDetail(kTo, error).message(),
            "connection to 0.0.0.0:5060 closed: the length is no number (Content-Length)");
  sip::ParseVerdict verdict;
  verdict.reason = "not a header row";
  verdict.field = "X\x1b[31m";
  EXPECT_TRUE(Has(MalformedDetail(kFrom, verdict), "not a header row (X\\x1b[31m)"));
}

TEST(CloseDetailTest, TheEndAndTheFullQueueSayWhoDidWhat) {
  EXPECT_TRUE(Has(EndDetail(kFrom, CloseReason::kPeerClosed), "closed by the peer"));
  EXPECT_TRUE(Has(EndDetail(kFrom, CloseReason::kTruncated), "inside a message"));
  const absl::Status full = WriteQueueDetail(kTo, 262144);
  EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(Has(full, "262144 bytes (max_write_queue_bytes)"));
}

}  // namespace
}  // namespace sipcm::connection
