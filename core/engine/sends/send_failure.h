#ifndef SIPCM_CORE_ENGINE_SENDS_SEND_FAILURE_H_
#define SIPCM_CORE_ENGINE_SENDS_SEND_FAILURE_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/engine/message_order.h"
#include "core/net/address.h"

namespace sipcm::engine {

// Why a send ended without a final answer, in words. `method` is the request's, which `order` has
// not when it is raw. Pure.

// CANCELLED (REQUEST_CANCELLED): its application gave it up.
absl::Status SendCancelled();
// UNAVAILABLE (DRAINING).
absl::Status SendWhileDraining();
enum class SentSoFar : uint8_t { kNothing, kRequest };
// DEADLINE_EXCEEDED (REQUEST_TIMEOUT).
absl::Status NoFinalAnswer(absl::string_view method, const SendOrder& order, SentSoFar sent);
// UNAVAILABLE (CONNECTION_CLOSED): the connection to `remote` ended, for `why`. RESOURCE_EXHAUSTED
// (WRITE_QUEUE_FULL) when it ended because the peer does not read.
absl::Status ConnectionLost(absl::string_view method, const SendOrder& order,
                            const net::SocketAddress& remote, const absl::Status& why,
                            SendEvent::Written written);

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_SENDS_SEND_FAILURE_H_
