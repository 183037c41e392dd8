#ifndef SIPCM_SERVER_GRPC_STATUS_H_
#define SIPCM_SERVER_GRPC_STATUS_H_

#include "absl/status/status.h"
#include "proto/sipcm/v1/error.pb.h"

namespace grpc {
class Status;
}

namespace sipcm::server {

// Reason, field of `status` (core/base/error.h) in the words of the API. A reason that the API
// does not know is kept as metadata "reason".
v1::ErrorDetail ToErrorDetail(const absl::Status& status);

// Code, message and, as status details, one ErrorDetail.
grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_GRPC_STATUS_H_
