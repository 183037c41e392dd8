#ifndef SIPCM_SERVER_CONVERSION_MANAGERS_MANAGER_DEFAULTS_H_
#define SIPCM_SERVER_CONVERSION_MANAGERS_MANAGER_DEFAULTS_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "proto/sipcm/v1/connection_manager.pb.h"

namespace sipcm::server {

// Checks every field of a manager by itself and against the others, and gives unset fields their
// defaults, so that what is stored says what is in force. References to other resources are
// checked for form only. Allowed domains that the server made (origin AUTO) are dropped, and those
// that have expired at `now` unless none would be left; of two entries of one pattern one may have.
//
// `*manager` has no output-only fields. INVALID_ARGUMENT names the field, relative to the manager.
absl::Status NormalizeManager(absl::Time now, sipcm::v1::ConnectionManager* manager);

// A pattern in its normal form, its trust bundle's name checked. INVALID_ARGUMENT
// (REQUIRED_FIELD_MISSING, INVALID_DOMAIN_PATTERN), field "pattern".
absl::Status NormalizeAllowedDomain(sipcm::v1::AllowedDomain* domain);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CONVERSION_MANAGERS_MANAGER_DEFAULTS_H_
