#ifndef SIPCM_SERVER_SERVICE_GRPC_STATUS_H_
#define SIPCM_SERVER_SERVICE_GRPC_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace sipcm::server {

// Same code and message; reason and field go into the status details (ToRpcStatus).
grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_SERVICE_GRPC_STATUS_H_
