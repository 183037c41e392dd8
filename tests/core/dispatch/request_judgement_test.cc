#include "core/dispatch/request_judgement.h"

#include "gtest/gtest.h"
#include "tests/core/dispatch/test_request.h"

namespace sipcm::dispatch {
namespace {

absl::optional<RequestRefusal> Judge(const TestRequest& request) {
  return JudgeRequest(ParsedText(request).view);
}

TEST(RequestJudgementTest, TheSchemesOfSipAreKnownInAnyCase) {
  for (const char* uri : {"sip:a@example.com", "SIPS:a@example.com", "Tel:+15551234"}) {
    EXPECT_FALSE(Judge({.uri = uri}).has_value()) << uri;
  }
}

TEST(RequestJudgementTest, AnotherSchemeIsRefused) {
  for (const char* uri :
       {"nobodyKnowsThisScheme:totallyopaquecontent", "soap.beep://192.0.2.103:3002",
        "http://example.com", "sipx:a@example.com"}) {
    const auto refusal = Judge({.uri = uri});
    ASSERT_TRUE(refusal.has_value()) << uri;
    EXPECT_EQ(StatusCodeOf(refusal->situation), 416);
  }
  // Only that of the Request-URI is asked (RFC 4475 3.3.3).
  EXPECT_FALSE(Judge({.to = "<isbn:2983792873>"}).has_value());
}

absl::optional<RequestRefusal> JudgeExtensionsOf(const TestRequest& request,
                                                 const Endpoint* endpoint = nullptr) {
  return JudgeExtensions(ParsedText(request).view, endpoint);
}

TEST(RequestJudgementTest, ARequiredExtensionThatNobodyKnowsIsRefusedByName) {
  EXPECT_FALSE(JudgeExtensionsOf({.more_headers = "Require: 100rel\r\n"}).has_value());
  const auto refusal =
      JudgeExtensionsOf({.more_headers = "Require: nothingSupportsThis, 100rel\r\n"});
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(StatusCodeOf(refusal->situation), 420);
  EXPECT_EQ(refusal->unsupported, "nothingSupportsThis");
}

TEST(RequestJudgementTest, WhatTheEndpointsApplicationsSupportIsNotRefused) {
  Endpoint endpoint;
  endpoint.supported_options = {"acme.recording", "acme.other"};
  const TestRequest request = {.more_headers = "Require: ACME.recording, acme.more\r\n"};
  EXPECT_EQ(JudgeExtensionsOf(request, &endpoint)->unsupported, "acme.more");
  EXPECT_EQ(JudgeExtensionsOf(request)->unsupported, "ACME.recording, acme.more");
  endpoint.supported_options.push_back("acme.more");
  EXPECT_FALSE(JudgeExtensionsOf(request, &endpoint).has_value());
}

TEST(RequestJudgementTest, AckAndCancelAreNeverRefused) {
  for (const char* method : {"ACK", "CANCEL"}) {
    EXPECT_FALSE(
        JudgeExtensionsOf({.method = method, .more_headers = "Require: foo\r\n"}).has_value());
    EXPECT_FALSE(Judge({.method = method, .uri = "x:y"}).has_value());
  }
}

}  // namespace
}  // namespace sipcm::dispatch
