#ifndef SIPCM_CORE_POOL_STATISTICS_FAILURE_CAUSE_H_
#define SIPCM_CORE_POOL_STATISTICS_FAILURE_CAUSE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/connection/close_reason.h"

namespace sipcm::pool {

// Why an attempt to open a connection failed, as statistics count it.
enum class FailureCause : uint8_t {
  kResolutionFailed,
  kConnectRefused,
  kConnectTimeout,
  kUnreachable,
  kHandshakeFailed,
  kHandshakeTimeout,
  kPeerNotAccepted,
  kPeerRefusedUs,
  kConnectionLost,  // before it could be used
  kTargetsBackingOff,
  kOther,
};
inline constexpr int kFailureCauseCount = static_cast<int>(FailureCause::kOther) + 1;

// By the status' reason word (core/base/error.h).
FailureCause CauseOf(const absl::Status& failure);
// "CONNECT_REFUSED": the words of sipcm.v1.SendFailure.Cause; kOther is "INTERNAL_FAULT".
absl::string_view FailureCauseName(FailureCause cause);
// In the words of connections that end.
connection::CloseReason CloseReasonOf(FailureCause cause);

}  // namespace sipcm::pool

#endif  // SIPCM_CORE_POOL_STATISTICS_FAILURE_CAUSE_H_
