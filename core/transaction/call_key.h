#ifndef SIPCM_CORE_TRANSACTION_CALL_KEY_H_
#define SIPCM_CORE_TRANSACTION_CALL_KEY_H_

#include <string>

#include "core/sip/message_view.h"

namespace sipcm::transaction {

// What a 2xx to an INVITE and its ACK have in common, wherever they pass (RFC 3261 13.2.2.4):
// Call-ID, number of CSeq, both tags. Pure.
std::string CallKeyOf(const sip::MessageView& message);

}  // namespace sipcm::transaction

#endif  // SIPCM_CORE_TRANSACTION_CALL_KEY_H_
