#include "core/base/error.h"

#include <gtest/gtest.h>

namespace sipcm {
namespace {

TEST(ErrorTest, StatusCarriesItsReason) {
  const absl::Status status =
      MakeError(absl::StatusCode::kUnavailable, "ADDRESS_IN_USE", "cannot listen");
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(status.message(), "cannot listen");
  EXPECT_EQ(ReasonOf(status), "ADDRESS_IN_USE");
  EXPECT_EQ(FieldOf(status), "");
}

TEST(ErrorTest, PlainStatusHasNeitherReasonNorField) {
  EXPECT_EQ(ReasonOf(absl::OkStatus()), "");
  EXPECT_EQ(ReasonOf(absl::InternalError("x")), "");
  EXPECT_EQ(FieldOf(absl::InternalError("x")), "");
}

TEST(ErrorTest, InvalidFieldNamesTheFieldInMessageAndPayload) {
  const absl::Status status = InvalidField("port", "must be below 65536");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "port: must be below 65536");
  EXPECT_EQ(ReasonOf(status), "INVALID_FIELD");
  EXPECT_EQ(FieldOf(status), "port");
}

TEST(ErrorTest, PrefixGoesBeforeTheFieldInMessageAndPayload) {
  const absl::Status status =
      WithFieldPrefix(InvalidField("port", "too large"), "listen_addresses[1]");
  EXPECT_EQ(status.message(), "listen_addresses[1].port: too large");
  EXPECT_EQ(FieldOf(status), "listen_addresses[1].port");
  EXPECT_EQ(ReasonOf(status), "INVALID_FIELD");
}

TEST(ErrorTest, PrefixOfAnErrorWithoutFieldBecomesItsField) {
  const absl::Status status = WithFieldPrefix(
      MakeError(absl::StatusCode::kNotFound, "RESOURCE_NOT_FOUND", "no such thing"), "manager");
  EXPECT_EQ(status.message(), "manager: no such thing");
  EXPECT_EQ(FieldOf(status), "manager");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReasonOf(status), "RESOURCE_NOT_FOUND");
}

TEST(ErrorTest, WithFieldSetsOrReplacesTheField) {
  EXPECT_EQ(FieldOf(WithField(absl::InvalidArgumentError("x"), "a")), "a");
  EXPECT_EQ(FieldOf(WithField(InvalidField("a", "x"), "b")), "b");
}

TEST(ErrorTest, ATargetIsKeptBesideReasonAndField) {
  const absl::Status status = WithTarget(InvalidField("a", "x"), "192.0.2.1:5060");
  EXPECT_EQ(TargetOf(status), "192.0.2.1:5060");
  EXPECT_EQ(FieldOf(status), "a");
  EXPECT_EQ(TargetOf(InvalidField("a", "x")), "");
}

TEST(ErrorTest, OkPassesThrough) {
  EXPECT_TRUE(WithField(absl::OkStatus(), "a").ok());
  EXPECT_TRUE(WithFieldPrefix(absl::OkStatus(), "a").ok());
}

}  // namespace
}  // namespace sipcm
