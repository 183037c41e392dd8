#include "server/messaging/conversion/send_conversion.h"

#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/conversion/address_conversion.h"
#include "server/conversion/status_conversion.h"
#include "server/messaging/conversion/resource_text.h"
#include "server/messaging/conversion/sip_conversion.h"
#include "server/store/resource_name.h"
#include "server/validation/field_checks.h"
#include "server/validation/refusal.h"

namespace sipcm::server {
namespace {

using v1::SendFailure;

constexpr absl::Duration kMinTimeout = absl::Milliseconds(100);
constexpr absl::Duration kMaxTimeout = absl::Hours(1);

// Of a destination that names none; else nobody is asked.
connection::Transport DefaultTransport(const v1::SendRequest& request, const EndpointLookup& lookup,
                                       const std::string& endpoint_id) {
  if (request.destination().transport() == v1::TRANSPORT_UNSPECIFIED) {
    const absl::optional<EndpointFacts> facts = lookup(endpoint_id);
    if (facts.has_value()) return facts->default_transport;
  }
  return connection::Transport::kTcp;
}

absl::Status ReadTarget(const v1::SendRequest& request, const EndpointLookup& lookup,
                        engine::SendOrder* order) {
  if (request.has_destination() && !request.connection().empty()) {
    return WithField(MakeError(absl::StatusCode::kInvalidArgument, "CONFLICTING_FIELDS",
                               "connection: is given together with destination; give either"),
                     "connection");
  }
  if (request.has_destination()) {
    SIPCM_ASSIGN_OR_RETURN(
        order->destination,
        FromProto(request.destination(), DefaultTransport(request, lookup, order->endpoint_id),
                  "destination"));
  }
  if (request.connection().empty()) return absl::OkStatus();
  SIPCM_ASSIGN_OR_RETURN(const ChildName name,
                         ParseChildName(request.connection(), kConnections, "connection"));
  if (!connection::ConnectionId::Parse(name.id, &order->connection)) {
    return BadField("INVALID_NAME", "connection",
                    absl::StrCat("\"", absl::Utf8SafeCEscape(request.connection()),
                                 "\" does not end in a connection's hexadecimal id"));
  }
  return absl::OkStatus();
}

absl::Status ReadDialog(const v1::SendRequest& request, engine::SendOrder* order) {
  if (request.dialog().empty()) return absl::OkStatus();
  if (!request.request().raw().empty()) {
    return WithField(MakeError(absl::StatusCode::kInvalidArgument, "CONFLICTING_FIELDS",
                               "request.raw: is given together with dialog, which writes half of "
                               "the request; give its parts"),
                     "request.raw");
  }
  if (dialog::DialogId::Parse(request.dialog(), &order->dialog)) return absl::OkStatus();
  return WithField(
      MakeError(absl::StatusCode::kNotFound, "DIALOG_NOT_FOUND",
                absl::StrCat("dialog \"", absl::Utf8SafeCEscape(request.dialog()),
                             "\" is not one that this server named; give it as in a delivery, a "
                             "RespondResponse or a SendEvent")),
      "dialog");
}

// Each reason that the engine gives, as the cause in the event.
const absl::flat_hash_map<std::string, SendFailure::Cause>& CausesByReason() {
  static const auto* causes = new absl::flat_hash_map<std::string, SendFailure::Cause>{
      {"DNS_NO_SUCH_NAME", SendFailure::RESOLUTION_FAILED},
      {"DNS_NO_ADDRESS", SendFailure::RESOLUTION_FAILED},
      {"DNS_NO_SERVICE", SendFailure::RESOLUTION_FAILED},
      {"DNS_SERVER_FAILED", SendFailure::RESOLUTION_FAILED},
      {"DNS_TIMEOUT", SendFailure::RESOLUTION_FAILED},
      {"CONNECT_REFUSED", SendFailure::CONNECT_REFUSED},
      {"CONNECT_TIMEOUT", SendFailure::CONNECT_TIMEOUT},
      {"CONNECT_UNREACHABLE", SendFailure::UNREACHABLE},
      {"CONNECT_FAILED", SendFailure::UNREACHABLE},
      {"HANDSHAKE_FAILED", SendFailure::HANDSHAKE_FAILED},
      {"NOT_TLS", SendFailure::HANDSHAKE_FAILED},
      {"TLS_PROTOCOL_ERROR", SendFailure::HANDSHAKE_FAILED},
      {"HANDSHAKE_TIMEOUT", SendFailure::HANDSHAKE_TIMEOUT},
      {"PEER_NAME_MISMATCH", SendFailure::PEER_NOT_ACCEPTED},
      {"PEER_NOT_TRUSTED", SendFailure::PEER_NOT_ACCEPTED},
      {"PEER_CERTIFICATE_EXPIRED", SendFailure::PEER_NOT_ACCEPTED},
      {"PEER_CERTIFICATE_REVOKED", SendFailure::PEER_NOT_ACCEPTED},
      {"PEER_KEY_USAGE", SendFailure::PEER_NOT_ACCEPTED},
      {"PEER_NOT_ALLOWED", SendFailure::PEER_NOT_ACCEPTED},
      {"PEER_ALERT", SendFailure::PEER_REFUSED_US},
      {"PEER_REFUSED_US", SendFailure::PEER_REFUSED_US},
      {"POOL_WAIT_QUEUE_FULL", SendFailure::WAIT_QUEUE_FULL},
      {"POOL_WAIT_TIMEOUT", SendFailure::WAIT_TIMEOUT},
      {"CONNECTION_LOST", SendFailure::CONNECTION_LOST},
      {"CONNECTION_CLOSED", SendFailure::CONNECTION_LOST},
      {"RESET", SendFailure::CONNECTION_LOST},
      {"TRUNCATED", SendFailure::CONNECTION_LOST},
      {"IO_ERROR", SendFailure::CONNECTION_LOST},
      {"CONNECTION_GONE", SendFailure::CONNECTION_NOT_FOUND},
      {"CONNECTION_DRAINING", SendFailure::CONNECTION_NOT_FOUND},
      {"WRITE_QUEUE_FULL", SendFailure::WRITE_QUEUE_FULL},
      {"REQUEST_TIMEOUT", SendFailure::RESPONSE_TIMEOUT},
      {"CONNECTION_THROTTLED", SendFailure::THROTTLED},
      {"TARGET_BACKING_OFF", SendFailure::TARGETS_BACKING_OFF},
      {"ENDPOINT_NOT_REGISTERED", SendFailure::NOT_REGISTERED},
      {"AUTHENTICATION_FAILED", SendFailure::AUTHENTICATION_FAILED},
      {"DIALOG_NOT_FOUND", SendFailure::DIALOG_NOT_FOUND},
      {"POOL_DRAINED", SendFailure::CONNECTION_LOST},
      {"DRAINING", SendFailure::DRAINING},
      {"SHUTTING_DOWN", SendFailure::SHUTDOWN},
      {"RESOURCE_DELETED", SendFailure::ENDPOINT_DELETED},
      {"REQUEST_CANCELLED", SendFailure::CANCELLED},
      {"RESOURCE_NOT_FOUND", SendFailure::INVALID_REQUEST},
      {"CONNECTION_OF_ANOTHER_MANAGER", SendFailure::INVALID_REQUEST},
  };
  return *causes;
}

SendFailure::Written WrittenWord(engine::SendEvent::Written written) {
  switch (written) {
    case engine::SendEvent::Written::kNothing:
      return SendFailure::NOTHING;
    case engine::SendEvent::Written::kSome:
      return SendFailure::SOME;
    case engine::SendEvent::Written::kWhole:
      return SendFailure::WHOLE;
  }
  return SendFailure::WRITTEN_UNSPECIFIED;
}

void FillSent(const engine::SendEvent& event, v1::Sent* out) {
  AssignConnectionName(event.manager_id, event.connection, out->mutable_connection());
  out->set_reuse(event.reused_connection ? v1::Sent::REUSED : v1::Sent::OPENED);
  FillAddress(event.target, out->mutable_target());
  if (!event.pool_id.empty()) AssignPoolName(event.manager_id, event.pool_id, out->mutable_pool());
  out->set_branch(event.branch);
  out->set_call_id(event.call_id);
  *out->mutable_wait_duration() = ToDuration(event.waited);
}

}  // namespace

absl::Status TakeSend(v1::SendRequest* request, const EndpointLookup& lookup,
                      engine::SendOrder* order, View* view) {
  SIPCM_ASSIGN_OR_RETURN(order->endpoint_id,
                         ParseName(request->endpoint(), kEndpoints, "endpoint"));
  if (!request->has_request()) {
    return MissingField("request", "give request.method and request.request_uri, or request.raw");
  }
  v1::SipRequest* message = request->mutable_request();
  if (message->raw().empty()) {
    if (message->method().empty()) {
      return MissingField("request.method", "give a SIP method, like \"MESSAGE\"");
    }
    // That of a dialog is the dialog's.
    if (message->request_uri().empty() && request->dialog().empty()) {
      return MissingField("request.request_uri", "give a URI, like \"sip:bob@example.com\"");
    }
  }
  SIPCM_RETURN_IF_ERROR(ReadTarget(*request, lookup, order));
  SIPCM_RETURN_IF_ERROR(ReadDialog(*request, order));
  SIPCM_RETURN_IF_ERROR(CheckEnum(request->view(), v1::View_descriptor(), "view"));
  if (request->has_timeout()) {
    SIPCM_ASSIGN_OR_RETURN(order->timeout,
                           CheckDuration(request->timeout(), kMinTimeout, kMaxTimeout,
                                         ZeroMeaning::kNoException, "timeout"));
  }
  SIPCM_RETURN_IF_ERROR(WithFieldPrefix(TakeParts(message, &order->message), "request"));
  order->method = std::move(*message->mutable_method());
  order->request_uri = std::move(*message->mutable_request_uri());
  *view = request->view() == v1::RAW ? View::kRaw : View::kParsed;
  return absl::OkStatus();
}

void FillSendEvent(engine::SendEvent* event, View view, v1::SendEvent* out) {
  if (event->dialog.is_valid()) out->set_dialog(event->dialog.ToString());
  switch (event->kind) {
    case engine::SendEvent::Kind::kSent:
      FillSent(*event, out->mutable_sent());
      return;
    case engine::SendEvent::Kind::kResponse:
      FillSipResponse(*event->view, view, out->mutable_response());
      return;
    case engine::SendEvent::Kind::kFailure:
      FillSendFailure(WithMessagePath(event->failure, "request"), out);
      break;
  }
  SendFailure* failure = out->mutable_failure();
  failure->set_written(WrittenWord(event->written));
  AssignConnectionName(event->manager_id, event->connection, failure->mutable_connection());
  if (event->target.port != 0) FillAddress(event->target, failure->mutable_target());
}

void FillSendFailure(const absl::Status& status, v1::SendEvent* out) {
  const v1::RpcStatus rpc = ToRpcStatus(status);
  SendFailure* failure = out->mutable_failure();
  failure->set_cause(CauseOf(status));
  failure->set_explanation(rpc.message());
  failure->set_code(rpc.code());
  *failure->mutable_error() = ToErrorDetail(status);
  failure->set_written(SendFailure::NOTHING);
}

bool IsCallError(const absl::Status& failure) {
  const std::string reason = ReasonOf(failure);
  switch (failure.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kInternal:
      return true;
    case absl::StatusCode::kNotFound:
      return reason != "RESOURCE_DELETED" && CauseOf(failure) != SendFailure::RESOLUTION_FAILED;
    default:
      return reason == "CONNECTION_OF_ANOTHER_MANAGER" || reason == "ENDPOINT_NOT_REGISTERED" ||
             reason == "SEND_QUEUE_FULL" || reason == "DRAINING" || reason == "SHUTTING_DOWN";
  }
}

SendFailure::Cause CauseOf(const absl::Status& failure) {
  const auto cause = CausesByReason().find(ReasonOf(failure));
  if (cause != CausesByReason().end()) return cause->second;
  switch (failure.code()) {
    case absl::StatusCode::kCancelled:
      return SendFailure::CANCELLED;
    case absl::StatusCode::kDeadlineExceeded:
      return SendFailure::RESPONSE_TIMEOUT;
    case absl::StatusCode::kResourceExhausted:
      return SendFailure::LIMIT;
    case absl::StatusCode::kUnavailable:
      return SendFailure::CONNECTION_LOST;
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
      return SendFailure::INTERNAL_FAULT;
    default:
      return SendFailure::INVALID_REQUEST;
  }
}

}  // namespace sipcm::server
