#include "core/dialog/dialog_id.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sipcm::dialog {
namespace {

constexpr absl::string_view kPrefix = "sd";

}  // namespace

std::string TagText(DialogId id) { return absl::StrCat(kPrefix, id.ToString()); }

bool ParseTag(absl::string_view tag, DialogId* id) {
  return absl::StartsWith(tag, kPrefix) && DialogId::Parse(tag.substr(kPrefix.size()), id);
}

}  // namespace sipcm::dialog
