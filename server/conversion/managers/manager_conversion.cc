#include "server/conversion/managers/manager_conversion.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/conversion/address_conversion.h"
#include "server/conversion/limits_conversion.h"
#include "server/conversion/pool_conversion.h"
#include "server/store/resource_name.h"
#include "server/validation/field_checks.h"

namespace sipcm::server {
namespace {

using sipcm::v1::ConnectionManager;

engine::ManagerKind KindOf(const ConnectionManager& manager) {
  switch (manager.kind()) {
    case ConnectionManager::CLIENT:
      return engine::ManagerKind::kClient;
    case ConnectionManager::SERVER_TLS:
      return engine::ManagerKind::kServerTls;
    default:
      return engine::ManagerKind::kServerTcp;
  }
}

tls::MutualTls MutualTlsOf(const ConnectionManager& manager) {
  switch (manager.mutual_tls()) {
    case ConnectionManager::REQUEST:
      return tls::MutualTls::kRequest;
    case ConnectionManager::REQUIRE:
      return tls::MutualTls::kRequire;
    default:
      return tls::MutualTls::kOff;
  }
}

// A duration that was checked; 0 stands for "never" where `zero` says so.
absl::Duration Checked(const google::protobuf::Duration& proto,
                       ZeroMeaning zero = ZeroMeaning::kNoException) {
  const absl::Duration duration = absl::Seconds(proto.seconds()) + absl::Nanoseconds(proto.nanos());
  const bool never = zero == ZeroMeaning::kNever && duration == absl::ZeroDuration();
  return never ? absl::InfiniteDuration() : duration;
}

connection::ConnectionSettings ConnectionSettingsOf(const ConnectionManager& manager) {
  connection::ConnectionSettings settings;
  settings.framer.max_header_bytes = manager.limits().max_header_bytes();
  settings.framer.max_body_bytes = manager.limits().max_body_bytes();
  settings.framer.max_header_count = manager.limits().max_header_count();
  settings.handshake_timeout = Checked(manager.handshake_timeout());
  settings.first_message_timeout = Checked(manager.first_message_timeout());
  settings.incoming_idle_timeout =
      Checked(manager.default_incoming_connection_timeout(), ZeroMeaning::kNever);
  settings.outgoing_idle_timeout =
      Checked(manager.default_outgoing_connection_timeout(), ZeroMeaning::kNever);
  settings.partial_message_timeout = Checked(manager.partial_message_timeout());
  settings.write_stall_timeout = Checked(manager.write_stall_timeout());
  settings.connect_timeout = Checked(manager.connect_timeout());
  settings.ping_interval = Checked(manager.ping_interval(), ZeroMeaning::kNever);
  settings.pong_timeout = Checked(manager.pong_timeout());
  settings.max_write_queue_bytes = manager.limits().max_write_queue_bytes();
  return settings;
}

absl::Status NoSuchObject(absl::string_view field, absl::string_view name) {
  return WithField(MakeError(absl::StatusCode::kFailedPrecondition, "REFERENCED_RESOURCE_NOT_FOUND",
                             absl::StrCat(field, ": there is no \"", name, "\"; create it first")),
                   field);
}

absl::Status AddCertificates(const ConnectionManager& manager, const ManagerReferences& references,
                             engine::ManagerConfig* config) {
  if (!manager.certificate().empty()) {
    config->credential = references.credential(manager.certificate());
    if (config->credential == nullptr) return NoSuchObject("certificate", manager.certificate());
  }
  for (int i = 0; i < manager.additional_certificates_size(); ++i) {
    const std::string& name = manager.additional_certificates(i);
    config->additional_credentials.push_back(references.credential(name));
    if (config->additional_credentials.back() == nullptr) {
      return NoSuchObject(absl::StrCat("additional_certificates[", i, "]"), name);
    }
  }
  if (!manager.trust_bundle().empty()) {
    config->trust_bundle = references.trust_bundle(manager.trust_bundle());
    if (config->trust_bundle == nullptr) {
      return NoSuchObject("trust_bundle", manager.trust_bundle());
    }
  } else if (manager.kind() != ConnectionManager::SERVER_TCP &&
             manager.mutual_tls() == ConnectionManager::OFF) {
    config->trust_bundle = references.system_trust_bundle();
  }
  for (int i = 0; i < manager.allowed_domains_size(); ++i) {
    const sipcm::v1::AllowedDomain& domain = manager.allowed_domains(i);
    const std::string field = absl::StrCat("allowed_domains[", i, "]");
    absl::StatusOr<tls::AllowedDomainPattern> pattern =
        tls::AllowedDomainPattern::Parse(domain.pattern());
    if (!pattern.ok()) return WithFieldPrefix(pattern.status(), field);
    tls::AllowedDomain entry{.pattern = *std::move(pattern), .trust_bundle = nullptr};
    if (domain.has_expire_time()) entry.expire_time = FromTimestamp(domain.expire_time());
    if (!domain.trust_bundle().empty()) {
      entry.trust_bundle = references.trust_bundle(domain.trust_bundle());
      if (entry.trust_bundle == nullptr) {
        return NoSuchObject(absl::StrCat(field, ".trust_bundle"), domain.trust_bundle());
      }
    }
    config->allowed_domains.push_back(std::move(entry));
  }
  return absl::OkStatus();
}

absl::StatusOr<tls::ExtendedKeyUsagePolicy> KeyUsageOf(const ConnectionManager& manager) {
  using Core = tls::ExtendedKeyUsagePolicy;
  const auto& policy = manager.extended_key_usage();
  const std::vector<std::string> required(policy.required().begin(), policy.required().end());
  return Core::Create(
      required,
      policy.match() == sipcm::v1::ExtendedKeyUsagePolicy::ANY ? Core::Match::kAny
                                                               : Core::Match::kAll,
      policy.strict() ? Core::Strictness::kStrict : Core::Strictness::kAnyUsageSatisfies);
}

ConnectionManager::State StateOf(engine::ManagerStatus::State state) {
  switch (state) {
    case engine::ManagerStatus::State::kIdle:
      return ConnectionManager::IDLE;
    case engine::ManagerStatus::State::kListening:
      return ConnectionManager::LISTENING;
    case engine::ManagerStatus::State::kStopping:
      return ConnectionManager::STOPPING;
    case engine::ManagerStatus::State::kFailed:
      return ConnectionManager::FAILED;
  }
  return ConnectionManager::STATE_UNSPECIFIED;
}

// 2147483647 is no limit, which the engine writes as 0.
int CountOrNoLimit(int count) { return count == 2147483647 ? 0 : count; }

}  // namespace

absl::StatusOr<engine::ManagerConfig> ToManagerConfig(const ConnectionManager& manager,
                                                      const ManagerReferences& references) {
  engine::ManagerConfig config;
  SIPCM_ASSIGN_OR_RETURN(config.id, ParseName(manager.name(), kConnectionManagers, "name"));
  config.kind = KindOf(manager);
  for (int i = 0; i < manager.listen_addresses_size(); ++i) {
    SIPCM_ASSIGN_OR_RETURN(
        net::SocketAddress address,
        FromProto(manager.listen_addresses(i), absl::StrCat("listen_addresses[", i, "]")));
    config.listen_addresses.push_back(address);
  }
  SIPCM_RETURN_IF_ERROR(AddCertificates(manager, references, &config));
  config.local_host_name = manager.local_host_name();
  if (config.local_host_name.empty() && config.credential != nullptr) {
    const std::vector<std::string>& names = config.credential->certificates().front().dns_names;
    // A wildcard names no host.
    if (!names.empty() && names.front().find('*') == std::string::npos) {
      config.local_host_name = names.front();
    }
  }
  config.mutual_tls = MutualTlsOf(manager);
  config.allow_any_domain = manager.allow_any_domain();
  config.auto_allow_outgoing_hosts = manager.auto_allow_outgoing_hosts();
  config.name_check = manager.name_check() == ConnectionManager::RFC5922
                          ? tls::NameCheck::kRfc5922
                          : tls::NameCheck::kSubjectAndAlternative;
  SIPCM_ASSIGN_OR_RETURN(config.extended_key_usage, KeyUsageOf(manager));
  config.max_chain_length = manager.limits().max_chain_length();
  config.connection = ConnectionSettingsOf(manager);
  config.default_pool_limits.max_connection_count = manager.default_max_connection_count();
  config.default_pool_limits.min_connection_count = manager.default_min_connection_count();
  config.default_pool_limits.selection = FromProto(manager.default_selection());
  config.default_pool_limits.max_waiting_count = manager.limits().max_waiting_request_count();
  config.default_pool_limits.max_wait_time = Checked(manager.connection_wait_timeout());
  config.sharing = manager.sharing() == ConnectionManager::DEDICATED ? engine::Sharing::kDedicated
                                                                     : engine::Sharing::kShared;
  config.max_connection_count = CountOrNoLimit(manager.limits().max_connection_count());
  config.max_connection_count_per_address =
      CountOrNoLimit(manager.limits().max_connection_count_per_address());
  config.max_handshake_count = manager.limits().max_handshake_count();
  config.max_pool_count = manager.limits().max_pool_count();
  config.response_timeout = Checked(manager.response_timeout());
  config.connection_throttling = ToMarks(manager.connection_throttling());
  config.message_throttling = ToMarks(manager.message_throttling());
  config.max_client_request_count = manager.limits().max_client_request_count();
  config.dispatch.profile = manager.dispatch_profile() == ConnectionManager::RFC
                                ? dispatch::DispatchProfile::kRfc
                                : dispatch::DispatchProfile::kUcma;
  config.dispatch.strictness = manager.strict_dispatching()
                                   ? dispatch::DispatchStrictness::kStrict
                                   : dispatch::DispatchStrictness::kByAddress;
  if (!manager.default_endpoint().empty()) {
    SIPCM_ASSIGN_OR_RETURN(config.dispatch.default_endpoint_id,
                           ParseName(manager.default_endpoint(), kEndpoints, "default_endpoint"));
  }
  return config;
}

void AddListeningState(const engine::ManagerStatus& status, ConnectionManager* manager) {
  manager->set_state(StateOf(status.state));
  manager->set_state_reason(status.reason);
  manager->clear_bound_addresses();
  for (const net::SocketAddress& address : status.bound_addresses) {
    *manager->add_bound_addresses() = ToProto(address);
  }
}

void AddStatus(const engine::ManagerStatus& status, ConnectionManager* manager) {
  AddListeningState(status, manager);
  manager->mutable_warnings()->Add(status.warnings.begin(), status.warnings.end());
  for (const tls::AllowedDomain& domain : status.auto_allowed_domains) {
    sipcm::v1::AllowedDomain* shown = manager->add_allowed_domains();
    shown->set_pattern(domain.pattern.text());
    shown->set_origin(sipcm::v1::AllowedDomain::AUTO);
  }
  sipcm::v1::ConnectionManagerStatistics* statistics = manager->mutable_statistics();
  statistics->set_incoming_connection_count(status.incoming_connection_count);
  statistics->set_outgoing_connection_count(status.outgoing_connection_count);
  statistics->set_handshake_count(status.handshake_count);
  statistics->set_pool_count(status.pool_count);
  statistics->set_accepted_connection_count(status.accepted_connection_count);
  statistics->set_refused_connection_count(status.refused_connection_count);
  statistics->set_received_request_count(status.received_request_count);
  statistics->set_automatic_answer_count(status.automatic_answer_count);
  statistics->set_queued_delivery_count(status.queued_delivery_count);
  statistics->set_outstanding_delivery_count(status.outstanding_delivery_count);
  statistics->set_message_throttled(status.message_throttled);
}

}  // namespace sipcm::server
