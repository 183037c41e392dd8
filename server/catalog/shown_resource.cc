#include "server/catalog/shown_resource.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "server/conversion/endpoint_conversion.h"
#include "server/conversion/managers/manager_conversion.h"
#include "server/conversion/registration_conversion.h"

namespace sipcm::server {

using sipcm::v1::ConnectionManager;
using sipcm::v1::Endpoint;

namespace {

template <typename Resource>
std::string IdOf(const Resource& resource) {
  return resource.name().substr(resource.name().find('/') + 1);
}

}  // namespace

ConnectionManager Shown(const ConnectionManager& stored, ControlState* state) {
  ConnectionManager shown = stored;
  if (const auto status = state->engine->GetManagerStatus(IdOf(stored)); status.ok()) {
    AddStatus(*status, &shown);
  }
  const auto endpoints = state->endpoints_of.find(stored.name());
  if (endpoints != state->endpoints_of.end()) {
    shown.mutable_statistics()->set_endpoint_count(static_cast<int>(endpoints->second.size()));
  }
  const std::string& fallback = stored.default_endpoint();
  if (!fallback.empty()) {
    const sipcm::v1::Endpoint* endpoint = state->endpoints.Find(fallback);
    if (endpoint == nullptr || endpoint->connection_manager() != stored.name()) {
      shown.add_warnings(
          absl::StrCat("default_endpoint \"", fallback, "\" ",
                       endpoint == nullptr ? "does not exist yet" : "belongs to another manager",
                       "; it takes nothing"));
    }
  }
  for (const std::string& certificate : CertificatesOf(stored)) {
    const auto credential = state->credentials.find(certificate);
    if (credential == state->credentials.end()) continue;
    const absl::Time end = credential->second->expire_time();
    if (end - state->options.now() < absl::Hours(24 * 30)) {
      shown.add_warnings(absl::StrCat(
          "certificate \"", certificate, "\" ends at ",
          absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", end, absl::UTCTimeZone()), "; renew it"));
    }
  }
  return shown;
}

Endpoint Shown(const Endpoint& stored, ControlState* state) {
  Endpoint shown = stored;
  if (const ConnectionManager* manager = state->managers.Find(stored.connection_manager())) {
    AddManagerDefaults(*manager, &shown);
  }
  if (const auto statistics = state->engine->GetEndpointStatistics(IdOf(stored)); statistics.ok()) {
    *shown.mutable_statistics() = ToProto(*statistics);
  }
  if (shown.kind() == Endpoint::REGISTERED) {
    const auto status = state->engine->GetEndpointStatus(IdOf(stored));
    AddStatus(status.ok() ? *status : engine::EndpointStatus(), &shown);
  } else {
    shown.set_state(Endpoint::READY);
  }
  return shown;
}

}  // namespace sipcm::server
