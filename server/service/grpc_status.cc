#include "server/service/grpc_status.h"

#include "server/conversion/status_conversion.h"

namespace sipcm::server {

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const sipcm::v1::RpcStatus rpc = ToRpcStatus(status);
  return grpc::Status(static_cast<grpc::StatusCode>(rpc.code()), rpc.message(),
                      rpc.SerializeAsString());
}

}  // namespace sipcm::server
