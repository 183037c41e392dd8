// Rows 6 to 11 of the table of faults (reliability.md) on the level of the framer: each stream gets
// one verdict, however it is cut, and never yields a message that nobody sent.

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/sip/framer.h"
#include "gtest/gtest.h"

namespace sipcm::sip {
namespace {

constexpr absl::string_view kStart = "OPTIONS sip:a@example.com SIP/2.0\r\n";
constexpr absl::string_view kRow = "Via: SIP/2.0/TCP h;branch=z9hG4bKa\r\n";
constexpr absl::string_view kEnd = "Content-Length: 0\r\n\r\n";

// The first frame of `stream`, after seeing that every way to cut it gives the same one.
Frame FirstFrame(const std::string& stream, const FramerLimits& limits = FramerLimits()) {
  Framer whole(limits);
  const Frame expected = whole.Next(stream);
  Framer bytewise(limits);
  Frame frame;
  for (size_t size = 0; size <= stream.size() && frame.kind == FrameKind::kNeedMore; ++size) {
    frame = bytewise.Next(absl::string_view(stream).substr(0, size));
  }
  EXPECT_TRUE(frame == expected) << "one byte at a time";
  const size_t step = stream.size() / 500 + 1;
  for (size_t cut = 0; cut <= stream.size(); cut += step) {
    Framer framer(limits);
    frame = framer.Next(absl::string_view(stream).substr(0, cut));
    if (frame.kind == FrameKind::kNeedMore) frame = framer.Next(stream);
    EXPECT_TRUE(frame == expected) << "cut at " << cut;
  }
  return expected;
}

FrameErrorReason ReasonOf(const std::string& stream) { return FirstFrame(stream).error.reason; }

std::string WithRows(absl::string_view rows) { return absl::StrCat(kStart, rows, "\r\n"); }

// How many bytes the framer wants before it gives `stream` up.
size_t BytesUntilError(const std::string& stream) {
  Framer framer;
  for (size_t size = 0; size <= stream.size(); ++size) {
    if (framer.Next(absl::string_view(stream).substr(0, size)).kind == FrameKind::kError) {
      return size;
    }
  }
  return std::string::npos;
}

TEST(FramerContentLengthTest, NoNumberMeansAnAnswerAndTheEnd) {
  for (const char* value : {"-1", "-999", "+5", "0x5", "5,5", "5 5", "", " ", "5;x", "\"5\"",
                            "five", "5\r\n 5", "1e3", "5.0"}) {
    const Frame frame = FirstFrame(WithRows(absl::StrCat(kRow, "Content-Length:", value, "\r\n")));
    EXPECT_EQ(frame.kind, FrameKind::kError) << value;
    EXPECT_EQ(frame.error.reason, FrameErrorReason::kBadContentLength) << value;
    EXPECT_EQ(frame.error.status_code, 400);
    EXPECT_EQ(frame.error.field, "Content-Length");
    EXPECT_GT(frame.header_length, 0u) << value;
  }
}

TEST(FramerContentLengthTest, TooMuchIsRefusedBeforeAByteOfItCame) {
  for (const char* value :
       {"1048577", "2147483648", "4294967296", "4294967301", "18446744073709551616",
        "18446744073709551621", "99999999999999999999999999999999999999999999"}) {
    const Frame frame = FirstFrame(WithRows(absl::StrCat(kRow, "l: ", value, "\r\n")));
    EXPECT_EQ(frame.error.reason, FrameErrorReason::kBodyTooLarge) << value;
    EXPECT_EQ(frame.error.status_code, 413);
    EXPECT_GT(frame.header_length, 0u);
  }
}

TEST(FramerContentLengthTest, EqualRowsAreOneAndDifferentOnesAreTheEnd) {
  EXPECT_EQ(FirstFrame(WithRows("l: 0\r\nContent-Length: 00\r\n")).kind, FrameKind::kMessage);
  const Frame frame = FirstFrame(WithRows("Content-Length: 13\r\nl: 5\r\n"));
  EXPECT_EQ(frame.error.reason, FrameErrorReason::kConflictingContentLength);
  EXPECT_EQ(frame.error.status_code, 400);
  EXPECT_GT(frame.header_length, 0u);
  EXPECT_EQ(ReasonOf(WithRows("l: 5\r\nl: x\r\n")), FrameErrorReason::kBadContentLength);
  EXPECT_EQ(ReasonOf(WithRows("l: x\r\nl: 5\r\n")), FrameErrorReason::kBadContentLength);
}

TEST(FramerContentLengthTest, MissingOnAStreamIsTheEnd) {
  const std::string stream = absl::StrCat(kStart, kRow, "\r\n");
  const Frame frame = FirstFrame(stream + "v=0\r\n");
  EXPECT_EQ(frame.error.reason, FrameErrorReason::kMissingContentLength);
  EXPECT_EQ(frame.error.status_code, 400);
  EXPECT_EQ(frame.header_length, stream.size());
}

TEST(FramerContentLengthTest, FoldingBeforeTheValueIsUnderstood) {
  const std::string stream = WithRows("Content-Length:\r\n 5\r\n") + "abcdeNEXT";
  const Frame frame = FirstFrame(stream);
  EXPECT_EQ(frame.kind, FrameKind::kMessage);
  EXPECT_EQ(stream.substr(frame.consumed), "NEXT");
}

TEST(FramerLineEndTest, BareLineFeedIsTheEnd) {
  EXPECT_EQ(ReasonOf(absl::StrCat(kStart, "Via: x\n", kRow, kEnd)),
            FrameErrorReason::kBareLineFeed);
  EXPECT_EQ(ReasonOf("OPTIONS sip:a SIP/2.0\nVia: x\n\n"), FrameErrorReason::kBareLineFeed);
  EXPECT_EQ(ReasonOf(absl::StrCat(kStart, "l: 0\n\n")), FrameErrorReason::kBareLineFeed);
  EXPECT_EQ(ReasonOf(absl::StrCat(kStart, "l: 0\r\n\n")), FrameErrorReason::kBareLineFeed);
  EXPECT_EQ(ReasonOf("\n"), FrameErrorReason::kBareLineFeed);
}

TEST(FramerLineEndTest, BareCarriageReturnIsTheEnd) {
  EXPECT_EQ(ReasonOf(absl::StrCat(kStart, "Via: x\rl: 5\r\n", kEnd)),
            FrameErrorReason::kBareCarriageReturn);
  EXPECT_EQ(ReasonOf(absl::StrCat(kStart, "l: 0\r\n\r\r\n")),
            FrameErrorReason::kBareCarriageReturn);
  EXPECT_EQ(ReasonOf("\rx"), FrameErrorReason::kBareCarriageReturn);
}

TEST(FramerLineEndTest, NulIsTheEndOutsideAQuotedPair) {
  const std::string nul(1, '\0');
  EXPECT_EQ(ReasonOf(absl::StrCat(kStart, "Via: x", nul, "\r\n", kEnd)), FrameErrorReason::kNul);
  EXPECT_EQ(ReasonOf(absl::StrCat(kStart, "X: \"a\\\\", nul, "\"\r\n", kEnd)),
            FrameErrorReason::kNul);
  EXPECT_EQ(FirstFrame(absl::StrCat(kStart, "X: \"a\\", nul, "\"\r\n", kEnd)).kind,
            FrameKind::kMessage);
  EXPECT_EQ(ReasonOf(absl::StrCat("OPTIONS sip:a\\", nul, " SIP/2.0\r\n", kEnd)),
            FrameErrorReason::kNul);
}

TEST(FramerLineEndTest, WholeRowsBeforeTheFaultAreTold) {
  const std::string whole = absl::StrCat(kStart, kRow);
  EXPECT_EQ(FirstFrame(absl::StrCat(whole, "X: a\n")).partial_header_length, whole.size());
  // A fold may still belong to its row, so that neither counts.
  EXPECT_EQ(FirstFrame(absl::StrCat(whole, " fold\n")).partial_header_length, kStart.size());
  EXPECT_EQ(FirstFrame(absl::StrCat(kStart, "\n")).partial_header_length, kStart.size());
}

TEST(FramerSmugglingTest, AStartLineInTheHeaderSectionIsTheEnd) {
  for (const char* next : {"OPTIONS sip:b@example.com SIP/2.0\r\n", "SIP/2.0 200 OK\r\n",
                           "INVITE sip:b SIP/2.0 \r\n", "BYE x sip/2.0\r\n"}) {
    const std::string unterminated = absl::StrCat(kStart, kRow, "l: 0\r\n");
    const Frame frame = FirstFrame(absl::StrCat(unterminated, next, kRow, kEnd));
    EXPECT_EQ(frame.error.reason, FrameErrorReason::kGluedMessage) << next;
    EXPECT_EQ(frame.header_length, 0u);
    EXPECT_EQ(frame.partial_header_length, unterminated.size());
  }
}

TEST(FramerSmugglingTest, ARowThatEndsLikeAStartLineIsNone) {
  for (const char* row : {"Subject: I like SIP/2.0\r\n", "Via : SIP/2.0\r\n",
                          "X:SIP/2.0 200 OK\r\n", "SIP: SIP/2.0\r\n", "s : a SIP/2.0\r\n"}) {
    EXPECT_EQ(FirstFrame(absl::StrCat(kStart, row, kEnd)).kind, FrameKind::kMessage) << row;
  }
}

TEST(FramerSmugglingTest, FoldingRightAfterTheStartLineIsTheEnd) {
  EXPECT_EQ(ReasonOf(absl::StrCat(kStart, " l: 5\r\n", kEnd)), FrameErrorReason::kMisplacedFolding);
}

TEST(FramerGarbageTest, WhatIsNotSipIsKnownFromItsFirstBytes) {
  EXPECT_EQ(BytesUntilError("\x16\x03\x01\x02"), 1u);
  EXPECT_EQ(BytesUntilError(std::string(3, '\0')), 1u);
  EXPECT_EQ(BytesUntilError("HTTP/1.1 200 OK\r\n"), 5u);
  EXPECT_EQ(BytesUntilError(" OPTIONS"), 1u);
  EXPECT_EQ(BytesUntilError("{\"json\": 1}"), 1u);
  EXPECT_EQ(BytesUntilError("SSH/2.0"), 4u);
  EXPECT_EQ(BytesUntilError("C\r\n\r\n"), 2u);
  EXPECT_EQ(BytesUntilError(std::string(1000, 'A')), kMaxMethodBytes + 1);
}

TEST(FramerGarbageTest, WhatBeginsLikeSipIsKnownAtTheEndOfItsLine) {
  for (const char* line : {
           "GET / HTTP/1.1\r\n",
           "PRI * HTTP/2.0\r\n",
           "INVITE sip:alan@jasomi.com\r\n",
           "OPTIONS \r\n",
           "A \r\n",
           "A b/c\r\n",
           "SIP/x 200 OK\r\n",
           "SIP/2 200 OK\r\n",
           "SIP/2.0OK\r\n",
           "SIP/2.0/TCP 200 OK\r\n",
           "OPTIONS sip:a SIP/2\r\n",
           "OPTIONS sip:a SIP/.0\r\n",
           "OPTIONS sip:a SIP/2.0 x\r\n",
           "OPTIONS sip:a xSIP/2.0\r\n",
       }) {
    EXPECT_EQ(ReasonOf(line), FrameErrorReason::kNotSip) << line;
    EXPECT_EQ(BytesUntilError(line), absl::string_view(line).size()) << line;
  }
  EXPECT_EQ(ReasonOf("OPTIONS sip:a\x01"), FrameErrorReason::kNotSip);
  EXPECT_EQ(ReasonOf("OPTIONS sip:a\tSIP/2.0\r\n"), FrameErrorReason::kNotSip);
}

TEST(FramerGarbageTest, AnErrorIsRepeatedUntilReset) {
  Framer framer;
  EXPECT_EQ(framer.Next("\x16").kind, FrameKind::kError);
  EXPECT_EQ(framer.Next(absl::StrCat(kStart, kEnd)).error.reason, FrameErrorReason::kNotSip);
}

TEST(FramerLimitsTest, AMegabyteWithoutAnEndIsRefusedAtTheLimit) {
  const std::string megabyte(1 << 20, 'x');
  std::string many_rows;
  while (many_rows.size() < (1 << 20)) many_rows += "a:b\r\n";
  std::string folds = "X: a";
  while (folds.size() < (1 << 20)) folds += "\r\n b";
  for (const std::string& stream :
       {absl::StrCat(kStart, "X: ", megabyte), absl::StrCat("OPTIONS sip:", megabyte),
        absl::StrCat(kStart, folds)}) {
    const Frame frame = FirstFrame(stream);
    EXPECT_EQ(frame.error.reason, FrameErrorReason::kHeaderTooLarge);
    EXPECT_EQ(frame.error.status_code, 513);
    EXPECT_EQ(BytesUntilError(stream), FramerLimits().max_header_bytes);
  }
  const Frame frame = FirstFrame(absl::StrCat(kStart, many_rows));
  EXPECT_EQ(frame.error.reason, FrameErrorReason::kTooManyHeaders);
  EXPECT_EQ(frame.partial_header_length, kStart.size() + 256 * 5);
}

TEST(FramerLimitsTest, WholeRowsBeforeTheLimitAreTold) {
  const std::string whole = absl::StrCat(kStart, kRow);
  const Frame frame = FirstFrame(absl::StrCat(whole, "X: ", std::string(70000, 'x')));
  EXPECT_EQ(frame.header_length, 0u);
  EXPECT_EQ(frame.partial_header_length, whole.size());
}

TEST(FramerLimitsTest, EveryReasonHasWordsAndAStatus) {
  for (const std::string& stream :
       {std::string("\x16"), std::string("\n"), std::string("\rx"), WithRows(""),
        WithRows("l:x\r\n"), WithRows("l:1\r\nl:2\r\n"), WithRows("l:99999999\r\n"),
        absl::StrCat(kStart, " x\r\n"), absl::StrCat(kStart, "l:0\r\nA b SIP/2.0\r\n")}) {
    const Frame frame = FirstFrame(stream);
    EXPECT_EQ(frame.kind, FrameKind::kError);
    EXPECT_FALSE(frame.error.text.empty());
    EXPECT_GE(frame.error.status_code, 400);
  }
}

}  // namespace
}  // namespace sipcm::sip
