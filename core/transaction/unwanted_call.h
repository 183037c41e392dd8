#ifndef SIPCM_CORE_TRANSACTION_UNWANTED_CALL_H_
#define SIPCM_CORE_TRANSACTION_UNWANTED_CALL_H_

#include <string>

#include "absl/strings/string_view.h"
#include "core/sip/message_view.h"

namespace sipcm::transaction {

// What ends a call that was accepted and that nobody here wants (RFC 3261 13.2.2.4): given up
// before its 2xx came, or a second one of a forked INVITE. `invite` as it was sent, `success` its
// 2xx; both requests go by the dialog that the two make (12.1.2, 12.2.1.1). `branch` is of the
// request's own Via. Pure.
std::string MakeAckOfSuccess(const sip::MessageView& invite, const sip::MessageView& success,
                             absl::string_view branch);
std::string MakeBye(const sip::MessageView& invite, const sip::MessageView& success,
                    absl::string_view branch);

}  // namespace sipcm::transaction

#endif  // SIPCM_CORE_TRANSACTION_UNWANTED_CALL_H_
