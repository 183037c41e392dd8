#include "server/store/resource_name.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/validation/refusal.h"

namespace sipcm::server {
namespace {

std::string Quoted(absl::string_view text) {
  constexpr size_t kShown = 100;
  return absl::StrCat("\"", absl::Utf8SafeCEscape(text.substr(0, kShown)),
                      text.size() > kShown ? "..." : "", "\"");
}

bool IsPlainId(absl::string_view id) {
  if (id.empty() || id.size() > kMaxIdLength) return false;
  if (!absl::ascii_isalnum(id.front())) return false;
  for (const char c : id) {
    if (!absl::ascii_isalnum(c) && c != '-' && c != '_' && c != '.') return false;
  }
  return true;
}

absl::Status NotAName(absl::string_view name, absl::string_view form, absl::string_view field) {
  if (name.empty()) return MissingField(field, absl::StrCat("give a name like \"", form, "\""));
  return BadField("INVALID_NAME", field,
                  absl::StrCat(Quoted(name), " is not a name of the form \"", form, "\""));
}

}  // namespace

std::string ResourceName(absl::string_view collection, absl::string_view id) {
  return absl::StrCat(collection, "/", id);
}

absl::StatusOr<std::string> ParseName(absl::string_view name, absl::string_view collection,
                                      absl::string_view field) {
  absl::string_view id = name;
  if (!absl::ConsumePrefix(&id, absl::StrCat(collection, "/")) || !IsPlainId(id)) {
    return NotAName(name, ResourceName(collection, "{id}"), field);
  }
  return std::string(id);
}

absl::StatusOr<ChildName> ParseChildName(absl::string_view name, absl::string_view collection,
                                         absl::string_view field) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, absl::MaxSplits('/', 3));
  if (parts.size() != 4 || parts[0] != kConnectionManagers || !IsPlainId(parts[1]) ||
      parts[2] != collection || parts[3].empty()) {
    return NotAName(name, absl::StrCat(kConnectionManagers, "/{id}/", collection, "/{id}"), field);
  }
  return ChildName{std::string(parts[1]), std::string(parts[3])};
}

absl::StatusOr<std::string> ParseParent(absl::string_view parent, absl::string_view field) {
  if (parent == "connectionManagers/-") return std::string();
  return ParseName(parent, kConnectionManagers, field);
}

absl::Status CheckNewId(absl::string_view id, absl::string_view field) {
  if (IsPlainId(id)) return absl::OkStatus();
  if (id.empty()) return MissingField(field, "choose an id like \"edge-1\"");
  return BadField("INVALID_NAME", field,
                  absl::StrCat(Quoted(id),
                               " is not an id: 1 to 63 of a-z, A-Z, 0-9, \"-\", \"_\", \".\", "
                               "beginning with a letter or digit"));
}

}  // namespace sipcm::server
