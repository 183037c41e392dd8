#include "server/validation/field_checks.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/validation/refusal.h"

namespace sipcm::server {
namespace {

using google::protobuf::EnumDescriptor;

std::string ValueNames(const EnumDescriptor* descriptor) {
  std::vector<absl::string_view> names;
  for (int i = 0; i < descriptor->value_count(); ++i) {
    if (descriptor->value(i)->number() != 0) names.emplace_back(descriptor->value(i)->name());
  }
  return absl::StrJoin(names, ", ");
}

// "900s", as it is typed in JSON.
std::string Seconds(absl::Duration duration) {
  return absl::StrCat(absl::ToDoubleSeconds(duration), "s");
}

absl::Status OutOfRange(absl::string_view field, absl::string_view value, absl::string_view least,
                        absl::string_view most, absl::string_view besides) {
  absl::Status status =
      BadField("FIELD_OUT_OF_RANGE", field,
               absl::StrCat(value, " is not in the range ", least, " to ", most, besides));
  return WithMetadata(WithMetadata(std::move(status), "minimum", least), "maximum", most);
}

}  // namespace

absl::Status CheckRange(int64_t value, int64_t least, int64_t most, absl::string_view field) {
  if (value >= least && value <= most) return absl::OkStatus();
  return OutOfRange(field, absl::StrCat(value), absl::StrCat(least), absl::StrCat(most), "");
}

absl::Status CheckCount(int64_t count, int64_t most, absl::string_view unit,
                        absl::string_view field) {
  if (count <= most) return absl::OkStatus();
  return OutOfRange(field, absl::StrCat("has ", count, " ", unit, ", which"), "0",
                    absl::StrCat(most), "");
}

absl::Status CheckRequiredEnum(int value, const EnumDescriptor* descriptor,
                               absl::string_view field) {
  if (value == 0) {
    return MissingField(field, absl::StrCat("one of ", ValueNames(descriptor)));
  }
  return CheckEnum(value, descriptor, field);
}

absl::Status CheckEnum(int value, const EnumDescriptor* descriptor, absl::string_view field) {
  if (descriptor->FindValueByNumber(value) != nullptr) return absl::OkStatus();
  return BadField("INVALID_FIELD", field,
                  absl::StrCat(value, " is not one of ", ValueNames(descriptor)));
}

absl::StatusOr<absl::Duration> CheckDuration(const google::protobuf::Duration& value,
                                             absl::Duration least, absl::Duration most,
                                             ZeroMeaning zero, absl::string_view field) {
  const absl::Duration duration = absl::Seconds(value.seconds()) + absl::Nanoseconds(value.nanos());
  if (zero == ZeroMeaning::kNever && duration == absl::ZeroDuration()) {
    return absl::InfiniteDuration();
  }
  const bool malformed =
      (value.seconds() > 0 && value.nanos() < 0) || (value.seconds() < 0 && value.nanos() > 0);
  if (!malformed && duration >= least && duration <= most) return duration;
  return OutOfRange(field, Seconds(duration), Seconds(least), Seconds(most),
                    zero == ZeroMeaning::kNever ? ", or 0s for never" : "");
}

absl::Status CheckText(absl::string_view text, int most, absl::string_view field) {
  int characters = 0;
  for (const char c : text) {
    const unsigned char byte = c;
    if (byte < 0x20 || byte == 0x7f) {
      return BadField("INVALID_FIELD", field,
                      absl::StrCat("\"", absl::Utf8SafeCEscape(text),
                                   "\" has a control character; leave it out"));
    }
    if ((byte & 0xc0) != 0x80) ++characters;
  }
  return CheckCount(characters, most, "characters", field);
}

absl::Status CheckLater(absl::Time time, absl::Time now, absl::string_view remedy,
                        absl::string_view field) {
  if (time > now) return absl::OkStatus();
  const auto text = [](absl::Time at) {
    return absl::FormatTime("%Y-%m-%d%ET%H:%M:%E*SZ", at, absl::UTCTimeZone());
  };
  return WithMetadata(
      BadField("FIELD_OUT_OF_RANGE", field,
               absl::StrCat(text(time), " is not later than now, ", text(now), "; ", remedy)),
      "minimum", text(now));
}

google::protobuf::Duration ToDuration(absl::Duration duration) {
  google::protobuf::Duration proto;
  if (duration == absl::InfiniteDuration()) return proto;
  absl::Duration rest;
  proto.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &rest));
  proto.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  return proto;
}

absl::Time FromTimestamp(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

}  // namespace sipcm::server
