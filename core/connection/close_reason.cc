#include "core/connection/close_reason.h"

namespace sipcm::connection {

absl::string_view CloseReasonName(CloseReason reason) {
  // No default: the compiler names the reason that has no word.
  switch (reason) {
    case CloseReason::kIdle:
      return "idle";
    case CloseReason::kFirstMessageTimeout:
      return "first_message_timeout";
    case CloseReason::kPartialMessageTimeout:
      return "partial_message_timeout";
    case CloseReason::kWriteStalled:
      return "write_stalled";
    case CloseReason::kPongTimeout:
      return "pong_timeout";
    case CloseReason::kPeerClosed:
      return "peer_closed";
    case CloseReason::kTruncated:
      return "truncated";
    case CloseReason::kReset:
      return "reset";
    case CloseReason::kIoFailed:
      return "io_failed";
    case CloseReason::kResolutionFailed:
      return "resolution_failed";
    case CloseReason::kConnectFailed:
      return "connect_failed";
    case CloseReason::kConnectTimeout:
      return "connect_timeout";
    case CloseReason::kHandshakeFailed:
      return "handshake_failed";
    case CloseReason::kHandshakeTimeout:
      return "handshake_timeout";
    case CloseReason::kNotAllowed:
      return "not_allowed";
    case CloseReason::kProtocolError:
      return "protocol_error";
    case CloseReason::kLimit:
      return "limit";
    case CloseReason::kDrained:
      return "drained";
    case CloseReason::kSurplus:
      return "surplus";
    case CloseReason::kAdmin:
      return "admin";
    case CloseReason::kCertificateRotated:
      return "certificate_rotated";
    case CloseReason::kDomainRemoved:
      return "domain_removed";
    case CloseReason::kManagerDeleted:
      return "manager_deleted";
    case CloseReason::kEndpointDeleted:
      return "endpoint_deleted";
    case CloseReason::kShutdown:
      return "shutdown";
  }
  return "unknown";
}

}  // namespace sipcm::connection
