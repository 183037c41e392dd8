#include "core/transaction/branch.h"

#include <algorithm>

#include "absl/strings/ascii.h"
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
  if (branch.size() != kPrefix.size() + kDigits || !absl::StartsWith(branch, kPrefix)) return false;
  const absl::string_view digits = branch.substr(kPrefix.size());
  // Digits only: SimpleHexAtoi would also take "0x" and spaces.
  return std::all_of(digits.begin(), digits.end(),
                     [](unsigned char c) { return absl::ascii_isxdigit(c); }) &&
         absl::SimpleHexAtoi(digits, key);
}

}  // namespace sipcm::transaction
