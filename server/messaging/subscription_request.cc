#include "server/messaging/subscription_request.h"

#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/sip/characters.h"
#include "server/conversion/status_conversion.h"
#include "server/messaging/conversion/resource_text.h"
#include "server/store/resource_name.h"
#include "server/validation/field_checks.h"
#include "server/validation/refusal.h"

namespace sipcm::server {
namespace {

absl::Status ReadSource(const v1::SubscribeRequest& request, engine::SubscriptionOptions* options) {
  switch (request.source_case()) {
    case v1::SubscribeRequest::kEndpoint: {
      SIPCM_ASSIGN_OR_RETURN(options->endpoint_id,
                             ParseName(request.endpoint(), kEndpoints, "endpoint"));
      return absl::OkStatus();
    }
    case v1::SubscribeRequest::kConnectionManager: {
      SIPCM_ASSIGN_OR_RETURN(
          options->manager_id,
          ParseName(request.connection_manager(), kConnectionManagers, "connection_manager"));
      return absl::OkStatus();
    }
    case v1::SubscribeRequest::SOURCE_NOT_SET:
      break;
  }
  return MissingField("endpoint", "give endpoint or connection_manager: whose requests");
}

absl::Status ReadMethods(const v1::SubscribeRequest& request,
                         engine::SubscriptionOptions* options) {
  SIPCM_RETURN_IF_ERROR(CheckRange(request.methods_size(), 0, kMaxMethodCount, "methods"));
  for (int i = 0; i < request.methods_size(); ++i) {
    const std::string& method = request.methods(i);
    if (!sip::IsToken(method)) {
      return BadField("INVALID_FIELD", absl::StrCat("methods[", i, "]"),
                      absl::StrCat("\"", absl::Utf8SafeCEscape(method),
                                   "\" is not a SIP method, like \"MESSAGE\""));
    }
    options->methods.push_back(method);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SubscriptionRequest> SubscriptionRequest::From(const v1::SubscribeRequest& request,
                                                              ZeroCredit zero_credit) {
  SubscriptionRequest result;
  SIPCM_RETURN_IF_ERROR(ReadSource(request, &result.options));
  SIPCM_RETURN_IF_ERROR(ReadMethods(request, &result.options));
  SIPCM_RETURN_IF_ERROR(CheckEnum(request.view(), v1::View_descriptor(), "view"));
  SIPCM_RETURN_IF_ERROR(CheckEnum(request.peer_detail(),
                                  v1::SubscribeRequest::PeerDetail_descriptor(), "peer_detail"));
  result.options.resume_token = request.resume_token();
  result.options.resume_timeout = kDefaultResumeTimeout;
  if (request.has_resume_timeout()) {
    SIPCM_ASSIGN_OR_RETURN(
        result.options.resume_timeout,
        CheckDuration(request.resume_timeout(), absl::ZeroDuration(), kMaxResumeTimeout,
                      ZeroMeaning::kNoException, "resume_timeout"));
  }
  result.options.max_outstanding_count = kDefaultMaxOutstandingCount;
  if (request.has_max_outstanding_count()) {
    const int least = zero_credit == ZeroCredit::kPaused ? 0 : 1;
    SIPCM_RETURN_IF_ERROR(CheckRange(request.max_outstanding_count(), least, kMaxOutstandingCount,
                                     "max_outstanding_count"));
    result.options.max_outstanding_count = request.max_outstanding_count();
  }
  result.format.view = request.view() == v1::RAW ? View::kRaw : View::kParsed;
  result.format.peer_detail =
      request.peer_detail() == v1::SubscribeRequest::NONE ? PeerDetail::kNone : PeerDetail::kFull;
  return result;
}

v1::Delivery SubscriptionRequest::Started(const EndpointLookup& lookup,
                                          const engine::Resumption& resumption) const {
  v1::Delivery delivery;
  delivery.set_subscription_id(format.subscription_id);
  v1::SubscriptionStarted* started = delivery.mutable_started();
  started->set_max_outstanding_count(options.max_outstanding_count);
  started->set_resume_token(resumption.token);
  started->set_resumed(resumption.resumed);
  started->set_outstanding_count(static_cast<int>(resumption.outstanding_count));
  std::string manager_id = options.manager_id;
  if (!options.endpoint_id.empty()) {
    AssignEndpointName(options.endpoint_id, started->mutable_endpoint());
    const absl::optional<EndpointFacts> facts = lookup(options.endpoint_id);
    if (facts.has_value()) manager_id = facts->manager_id;
  }
  if (!manager_id.empty()) AssignManagerName(manager_id, started->mutable_connection_manager());
  return delivery;
}

v1::SubscriptionEnded ToSubscriptionEnded(int32_t subscription_id, const absl::Status& why) {
  v1::SubscriptionEnded ended;
  ended.set_subscription_id(subscription_id);
  if (why.ok()) return ended;
  const v1::RpcStatus rpc = ToRpcStatus(why);
  ended.set_code(rpc.code());
  ended.set_message(rpc.message());
  *ended.mutable_error() = ToErrorDetail(why);
  return ended;
}

}  // namespace sipcm::server
