#ifndef SIPCM_SERVER_VALIDATION_REFUSAL_H_
#define SIPCM_SERVER_VALIDATION_REFUSAL_H_

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace sipcm::server {

// INVALID_ARGUMENT with `reason` for `field`; the message begins with the field.
absl::Status BadField(absl::string_view reason, absl::string_view field, absl::string_view message);

// INVALID_ARGUMENT (REQUIRED_FIELD_MISSING) for `field`; `hint` says what belongs there.
absl::Status MissingField(absl::string_view field, absl::string_view hint);

// The same refusal seen from the request that holds the refused message in its field `prefix`:
// field "kind" becomes "endpoint.kind", in the message too. A status without field stays.
absl::Status Within(absl::Status status, absl::string_view prefix);

// A fact for ErrorDetail.metadata, beside those of core/base/error.h. OK passes through.
absl::Status WithMetadata(absl::Status status, absl::string_view key, absl::string_view value);
void ForEachMetadata(const absl::Status& status,
                     absl::FunctionRef<void(absl::string_view key, absl::string_view value)> call);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_VALIDATION_REFUSAL_H_
