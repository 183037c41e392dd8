#ifndef SIPCM_CORE_TLS_TLS_FAULT_H_
#define SIPCM_CORE_TLS_TLS_FAULT_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace sipcm::tls {

// Turns OpenSSL's error queue into a status. Each empties the queue.

// What a failed handshake step left behind. `peer` names the other side in messages
// ("127.0.0.1:5061 or "edge.example.net" (192.0.2.7:5061)"); `first_bytes` is how its input began.
struct HandshakeFault {
  // The peer presented no certificate although one is required: a matter of the verdict.
  bool certificate_missing = false;
  // A message of the peer is larger than we take.
  bool message_too_large = false;
  // Otherwise: NOT_TLS, PEER_REFUSED_US or HANDSHAKE_FAILED, UNAVAILABLE.
  absl::Status status;
};
HandshakeFault TakeHandshakeFault(absl::string_view peer, absl::string_view first_bytes);

// What a failed read or write of an established stream left behind: PEER_REFUSED_US (a TLS 1.3
// server judges our certificate after our handshake is done), PEER_ALERT, TLS_PROTOCOL_ERROR.
absl::Status TakeStreamFault(absl::string_view peer);

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_TLS_FAULT_H_
