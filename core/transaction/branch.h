#ifndef SIPCM_CORE_TRANSACTION_BRANCH_H_
#define SIPCM_CORE_TRANSACTION_BRANCH_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace sipcm::transaction {

// Our own Via branches (RFC 3261 8.1.1.7): the magic cookie and 16 hexadecimal digits of a random
// number, so that a response finds its transaction by a number and not by a text.
std::string BranchText(uint64_t key);
// False when `branch` is none of ours.
bool ParseBranch(absl::string_view branch, uint64_t* key);

}  // namespace sipcm::transaction

#endif  // SIPCM_CORE_TRANSACTION_BRANCH_H_
