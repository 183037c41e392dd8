#ifndef SIPCM_SERVER_CATALOG_CONNECTION_MANAGER_CATALOG_H_
#define SIPCM_SERVER_CATALOG_CONNECTION_MANAGER_CATALOG_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/sipcm/v1/connection_managers.pb.h"
#include "server/catalog/control_state.h"
#include "server/store/update_mask.h"

namespace sipcm::server {

// The connection managers as callers see them: checks, stores, applies to the engine. Its methods
// are those of the service, with their contracts; knows no gRPC. Any thread. `state` outlives it.
class ConnectionManagerCatalog {
 public:
  explicit ConnectionManagerCatalog(ControlState* state) : state_(state) {}

  // How the fields of its resources take to changes.
  static const FieldRules& Rules();

  // Whether a new manager with auto_start begins to listen at once, or in StartWanted(): a
  // configuration's managers listen when all of it is in force.
  enum class Listening : unsigned char { kAtOnce, kLater };

  absl::StatusOr<sipcm::v1::ConnectionManager> Create(
      const sipcm::v1::CreateConnectionManagerRequest& request,
      Listening listening = Listening::kAtOnce);
  absl::StatusOr<sipcm::v1::ConnectionManager> Get(
      const sipcm::v1::GetConnectionManagerRequest& request);
  absl::StatusOr<sipcm::v1::ListConnectionManagersResponse> List(
      const sipcm::v1::ListConnectionManagersRequest& request);
  absl::StatusOr<sipcm::v1::ConnectionManager> Update(
      const sipcm::v1::UpdateConnectionManagerRequest& request);
  absl::Status Delete(const sipcm::v1::DeleteConnectionManagerRequest& request);

  absl::StatusOr<sipcm::v1::ConnectionManager> StartListening(
      const sipcm::v1::StartListeningRequest& request);
  void StopListening(const sipcm::v1::StopListeningRequest& request,
                     Done<sipcm::v1::ConnectionManager> done);
  absl::StatusOr<sipcm::v1::AddAllowedDomainResponse> AddAllowedDomain(
      const sipcm::v1::AddAllowedDomainRequest& request);
  void RemoveAllowedDomain(const sipcm::v1::RemoveAllowedDomainRequest& request,
                           Done<sipcm::v1::RemoveAllowedDomainResponse> done);
  absl::StatusOr<sipcm::v1::CheckPeerResponse> CheckPeer(
      const sipcm::v1::CheckPeerRequest& request);

  // The managers of endpoints that name none, made on first use. That of PEER_TO_PEER ones has no
  // addresses, so that it only sends until it gets some; that of REGISTERED ones is a CLIENT.
  static constexpr char kDefaultTcp[] = "connectionManagers/default-tcp";
  static constexpr char kDefaultClient[] = "connectionManagers/default-client";
  static bool IsDefault(absl::string_view name) {
    return name == kDefaultTcp || name == kDefaultClient;
  }
  // As it is made. `name` is one of both.
  static sipcm::v1::ConnectionManager MakeDefault(const std::string& name, absl::Time now);
  static absl::Status EnsureDefault(const std::string& name, ControlState* state)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state->mutex);

  // Starts what has auto_start and is idle. One status per failure, naming the manager; the others
  // listen all the same.
  std::vector<absl::Status> StartWanted();
  // "connectionManagers/edge: ..." for every manager.
  std::vector<std::string> Warnings();

  // Tells the event sink all of them, as the answer to a question of that round.
  void TellState(uint64_t round);

 private:
  // The manager as answered: with what the engine says of it.
  sipcm::v1::ConnectionManager Shown(const sipcm::v1::ConnectionManager& stored)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);
  // Checks, applies and stores a manager that is there with other settings.
  absl::StatusOr<sipcm::v1::ConnectionManager> Replace(sipcm::v1::ConnectionManager changed,
                                                       bool validate_only)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);
  absl::Status CheckMayListen(const sipcm::v1::ConnectionManager& manager)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);
  // Entries of `before` whose pattern `after` has no entry for.
  static std::vector<tls::AllowedDomain> EntriesTakenOut(const sipcm::v1::ConnectionManager& before,
                                                         const sipcm::v1::ConnectionManager& after);
  // Takes the entry out; what is left to do is to close connections. False: there was none.
  absl::StatusOr<bool> TakeOut(const sipcm::v1::RemoveAllowedDomainRequest& request,
                               std::string* pattern, sipcm::v1::ConnectionManager* shown);

  ControlState* const state_;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CATALOG_CONNECTION_MANAGER_CATALOG_H_
