#ifndef SIPCM_CLIENTS_CLI_FAILURE_H_
#define SIPCM_CLIENTS_CLI_FAILURE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace grpc {
class Status;
}  // namespace grpc

namespace sipcm::v1 {
class ErrorDetail;
}  // namespace sipcm::v1

namespace sipcm::cli {

// "NOT_FOUND: no such endpoint [reason=RESOURCE_NOT_FOUND, field=name]", one line. Without an
// ErrorDetail in the status an UNAVAILABLE is the way to the server: it is named, with the remedy.
std::string FailureText(const grpc::Status& status, absl::string_view server);

// " [reason=…, field=…]"; empty without a reason.
std::string DetailText(const v1::ErrorDetail& detail);

// "UNAVAILABLE" for 14; the number when it is none of google.rpc.Code.
std::string CodeName(int code);

}  // namespace sipcm::cli

#endif  // SIPCM_CLIENTS_CLI_FAILURE_H_
