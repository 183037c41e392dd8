#include "clients/cpp/client_status.h"

#include <grpcpp/support/status.h>

#include "core/base/error.h"
#include "proto/sipcm/v1/error.pb.h"

namespace sipcm::client {

absl::Status FromGrpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  v1::RpcStatus rpc;  // google.rpc.Status on the wire
  if (!rpc.ParseFromString(status.error_details())) {
    return absl::Status(code, status.error_message());
  }
  for (const google::protobuf::Any& any : rpc.details()) {
    v1::ErrorDetail detail;
    if (!any.UnpackTo(&detail)) continue;
    absl::Status result =
        MakeError(code, v1::ErrorDetail::Reason_Name(detail.reason()), status.error_message());
    return detail.field().empty() ? result : WithField(std::move(result), detail.field());
  }
  return absl::Status(code, status.error_message());
}

}  // namespace sipcm::client
