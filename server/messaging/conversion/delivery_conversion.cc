#include "server/messaging/conversion/delivery_conversion.h"

#include <string>

#include "absl/time/time.h"
#include "core/sip/method.h"
#include "server/conversion/peer_conversion.h"
#include "server/messaging/conversion/resource_text.h"
#include "server/messaging/conversion/sip_conversion.h"

namespace sipcm::server {
namespace {

// What a delivery takes besides the message: ids, names, peer, times.
constexpr size_t kEnvelopeBytes = 160;

v1::DispatchReason ToReason(dispatch::DispatchReason reason) {
  switch (reason) {
    case dispatch::DispatchReason::kTransaction:
      return v1::IN_TRANSACTION;
    case dispatch::DispatchReason::kDialog:
      return v1::IN_DIALOG;
    case dispatch::DispatchReason::kGruu:
      return v1::GRUU;
    case dispatch::DispatchReason::kUniqueContext:
      return v1::UNIQUE_CONTEXT;
    case dispatch::DispatchReason::kRequestUri:
      return v1::REQUEST_URI_ADDRESS;
    case dispatch::DispatchReason::kToAddress:
      return v1::TO_ADDRESS;
    case dispatch::DispatchReason::kStrict:
      return v1::ONLY_ENDPOINT;
    case dispatch::DispatchReason::kDefaultEndpoint:
      return v1::DEFAULT_ENDPOINT;
    case dispatch::DispatchReason::kAutomaticAnswer:
      return v1::AUTOMATIC_ANSWER;
  }
  return v1::DISPATCH_REASON_UNSPECIFIED;
}

v1::RequestDelivery::AttemptReason ToReason(dispatch::AttemptReason reason) {
  switch (reason) {
    case dispatch::AttemptReason::kFirstAttempt:
      return v1::RequestDelivery::FIRST_ATTEMPT;
    case dispatch::AttemptReason::kSubscriptionLost:
      return v1::RequestDelivery::SUBSCRIPTION_LOST;
    case dispatch::AttemptReason::kDialogOwnerLost:
      return v1::RequestDelivery::DIALOG_OWNER_LOST;
    case dispatch::AttemptReason::kResumed:
      return v1::RequestDelivery::RESUMED;
  }
  return v1::RequestDelivery::ATTEMPT_REASON_UNSPECIFIED;
}

void FillEndpoint(const dispatch::Delivery& delivery, std::string* name) {
  if (delivery.endpoint != nullptr) AssignEndpointName(delivery.endpoint->id, name);
}

void FillRequest(const dispatch::Delivery& delivery, const DeliveryFormat& format,
                 v1::RequestDelivery* out) {
  const dispatch::RequestRecord& record = *delivery.request;
  AssignRequestId(delivery.request_id, out->mutable_request_id());
  FillEndpoint(delivery, out->mutable_endpoint());
  FillSipRequest(record.view, format.view, out->mutable_request());
  AssignConnectionName(record.manager_id, record.connection, out->mutable_connection());
  if (format.peer_detail == PeerDetail::kFull) {
    *out->mutable_peer() = ToProto(record.peer_address, record.peer.get());
  }
  out->set_reason(ToReason(delivery.reason));
  out->set_attempt(delivery.attempt);
  out->set_attempt_reason(ToReason(delivery.attempt_reason));
  if (delivery.dialog.is_valid()) out->set_dialog(delivery.dialog.ToString());
  if (record.view.method_id() != sip::Method::kAck) {
    const timespec expire = absl::ToTimespec(delivery.expire_time);
    out->mutable_expire_time()->set_seconds(expire.tv_sec);
    out->mutable_expire_time()->set_nanos(static_cast<int32_t>(expire.tv_nsec));
  }
}

}  // namespace

void FillDelivery(const dispatch::Delivery& delivery, const DeliveryFormat& format,
                  v1::Delivery* out) {
  out->set_subscription_id(format.subscription_id);
  switch (delivery.kind) {
    case dispatch::Delivery::Kind::kRequest:
      FillRequest(delivery, format, out->mutable_request());
      return;
    case dispatch::Delivery::Kind::kCancelled:
      AssignRequestId(delivery.request_id, out->mutable_cancelled()->mutable_request_id());
      FillEndpoint(delivery, out->mutable_cancelled()->mutable_endpoint());
      return;
    case dispatch::Delivery::Kind::kExpired:
      AssignRequestId(delivery.request_id, out->mutable_expired()->mutable_request_id());
      FillEndpoint(delivery, out->mutable_expired()->mutable_endpoint());
      out->mutable_expired()->set_status_code(delivery.status_code);
      return;
    case dispatch::Delivery::Kind::kGap:
      out->mutable_gap()->set_lost_count(delivery.lost_count);
      return;
    case dispatch::Delivery::Kind::kAckMissing:
      AssignRequestId(delivery.request_id, out->mutable_ack_missing()->mutable_request_id());
      FillEndpoint(delivery, out->mutable_ack_missing()->mutable_endpoint());
      return;
  }
}

size_t EstimateSize(const dispatch::Delivery& delivery, const DeliveryFormat& format) {
  if (delivery.kind != dispatch::Delivery::Kind::kRequest) return kEnvelopeBytes;
  const size_t size = delivery.request->bytes.size();
  // PARSED: each header is a message of its own with two tagged strings.
  const size_t headers =
      format.view == View::kParsed ? delivery.request->view.headers().size() * 6 : 0;
  return kEnvelopeBytes + size + headers;
}

}  // namespace sipcm::server
