#ifndef SIPCM_SERVER_CONVERSION_STATUS_CONVERSION_H_
#define SIPCM_SERVER_CONVERSION_STATUS_CONVERSION_H_

#include "absl/status/status.h"
#include "proto/sipcm/v1/error.pb.h"

namespace sipcm::server {

// The status as it goes over the wire: code, message, and one ErrorDetail with the reason and
// field that core/base/error.h attached. RpcStatus has google.rpc.Status' wire format, so its
// serialized form is what grpc-status-details-bin carries.
//
// The message is made valid UTF-8 (foreign bytes are escaped) and cut at 2,000 bytes: it travels
// in HTTP/2 metadata. A reason that the API does not have goes
// into metadata["reason"]; there should be none (a test looks).
sipcm::v1::RpcStatus ToRpcStatus(const absl::Status& status);

// The detail alone; empty reason when the status carries none.
sipcm::v1::ErrorDetail ToErrorDetail(const absl::Status& status);

// UNIMPLEMENTED: this version does not serve `method`; `remedy` says what to do instead.
absl::Status NotInThisVersion(absl::string_view method, absl::string_view remedy);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CONVERSION_STATUS_CONVERSION_H_
