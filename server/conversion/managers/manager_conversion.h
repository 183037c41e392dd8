#ifndef SIPCM_SERVER_CONVERSION_MANAGERS_MANAGER_CONVERSION_H_
#define SIPCM_SERVER_CONVERSION_MANAGERS_MANAGER_CONVERSION_H_

#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "core/engine/engine_config.h"
#include "proto/sipcm/v1/connection_manager.pb.h"

namespace sipcm::server {

// What a manager's names stand for. Each answers null when there is no such object.
struct ManagerReferences {
  absl::FunctionRef<std::shared_ptr<const tls::Credential>(const std::string& name)> credential;
  absl::FunctionRef<std::shared_ptr<const tls::TrustBundle>(const std::string& name)> trust_bundle;
  // For managers without a bundle of their own that judge servers only: the system's.
  absl::FunctionRef<std::shared_ptr<const tls::TrustBundle>()> system_trust_bundle;
};

// `manager` went through NormalizeManager and has a name. FAILED_PRECONDITION
// (REFERENCED_RESOURCE_NOT_FOUND) names the field whose object does not exist.
absl::StatusOr<engine::ManagerConfig> ToManagerConfig(const sipcm::v1::ConnectionManager& manager,
                                                      const ManagerReferences& references);

// The state, its reason and the bound addresses; replaces what is there.
void AddListeningState(const engine::ManagerStatus& status, sipcm::v1::ConnectionManager* manager);

// Fills in the output-only fields that the engine knows.
void AddStatus(const engine::ManagerStatus& status, sipcm::v1::ConnectionManager* manager);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CONVERSION_MANAGERS_MANAGER_CONVERSION_H_
