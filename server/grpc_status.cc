#include "server/grpc_status.h"

#include <grpcpp/support/status.h>

#include <string>

#include "core/base/error.h"

namespace sipcm::server {

v1::ErrorDetail ToErrorDetail(const absl::Status& status) {
  v1::ErrorDetail detail;
  const std::string name = ReasonOf(status);
  v1::ErrorDetail::Reason reason = v1::ErrorDetail::REASON_UNSPECIFIED;
  if (v1::ErrorDetail::Reason_Parse(name, &reason)) {
    detail.set_reason(reason);
  } else if (!name.empty()) {
    (*detail.mutable_metadata())["reason"] = name;
  }
  detail.set_field(FieldOf(status));
  return detail;
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  v1::RpcStatus details;  // the wire form of google.rpc.Status
  details.set_code(static_cast<int>(status.code()));
  details.set_message(std::string(status.message()));
  details.add_details()->PackFrom(ToErrorDetail(status));
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                      std::string(status.message()), details.SerializeAsString());
}

}  // namespace sipcm::server
