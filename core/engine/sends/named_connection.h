#ifndef SIPCM_CORE_ENGINE_SENDS_NAMED_CONNECTION_H_
#define SIPCM_CORE_ENGINE_SENDS_NAMED_CONNECTION_H_

#include "absl/status/statusor.h"
#include "core/engine/connection_table.h"
#include "core/engine/message_order.h"
#include "core/sip/method.h"

namespace sipcm::engine {

// The connection that `order` names, if a request of that manager may go over it now: NOT_FOUND,
// FAILED_PRECONDITION (CONNECTION_OF_ANOTHER_MANAGER), RESOURCE_EXHAUSTED (CONNECTION_THROTTLED;
// ACK and BYE pass, as they end something). Never null.
absl::StatusOr<ConnectionSlot*> FindNamed(const SendOrder& order, sip::Method method,
                                          const LocalManager* manager,
                                          const ConnectionTable& connections);

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_SENDS_NAMED_CONNECTION_H_
