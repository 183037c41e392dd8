#include "server/messaging/conversion/response_conversion.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "tests/server/messaging/test_deliveries.h"

namespace sipcm::server {
namespace {

v1::RespondRequest Answer(int status_code) {
  v1::RespondRequest request;
  request.set_request_id("0000000000000abc");
  request.mutable_response()->set_status_code(status_code);
  return request;
}

absl::Status Take(v1::RespondRequest request) {
  engine::ResponseOrder order;
  return TakeResponse(&request, &order);
}

TEST(ResponseConversionTest, PartsGoToTheEngineAsGiven) {
  v1::RespondRequest request = Answer(486);
  request.mutable_response()->set_reason_phrase("Busy");
  v1::SipHeader* header = request.mutable_response()->add_headers();
  header->set_name("Retry-After");
  header->set_value("30");
  request.mutable_response()->set_body("later");
  engine::ResponseOrder order;
  ASSERT_TRUE(TakeResponse(&request, &order).ok());
  EXPECT_EQ(order.request_id, TestRequestId(0xabc));
  EXPECT_EQ(order.status_code, 486);
  EXPECT_EQ(order.reason_phrase, "Busy");
  ASSERT_EQ(order.message.headers.size(), 1u);
  EXPECT_EQ(order.message.headers[0].first, "Retry-After");
  EXPECT_EQ(order.message.headers[0].second, "30");
  EXPECT_EQ(order.message.body, "later");
  EXPECT_TRUE(order.message.raw.empty());
  EXPECT_EQ(request.request_id(), "0000000000000abc");  // still there, to be named in a result
}

TEST(ResponseConversionTest, RawGoesAlone) {
  v1::RespondRequest request = Answer(0);
  request.mutable_response()->set_raw(SipResponseText(200, "OK"));
  engine::ResponseOrder order;
  ASSERT_TRUE(TakeResponse(&request, &order).ok());
  EXPECT_EQ(order.message.raw, SipResponseText(200, "OK"));
  request = Answer(200);
  request.mutable_response()->set_raw("x");
  const absl::Status status = Take(request);
  EXPECT_EQ(ReasonOf(status), "CONFLICTING_FIELDS");
  EXPECT_EQ(FieldOf(status), "response.raw");
}

TEST(ResponseConversionTest, WhatIsMissingIsNamed) {
  v1::RespondRequest request = Answer(200);
  request.clear_request_id();
  EXPECT_EQ(FieldOf(Take(request)), "request_id");
  EXPECT_EQ(ReasonOf(Take(request)), "REQUIRED_FIELD_MISSING");
  request = Answer(200);
  request.clear_response();
  EXPECT_EQ(FieldOf(Take(request)), "response");
  EXPECT_EQ(FieldOf(Take(Answer(0))), "response.status_code");
}

TEST(ResponseConversionTest, AnIdThatIsNoneOfOursIsNotFound) {
  for (const char* id : {"abc", "zzzzzzzzzzzzzzzz", "00000000000000001"}) {
    v1::RespondRequest request = Answer(200);
    request.set_request_id(id);
    const absl::Status status = Take(request);
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << id;
    EXPECT_EQ(ReasonOf(status), "REQUEST_NOT_FOUND") << id;
  }
}

TEST(ResponseConversionTest, TheEnginesFieldIsToldAsTheCallersPath) {
  engine::ResponseResult result;
  result.status = InvalidField("headers[1].value", "has a line break");
  EXPECT_EQ(FieldOf(RespondStatus(result)), "response.headers[1].value");
  result.status = MakeError(absl::StatusCode::kNotFound, "REQUEST_NOT_FOUND", "gone");
  EXPECT_EQ(FieldOf(RespondStatus(result)), "");
}

TEST(ResponseConversionTest, ResultsCarryCodeReasonAndField) {
  const v1::RespondResult result =
      RefusedAnswer("0000000000000abc", InvalidField("response.body", "is too large"));
  EXPECT_EQ(result.request_id(), "0000000000000abc");
  EXPECT_EQ(result.code(), 3);
  EXPECT_EQ(result.message(), "response.body: is too large");
  EXPECT_EQ(result.error().reason(), v1::ErrorDetail::INVALID_FIELD);
  EXPECT_EQ(result.error().field(), "response.body");
}

}  // namespace
}  // namespace sipcm::server
