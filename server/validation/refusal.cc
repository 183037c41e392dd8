#include "server/validation/refusal.h"

#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/error.h"

namespace sipcm::server {
namespace {

constexpr char kMetadataUrl[] = "sipcm.metadata/";

}  // namespace

absl::Status BadField(absl::string_view reason, absl::string_view field,
                      absl::string_view message) {
  return WithField(
      MakeError(absl::StatusCode::kInvalidArgument, reason, absl::StrCat(field, ": ", message)),
      field);
}

absl::Status MissingField(absl::string_view field, absl::string_view hint) {
  return BadField("REQUIRED_FIELD_MISSING", field, absl::StrCat("is required; ", hint));
}

absl::Status Within(absl::Status status, absl::string_view prefix) {
  const std::string field = FieldOf(status);
  if (status.ok() || field.empty()) return status;
  const std::string path = absl::StrCat(prefix, ".", field);
  absl::string_view message = status.message();
  if (absl::ConsumePrefix(&message, field)) absl::ConsumePrefix(&message, ": ");
  absl::Status moved(status.code(), absl::StrCat(path, ": ", message));
  status.ForEachPayload(
      [&](absl::string_view url, const absl::Cord& payload) { moved.SetPayload(url, payload); });
  return WithField(std::move(moved), path);
}

absl::Status WithMetadata(absl::Status status, absl::string_view key, absl::string_view value) {
  if (!status.ok()) status.SetPayload(absl::StrCat(kMetadataUrl, key), absl::Cord(value));
  return status;
}

void ForEachMetadata(const absl::Status& status,
                     absl::FunctionRef<void(absl::string_view, absl::string_view)> call) {
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) {
    if (absl::ConsumePrefix(&url, kMetadataUrl)) call(url, std::string(payload));
  });
}

}  // namespace sipcm::server
