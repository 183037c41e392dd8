#include "clients/cli/failure.h"

#include <grpcpp/support/status.h>
#include <gtest/gtest.h>

#include <string>

#include "proto/sipcm/v1/error.pb.h"

namespace sipcm::cli {
namespace {

grpc::Status WithDetail(grpc::StatusCode code, const std::string& message,
                        const v1::ErrorDetail& detail) {
  v1::RpcStatus status;
  status.set_code(code);
  status.set_message(message);
  status.add_details()->PackFrom(detail);
  return grpc::Status(code, message, status.SerializeAsString());
}

TEST(FailureTextTest, NamesCodeMessageReasonAndField) {
  v1::ErrorDetail detail;
  detail.set_reason(v1::ErrorDetail::INVALID_FIELD);
  detail.set_field("endpoint.address");
  EXPECT_EQ(
      FailureText(WithDetail(grpc::StatusCode::INVALID_ARGUMENT, "no address", detail), "server"),
      "INVALID_ARGUMENT: no address [reason=INVALID_FIELD, field=endpoint.address]");
}

TEST(FailureTextTest, LeavesOutTheFieldWhenThereIsNone) {
  v1::ErrorDetail detail;
  detail.set_reason(v1::ErrorDetail::ADDRESS_IN_USE);
  EXPECT_EQ(FailureText(WithDetail(grpc::StatusCode::UNAVAILABLE, "taken", detail), "server"),
            "UNAVAILABLE: taken [reason=ADDRESS_IN_USE]");
}

TEST(FailureTextTest, UnavailableWithoutDetailIsTheWayToTheServer) {
  EXPECT_EQ(FailureText(grpc::Status(grpc::StatusCode::UNAVAILABLE, "refused"), "localhost:1"),
            "UNAVAILABLE: cannot reach the server at \"localhost:1\" (refused); is it running? "
            "--server or SIPCM_SERVER says where");
}

TEST(FailureTextTest, IsOneLineWithoutControlCharacters) {
  EXPECT_EQ(FailureText(grpc::Status(grpc::StatusCode::INTERNAL, "a\r\nb\x1b[2J"), "server"),
            "INTERNAL: a  b\\x1b[2J");
}

TEST(FailureTextTest, DetailsThatAreNoStatusArePassedOver) {
  EXPECT_EQ(FailureText(grpc::Status(grpc::StatusCode::ABORTED, "changed", "\xff\xff"), "server"),
            "ABORTED: changed");
}

}  // namespace
}  // namespace sipcm::cli
