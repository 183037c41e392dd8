#include "core/sip/response_builder.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "core/base/error.h"
#include "gtest/gtest.h"
#include "tests/core/sip/test_message.h"

namespace sipcm::sip {
namespace {

// Builds, and sees that our own parser takes what was built.
std::string Built(const ResponseBuilder& builder) {
  std::string out;
  const absl::Status status = builder.AppendTo(&out);
  EXPECT_TRUE(status.ok()) << status;
  MessageView view;
  const size_t header_length = out.find("\r\n\r\n") + 4;
  EXPECT_TRUE(Parse(out, header_length, view).ok()) << out;
  EXPECT_EQ(view.content_length(), view.body().size());
  return out;
}

std::string FieldOfFault(const ResponseBuilder& builder) {
  std::string out = "before";
  const absl::Status status = builder.AppendTo(&out);
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_EQ(out, "before");
  return FieldOf(status);
}

// The rows of `text` that begin with `name` and a colon.
std::vector<std::string> Rows(absl::string_view text, absl::string_view name) {
  std::vector<std::string> rows;
  size_t start = 0;
  for (size_t end; (end = text.find("\r\n", start)) != absl::string_view::npos; start = end + 2) {
    const absl::string_view row = text.substr(start, end - start);
    if (absl::StartsWith(row, absl::StrCat(name, ":"))) rows.push_back(std::string(row));
  }
  return rows;
}

using RowList = std::vector<std::string>;

TEST(ResponseBuilderTest, WritesAWholeResponse) {
  const ParsedMessage request(TestMessage::Request());
  const HeaderText headers[] = {{"Server", "sipcm"}, {"X-A", "1"}};
  EXPECT_EQ(Built(ResponseBuilder(request.view)
                      .Status(200)
                      .ToTag("b1")
                      .Headers(headers)
                      .From({"192.0.2.7", 40123})),
            "SIP/2.0 200 OK\r\n"
            "Via: SIP/2.0/TCP client.example.net:5070;branch=z9hG4bKtest;received=192.0.2.7;"
            "rport=40123\r\n"
            "From: \"Alice\" <sip:alice@example.net>;tag=a1\r\n"
            "To: <sip:bob@example.com>;tag=b1\r\n"
            "Call-ID: call@example.net\r\n"
            "CSeq: 7 OPTIONS\r\n"
            "Server: sipcm\r\n"
            "X-A: 1\r\n"
            "Content-Length: 0\r\n"
            "\r\n");
}

TEST(ResponseBuilderTest, AppendsToWhatIsThere) {
  const ParsedMessage request(TestMessage::Request());
  std::string out = "SIP/2.0 100 Trying\r\n\r\n";
  ASSERT_TRUE(ResponseBuilder(request.view).Status(100).AppendTo(&out).ok());
  EXPECT_TRUE(absl::StartsWith(out, "SIP/2.0 100 Trying\r\n\r\nSIP/2.0 100 Trying\r\nVia: "));
}

TEST(ResponseBuilderTest, CarriesReasonAndBody) {
  const ParsedMessage request(TestMessage::Request());
  const HeaderText headers[] = {{"Content-Type", "text/plain"}};
  const std::string out = Built(ResponseBuilder(request.view)
                                    .Status(488, "Not This Way")
                                    .ToTag("b1")
                                    .Headers(headers)
                                    .Body("why"));
  EXPECT_TRUE(absl::StartsWith(out, "SIP/2.0 488 Not This Way\r\n"));
  EXPECT_TRUE(absl::EndsWith(out, "Content-Length: 3\r\n\r\nwhy"));
}

TEST(ResponseBuilderTest, CopiesEveryViaVerbatim) {
  const ParsedMessage request(
      TestMessage::Request()
          .Set("Via", "SIP / 2.0 / TCP a;branch=z9hG4bK1 ,\r\n SIP/2.0/UDP b")
          .Add("v", "SIP/2.0/TLS c;branch=z9hG4bK2"));
  const std::string out = Built(ResponseBuilder(request.view).Status(100));
  EXPECT_TRUE(absl::StrContains(
      out,
      "\r\nVia: SIP / 2.0 / TCP a;branch=z9hG4bK1 ,\r\n SIP/2.0/UDP b\r\nv: SIP/2.0/TLS "
      "c;branch=z9hG4bK2\r\n"))
      << out;
}

TEST(ResponseBuilderTest, OnlyTheTopViaGetsReceived) {
  const ParsedMessage request(
      TestMessage::Request()
          .Set("Via", "SIP/2.0/TCP a;branch=z9hG4bK1;rport, SIP/2.0/UDP b;rport")
          .Add("Via", "SIP/2.0/TLS c;rport"));
  const std::string out = Built(ResponseBuilder(request.view).Status(100).From({"2001:db8::1", 9}));
  EXPECT_EQ(Rows(out, "Via"),
            (RowList{"Via: SIP/2.0/TCP a;branch=z9hG4bK1;received=2001:db8::1;rport=9, "
                     "SIP/2.0/UDP b;rport",
                     "Via: SIP/2.0/TLS c;rport"}));
}

TEST(ResponseBuilderTest, ReceivedIsLeftOutWhenSentByIsTheSource) {
  const std::string via = "Via: SIP/2.0/TCP 192.0.2.7:5070;branch=z9hG4bK1";
  const ParsedMessage request(TestMessage::Request().Set("Via", via.substr(5)));
  EXPECT_EQ(Rows(Built(ResponseBuilder(request.view).Status(100).From({"192.0.2.7", 9})), "Via"),
            RowList{via});
  EXPECT_EQ(Rows(Built(ResponseBuilder(request.view).Status(100).From({"192.0.2.8", 9})), "Via"),
            RowList{via + ";received=192.0.2.8"});
}

TEST(ResponseBuilderTest, WhatThePeerClaimedToBeReceivedIsReplaced) {
  const ParsedMessage request(TestMessage::Request().Set(
      "Via", "SIP/2.0/TCP a ; received=10.0.0.1 ; branch=z9hG4bK1;rport=1;x=\"a;b\""));
  EXPECT_EQ(Rows(Built(ResponseBuilder(request.view).Status(100).From({"192.0.2.7", 9})), "Via"),
            RowList{"Via: SIP/2.0/TCP a ; branch=z9hG4bK1;x=\"a;b\";received=192.0.2.7;rport=9"});
}

TEST(ResponseBuilderTest, TheToTagIsAddedOnlyWhereItIsMissing) {
  const ParsedMessage initial(TestMessage::Request());
  EXPECT_EQ(Rows(Built(ResponseBuilder(initial.view).Status(100).ToTag("b1")), "To"),
            RowList{"To: <sip:bob@example.com>"});
  EXPECT_EQ(Rows(Built(ResponseBuilder(initial.view).Status(101).ToTag("b1")), "To"),
            RowList{"To: <sip:bob@example.com>;tag=b1"});
  const ParsedMessage in_dialog(TestMessage::Request().Set("To", "sip:bob@example.com;tag=old"));
  EXPECT_EQ(Rows(Built(ResponseBuilder(in_dialog.view).Status(200).ToTag("b1")), "To"),
            RowList{"To: sip:bob@example.com;tag=old"});
  EXPECT_EQ(FieldOfFault(ResponseBuilder(initial.view).Status(200)), "to_tag");
  EXPECT_EQ(FieldOfFault(ResponseBuilder(initial.view).Status(200).ToTag("a;b")), "to_tag");
}

TEST(ResponseBuilderTest, RecordRouteGoesIntoWhatMayStartADialog) {
  const auto record_routes = [](absl::string_view method, int status_code) {
    const ParsedMessage request(TestMessage::Request(method)
                                    .Add("Record-Route", "<sip:p1;lr>")
                                    .Add("Record-Route", "<sip:p2;lr>"));
    return Rows(Built(ResponseBuilder(request.view).Status(status_code).ToTag("b")), "Record-Route")
        .size();
  };
  EXPECT_EQ(record_routes("INVITE", 100), 0u);
  EXPECT_EQ(record_routes("INVITE", 180), 2u);
  EXPECT_EQ(record_routes("INVITE", 200), 2u);
  EXPECT_EQ(record_routes("INVITE", 302), 0u);
  EXPECT_EQ(record_routes("SUBSCRIBE", 200), 2u);
  EXPECT_EQ(record_routes("OPTIONS", 200), 0u);
}

TEST(ResponseBuilderTest, TheTimestampIsEchoedInTrying) {
  const ParsedMessage request(TestMessage::Request("INVITE").Add("Timestamp", "54"));
  EXPECT_EQ(Rows(Built(ResponseBuilder(request.view).Status(100)), "Timestamp"),
            RowList{"Timestamp: 54"});
  EXPECT_EQ(Rows(Built(ResponseBuilder(request.view).Status(180).ToTag("b")), "Timestamp"),
            RowList{});
}

TEST(ResponseBuilderTest, WhatTheApplicationGaveIsNotFilledIn) {
  const ParsedMessage request(TestMessage::Request("INVITE").Add("Record-Route", "<sip:p1;lr>"));
  const HeaderText headers[] = {{"v", "SIP/2.0/TCP x;branch=z9hG4bKx"},
                                {"From", "<sip:x@example.net>;tag=x"},
                                {"t", "<sip:bob@example.com>;tag=mine"},
                                {"i", "x"},
                                {"CSeq", "9 INVITE"},
                                {"Record-Route", "<sip:mine;lr>"},
                                {"l", "0"}};
  EXPECT_EQ(Built(ResponseBuilder(request.view).Status(200).Headers(headers)),
            "SIP/2.0 200 OK\r\nv: SIP/2.0/TCP x;branch=z9hG4bKx\r\nFrom: <sip:x@example.net>;tag=x"
            "\r\nt: <sip:bob@example.com>;tag=mine\r\ni: x\r\nCSeq: 9 INVITE\r\nRecord-Route: "
            "<sip:mine;lr>\r\nl: 0\r\n\r\n");
}

TEST(ResponseBuilderTest, FaultsNameTheirFieldAndAppendNothing) {
  const ParsedMessage request(TestMessage::Request());
  const ResponseBuilder sound = ResponseBuilder(request.view).Status(200).ToTag("b");
  EXPECT_EQ(FieldOfFault(ResponseBuilder(sound).Status(99)), "status_code");
  EXPECT_EQ(FieldOfFault(ResponseBuilder(sound).Status(700)), "status_code");
  EXPECT_EQ(FieldOfFault(ResponseBuilder(sound).Status(200, "OK\r\nX: y")), "reason_phrase");
  const HeaderText injected[] = {{"X", "1\r\nY: 2"}};
  EXPECT_EQ(FieldOfFault(ResponseBuilder(sound).Headers(injected)), "headers[0].value");
  EXPECT_EQ(FieldOfFault(ResponseBuilder(sound).Body("x")), "headers");
}

TEST(ResponseBuilderTest, AnAckIsNeverAnswered) {
  const ParsedMessage request(TestMessage::Request("ACK"));
  std::string out;
  EXPECT_TRUE(absl::IsFailedPrecondition(
      ResponseBuilder(request.view).Status(200).ToTag("b").AppendTo(&out)));
  EXPECT_EQ(out, "");
}

TEST(ResponseBuilderTest, ABadRequestCanBeAnsweredWithItsOwnRows) {
  const ParsedMessage request(TestMessage::Request()
                                  .StartLine("OPTIONS sip:a@b SIP/7.0")
                                  .Set("CSeq", "36893488147419103232 OPTIONS"));
  ASSERT_TRUE(request.verdict.answerable);
  std::string out;
  ASSERT_TRUE(ResponseBuilder(request.view).Status(505).ToTag("b").AppendTo(&out).ok());
  EXPECT_TRUE(absl::StrContains(out, "\r\nCSeq: 36893488147419103232 OPTIONS\r\n")) << out;
}

}  // namespace
}  // namespace sipcm::sip
