#include "core/sip/parser.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/core/sip/test_message.h"

namespace sipcm::sip {
namespace {

// "status field" of a bad one, "ok" of a good one; "!" when it cannot be answered, "x" when the
// connection must be closed.
std::string Judge(const TestMessage& message) {
  const ParsedMessage parsed(message);
  const ParseVerdict& verdict = parsed.verdict;
  std::string result = verdict.ok() ? "ok" : absl::StrCat(verdict.status_code, " ", verdict.field);
  EXPECT_EQ(verdict.ok(), verdict.reason.empty()) << result;
  if (!verdict.answerable) result += "!";
  if (verdict.after == AfterVerdict::kClose) result += "x";
  return result;
}

TestMessage Request(absl::string_view method = "OPTIONS") { return TestMessage::Request(method); }
TestMessage Response(absl::string_view status) { return TestMessage::Response(status); }

TEST(ParserTest, ReadsARequest) {
  const ParsedMessage parsed(Request("MESSAGE").Body("hello"));
  const MessageView& view = parsed.view;
  EXPECT_TRUE(parsed.verdict.ok());
  EXPECT_TRUE(parsed.verdict.answerable);
  EXPECT_TRUE(view.is_request());
  EXPECT_EQ(view.method_id(), Method::kMessage);
  EXPECT_EQ(view.method(), "MESSAGE");
  EXPECT_EQ(view.request_uri(), "sip:bob@example.com");
  EXPECT_EQ(view.status_code(), 0);
  EXPECT_EQ(view.bytes(), parsed.bytes);
  EXPECT_EQ(view.body(), "hello");
  EXPECT_EQ(view.call_id(), "call@example.net");
  EXPECT_EQ(view.cseq_number(), 7u);
  EXPECT_EQ(view.cseq_method(), "MESSAGE");
  EXPECT_EQ(view.max_forwards(), 70);
  EXPECT_EQ(view.content_length(), 5u);
  EXPECT_EQ(view.from().display_name, "Alice");
  EXPECT_EQ(view.from_tag(), "a1");
  EXPECT_EQ(view.to().uri, "sip:bob@example.com");
  EXPECT_EQ(view.to_tag(), "");
  EXPECT_EQ(view.top_via().host, "client.example.net");
  EXPECT_EQ(view.top_via().port, 5070);
  EXPECT_TRUE(view.top_via().has_rport);
  EXPECT_EQ(view.branch(), "z9hG4bKtest");
  EXPECT_EQ(view.headers().size(), 7u);
}

TEST(ParserTest, ReadsAResponse) {
  const ParsedMessage parsed(Response("486 Busy Here"));
  EXPECT_TRUE(parsed.verdict.ok());
  EXPECT_FALSE(parsed.verdict.answerable);
  EXPECT_FALSE(parsed.view.is_request());
  EXPECT_EQ(parsed.view.status_code(), 486);
  EXPECT_EQ(parsed.view.reason_phrase(), "Busy Here");
  EXPECT_EQ(parsed.view.method_id(), Method::kOptions);
  EXPECT_EQ(parsed.view.request_uri(), "");
}

TEST(ParserTest, RequestLinesAreStrict) {
  EXPECT_EQ(Judge(Request().StartLine("OPTIONS sip:bob@example.com sip/2.0")), "ok");
  EXPECT_EQ(Judge(Request().StartLine("OPTIONS  sip:a@b SIP/2.0")), "400 Request-Line");
  EXPECT_EQ(Judge(Request().StartLine("OPTIONS sip:a@b  SIP/2.0")), "400 Request-Line");
  EXPECT_EQ(Judge(Request().StartLine("OPTIONS sip:a@b SIP/2.0 ")), "400 Request-Line");
  EXPECT_EQ(Judge(Request().StartLine("OPTIONS sip:a@b")), "400 Request-Line");
  EXPECT_EQ(Judge(Request().StartLine("OPTIONS")), "400 Request-Line");
  EXPECT_EQ(Judge(Request().StartLine("")), "400 Request-Line");
  EXPECT_EQ(Judge(Request().StartLine("OPT/IONS sip:a@b SIP/2.0")), "400 Request-Line");
  EXPECT_EQ(Judge(Request().StartLine("OPTIONS sip:a@b SIP/7.0")), "505 SIP-Version");
  EXPECT_EQ(Judge(Request().StartLine("OPTIONS sip:a@b HTTP/1.1")), "400 SIP-Version");
}

TEST(ParserTest, RequestUrisAreStrict) {
  for (const char* uri : {"<sip:a@b>", "sip:a@b; lr", "sip:2001:db8::10", "sip:a@b?Route=x", "bob",
                          "sip:a@b:99999", "sip:a@b@c", "sip:\"a\"@b"}) {
    const std::string line = absl::StrCat("OPTIONS ", uri, " SIP/2.0");
    EXPECT_EQ(Judge(Request().StartLine(line)), "400 Request-URI") << uri;
  }
  for (const char* uri : {"tel:+1", "urn:service:sos", "soap.beep://192.0.2.103:3002", "SIPS:b"}) {
    const std::string line = absl::StrCat("OPTIONS ", uri, " SIP/2.0");
    EXPECT_EQ(Judge(Request().StartLine(line)), "ok") << uri;
  }
}

TEST(ParserTest, StatusCodesAreThreeDigits) {
  EXPECT_EQ(Judge(Response("100 ")), "ok!");
  EXPECT_EQ(Judge(Response("100")), "ok!");
  EXPECT_EQ(Judge(Response("699 x")), "ok!");
  for (const char* status :
       {"99 x", "700 x", "1000 x", "4294967301 x", "2x0 x", "20", "", "-200 x", "200x"}) {
    EXPECT_EQ(Judge(Response(status)), "400 Status-Line!") << status;
  }
  EXPECT_EQ(Judge(Response("").StartLine("SIP/3.0 200 OK")), "505 SIP-Version!");
}

TEST(ParserTest, ReasonPhrasesMayHoldAnyText) {
  const ParsedMessage parsed(Response("200 = 2**3 * 5**2 \xD0\xBD\xD0\xBE"));
  EXPECT_EQ(parsed.view.reason_phrase(), "= 2**3 * 5**2 \xD0\xBD\xD0\xBE");
}

TEST(ParserTest, WithoutWhatAnAnswerNeedsTheConnectionIsClosed) {
  for (const char* name : {"Via", "From", "To", "Call-ID", "CSeq"}) {
    EXPECT_EQ(Judge(Request().Drop(name)), absl::StrCat("400 ", name, "!x")) << name;
    EXPECT_EQ(Judge(Response("200 OK").Drop(name)), absl::StrCat("400 ", name, "!")) << name;
  }
}

TEST(ParserTest, MalformedOnesCannotBeAnsweredEither) {
  EXPECT_EQ(Judge(Request().Set("Via", "SIP/2.0/UDP 192.0.2.15;;,;,,")), "400 Via!x");
  EXPECT_EQ(Judge(Request().Set("From", "\"Mr. J. <sip:j@example.com>")), "400 From!x");
  EXPECT_EQ(Judge(Request().Set("To", "bob")), "400 To!x");
  EXPECT_EQ(Judge(Request().Set("Call-ID", "a b")), "400 Call-ID!x");
  EXPECT_EQ(Judge(Request().Set("Call-ID", "")), "400 Call-ID!x");
  EXPECT_EQ(Judge(Request().Set("CSeq", "OPTIONS 1")), "400 CSeq!x");
}

TEST(ParserTest, MaxForwardsAndContentLengthAreNotMandatoryHere) {
  EXPECT_EQ(Judge(Request().Drop("Max-Forwards").Drop("Content-Length")), "ok");
  const ParsedMessage parsed(Request().Drop("Max-Forwards").Drop("Content-Length"));
  EXPECT_FALSE(parsed.view.max_forwards().has_value());
  EXPECT_FALSE(parsed.view.content_length().has_value());
}

TEST(ParserTest, NumbersOutOfRangeAreAnswered) {
  for (const char* value : {"256", "300", "-1", "4294967366", "", "x"}) {
    EXPECT_EQ(Judge(Request().Set("Max-Forwards", value)), "400 Max-Forwards") << value;
  }
  EXPECT_EQ(Judge(Request().Set("Max-Forwards", "255")), "ok");
  EXPECT_EQ(Judge(Request().Set("Max-Forwards", "0")), "ok");
  EXPECT_EQ(Judge(Request().Set("Max-Forwards", "0068")), "ok");
  EXPECT_EQ(Judge(Request().Set("CSeq", "2147483648 OPTIONS")), "400 CSeq");
  EXPECT_EQ(Judge(Request().Set("CSeq", "36893488147419103232 OPTIONS")), "400 CSeq");
  EXPECT_EQ(Judge(Request().Set("Content-Length", "4294967296")), "400 Content-Length");
}

TEST(ParserTest, TheCseqMustNameTheMethod) {
  EXPECT_EQ(Judge(Request().Set("CSeq", "7 INVITE")), "400 CSeq");
  EXPECT_EQ(Judge(Request().Set("CSeq", "7 options")), "400 CSeq");
  EXPECT_EQ(Judge(Request("NEWMETHOD").Set("CSeq", "7 INVITE")), "400 CSeq");
}

TEST(ParserTest, RepeatedSingleHeadersMustAgree) {
  EXPECT_EQ(Judge(Request().Add("CSeq", "8 OPTIONS")), "400 CSeq!x");
  EXPECT_EQ(Judge(Request().Add("i", "other@example.net")), "400 Call-ID!x");
  EXPECT_EQ(Judge(Request().Add("f", "<sip:mallory@example.net>;tag=1")), "400 From!x");
  EXPECT_EQ(Judge(Request().Add("t", "<sip:mallory@example.net>")), "400 To!x");
  EXPECT_EQ(Judge(Request().Add("Max-Forwards", "5")), "400 Max-Forwards");
  EXPECT_EQ(Judge(Request().Add("Content-Type", "a/b").Add("c", "a/c")), "400 Content-Type");
  EXPECT_EQ(Judge(Request().Add("Call-ID", "call@example.net").Add("Max-Forwards", "70")), "ok");
}

TEST(ParserTest, ListsMayBeRepeated) {
  EXPECT_EQ(Judge(Request()
                      .Add("Via", "SIP/2.0/UDP x;branch=1")
                      .Add("Route", "<sip:a>")
                      .Add("Route", "<sip:b>")),
            "ok");
}

TEST(ParserTest, OtherHeadersAreOpaque) {
  EXPECT_EQ(Judge(Request()
                      .Add("Contact", "\"Joe\" <sip:joe@example.org>;;;;")
                      .Add("Date", "Fri, 01 Jan 2010 16:00:00 EST")
                      .Add("UnknownHeaderWithUnusualValue", ";;,,;;,;")
                      .Add("Expires", "100000000000000000000000000000")
                      .Add("s", "")),
            "ok");
}

TEST(ParserTest, WhatIsNoHeaderRowClosesTheConnectionAfterTheAnswer) {
  EXPECT_EQ(Judge(Request().Raw("Foobar roobar")), "400 Foobarx");
  EXPECT_EQ(Judge(Request().Raw("Content Length: 5")), "400 Contentx");
  EXPECT_EQ(Judge(Request().Raw(": 5")), "400 x");
  EXPECT_EQ(Judge(Request().Raw("Content-Length\x0b: 5")), "400 Content-Lengthx");
  EXPECT_EQ(Judge(Request().Raw("X: a\nb: c")), "400 Xx");
  EXPECT_EQ(Judge(Request().Raw("X: a\rb: c")), "400 Xx");
  EXPECT_EQ(Judge(Request().Raw("v SIP/2.0/TCP hidden;branch=z9hG4bKx")), "400 v!x");
}

TEST(ParserTest, AnAckIsNeverAnswered) {
  EXPECT_EQ(Judge(Request("ACK")), "ok!");
  EXPECT_EQ(Judge(Request("ACK").Set("Max-Forwards", "x")), "400 Max-Forwards!");
}

TEST(ParserTest, AStartLineFaultIsReportedFirst) {
  EXPECT_EQ(Judge(Request().StartLine("OPTIONS sip:a@b SIP/9.9").Set("Max-Forwards", "x")),
            "505 SIP-Version");
}

TEST(ParserTest, FoldsAndSpaceBeforeColonsAreUnderstood) {
  const std::string bytes =
      "OPTIONS sip:b SIP/2.0\r\nvIa \t :\r\n SIP / 2.0\r\n /TCP h;branch\r\n =z9hG4bKa\r\n"
      "F:\r\n <sip:a>\r\n ;tag=1\r\nTO:sip:b\r\ni:\tx\r\nCSEQ: 1\r\n OPTIONS\r\nX: a\r\n\r\n";
  MessageView view;
  EXPECT_TRUE(Parse(bytes, bytes.size(), view).ok());
  EXPECT_EQ(view.branch(), "z9hG4bKa");
  EXPECT_EQ(view.from_tag(), "1");
  EXPECT_EQ(view.call_id(), "x");
  EXPECT_TRUE(view.Find(HeaderId::kFrom)->is_folded);
  EXPECT_FALSE(view.Find(HeaderId::kTo)->is_folded);
  EXPECT_EQ(view.line(*view.Find(HeaderId::kCseq)), "CSEQ: 1\r\n OPTIONS\r\n");
}

TEST(ParserTest, APartOfAHeaderSectionMayBeAnswerable) {
  const std::string section = Request().HeaderSection();
  const std::string rows = section.substr(0, section.size() - 2);  // without the blank line
  MessageView view;
  EXPECT_TRUE(Parse(rows, rows.size(), view).answerable);
  EXPECT_FALSE(Parse(rows.substr(0, rows.find("To:")), rows.find("To:"), view).answerable);
}

TEST(ParserTest, EveryPrefixIsJudgedWithoutReadingOn) {
  const std::string text = Request("INVITE").Add("m", "<sip:a@b>").HeaderSection();
  for (size_t size = 0; size <= text.size(); ++size) {
    const std::string prefix = text.substr(0, size);  // its own buffer, so that ASan sees the end
    MessageView view;
    Parse(prefix, prefix.size(), view);
    for (const HeaderField& field : view.headers()) {
      EXPECT_LE(field.line.offset + field.line.length, size);
    }
  }
}

TEST(ParserTest, NothingIsKeptFromTheMessageBefore) {
  const ParsedMessage parsed(Request().Add("Route", "<sip:x>"));
  MessageView view;
  ASSERT_TRUE(Parse(parsed.bytes, parsed.bytes.size(), view).ok());
  const absl::string_view empty = "SIP/2.0 200 OK\r\n\r\n";
  EXPECT_FALSE(Parse(empty, empty.size(), view).ok());
  EXPECT_FALSE(view.is_request());
  EXPECT_EQ(view.Find(HeaderId::kRoute), nullptr);
  EXPECT_EQ(view.branch(), "");
  EXPECT_EQ(view.from_tag(), "");
  EXPECT_EQ(view.method(), "");
  EXPECT_EQ(view.cseq_number(), 0u);
  EXPECT_FALSE(view.max_forwards().has_value());
}

}  // namespace
}  // namespace sipcm::sip
