#ifndef SIPCM_CORE_BASE_ERROR_H_
#define SIPCM_CORE_BASE_ERROR_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace sipcm {

// Why a call was refused, in the words of sipcm.v1.ErrorDetail.Reason. The number is the same as
// in proto/sipcm/v1/error.proto (a test in server/ holds them together); core does not know proto.
// A message says what failed, on which quoted object, why, and the remedy.

// Builds a status of `code` whose payload carries `reason`, e.g. "ADDRESS_IN_USE".
// `reason` must be an upper-case identifier: it is part of the API.
absl::Status MakeError(absl::StatusCode code, absl::string_view reason, absl::string_view message);

// INVALID_ARGUMENT for `field`, a dotted path in the request ("listen_addresses[1].port").
absl::Status InvalidArgument(absl::string_view reason, absl::string_view field,
                             absl::string_view message);
// The same with INVALID_FIELD.
absl::Status InvalidField(absl::string_view field, absl::string_view message);

// Same status with its field set (or prefixed: "a" + "b" = "a.b"). OK passes through.
absl::Status WithField(absl::Status status, absl::string_view field);
absl::Status WithFieldPrefix(absl::Status status, absl::string_view prefix);

// Same status with the address that it is about ("192.0.2.1:5060", of the last connect). OK passes
// through.
absl::Status WithTarget(absl::Status status, absl::string_view address);

// Empty when the status carries none.
std::string ReasonOf(const absl::Status& status);
std::string FieldOf(const absl::Status& status);
std::string TargetOf(const absl::Status& status);

}  // namespace sipcm

#endif  // SIPCM_CORE_BASE_ERROR_H_
