#include "clients/cli/failure.h"

#include <grpcpp/support/status.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "clients/cli/table.h"
#include "proto/sipcm/v1/error.pb.h"

namespace sipcm::cli {
namespace {

// False when the status carries none.
bool Detail(const grpc::Status& status, v1::ErrorDetail& detail) {
  v1::RpcStatus rpc_status;
  if (!rpc_status.ParseFromString(status.error_details())) return false;
  for (const google::protobuf::Any& any : rpc_status.details()) {
    if (any.UnpackTo(&detail)) return true;
  }
  return false;
}

}  // namespace

std::string CodeName(int code) {
  const std::string name = absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
  return name.empty() ? absl::StrCat(code) : name;
}

std::string DetailText(const v1::ErrorDetail& detail) {
  if (detail.reason() == v1::ErrorDetail::REASON_UNSPECIFIED) return "";
  const std::string& name = v1::ErrorDetail::Reason_Name(detail.reason());
  return absl::StrCat(" [reason=", name.empty() ? absl::StrCat(detail.reason()) : name,
                      detail.field().empty() ? "" : ", field=", detail.field(), "]");
}

std::string FailureText(const grpc::Status& status, absl::string_view server) {
  std::string text = absl::StrCat(CodeName(status.error_code()), ": ");
  v1::ErrorDetail detail;
  if (Detail(status, detail)) {
    absl::StrAppend(&text, status.error_message(), DetailText(detail));
  } else if (status.error_code() == grpc::StatusCode::UNAVAILABLE) {
    absl::StrAppend(&text, "cannot reach the server at \"", server, "\" (", status.error_message(),
                    "); is it running? --server or SIPCM_SERVER says where");
  } else {
    absl::StrAppend(&text, status.error_message());
  }
  return Printable(absl::StrReplaceAll(text, {{"\r", " "}, {"\n", " "}}));
}

}  // namespace sipcm::cli
