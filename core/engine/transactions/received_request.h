#ifndef SIPCM_CORE_ENGINE_TRANSACTIONS_RECEIVED_REQUEST_H_
#define SIPCM_CORE_ENGINE_TRANSACTIONS_RECEIVED_REQUEST_H_

#include <memory>

#include "core/dispatch/delivery.h"
#include "core/engine/connection_table.h"
#include "core/sip/message_view.h"

namespace sipcm::engine {

// A copy of a request that came by that connection, to be kept until it is answered.
std::shared_ptr<const dispatch::RequestRecord> MakeRecord(const ConnectionSlot& slot,
                                                          const sip::MessageView& request);

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_TRANSACTIONS_RECEIVED_REQUEST_H_
