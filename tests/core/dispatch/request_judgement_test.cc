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

TEST(RequestJudgementTest, ARequiredExtensionThatNobodyKnowsIsRefusedByName) {
  EXPECT_FALSE(Judge({.more_headers = "Require: 100rel\r\n"}).has_value());
  const auto refusal = Judge({.more_headers = "Require: nothingSupportsThis, 100rel\r\n"});
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(StatusCodeOf(refusal->situation), 420);
  EXPECT_EQ(refusal->unsupported, "nothingSupportsThis");
}

TEST(RequestJudgementTest, AckAndCancelAreNeverRefused) {
  for (const char* method : {"ACK", "CANCEL"}) {
    EXPECT_FALSE(Judge({.method = method, .more_headers = "Require: foo\r\n"}).has_value());
    EXPECT_FALSE(Judge({.method = method, .uri = "x:y"}).has_value());
  }
}

}  // namespace
}  // namespace sipcm::dispatch
