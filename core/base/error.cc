#include "core/base/error.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

namespace sipcm {
namespace {

constexpr char kReasonUrl[] = "sipcm.reason";
constexpr char kFieldUrl[] = "sipcm.field";
constexpr char kTargetUrl[] = "sipcm.target";

std::string Payload(const absl::Status& status, absl::string_view url) {
  absl::optional<absl::Cord> cord = status.GetPayload(url);
  return cord.has_value() ? std::string(*cord) : std::string();
}

}  // namespace

absl::Status MakeError(absl::StatusCode code, absl::string_view reason, absl::string_view message) {
  absl::Status status(code, message);
  status.SetPayload(kReasonUrl, absl::Cord(reason));
  return status;
}

absl::Status InvalidArgument(absl::string_view reason, absl::string_view field,
                             absl::string_view message) {
  return WithField(
      MakeError(absl::StatusCode::kInvalidArgument, reason, absl::StrCat(field, ": ", message)),
      field);
}

absl::Status InvalidField(absl::string_view field, absl::string_view message) {
  return InvalidArgument("INVALID_FIELD", field, message);
}

absl::Status WithField(absl::Status status, absl::string_view field) {
  if (!status.ok()) status.SetPayload(kFieldUrl, absl::Cord(field));
  return status;
}

absl::Status WithFieldPrefix(absl::Status status, absl::string_view prefix) {
  if (status.ok()) return status;
  const std::string field = FieldOf(status);
  const std::string full = field.empty() ? std::string(prefix) : absl::StrCat(prefix, ".", field);
  // The message starts with the field's path (InvalidField), so the prefix goes in front of it.
  absl::Status prefixed(status.code(),
                        absl::StrCat(prefix, field.empty() ? ": " : ".", status.message()));
  status.ForEachPayload(
      [&](absl::string_view url, const absl::Cord& payload) { prefixed.SetPayload(url, payload); });
  prefixed.SetPayload(kFieldUrl, absl::Cord(full));
  return prefixed;
}

absl::Status WithTarget(absl::Status status, absl::string_view address) {
  if (!status.ok()) status.SetPayload(kTargetUrl, absl::Cord(address));
  return status;
}

std::string ReasonOf(const absl::Status& status) { return Payload(status, kReasonUrl); }
std::string FieldOf(const absl::Status& status) { return Payload(status, kFieldUrl); }
std::string TargetOf(const absl::Status& status) { return Payload(status, kTargetUrl); }

}  // namespace sipcm
