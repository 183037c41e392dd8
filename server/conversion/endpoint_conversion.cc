#include "server/conversion/endpoint_conversion.h"

#include <memory>
#include <vector>

#include "absl/random/random.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/sip/characters.h"
#include "core/sip/gruu.h"
#include "core/sip/header_text.h"
#include "core/sip/request_builder.h"
#include "core/sip/status_code.h"
#include "core/sip/uri.h"
#include "server/conversion/registration_conversion.h"
#include "server/store/resource_name.h"
#include "server/validation/field_checks.h"
#include "server/validation/refusal.h"

namespace sipcm::server {
namespace {

using sipcm::v1::Endpoint;

constexpr int kMaxAliases = 100;

absl::Status CheckAddress(const std::string& text, absl::string_view field) {
  if (text.empty()) return MissingField(field, "like \"sip:alice@example.com\"");
  const sip::UriView uri = sip::ParseUri(text);
  absl::string_view fault = uri.fault;
  if (fault.empty()) {
    if (!uri.is_sip()) {
      fault = "not a sip: or sips: URI";
    } else if (!uri.password.empty()) {
      fault = "it has a password; leave it out";
    } else if (!uri.parameters.empty() || uri.has_headers) {
      fault = "it has parameters or headers; an address-of-record has none";
    } else if (uri.port != 0) {
      fault = "it has a port; an address-of-record has none";
    }
  }
  if (fault.empty()) return absl::OkStatus();
  return BadField("INVALID_SIP_URI", field,
                  absl::StrCat("\"", absl::Utf8SafeCEscape(text), "\" is not an address like ",
                               "\"sip:alice@example.com\": ", fault));
}

absl::Status NormalizeEpid(Endpoint* endpoint) {
  const std::string& epid = endpoint->endpoint_id();
  if (epid.empty()) {
    absl::BitGen generator;
    endpoint->set_endpoint_id(
        absl::StrCat(absl::Hex(absl::Uniform<uint32_t>(generator), absl::kZeroPad8)));
    return absl::OkStatus();
  }
  bool good = epid.size() <= 16;
  for (const char c : epid) good = good && (absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f'));
  if (good) return absl::OkStatus();
  return BadField("INVALID_FIELD", "endpoint_id",
                  absl::StrCat("\"", absl::Utf8SafeCEscape(epid),
                               "\" is not an epid: 1 to 16 of 0-9 and a-f; leave it out to have "
                               "one chosen"));
}

absl::Status CheckOptions(const Endpoint& endpoint) {
  constexpr int kMost = 64;
  if (endpoint.supported_options_size() > kMost) {
    return BadField(
        "INVALID_FIELD", "supported_options",
        absl::StrCat("has ", endpoint.supported_options_size(), " entries; at most ", kMost));
  }
  for (int i = 0; i < endpoint.supported_options_size(); ++i) {
    const std::string& tag = endpoint.supported_options(i);
    if (sip::IsToken(tag) && tag.size() <= kMost) continue;
    return BadField(
        "INVALID_FIELD", absl::StrCat("supported_options[", i, "]"),
        absl::StrCat("\"", absl::Utf8SafeCEscape(tag), "\" is not an option tag: a token of 1 to ",
                     kMost, " characters, like \"acme.recording\""));
  }
  return absl::OkStatus();
}

absl::Status CheckAnswerTimes(const Endpoint& endpoint) {
  constexpr absl::Duration kLeast = absl::Milliseconds(100);
  if (endpoint.has_answer_timeout()) {
    SIPCM_RETURN_IF_ERROR(CheckDuration(endpoint.answer_timeout(), kLeast, absl::Hours(1),
                                        ZeroMeaning::kNoException, "answer_timeout")
                              .status());
  }
  if (!endpoint.has_invite_answer_timeout()) return absl::OkStatus();
  return CheckDuration(endpoint.invite_answer_timeout(), kLeast, absl::Hours(1),
                       ZeroMeaning::kNoException, "invite_answer_timeout")
      .status();
}

bool HasHeader(const std::vector<sip::HeaderText>& headers, absl::string_view name,
               absl::string_view compact) {
  for (const sip::HeaderText& header : headers) {
    if (absl::EqualsIgnoreCase(header.name, name) || absl::EqualsIgnoreCase(header.name, compact)) {
      return true;
    }
  }
  return false;
}

absl::Status CheckGruu(const std::string& text) {
  const sip::UriView uri = sip::ParseUri(text);
  if (!sip::Gruu(uri).empty()) return absl::OkStatus();
  return BadField("INVALID_SIP_URI", "gruu",
                  absl::StrCat("\"", absl::Utf8SafeCEscape(text), "\" is not a GRUU like ",
                               "\"sip:alice@example.com;gr=urn:uuid:...\": ",
                               uri.ok() ? "it has neither \";gr\" nor \";opaque=...;gruu\""
                                        : std::string(uri.fault)));
}

absl::Duration FromDuration(const google::protobuf::Duration& proto) {
  return absl::Seconds(proto.seconds()) + absl::Nanoseconds(proto.nanos());
}

}  // namespace

absl::Status NormalizeEndpoint(Endpoint* endpoint) {
  SIPCM_RETURN_IF_ERROR(CheckRequiredEnum(endpoint->kind(), Endpoint::Kind_descriptor(), "kind"));
  SIPCM_RETURN_IF_ERROR(CheckAddress(endpoint->address(), "address"));
  SIPCM_RETURN_IF_ERROR(CheckCount(endpoint->aliases_size(), kMaxAliases, "entries", "aliases"));
  for (int i = 0; i < endpoint->aliases_size(); ++i) {
    SIPCM_RETURN_IF_ERROR(CheckAddress(endpoint->aliases(i), absl::StrCat("aliases[", i, "]")));
  }
  if (!endpoint->connection_manager().empty()) {
    SIPCM_RETURN_IF_ERROR(
        ParseName(endpoint->connection_manager(), kConnectionManagers, "connection_manager")
            .status());
  }
  if (endpoint->kind() == Endpoint::REGISTERED) {
    endpoint->clear_gruu();  // the registrar's to tell
    SIPCM_RETURN_IF_ERROR(NormalizeRegistration(endpoint));
  } else if (endpoint->has_registration()) {
    return BadField("CONFLICTING_FIELDS", "registration",
                    "a PEER_TO_PEER endpoint has none; leave it out");
  }
  if (!endpoint->gruu().empty()) SIPCM_RETURN_IF_ERROR(CheckGruu(endpoint->gruu()));
  SIPCM_RETURN_IF_ERROR(CheckText(endpoint->display_name(), 128, "display_name"));
  SIPCM_RETURN_IF_ERROR(CheckAnswerTimes(*endpoint));
  SIPCM_RETURN_IF_ERROR(CheckOptions(*endpoint));
  return NormalizeEpid(endpoint);
}

dispatch::Endpoint ToEndpoint(const Endpoint& endpoint, const sipcm::v1::ConnectionManager& manager,
                              const std::string& password) {
  Endpoint whole = endpoint;
  AddManagerDefaults(manager, &whole);
  dispatch::Endpoint core;
  core.id = whole.name().substr(whole.name().find('/') + 1);
  core.kind = whole.kind() == Endpoint::REGISTERED ? dispatch::EndpointKind::kRegistered
                                                   : dispatch::EndpointKind::kPeerToPeer;
  core.address = whole.address();
  core.aliases.assign(whole.aliases().begin(), whole.aliases().end());
  core.manager_id = manager.name().substr(manager.name().find('/') + 1);
  core.endpoint_id = whole.endpoint_id();
  if (!whole.gruu().empty()) core.gruus.push_back(whole.gruu());
  core.answer_timeout = FromDuration(whole.answer_timeout());
  core.invite_answer_timeout = FromDuration(whole.invite_answer_timeout());
  if (core.kind == dispatch::EndpointKind::kRegistered) {
    core.registration = std::make_shared<const dispatch::RegistrationSettings>(
        ToSettings(whole, manager, password));
  }
  core.supported_options.assign(whole.supported_options().begin(), whole.supported_options().end());
  if (whole.throttled()) core.pacing = dispatch::SendPacing::kBelowPeersLimit;
  core.max_waiting_delivery_count = manager.limits().max_queued_delivery_count();
  return core;
}

void AddManagerDefaults(const sipcm::v1::ConnectionManager& manager, Endpoint* endpoint) {
  if (!endpoint->has_answer_timeout()) {
    *endpoint->mutable_answer_timeout() = manager.answer_timeout();
  }
  if (!endpoint->has_invite_answer_timeout()) {
    *endpoint->mutable_invite_answer_timeout() = manager.invite_answer_timeout();
  }
}

sipcm::v1::EndpointStatistics ToProto(const engine::EndpointStatistics& statistics) {
  const dispatch::DeliveryStatistics& deliveries = statistics.deliveries;
  sipcm::v1::EndpointStatistics proto;
  proto.set_subscription_count(statistics.subscription_count);
  proto.set_outstanding_delivery_count(static_cast<int>(deliveries.outstanding));
  proto.set_queued_delivery_count(static_cast<int>(deliveries.queued));
  proto.set_delivered_count(deliveries.delivered);
  proto.set_redelivered_count(deliveries.redelivered);
  proto.set_expired_count(deliveries.expired);
  proto.set_cancelled_count(deliveries.cancelled);
  proto.set_sent_request_count(statistics.sent_request_count);
  return proto;
}

absl::StatusOr<std::string> ToRequestText(const sipcm::v1::SipRequest& request) {
  if (!request.raw().empty()) {
    if (!request.method().empty() || !request.request_uri().empty() || request.headers_size() > 0 ||
        !request.body().empty()) {
      return BadField("CONFLICTING_FIELDS", "raw", "give either raw, or the parts");
    }
    return request.raw();
  }
  if (request.method().empty()) return MissingField("method", "like \"OPTIONS\"; or give raw");
  if (request.request_uri().empty()) {
    return MissingField("request_uri", "like \"sip:alice@example.com\"");
  }
  std::vector<sip::HeaderText> headers;
  for (const sipcm::v1::SipHeader& header : request.headers()) {
    headers.push_back({header.name(), header.value()});
  }
  const std::string to = absl::StrCat("<", request.request_uri(), ">");
  if (!HasHeader(headers, "To", "t")) headers.push_back({"To", to});
  if (!HasHeader(headers, "From", "f")) headers.push_back({"From", "<sip:explain.invalid>"});
  if (!request.body().empty() && !HasHeader(headers, "Content-Type", "c")) {
    headers.push_back({"Content-Type", "application/octet-stream"});
  }
  sip::RequestParts parts;
  parts.method = request.method();
  parts.request_uri = request.request_uri();
  parts.headers = headers;
  parts.body = request.body();
  parts.transport = "TCP";
  parts.sent_by = "explain.invalid";
  parts.branch = "z9hG4bKexplain";
  parts.call_id = "explain";
  parts.from_tag = "explain";
  std::string text;
  SIPCM_RETURN_IF_ERROR(sip::AppendRequest(parts, &text));
  return text;
}

sipcm::v1::DispatchReason ToProto(dispatch::DispatchReason reason) {
  switch (reason) {
    case dispatch::DispatchReason::kTransaction:
      return sipcm::v1::IN_TRANSACTION;
    case dispatch::DispatchReason::kDialog:
      return sipcm::v1::IN_DIALOG;
    case dispatch::DispatchReason::kGruu:
      return sipcm::v1::GRUU;
    case dispatch::DispatchReason::kUniqueContext:
      return sipcm::v1::UNIQUE_CONTEXT;
    case dispatch::DispatchReason::kRequestUri:
      return sipcm::v1::REQUEST_URI_ADDRESS;
    case dispatch::DispatchReason::kToAddress:
      return sipcm::v1::TO_ADDRESS;
    case dispatch::DispatchReason::kStrict:
      return sipcm::v1::ONLY_ENDPOINT;
    case dispatch::DispatchReason::kDefaultEndpoint:
      return sipcm::v1::DEFAULT_ENDPOINT;
    case dispatch::DispatchReason::kAutomaticAnswer:
      return sipcm::v1::AUTOMATIC_ANSWER;
  }
  return sipcm::v1::DISPATCH_REASON_UNSPECIFIED;
}

sipcm::v1::ExplainDispatchResponse ToProto(const engine::DispatchExplanation& explanation) {
  sipcm::v1::ExplainDispatchResponse proto;
  if (!explanation.endpoint_id.empty()) {
    proto.set_endpoint(ResourceName(kEndpoints, explanation.endpoint_id));
  }
  proto.set_reason(ToProto(explanation.reason));
  proto.set_subscription_count(explanation.subscription_count);
  for (const dispatch::DispatchStep& step : explanation.steps) {
    auto* told = proto.add_steps();
    told->set_reason(ToProto(step.reason));
    told->set_explanation(step.explanation);
  }
  if (proto.steps_size() > 0) {
    auto* last = &*proto.mutable_steps()->rbegin();
    last->set_decided(true);
    proto.set_explanation(last->explanation());
  }
  if (explanation.status_code != 0) {
    proto.mutable_automatic_answer()->set_status_code(explanation.status_code);
    proto.mutable_automatic_answer()->set_reason_phrase(
        std::string(sip::ReasonPhrase(explanation.status_code)));
    if (!proto.endpoint().empty()) {
      proto.set_explanation(absl::StrCat(proto.explanation(), "; but ", explanation.answer_reason));
    }
  }
  return proto;
}

}  // namespace sipcm::server
