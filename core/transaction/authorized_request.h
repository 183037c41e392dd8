#ifndef SIPCM_CORE_TRANSACTION_AUTHORIZED_REQUEST_H_
#define SIPCM_CORE_TRANSACTION_AUTHORIZED_REQUEST_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/sip/message_view.h"

namespace sipcm::transaction {

// The same request with `credentials` as its rows of Authorization and Proxy-Authorization, in
// place of those it has: with another branch and CSeq number it is the one that follows a challenge
// (RFC 3261 8.1.3.5). Pure; `request` is well-formed and ours, its top Via a row of its own.
std::string MakeAuthorized(const sip::MessageView& request, absl::string_view branch,
                           uint32_t cseq_number,
                           const std::vector<std::pair<std::string, std::string>>& credentials);

}  // namespace sipcm::transaction

#endif  // SIPCM_CORE_TRANSACTION_AUTHORIZED_REQUEST_H_
