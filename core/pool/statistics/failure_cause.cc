#include "core/pool/statistics/failure_cause.h"

#include <string>

#include "absl/strings/match.h"
#include "core/base/error.h"

namespace sipcm::pool {
namespace {

struct Word {
  absl::string_view reason;
  FailureCause cause;
};
constexpr Word kWords[] = {
    {"CONNECT_REFUSED", FailureCause::kConnectRefused},
    {"CONNECT_TIMEOUT", FailureCause::kConnectTimeout},
    {"CONNECT_UNREACHABLE", FailureCause::kUnreachable},
    {"CONNECT_FAILED", FailureCause::kUnreachable},
    {"HANDSHAKE_FAILED", FailureCause::kHandshakeFailed},
    {"NOT_TLS", FailureCause::kHandshakeFailed},
    {"TLS_PROTOCOL_ERROR", FailureCause::kHandshakeFailed},
    {"HANDSHAKE_TIMEOUT", FailureCause::kHandshakeTimeout},
    {"PEER_ALERT", FailureCause::kPeerRefusedUs},
    {"CONNECTION_CLOSED", FailureCause::kConnectionLost},
    {"RESET", FailureCause::kConnectionLost},
    {"TRUNCATED", FailureCause::kConnectionLost},
    {"TARGET_BACKING_OFF", FailureCause::kTargetsBackingOff},
};

}  // namespace

FailureCause CauseOf(const absl::Status& failure) {
  const std::string reason = ReasonOf(failure);
  for (const Word& word : kWords) {
    if (reason == word.reason) return word.cause;
  }
  if (absl::StartsWith(reason, "DNS_")) return FailureCause::kResolutionFailed;
  // Our verdicts on the peer's certificate: PEER_NOT_TRUSTED, PEER_NAME_MISMATCH, ...
  if (absl::StartsWith(reason, "PEER_")) return FailureCause::kPeerNotAccepted;
  return FailureCause::kOther;
}

absl::string_view FailureCauseName(FailureCause cause) {
  switch (cause) {
    case FailureCause::kResolutionFailed:
      return "RESOLUTION_FAILED";
    case FailureCause::kConnectRefused:
      return "CONNECT_REFUSED";
    case FailureCause::kConnectTimeout:
      return "CONNECT_TIMEOUT";
    case FailureCause::kUnreachable:
      return "UNREACHABLE";
    case FailureCause::kHandshakeFailed:
      return "HANDSHAKE_FAILED";
    case FailureCause::kHandshakeTimeout:
      return "HANDSHAKE_TIMEOUT";
    case FailureCause::kPeerNotAccepted:
      return "PEER_NOT_ACCEPTED";
    case FailureCause::kPeerRefusedUs:
      return "PEER_REFUSED_US";
    case FailureCause::kConnectionLost:
      return "CONNECTION_LOST";
    case FailureCause::kTargetsBackingOff:
      return "TARGETS_BACKING_OFF";
    case FailureCause::kOther:
      return "INTERNAL_FAULT";
  }
  return "INTERNAL_FAULT";
}

connection::CloseReason CloseReasonOf(FailureCause cause) {
  using connection::CloseReason;
  switch (cause) {
    case FailureCause::kResolutionFailed:
      return CloseReason::kResolutionFailed;
    case FailureCause::kConnectRefused:
    case FailureCause::kUnreachable:
    case FailureCause::kTargetsBackingOff:
      return CloseReason::kConnectFailed;
    case FailureCause::kConnectTimeout:
      return CloseReason::kConnectTimeout;
    case FailureCause::kHandshakeFailed:
    case FailureCause::kPeerRefusedUs:
      return CloseReason::kHandshakeFailed;
    case FailureCause::kHandshakeTimeout:
      return CloseReason::kHandshakeTimeout;
    case FailureCause::kPeerNotAccepted:
      return CloseReason::kNotAllowed;
    case FailureCause::kConnectionLost:
      return CloseReason::kReset;
    case FailureCause::kOther:
      return CloseReason::kIoFailed;
  }
  return CloseReason::kIoFailed;
}

}  // namespace sipcm::pool
