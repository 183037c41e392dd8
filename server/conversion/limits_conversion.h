#ifndef SIPCM_SERVER_CONVERSION_LIMITS_CONVERSION_H_
#define SIPCM_SERVER_CONVERSION_LIMITS_CONVERSION_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/engine/throttling/throttle.h"
#include "proto/sipcm/v1/limits.pb.h"
#include "proto/sipcm/v1/types.pb.h"

namespace sipcm::server {

// Ranges and defaults of limits.proto. Fields are relative to `limits`.
absl::Status NormalizeLimits(sipcm::v1::Limits* limits);

// FIELD_OUT_OF_RANGE, THROTTLE_MARKS_REVERSED; fills in a low mark that is not given.
absl::Status NormalizeMarks(absl::string_view field, sipcm::v1::ThrottleMarks* marks);
engine::ThrottleMarks ToMarks(const sipcm::v1::ThrottleMarks& marks);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CONVERSION_LIMITS_CONVERSION_H_
