#include "core/sip/framer.h"

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace sipcm::sip {
namespace {

std::string Message(absl::string_view body, int number = 1) {
  return absl::StrCat("MESSAGE sip:a@example.com SIP/2.0\r\nCSeq: ", number,
                      " MESSAGE\r\nContent-Length: ", body.size(), "\r\n\r\n", body);
}

TEST(FramerTest, GivesTheLengthsOfHeaderSectionAndBody) {
  const std::string message = Message("hello");
  Framer framer;
  const Frame frame = framer.Next(message);
  EXPECT_EQ(frame.kind, FrameKind::kMessage);
  EXPECT_EQ(frame.consumed, message.size());
  EXPECT_EQ(frame.offset, 0u);
  EXPECT_EQ(frame.header_length, message.size() - 5);
  EXPECT_EQ(frame.body_length, 5u);
}

TEST(FramerTest, AResponseIsAMessageToo) {
  Framer framer;
  EXPECT_EQ(framer.Next("SIP/2.0 200 OK\r\nl: 0\r\n\r\n").kind, FrameKind::kMessage);
  EXPECT_EQ(framer.Next("sip/2.0 100 \r\nl: 0\r\n\r\n").kind, FrameKind::kMessage);
}

TEST(FramerTest, WaitsForEveryByteOfTheMessage) {
  const std::string message = Message("hello");
  for (size_t size = 0; size < message.size(); ++size) {
    Framer framer;
    const Frame frame = framer.Next(absl::string_view(message).substr(0, size));
    ASSERT_EQ(frame.kind, FrameKind::kNeedMore) << size;
    EXPECT_EQ(frame.consumed, 0u);
  }
}

TEST(FramerTest, LeavesTheNextMessageAlone) {
  const std::string first = Message("one", 1);
  const std::string both = absl::StrCat(first, Message("two", 2));
  Framer framer;
  EXPECT_EQ(framer.Next(both).consumed, first.size());
  EXPECT_EQ(framer.Next(absl::string_view(both).substr(first.size())).consumed,
            both.size() - first.size());
}

TEST(FramerTest, FiveHundredMessagesCutAtRandomComeOutOnceAndInOrder) {
  std::string stream;
  for (int i = 0; i < 500; ++i) absl::StrAppend(&stream, Message(std::string(i % 40, '\r'), i));
  for (uint32_t seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    Framer framer;
    std::string buffer;
    size_t fed = 0;
    int count = 0;
    while (fed < stream.size()) {
      const size_t piece = std::min<size_t>(random() % 700, stream.size() - fed);
      buffer += stream.substr(fed, piece);
      fed += piece;
      for (Frame frame = framer.Next(buffer); frame.kind != FrameKind::kNeedMore;
           frame = framer.Next(buffer)) {
        ASSERT_EQ(frame.kind, FrameKind::kMessage) << "seed " << seed;
        EXPECT_EQ(buffer.substr(0, frame.consumed), Message(std::string(count % 40, '\r'), count));
        buffer.erase(0, frame.consumed);
        ++count;
      }
    }
    EXPECT_EQ(count, 500) << "seed " << seed;
    EXPECT_TRUE(buffer.empty());
  }
}

TEST(FramerTest, OneByteAtATimeLooksAtEachByteOnce) {
  // A scan from the start on each call would touch 2 * 10^9 bytes here, and not end in this test.
  const std::string message =
      absl::StrCat("OPTIONS sip:a@b SIP/2.0\r\nX: ", std::string(60000, 'x'), "\r\nl: 0\r\n\r\n");
  Framer framer;
  for (size_t size = 1; size < message.size(); ++size) {
    ASSERT_EQ(framer.Next(absl::string_view(message).substr(0, size)).kind, FrameKind::kNeedMore);
  }
  EXPECT_EQ(framer.Next(message).kind, FrameKind::kMessage);
}

TEST(FramerTest, ContentLengthIsFoundInEveryForm) {
  for (const char* row : {
           "Content-Length: 3",
           "content-length:3",
           "CONTENT-LENGTH \t:\t 3 \t",
           "l:3",
           "L : 3",
           "Content-Length:\r\n 3",
           "Content-Length:\r\n\t \r\n 3\r\n ",
           "l: 0003",
           "l: 3\r\nContent-Length: 3",
           "X: l\r\nl: 3",
           "l: 000000000000000000000000000000003",
       }) {
    Framer framer;
    const Frame frame = framer.Next(absl::StrCat("A sip:b SIP/2.0\r\n", row, "\r\n\r\nabc"));
    EXPECT_EQ(frame.kind, FrameKind::kMessage) << row;
    EXPECT_EQ(frame.body_length, 3u) << row;
  }
}

TEST(FramerTest, OtherHeadersAreNoContentLength) {
  for (const char* row : {"Content-Length-X: 3", "Content-Lengt: 3", "X-Content-Length: 3", "la: 3",
                          "Subject: x\r\n l: 3", "Content-Type: 3", "C: 3"}) {
    Framer framer;
    const Frame frame = framer.Next(absl::StrCat("A sip:b SIP/2.0\r\n", row, "\r\n\r\nabc"));
    EXPECT_EQ(frame.error.reason, FrameErrorReason::kMissingContentLength) << row;
  }
}

TEST(FramerTest, ACrlfIsAPongAndASecondOneMakesItAPing) {
  Framer framer;
  EXPECT_EQ(framer.Next("\r").kind, FrameKind::kNeedMore);
  for (int i = 0; i < 3; ++i) {
    Frame frame = framer.Next("\r\n\r\n");
    EXPECT_EQ(frame.kind, FrameKind::kPong);
    EXPECT_EQ(frame.consumed, 2u);
    frame = framer.Next("\r\n");
    EXPECT_EQ(frame.kind, FrameKind::kPing);
    EXPECT_EQ(frame.consumed, 2u);
  }
}

TEST(FramerTest, AMessageEndsThePairing) {
  const std::string message = Message("");
  Framer framer;
  EXPECT_EQ(framer.Next("\r\n").kind, FrameKind::kPong);
  EXPECT_EQ(framer.Next(message).kind, FrameKind::kMessage);
  EXPECT_EQ(framer.Next("\r\n").kind, FrameKind::kPong);
}

TEST(FramerTest, CrlfsBeforeAMessageAreTolerated) {
  const std::string stream = absl::StrCat("\r\n\r\n\r\n", Message("x"));
  Framer framer;
  absl::string_view rest = stream;
  for (FrameKind kind : {FrameKind::kPong, FrameKind::kPing, FrameKind::kPong}) {
    const Frame frame = framer.Next(rest);
    EXPECT_EQ(frame.kind, kind);
    rest.remove_prefix(frame.consumed);
  }
  EXPECT_EQ(framer.Next(rest).consumed, rest.size());
}

TEST(FramerTest, FoldsAndControlCharactersInValuesAreNoEnd) {
  const std::string message =
      "OPTIONS sip:a@b SIP/2.0\r\nX:\ta\x01\x0b\r\n \r\n\t\r\n b\r\nl: 0\r\n\r\n";
  Framer framer;
  EXPECT_EQ(framer.Next(message).consumed, message.size());
}

TEST(FramerTest, BodiesMayHoldAnything) {
  std::string body;
  for (int c = 0; c < 256; ++c) body.push_back(static_cast<char>(c));
  body += "\r\n\r\nOPTIONS sip:a@b SIP/2.0\r\n";
  Framer framer;
  EXPECT_EQ(framer.Next(Message(body)).body_length, body.size());
}

TEST(FramerTest, ResetMakesItNew) {
  Framer framer;
  EXPECT_EQ(framer.Next("\x16\x03\x01").kind, FrameKind::kError);
  framer.Reset();
  EXPECT_EQ(framer.Next(Message("")).kind, FrameKind::kMessage);
}

TEST(FramerTest, AHeaderSectionOfExactlyTheLimitIsFine) {
  const std::string message = Message("");
  FramerLimits limits;
  limits.max_header_bytes = static_cast<uint32_t>(message.size());
  Framer framer(limits);
  EXPECT_EQ(framer.Next(message).kind, FrameKind::kMessage);
  --limits.max_header_bytes;
  Framer smaller(limits);
  EXPECT_EQ(smaller.Next(message).error.reason, FrameErrorReason::kHeaderTooLarge);
}

TEST(FramerTest, ABodyOfExactlyTheLimitIsFine) {
  FramerLimits limits;
  limits.max_body_bytes = 5;
  Framer framer(limits);
  EXPECT_EQ(framer.Next(Message("12345")).kind, FrameKind::kMessage);
  EXPECT_EQ(framer.Next(Message("123456")).error.reason, FrameErrorReason::kBodyTooLarge);
}

TEST(FramerTest, AsManyRowsAsTheLimitAreFine) {
  FramerLimits limits;
  limits.max_header_count = 2;  // CSeq and Content-Length
  Framer framer(limits);
  EXPECT_EQ(framer.Next(Message("")).kind, FrameKind::kMessage);
  limits.max_header_count = 1;
  Framer smaller(limits);
  EXPECT_EQ(smaller.Next(Message("")).error.reason, FrameErrorReason::kTooManyHeaders);
}

TEST(FramerTest, FoldsDoNotCountAsRows) {
  FramerLimits limits;
  limits.max_header_count = 1;
  Framer framer(limits);
  EXPECT_EQ(framer.Next("A sip:b SIP/2.0\r\nl:\r\n \r\n 0\r\n\r\n").kind, FrameKind::kMessage);
}

TEST(FramerTest, TheLongestMethodIsFine) {
  const std::string method(kMaxMethodBytes, 'M');
  Framer framer;
  EXPECT_EQ(framer.Next(method + " sip:b SIP/2.0\r\nl: 0\r\n\r\n").kind, FrameKind::kMessage);
  EXPECT_EQ(framer.Next(method + "M").error.reason, FrameErrorReason::kNotSip);
}

}  // namespace
}  // namespace sipcm::sip
