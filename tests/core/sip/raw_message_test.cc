#include "core/sip/raw_message.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "gtest/gtest.h"
#include "tests/core/sip/test_message.h"

namespace sipcm::sip {
namespace {

bool IsRequest(absl::string_view raw) {
  MessageView view;
  const absl::Status status = CheckRawRequest(raw, FramerLimits(), &view);
  EXPECT_EQ(FieldOf(status), status.ok() ? "" : "raw");
  return status.ok();
}

bool Answers(const TestMessage& response, const TestMessage& request) {
  const ParsedMessage parsed(request);
  const std::string raw = response.Text();
  MessageView view;
  const absl::Status status = CheckRawResponse(raw, FramerLimits(), parsed.view, &view);
  EXPECT_EQ(FieldOf(status), status.ok() ? "" : "raw");
  return status.ok();
}

TestMessage Request() { return TestMessage::Request(); }
TestMessage Response() { return TestMessage::Response(); }

TEST(RawMessageTest, AWholeSoundRequestPasses) {
  const std::string raw = Request().Body("hello").Text();
  MessageView view;
  ASSERT_TRUE(CheckRawRequest(raw, FramerLimits(), &view).ok());
  EXPECT_EQ(view.body(), "hello");
}

TEST(RawMessageTest, NothingCanFollowTheMessage) {
  const std::string raw = Request().Text();
  EXPECT_FALSE(IsRequest(raw + raw));
  EXPECT_FALSE(IsRequest(raw + "\r\n"));
  EXPECT_FALSE(IsRequest("\r\n" + raw));
}

TEST(RawMessageTest, PartsOfAMessageAreRefused) {
  const std::string raw = Request().Body("hello").Text();
  for (size_t size = 0; size < raw.size(); ++size) EXPECT_FALSE(IsRequest(raw.substr(0, size)));
}

TEST(RawMessageTest, WhatOurOwnParserRefusesIsRefused) {
  EXPECT_FALSE(IsRequest(Request().Drop("Content-Length").Text()));
  EXPECT_FALSE(IsRequest(Request().Drop("Call-ID").Text()));
  EXPECT_FALSE(IsRequest(Request().Set("CSeq", "1 INVITE").Text()));
  EXPECT_FALSE(IsRequest(Request().Raw("no row").Text()));
  EXPECT_FALSE(IsRequest("hello"));
  EXPECT_FALSE(IsRequest(Response().Text()));
}

TEST(RawMessageTest, AResponseMustAnswerItsRequest) {
  EXPECT_TRUE(Answers(Response(), Request()));
  EXPECT_TRUE(Answers(
      Response().Set("Via", "SIP/2.0/TCP client.example.net:5070;branch=z9hG4bKtest;rport=9"),
      Request()));
  EXPECT_FALSE(Answers(Response().Set("Via", "SIP/2.0/TCP client.example.net:5070;branch=z9hG4bKx"),
                       Request()));
  EXPECT_FALSE(
      Answers(Response().Set("Via", "SIP/2.0/TCP other:5070;branch=z9hG4bKtest"), Request()));
  EXPECT_FALSE(Answers(Response().Set("Call-ID", "other"), Request()));
  EXPECT_FALSE(Answers(Response().Set("CSeq", "8 OPTIONS"), Request()));
  EXPECT_FALSE(Answers(Response().Set("CSeq", "7 INVITE"), Request()));
  EXPECT_FALSE(Answers(Response().Set("From", "<sip:alice@example.net>;tag=x"), Request()));
  EXPECT_FALSE(Answers(Request(), Request()));
}

TEST(RawMessageTest, AResponseAboveTryingNeedsAToTag) {
  EXPECT_FALSE(Answers(Response().Set("To", "<sip:bob@example.com>"), Request()));
  EXPECT_TRUE(
      Answers(TestMessage::Response("100 Trying").Set("To", "<sip:bob@example.com>"), Request()));
  EXPECT_FALSE(Answers(Response(), Request().Set("To", "<sip:bob@example.com>;tag=other")));
}

}  // namespace
}  // namespace sipcm::sip
