#include "server/conversion/registration_conversion.h"

#include <utility>

#include "absl/random/random.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/sip/uri.h"
#include "server/conversion/address_conversion.h"
#include "server/conversion/connection_conversion.h"
#include "server/store/resource_store.h"
#include "server/validation/field_checks.h"
#include "server/validation/refusal.h"

namespace sipcm::server {
namespace {

using sipcm::v1::Endpoint;
using sipcm::v1::Registration;

constexpr absl::Duration kLeastLifetime = absl::Seconds(60);
constexpr absl::Duration kMostLifetime = absl::Hours(24 * 7);
constexpr int kMostTextLength = 256;

void ClearOutput(Registration* registration) {
  registration->clear_state();
  registration->clear_state_reason();
  registration->clear_expire_time();
  registration->clear_retry_time();
  registration->clear_service_routes();
  registration->clear_associated_uris();
  registration->clear_connection();
  registration->clear_paths();
  registration->clear_temporary_gruus();
  registration->clear_outbound();
  registration->clear_flow_timer();
}

absl::Status CheckRegistrar(const std::string& text) {
  constexpr char kField[] = "registration.registrar";
  if (text.empty()) return MissingField(kField, "like \"sip:example.com\"");
  const sip::UriView uri = sip::ParseUri(text);
  absl::string_view fault = uri.fault;
  if (fault.empty() && !uri.is_sip()) fault = "not a sip: or sips: URI";
  if (fault.empty() && (!uri.user.empty() || !uri.password.empty())) {
    fault = "it has a user; a registrar is a host (RFC 3261 10.2)";
  }
  if (fault.empty() && uri.has_headers) fault = "it has headers; leave them out";
  if (fault.empty()) return absl::OkStatus();
  return BadField("INVALID_SIP_URI", kField,
                  absl::StrCat("\"", absl::Utf8SafeCEscape(text),
                               "\" is not a registrar like \"sip:example.com\": ", fault));
}

// RFC 5626 4.1: a URN; random UUIDs are what it wants of us (RFC 4122 4.4).
std::string NewInstanceId() {
  absl::BitGen generator;
  const auto random = [&] { return absl::Uniform<uint64_t>(generator); };
  const uint64_t high = (random() & ~uint64_t{0xf000}) | 0x4000;
  const uint64_t low = (random() & ~(uint64_t{3} << 62)) | (uint64_t{1} << 63);
  const std::string a = absl::StrCat(absl::Hex(high, absl::kZeroPad16));
  const std::string b = absl::StrCat(absl::Hex(low, absl::kZeroPad16));
  return absl::StrCat("urn:uuid:", a.substr(0, 8), "-", a.substr(8, 4), "-", a.substr(12), "-",
                      b.substr(0, 4), "-", b.substr(4));
}

absl::Status CheckInstanceId(const std::string& text) {
  bool good = absl::StartsWith(text, "urn:") && text.size() <= kMostTextLength;
  for (const char c : text)
    good = good && absl::ascii_isgraph(c) && c != '<' && c != '>' && c != '"';
  if (good) return absl::OkStatus();
  return BadField("INVALID_FIELD", "registration.instance_id",
                  absl::StrCat("\"", absl::Utf8SafeCEscape(text),
                               "\" is not a URN like \"urn:uuid:...\"; leave it out to have one "
                               "chosen"));
}

absl::Status CheckTexts(const Registration& registration) {
  SIPCM_RETURN_IF_ERROR(
      CheckText(registration.username(), kMostTextLength, "registration.username"));
  SIPCM_RETURN_IF_ERROR(CheckText(registration.realm(), kMostTextLength, "registration.realm"));
  // Not with its text in the message.
  if (CheckText(registration.password(), kMostTextLength, "registration.password").ok()) {
    return absl::OkStatus();
  }
  return BadField(
      "INVALID_FIELD", "registration.password",
      absl::StrCat("is longer than ", kMostTextLength, " characters, or has control characters"));
}

connection::Transport DefaultTransport(const sipcm::v1::ConnectionManager& manager) {
  return manager.kind() == sipcm::v1::ConnectionManager::SERVER_TLS ? connection::Transport::kTls
                                                                    : connection::Transport::kTcp;
}

Registration::State ToProto(registration::RegistrationState state) {
  Registration::State proto = Registration::STATE_UNSPECIFIED;
  Registration::State_Parse(std::string(registration::RegistrationStateName(state)), &proto);
  return proto;
}

}  // namespace

absl::Status NormalizeRegistration(Endpoint* endpoint) {
  if (!endpoint->has_registration()) {
    return MissingField("registration", "like {\"registrar\": \"sip:example.com\"}");
  }
  Registration* registration = endpoint->mutable_registration();
  ClearOutput(registration);
  SIPCM_RETURN_IF_ERROR(CheckRegistrar(registration->registrar()));
  if (registration->has_outbound_proxy()) {
    SIPCM_RETURN_IF_ERROR(FromProto(registration->outbound_proxy(), connection::Transport::kTcp,
                                    "registration.outbound_proxy")
                              .status());
  }
  SIPCM_RETURN_IF_ERROR(CheckTexts(*registration));
  if (registration->username().empty()) {
    registration->set_username(std::string(sip::ParseUri(endpoint->address()).user));
  }
  if (!registration->has_requested_lifetime()) {
    registration->mutable_requested_lifetime()->set_seconds(3600);
  }
  SIPCM_RETURN_IF_ERROR(CheckDuration(registration->requested_lifetime(), kLeastLifetime,
                                      kMostLifetime, ZeroMeaning::kNoException,
                                      "registration.requested_lifetime")
                            .status());
  if (registration->instance_id().empty()) registration->set_instance_id(NewInstanceId());
  SIPCM_RETURN_IF_ERROR(CheckInstanceId(registration->instance_id()));
  if (!registration->has_reg_id()) registration->set_reg_id(1);
  return CheckRange(registration->reg_id(), 0, 2147483647, "registration.reg_id");
}

bool TakePassword(Endpoint* endpoint, std::string* password) {
  if (!endpoint->has_registration() || endpoint->registration().password().empty()) return false;
  *password = std::move(*endpoint->mutable_registration()->mutable_password());
  endpoint->mutable_registration()->clear_password();
  return true;
}

dispatch::RegistrationSettings ToSettings(const Endpoint& endpoint,
                                          const sipcm::v1::ConnectionManager& manager,
                                          const std::string& password) {
  const Registration& registration = endpoint.registration();
  dispatch::RegistrationSettings settings;
  settings.registrar = registration.registrar();
  if (registration.has_outbound_proxy()) {
    const auto proxy =
        FromProto(registration.outbound_proxy(), DefaultTransport(manager), "outbound_proxy");
    if (proxy.ok()) settings.outbound_proxy = *proxy;
  }
  settings.username = registration.username();
  settings.password = password;
  settings.realm = registration.realm();
  settings.requested_lifetime = absl::Seconds(registration.requested_lifetime().seconds());
  settings.instance_id = registration.instance_id();
  settings.reg_id = registration.reg_id();
  return settings;
}

void AddStatus(const engine::EndpointStatus& status, Endpoint* endpoint) {
  const registration::RegistrationStatus& from = status.registration;
  Registration* to = endpoint->mutable_registration();
  endpoint->clear_state_reason();
  ClearOutput(to);
  endpoint->set_gruu(from.public_gruu);
  to->set_state(ToProto(from.state));
  to->set_state_reason(from.reason);
  if (from.expire_time != absl::InfiniteFuture()) {
    *to->mutable_expire_time() = ToTimestamp(from.expire_time);
  }
  if (from.retry_time != absl::InfiniteFuture()) {
    *to->mutable_retry_time() = ToTimestamp(from.retry_time);
  }
  for (const std::string& route : from.service_routes) to->add_service_routes(route);
  for (const std::string& uri : from.associated_uris) to->add_associated_uris(uri);
  for (const std::string& path : from.paths) to->add_paths(path);
  for (const std::string& gruu : from.temporary_gruus) to->add_temporary_gruus(gruu);
  to->set_outbound(from.is_outbound);
  if (from.flow_timer > absl::ZeroDuration()) {
    to->mutable_flow_timer()->set_seconds(absl::ToInt64Seconds(from.flow_timer));
  }
  if (status.connection.is_valid()) {
    const std::string& manager = endpoint->connection_manager();
    to->set_connection(ConnectionName(manager.substr(manager.find('/') + 1), status.connection));
  }
  if (from.is_registered()) {
    endpoint->set_state(Endpoint::READY);
    return;
  }
  const bool failed = from.state == registration::RegistrationState::kFailed;
  endpoint->set_state(failed ? Endpoint::FAILED : Endpoint::WAITING);
  endpoint->set_state_reason(
      from.reason.empty()
          ? absl::StrCat("the registration is ", registration::RegistrationStateName(from.state))
          : from.reason);
}

}  // namespace sipcm::server
