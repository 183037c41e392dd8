#ifndef SIPCM_SERVER_CONVERSION_LIMITS_CONVERSION_H_
#define SIPCM_SERVER_CONVERSION_LIMITS_CONVERSION_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "proto/sipcm/v1/limits.pb.h"
#include "proto/sipcm/v1/types.pb.h"

namespace sipcm::server {

// Ranges and defaults of limits.proto. Limits that this version does not keep stay unset, and are
// refused when given (UNIMPLEMENTED). Fields are relative to `limits`.
absl::Status NormalizeLimits(sipcm::v1::Limits* limits);

// THROTTLE_MARKS_REVERSED, FIELD_OUT_OF_RANGE; UNIMPLEMENTED for marks that are on.
absl::Status CheckMarksOff(const sipcm::v1::ThrottleMarks& marks, absl::string_view field);

// UNIMPLEMENTED (NOT_IN_THIS_VERSION) for `field`, which only takes `accepted` here.
absl::Status NotKept(absl::string_view field, absl::string_view accepted);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CONVERSION_LIMITS_CONVERSION_H_
