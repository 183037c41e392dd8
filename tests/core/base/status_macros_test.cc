#include "core/base/status_macros.h"

#include <gtest/gtest.h>

#include <memory>

namespace sipcm {
namespace {

absl::StatusOr<std::unique_ptr<int>> Make(bool works) {
  if (!works) return absl::NotFoundError("none");
  return std::make_unique<int>(7);
}

absl::StatusOr<int> Twice(bool first_works, bool second_works) {
  SIPCM_ASSIGN_OR_RETURN(const std::unique_ptr<int> first, Make(first_works));
  std::unique_ptr<int> second;
  SIPCM_ASSIGN_OR_RETURN(second, Make(second_works));
  return *first + *second;
}

absl::Status Chain(absl::Status first, int* reached) {
  SIPCM_RETURN_IF_ERROR(first);
  ++*reached;
  return absl::OkStatus();
}

TEST(StatusMacrosTest, AssignsWhatWorksAndReturnsTheFirstError) {
  EXPECT_EQ(*Twice(true, true), 14);
  EXPECT_EQ(Twice(false, true).status(), absl::NotFoundError("none"));
  EXPECT_EQ(Twice(true, false).status(), absl::NotFoundError("none"));
}

TEST(StatusMacrosTest, ReturnsAnErrorAndGoesOnAfterOk) {
  int reached = 0;
  EXPECT_EQ(Chain(absl::InternalError("x"), &reached), absl::InternalError("x"));
  EXPECT_EQ(reached, 0);
  EXPECT_TRUE(Chain(absl::OkStatus(), &reached).ok());
  EXPECT_EQ(reached, 1);
}

}  // namespace
}  // namespace sipcm
