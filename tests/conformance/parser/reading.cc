#include "tests/conformance/parser/reading.h"

#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace sipcm {
namespace {

constexpr size_t kMostShown = 40;

std::string Shown(const Reading& reading, const std::string& field) {
  const auto found = reading.fields.find(field);
  if (found == reading.fields.end()) return "-";
  const std::string& value = found->second;
  if (value.size() <= kMostShown) return absl::CEscape(value);
  return absl::StrCat(absl::CEscape(value.substr(0, kMostShown)), "… (", value.size(), " bytes)");
}

}  // namespace

std::vector<Difference> Compare(const Reading& ours, const Reading& theirs) {
  std::vector<Difference> differences;
  if (ours.is_taken != theirs.is_taken) {
    differences.push_back(
        {"verdict", ours.is_taken ? "taken" : "refused", theirs.is_taken ? "taken" : "refused"});
  }
  if (!ours.is_taken || !theirs.is_taken) return differences;
  std::set<std::string> names;
  for (const Reading* reading : {&ours, &theirs}) {
    for (const auto& [name, value] : reading->fields) names.insert(name);
  }
  for (const std::string& name : names) {
    const auto our_value = ours.fields.find(name);
    const auto their_value = theirs.fields.find(name);
    if (our_value != ours.fields.end() && their_value != theirs.fields.end() &&
        our_value->second == their_value->second) {
      continue;
    }
    differences.push_back({name, Shown(ours, name), Shown(theirs, name)});
  }
  return differences;
}

}  // namespace sipcm
