#ifndef SIPCM_CORE_CONNECTION_CLOSE_REASON_H_
#define SIPCM_CORE_CONNECTION_CLOSE_REASON_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace sipcm::connection {

// Why a connection ended: each closing has exactly one (semantics.md 5), the same word in the
// event, the metric's label and the log. In step with sipcm.v1.Connection.CloseReason.
enum class CloseReason : uint8_t {
  kIdle,                   // no complete SIP message for the idle limit
  kFirstMessageTimeout,    // incoming, and no valid SIP message came in time
  kPartialMessageTimeout,  // a message was begun and not finished in time
  kWriteStalled,           // the peer did not read for the write-stall limit
  kPongTimeout,            // no answer to a keep-alive ping (RFC 5626 3.5.1)
  kPeerClosed,             // the peer ended the stream in order, between messages
  kTruncated,              // it ended inside a message, or TLS without close_notify
  kReset,                  // reset by the peer
  kIoFailed,               // another socket fault
  kResolutionFailed,       // outgoing: the host has no address
  kConnectFailed,          // outgoing: refused, unreachable
  kConnectTimeout,         // outgoing: no TCP connection in time
  kHandshakeFailed,        // TLS: no common version, bad record, alert by the peer
  kHandshakeTimeout,       // TLS: not finished in time
  kNotAllowed,             // TLS: our verdict on the peer's certificate (chain, EKU, domain, name)
  kProtocolError,          // not SIP, or framing was lost
  kLimit,                  // one of our limits (write queue, header or body size, ...)
  kDrained,                // its pool or manager drained
  kSurplus,                // its pool's maximum was lowered
  kAdmin,                  // CloseConnection
  kCertificateRotated,     // it used an old version of a certificate
  kDomainRemoved,          // the allowed domain that let it in was removed
  kManagerDeleted,         // its connection manager was deleted by force
  kEndpointDeleted,        // the endpoint it was dedicated to was deleted
  kShutdown,               // the server ends
};
inline constexpr int kCloseReasonCount = static_cast<int>(CloseReason::kShutdown) + 1;

// "idle", "first_message_timeout", ...: the metric's label.
absl::string_view CloseReasonName(CloseReason reason);

}  // namespace sipcm::connection

#endif  // SIPCM_CORE_CONNECTION_CLOSE_REASON_H_
