#include "core/transaction/branch.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace sipcm::transaction {
namespace {

constexpr absl::string_view kPrefix = "z9hG4bKs";
constexpr size_t kDigits = 16;

}  // namespace

std::string BranchText(uint64_t key) {
  return absl::StrCat(kPrefix, absl::Hex(key, absl::kZeroPad16));
}

bool ParseBranch(absl::string_view branch, uint64_t* key) {
  return branch.size() == kPrefix.size() + kDigits && absl::StartsWith(branch, kPrefix) &&
         absl::SimpleHexAtoi(branch.substr(kPrefix.size()), key);
}

}  // namespace sipcm::transaction
