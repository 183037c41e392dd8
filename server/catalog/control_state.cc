#include "server/catalog/control_state.h"

#include <utility>
#include <vector>

#include "core/base/status_macros.h"
#include "core/engine/manager/manager_runtime.h"
#include "server/conversion/endpoint_conversion.h"
#include "server/conversion/managers/manager_conversion.h"
#include "server/store/file_text.h"
#include "server/store/resource_name.h"

namespace sipcm::server {
namespace {

using sipcm::v1::ConnectionManager;

constexpr size_t kMaxSystemTrustBytes = 16 << 20;

absl::StatusOr<std::shared_ptr<const tls::TrustBundle>> ReadSystemAnchors(const std::string& path) {
  SIPCM_ASSIGN_OR_RETURN(const std::string pem, ReadFileText(path, kMaxSystemTrustBytes));
  return tls::TrustBundle::FromPem("system", "1", pem, "");
}

template <typename T>
std::shared_ptr<const T> FindIn(const std::map<std::string, std::shared_ptr<const T>>& objects,
                                const std::string& name) {
  const auto it = objects.find(name);
  return it == objects.end() ? nullptr : it->second;
}

bool Uses(const ConnectionManager& manager, const std::string& name) {
  if (manager.trust_bundle() == name) return true;
  for (const std::string& certificate : CertificatesOf(manager)) {
    if (certificate == name) return true;
  }
  for (const sipcm::v1::AllowedDomain& domain : manager.allowed_domains()) {
    if (domain.trust_bundle() == name) return true;
  }
  return false;
}

}  // namespace

ControlState::ControlState(engine::Engine* engine, Options options)
    : engine(engine),
      options(std::move(options)),
      managers("connection manager", kConnectionManagers),
      endpoints("endpoint", kEndpoints),
      certificates("certificate", kCertificates),
      trust_bundles("trust bundle", kTrustBundles) {}

dispatch::Endpoint ControlState::EndpointOf(const sipcm::v1::Endpoint& endpoint,
                                            const sipcm::v1::ConnectionManager& manager) const {
  const auto password = passwords.find(endpoint.name());
  return ToEndpoint(endpoint, manager, password == passwords.end() ? "" : password->second);
}

absl::StatusOr<engine::ManagerConfig> ControlState::ConfigOf(const ConnectionManager& manager) {
  // Lambdas are functions of their own to the thread-safety analysis; the lock is held here.
  const auto credential = [this](const std::string& name)
                              ABSL_NO_THREAD_SAFETY_ANALYSIS { return FindIn(credentials, name); };
  const auto trust_bundle = [this](const std::string& name)
                                ABSL_NO_THREAD_SAFETY_ANALYSIS { return FindIn(anchors, name); };
  const auto system = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (!system_anchors.has_value() || !system_anchors->ok()) {
      system_anchors = ReadSystemAnchors(options.system_trust_file);
    }
    return system_anchors->ok() ? **system_anchors : nullptr;
  };
  return ToManagerConfig(manager, {credential, trust_bundle, system});
}

std::vector<std::string> ControlState::UsersOf(const std::string& name) const {
  std::vector<std::string> users;
  for (const auto& [manager_name, manager] : managers.all()) {
    if (Uses(manager, name)) users.push_back(manager_name);
  }
  return users;
}

absl::StatusOr<std::vector<engine::ManagerConfig>> ControlState::ConfigsOfUsers(
    const std::string& name) {
  std::vector<engine::ManagerConfig> configs;
  for (const std::string& user : UsersOf(name)) {
    SIPCM_ASSIGN_OR_RETURN(engine::ManagerConfig config, ConfigOf(*managers.Find(user)));
    SIPCM_RETURN_IF_ERROR(CheckConfig(config));
    configs.push_back(std::move(config));
  }
  return configs;
}

void ControlState::Tell(sipcm::v1::Event event) const {
  if (options.events != nullptr) options.events->OnResourceEvent(std::move(event));
}

absl::Status ControlState::Apply(std::vector<engine::ManagerConfig> configs) {
  for (engine::ManagerConfig& config : configs) {
    SIPCM_RETURN_IF_ERROR(engine->ApplyManager(std::move(config)));
  }
  return absl::OkStatus();
}

void ControlState::WatchFiles() {
  if (options.files == nullptr) return;
  std::set<std::string> paths;
  for (const auto& [name, certificate] : certificates.all()) {
    paths.insert(certificate.certificate_file());
    paths.insert(certificate.private_key_file());
  }
  for (const auto& [name, bundle] : trust_bundles.all()) {
    paths.insert(bundle.certificates_file());
    paths.insert(bundle.crls_file());
  }
  paths.erase("");
  options.files->SetPaths(std::move(paths));
}

void ControlState::EndOldConnections(const std::string& object, const std::string& version,
                                     sipcm::v1::OldConnections how) const {
  if (how != sipcm::v1::DRAIN && how != sipcm::v1::CLOSE) return;
  for (const std::string& manager : UsersOf(object)) {
    engine->RetireConnections(
        manager.substr(manager.find('/') + 1), object, version,
        how == sipcm::v1::DRAIN ? engine::Retiring::kDrain : engine::Retiring::kNow,
        [](absl::StatusOr<int>) {});
  }
}

std::vector<std::string> CertificatesOf(const ConnectionManager& manager) {
  std::vector<std::string> names;
  if (!manager.certificate().empty()) names.push_back(manager.certificate());
  names.insert(names.end(), manager.additional_certificates().begin(),
               manager.additional_certificates().end());
  return names;
}

absl::Status CheckConfig(const engine::ManagerConfig& config) {
  return engine::ManagerRuntime::Create(config).status();
}

}  // namespace sipcm::server
