#include "server/validation/field_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/error.h"
#include "proto/sipcm/v1/types.pb.h"
#include "server/validation/refusal.h"

namespace sipcm::server {
namespace {

using ::testing::HasSubstr;

std::map<std::string, std::string> MetadataOf(const absl::Status& status) {
  std::map<std::string, std::string> metadata;
  ForEachMetadata(status, [&](absl::string_view key, absl::string_view value) {
    metadata.emplace(key, value);
  });
  return metadata;
}

// The refusal names the field, the value and both ends of the range.
void ExpectOutOfRange(const absl::Status& status, absl::string_view value, absl::string_view least,
                      absl::string_view most) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), "FIELD_OUT_OF_RANGE");
  EXPECT_EQ(FieldOf(status), "thing");
  EXPECT_THAT(std::string(status.message()), HasSubstr(std::string(value)));
  EXPECT_EQ(MetadataOf(status)["minimum"], least);
  EXPECT_EQ(MetadataOf(status)["maximum"], most);
}

TEST(CheckRangeTest, BothEndsBelongToIt) {
  EXPECT_TRUE(CheckRange(1, 1, 9, "thing").ok());
  EXPECT_TRUE(CheckRange(9, 1, 9, "thing").ok());
  ExpectOutOfRange(CheckRange(0, 1, 9, "thing"), "0", "1", "9");
  ExpectOutOfRange(CheckRange(10, 1, 9, "thing"), "10", "1", "9");
}

TEST(CheckCountTest, NamesWhatThereIsTooMuchOf) {
  EXPECT_TRUE(CheckCount(16, 16, "entries", "thing").ok());
  const absl::Status refused = CheckCount(17, 16, "entries", "thing");
  ExpectOutOfRange(refused, "17 entries", "0", "16");
  EXPECT_EQ(refused.message(), "thing: has 17 entries, which is not in the range 0 to 16");
}

TEST(CheckTextTest, CountsCharactersNotBytes) {
  EXPECT_TRUE(CheckText("B\u00fccher", 6, "thing").ok());
  ExpectOutOfRange(CheckText("B\u00fccher", 5, "thing"), "6 characters", "0", "5");
  const absl::Status control = CheckText("a\tb", 9, "thing");
  EXPECT_EQ(ReasonOf(control), "INVALID_FIELD");
  EXPECT_THAT(std::string(control.message()), HasSubstr("a\\tb"));
}

TEST(CheckLaterTest, NowItselfIsTooLateAndBothTimesAreTold) {
  const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  EXPECT_TRUE(CheckLater(now + absl::Nanoseconds(1), now, "wait", "thing").ok());
  const absl::Status refused = CheckLater(now, now, "wait", "thing");
  EXPECT_EQ(ReasonOf(refused), "FIELD_OUT_OF_RANGE");
  EXPECT_EQ(FieldOf(refused), "thing");
  EXPECT_EQ(refused.message(),
            "thing: 2027-01-15T08:00:00Z is not later than now, 2027-01-15T08:00:00Z; wait");
  EXPECT_EQ(MetadataOf(refused)["minimum"], "2027-01-15T08:00:00Z");
}

TEST(CheckDurationTest, ZeroMayMeanNever) {
  const auto check = [](absl::Duration value, ZeroMeaning zero) {
    return CheckDuration(ToDuration(value), absl::Seconds(1), absl::Seconds(9), zero, "thing");
  };
  EXPECT_EQ(*check(absl::Seconds(9), ZeroMeaning::kNoException), absl::Seconds(9));
  EXPECT_EQ(*check(absl::ZeroDuration(), ZeroMeaning::kNever), absl::InfiniteDuration());
  ExpectOutOfRange(check(absl::ZeroDuration(), ZeroMeaning::kNoException).status(), "0s", "1s",
                   "9s");
  ExpectOutOfRange(check(absl::Seconds(-1), ZeroMeaning::kNever).status(), "-1s", "1s", "9s");
  google::protobuf::Duration twisted;
  twisted.set_seconds(5);
  twisted.set_nanos(-1);
  EXPECT_FALSE(
      CheckDuration(twisted, absl::Seconds(1), absl::Seconds(9), ZeroMeaning::kNever, "thing")
          .ok());
}

TEST(CheckEnumTest, AnUnknownNumberIsRefusedWithTheNamesThatThereAre) {
  const auto* descriptor = sipcm::v1::Direction_descriptor();
  EXPECT_TRUE(CheckEnum(0, descriptor, "thing").ok());
  EXPECT_TRUE(CheckRequiredEnum(sipcm::v1::OUTGOING, descriptor, "thing").ok());
  EXPECT_EQ(ReasonOf(CheckRequiredEnum(0, descriptor, "thing")), "REQUIRED_FIELD_MISSING");
  const absl::Status unknown = CheckEnum(77, descriptor, "thing");
  EXPECT_EQ(ReasonOf(unknown), "INVALID_FIELD");
  EXPECT_EQ(unknown.message(), "thing: 77 is not one of INCOMING, OUTGOING");
}

}  // namespace
}  // namespace sipcm::server
