#ifndef SIPCM_CORE_ENGINE_SENDS_SEND_EVENT_H_
#define SIPCM_CORE_ENGINE_SENDS_SEND_EVENT_H_

#include <cstdint>

#include "absl/status/status.h"
#include "core/engine/connection_table.h"
#include "core/engine/message_order.h"
#include "core/sip/message_view.h"
#include "core/transaction/client_transaction.h"

namespace sipcm::engine {

// The send `cookie` was put on that connection; of an ACK nothing follows (RFC 3261 17.1). What its
// bytes say and how long it waited is for the caller to add.
SendEvent MakeSentEvent(const ConnectionSlot& slot, uint64_t cookie,
                        const transaction::ClientTransaction& transaction, bool reused);
// A response that came for the send `cookie`, copied: what it is of goes on.
SendEvent MakeResponseEvent(const ConnectionSlot& slot, uint64_t cookie,
                            const sip::MessageView& response);

// The send `cookie` ended for `why`, on that connection; null: on none, and the address that was
// tried last is the one that `why` names. How much of it was written is for the caller to add.
SendEvent MakeFailureEvent(const ConnectionSlot* slot, uint64_t cookie, absl::Status why);

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_SENDS_SEND_EVENT_H_
