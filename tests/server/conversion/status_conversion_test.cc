#include "server/conversion/status_conversion.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "core/base/error.h"
#include "server/validation/refusal.h"

namespace sipcm::server {
namespace {

using sipcm::v1::ErrorDetail;

TEST(StatusConversionTest, ReasonFieldAndFactsGoIntoOneDetail) {
  const absl::Status status = WithMetadata(
      WithField(MakeError(absl::StatusCode::kUnavailable, "ADDRESS_IN_USE", "taken"), "port"),
      "address", "127.0.0.1:5060");
  const sipcm::v1::RpcStatus rpc = ToRpcStatus(status);
  EXPECT_EQ(rpc.code(), 14);
  EXPECT_EQ(rpc.message(), "taken");
  ASSERT_EQ(rpc.details_size(), 1);
  EXPECT_EQ(rpc.details(0).type_url(), "type.googleapis.com/sipcm.v1.ErrorDetail");
  ErrorDetail detail;
  ASSERT_TRUE(rpc.details(0).UnpackTo(&detail));
  EXPECT_EQ(detail.reason(), ErrorDetail::ADDRESS_IN_USE);
  EXPECT_EQ(detail.field(), "port");
  EXPECT_EQ(detail.metadata().at("address"), "127.0.0.1:5060");
}

TEST(StatusConversionTest, AReasonThatTheApiDoesNotHaveStaysReadable) {
  const ErrorDetail detail =
      ToErrorDetail(MakeError(absl::StatusCode::kInternal, "SOMETHING_NEW", "x"));
  EXPECT_EQ(detail.reason(), ErrorDetail::REASON_UNSPECIFIED);
  EXPECT_EQ(detail.metadata().at("reason"), "SOMETHING_NEW");
}

TEST(StatusConversionTest, AFaultOfOursSaysSo) {
  EXPECT_EQ(ToErrorDetail(absl::InternalError("x")).reason(), ErrorDetail::INTERNAL_FAULT);
}

TEST(StatusConversionTest, ForeignBytesAndLongTextsFitTheTrailer) {
  EXPECT_EQ(ToRpcStatus(absl::NotFoundError("a\xff")).message(), "a\\xff");
  EXPECT_EQ(ToRpcStatus(absl::NotFoundError("gr\xc3\xbc\xc3\x9f")).message(), "gr\xc3\xbc\xc3\x9f");
  const sipcm::v1::RpcStatus rpc = ToRpcStatus(absl::NotFoundError(std::string(100'000, 'x')));
  EXPECT_LE(rpc.message().size(), 2000u);
  EXPECT_TRUE(absl::EndsWith(rpc.message(), "(cut)"));
}

TEST(RefusalTest, APrefixMovesTheFieldInTheMessageToo) {
  const absl::Status status = Within(BadField("INVALID_FIELD", "kind", "is odd"), "endpoint");
  EXPECT_EQ(status.message(), "endpoint.kind: is odd");
  EXPECT_EQ(FieldOf(status), "endpoint.kind");
  EXPECT_EQ(ReasonOf(status), "INVALID_FIELD");
  EXPECT_EQ(Within(absl::NotFoundError("x"), "endpoint"), absl::NotFoundError("x"));
  EXPECT_TRUE(Within(absl::OkStatus(), "endpoint").ok());
}

}  // namespace
}  // namespace sipcm::server
