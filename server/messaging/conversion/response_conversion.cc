#include "server/messaging/conversion/response_conversion.h"

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/conversion/status_conversion.h"
#include "server/messaging/conversion/resource_text.h"
#include "server/messaging/conversion/sip_conversion.h"
#include "server/validation/refusal.h"

namespace sipcm::server {

absl::Status TakeResponse(v1::RespondRequest* request, engine::ResponseOrder* order) {
  if (request->request_id().empty()) {
    return MissingField("request_id", "give the request_id of the delivery");
  }
  if (!request->has_response()) {
    return MissingField("response", "give at least response.status_code");
  }
  if (!dispatch::RequestId::Parse(request->request_id(), &order->request_id)) {
    return WithField(
        MakeError(absl::StatusCode::kNotFound, "REQUEST_NOT_FOUND",
                  absl::StrCat("request \"", absl::Utf8SafeCEscape(request->request_id()),
                               "\" is not one that this server delivered; give the request_id "
                               "exactly as in the delivery")),
        "request_id");
  }
  v1::SipResponse* response = request->mutable_response();
  if (response->raw().empty() && response->status_code() == 0) {
    return MissingField("response.status_code", "give the status, 100 to 699, or response.raw");
  }
  SIPCM_RETURN_IF_ERROR(WithFieldPrefix(TakeParts(response, &order->message), "response"));
  order->status_code = response->status_code();
  order->reason_phrase = std::move(*response->mutable_reason_phrase());
  return absl::OkStatus();
}

absl::Status RespondStatus(const engine::ResponseResult& result) {
  return WithMessagePath(result.status, "response");
}

v1::RespondResponse ToRespondResponse(const engine::ResponseResult& result) {
  v1::RespondResponse response;
  switch (result.route) {
    case engine::ResponseRoute::kSameConnection:
      response.set_path(v1::RespondResponse::SAME_CONNECTION);
      break;
    case engine::ResponseRoute::kOtherConnection:
      response.set_path(v1::RespondResponse::OTHER_CONNECTION);
      break;
    case engine::ResponseRoute::kOpenedConnection:
      response.set_path(v1::RespondResponse::OPENED_CONNECTION);
      break;
    case engine::ResponseRoute::kNone:
      break;
  }
  AssignConnectionName(result.manager_id, result.connection, response.mutable_connection());
  if (result.dialog.is_valid()) response.set_dialog(result.dialog.ToString());
  return response;
}

v1::RespondResult ToRespondResult(const engine::ResponseResult& result) {
  const std::string request_id = result.request_id.ToString();
  if (!result.status.ok()) return RefusedAnswer(request_id, RespondStatus(result));
  v1::RespondResult out;
  out.set_request_id(request_id);
  *out.mutable_response() = ToRespondResponse(result);
  return out;
}

v1::RespondResult RefusedAnswer(const std::string& request_id, const absl::Status& why) {
  v1::RespondResult out;
  out.set_request_id(request_id);
  const v1::RpcStatus rpc = ToRpcStatus(why);
  out.set_code(rpc.code());
  out.set_message(rpc.message());
  *out.mutable_error() = ToErrorDetail(why);
  return out;
}

}  // namespace sipcm::server
