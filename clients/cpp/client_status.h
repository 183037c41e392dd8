#ifndef SIPCM_CLIENTS_CPP_CLIENT_STATUS_H_
#define SIPCM_CLIENTS_CPP_CLIENT_STATUS_H_

#include "absl/status/status.h"

namespace grpc {
class Status;
}

namespace sipcm::client {

// A call's status with what its details say: sipcm::ReasonOf() gives ErrorDetail.reason by name
// ("ADDRESS_IN_USE"), sipcm::FieldOf() the field.
absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace sipcm::client

#endif  // SIPCM_CLIENTS_CPP_CLIENT_STATUS_H_
