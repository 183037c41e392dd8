// The torture messages of RFC 4475 and RFC 5118 through framer and parser: what becomes of each,
// that it does not depend on how the bytes were cut, and that two messages are never merged.

#include "tests/corpus/corpus.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "core/sip/framer.h"
#include "core/sip/parser.h"
#include "gtest/gtest.h"

namespace sipcm::sip {
namespace {

constexpr absl::string_view kOptions =
    "OPTIONS sip:next@example.com SIP/2.0\r\n"
    "Via: SIP/2.0/TCP 192.0.2.9;branch=z9hG4bKnext\r\n"
    "From: <sip:a@example.com>;tag=n\r\n"
    "To: <sip:next@example.com>\r\n"
    "Call-ID: next\r\n"
    "CSeq: 1 OPTIONS\r\n"
    "Content-Length: 0\r\n"
    "\r\n";

// What a connection would do with the verdicts, in the words of expectations.tsv.
std::string OutcomeOf(const Frame& frame, const ParseVerdict& verdict, const MessageView& view) {
  if (frame.kind == FrameKind::kError) {
    return verdict.answerable ? absl::StrCat("reply-", frame.error.status_code) : "close";
  }
  if (!view.is_request()) return "drop";
  if (verdict.ok()) return "dispatch";
  if (verdict.answerable) return absl::StrCat("reply-", verdict.status_code);
  return "close";
}

std::string Describe(const Frame& frame, absl::string_view outcome, absl::string_view method) {
  return absl::StrCat("kind=", static_cast<int>(frame.kind), " consumed=", frame.consumed,
                      " header=", frame.header_length, " body=", frame.body_length,
                      " partial=", frame.partial_header_length,
                      " reason=", static_cast<int>(frame.error.reason), " ", outcome, " ", method);
}

// A connection without sockets: keeps unread bytes, takes frames as they come, stops at an error.
class Reader {
 public:
  void Feed(absl::string_view bytes) {
    absl::StrAppend(&buffer_, bytes);
    while (!is_closed_) {
      const Frame frame = framer_.Next(buffer_);
      if (frame.kind == FrameKind::kNeedMore) return;
      Take(frame);
      buffer_.erase(0, frame.consumed);
    }
  }

  const std::vector<std::string>& trace() const { return trace_; }
  const std::vector<std::string>& outcomes() const { return outcomes_; }
  const std::vector<std::string>& messages() const { return messages_; }
  bool is_closed() const { return is_closed_; }
  size_t rest() const { return buffer_.size(); }

 private:
  void Take(const Frame& frame) {
    const absl::string_view buffer(buffer_);
    if (frame.kind == FrameKind::kPing || frame.kind == FrameKind::kPong) {
      trace_.push_back(Describe(frame, "keepalive", ""));
      return;
    }
    MessageView view;
    ParseVerdict verdict;
    if (frame.kind == FrameKind::kMessage) {
      messages_.push_back(std::string(buffer.substr(0, frame.consumed)));
      verdict = Parse(messages_.back(), frame.header_length, view);
    } else {
      const size_t length = frame.header_length + frame.partial_header_length;
      verdict = Parse(buffer.substr(0, length), length, view);
    }
    outcomes_.push_back(OutcomeOf(frame, verdict, view));
    trace_.push_back(Describe(frame, outcomes_.back(), view.method()));
    is_closed_ = frame.kind == FrameKind::kError || verdict.after == AfterVerdict::kClose;
  }

  Framer framer_;
  std::string buffer_;
  std::vector<std::string> trace_;
  std::vector<std::string> outcomes_;
  std::vector<std::string> messages_;
  bool is_closed_ = false;
};

Reader ReadWhole(absl::string_view bytes) {
  Reader reader;
  reader.Feed(bytes);
  return reader;
}

class CorpusTest : public testing::TestWithParam<CorpusMessage> {};

INSTANTIATE_TEST_SUITE_P(Rfc4475AndRfc5118, CorpusTest, testing::ValuesIn(LoadCorpus()),
                         [](const testing::TestParamInfo<CorpusMessage>& message) {
                           std::string name = message.param.folder + "_" + message.param.name;
                           for (char& c : name) {
                             if (c == '-') c = '_';
                           }
                           return name;
                         });

TEST_P(CorpusTest, HasAnAcceptableOutcome) {
  const CorpusMessage& message = GetParam();
  const Reader reader = ReadWhole(message.bytes);
  const std::string all = absl::StrJoin(reader.trace(), "\n");
  if (message.stream_action == "wait-then-close") {
    EXPECT_TRUE(reader.outcomes().empty()) << all;
    EXPECT_EQ(reader.rest(), message.bytes.size());
    return;
  }
  ASSERT_FALSE(reader.outcomes().empty());
  if (message.name == "test") {
    EXPECT_NE(reader.outcomes()[0], "dispatch");
  } else if (message.name == "dblreq") {
    EXPECT_EQ(absl::StrJoin(reader.outcomes(), ","), "dispatch,dispatch,close");
  } else {
    EXPECT_EQ(reader.outcomes().size(), 1u) << all;
    EXPECT_TRUE(message.Accepts(reader.outcomes()[0])) << all;
  }
  if (message.stream_action == "reply-400-close") {
    EXPECT_TRUE(reader.is_closed());
  }
}

TEST_P(CorpusTest, IsJudgedTheSameOneByteAtATime) {
  const std::string& bytes = GetParam().bytes;
  Reader reader;
  for (char byte : bytes) reader.Feed(absl::string_view(&byte, 1));
  EXPECT_EQ(reader.trace(), ReadWhole(bytes).trace());
}

TEST_P(CorpusTest, IsJudgedTheSameCutAnywhereAndFollowedByAnotherMessage) {
  const std::string bytes = absl::StrCat(GetParam().bytes, kOptions);
  const std::vector<std::string> expected = ReadWhole(bytes).trace();
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    Reader reader;
    reader.Feed(absl::string_view(bytes).substr(0, cut));
    reader.Feed(absl::string_view(bytes).substr(cut));
    ASSERT_EQ(reader.trace(), expected) << "cut at " << cut;
  }
}

TEST_P(CorpusTest, IsNeverMergedWithTheNextMessage) {
  const CorpusMessage& message = GetParam();
  Reader reader = ReadWhole(message.bytes);
  reader.Feed(kOptions);
  for (const std::string& read : reader.messages()) {
    if (read == kOptions) continue;
    EXPECT_EQ(read.find("sip:next@"), std::string::npos) << read;
  }
  if (message.name == "clerr") return;  // still waits for the 9999 bytes that it announced
  if (message.name == "baddn") {
    EXPECT_TRUE(reader.is_closed());
    return;
  }
  if (!reader.is_closed()) {
    ASSERT_FALSE(reader.messages().empty());
    EXPECT_EQ(reader.messages().back(), kOptions);
  }
}

TEST(CorpusTableTest, HasEveryMessage) { EXPECT_EQ(LoadCorpus().size(), 62u); }

}  // namespace
}  // namespace sipcm::sip
