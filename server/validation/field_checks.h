#ifndef SIPCM_SERVER_VALIDATION_FIELD_CHECKS_H_
#define SIPCM_SERVER_VALIDATION_FIELD_CHECKS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace sipcm::server {

// Every refusal is INVALID_ARGUMENT and names the field, the rule and the value that broke it.

// FIELD_OUT_OF_RANGE unless least <= value <= most.
absl::Status CheckRange(int64_t value, int64_t least, int64_t most, absl::string_view field);

// FIELD_OUT_OF_RANGE unless 0 <= count <= most: what a list or text has, in `unit` ("entries").
absl::Status CheckCount(int64_t count, int64_t most, absl::string_view unit,
                        absl::string_view field);

// The value of an enum, of which `descriptor` knows the names, has to be a known one other than 0.
// REQUIRED_FIELD_MISSING lists the values; INVALID_FIELD an unknown number.
absl::Status CheckRequiredEnum(int value, const google::protobuf::EnumDescriptor* descriptor,
                               absl::string_view field);
// As above, but 0 is fine.
absl::Status CheckEnum(int value, const google::protobuf::EnumDescriptor* descriptor,
                       absl::string_view field);

// What a duration may be besides the range.
enum class ZeroMeaning : unsigned char { kNoException, kNever };

// The duration in a request, FIELD_OUT_OF_RANGE unless least <= value <= most. With kNever 0 is
// absl::InfiniteDuration(). Malformed protos (nanos of the other sign) are refused too.
absl::StatusOr<absl::Duration> CheckDuration(const google::protobuf::Duration& value,
                                             absl::Duration least, absl::Duration most,
                                             ZeroMeaning zero, absl::string_view field);

// The text is of UTF-8: INVALID_FIELD with a control character, FIELD_OUT_OF_RANGE with more than
// `most` characters.
absl::Status CheckText(absl::string_view text, int most, absl::string_view field);

// FIELD_OUT_OF_RANGE, with what `now` is, unless the time is later; `remedy` says what to give.
absl::Status CheckLater(absl::Time time, absl::Time now, absl::string_view remedy,
                        absl::string_view field);

google::protobuf::Duration ToDuration(absl::Duration duration);  // infinite: 0, "never"
absl::Time FromTimestamp(const google::protobuf::Timestamp& timestamp);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_VALIDATION_FIELD_CHECKS_H_
