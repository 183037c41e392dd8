// The endpoints of a ShardedEngine.
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/engine/requests/explanation.h"
#include "core/engine/sends/send_route.h"
#include "core/engine/sharded_engine.h"

namespace sipcm::engine {
namespace {

absl::Status EndpointNotFound(const std::string& endpoint_id) {
  return MakeError(
      absl::StatusCode::kNotFound, "RESOURCE_NOT_FOUND",
      absl::StrCat("endpoint \"endpoints/", endpoint_id, "\" does not exist; create it first"));
}

}  // namespace

absl::Status ShardedEngine::ApplyEndpoint(dispatch::Endpoint endpoint) {
  absl::MutexLock lock(&control_);
  SIPCM_ASSIGN_OR_RETURN(const ManagerPointer manager, FindManagerLocked(endpoint.manager_id));
  if (endpoint.kind == dispatch::EndpointKind::kPeerToPeer &&
      manager->runtime().Get()->config.kind == ManagerKind::kClient) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "ENDPOINT_KIND_NOT_ON_MANAGER",
                     absl::StrCat("endpoint \"endpoints/", endpoint.id,
                                  "\" is PEER_TO_PEER, but \"connectionManagers/", manager->id(),
                                  "\" is of kind CLIENT; use a SERVER_TCP or SERVER_TLS manager"));
  }
  const auto known = endpoint_managers_.find(endpoint.id);
  if (known != endpoint_managers_.end() && known->second != manager) {
    return MakeError(
        absl::StatusCode::kFailedPrecondition, "IMMUTABLE_FIELD",
        absl::StrCat("endpoint \"endpoints/", endpoint.id, "\" belongs to \"connectionManagers/",
                     known->second->id(), "\" and cannot move; delete it and create it anew"));
  }
  pool::Destination first_hop;
  if (endpoint.kind == dispatch::EndpointKind::kRegistered) {
    SIPCM_ASSIGN_OR_RETURN(first_hop,
                           FirstHopOf(*endpoint.registration, manager->runtime().Get()->config));
  }
  std::shared_ptr<const dispatch::Endpoint> applied;
  SIPCM_RETURN_IF_ERROR(manager->directory().Edit([&](dispatch::EndpointDirectory* directory) {
    const dispatch::EndpointDirectory::EntryPointer old = directory->FindById(endpoint.id);
    // What its registrar gave it holds until the registration says otherwise.
    if (old != nullptr && endpoint.kind == dispatch::EndpointKind::kRegistered) {
      endpoint.gruus = old->endpoint->gruus;
    }
    applied = std::make_shared<const dispatch::Endpoint>(std::move(endpoint));
    return directory->Put(
        {applied, old != nullptr ? old->group : std::make_shared<dispatch::SubscriptionGroup>()});
  }));
  endpoint_managers_[applied->id] = manager;
  if (applied->kind == dispatch::EndpointKind::kRegistered) {
    ApplyFlow(manager, applied, std::move(first_hop));
  }
  return absl::OkStatus();
}

void ShardedEngine::ApplyFlow(const ManagerPointer& manager,
                              const std::shared_ptr<const dispatch::Endpoint>& endpoint,
                              pool::Destination first_hop) {
  first_hop.dedicated_to = endpoint->id;
  const auto known = registered_.find(endpoint->id);
  if (known != registered_.end() && known->second.destination != first_hop) {
    RemoveFlow(*manager, endpoint->id);
  }
  Registered& registered = registered_[endpoint->id];
  registered.destination = std::move(first_hop);
  if (registered.status == nullptr) {
    registered.status =
        std::make_shared<EndpointStatusCell>(std::make_shared<const EndpointStatus>());
  }
  Post(HomeOf(*manager, registered.destination), [manager, endpoint, registered](Worker& worker) {
    worker.ApplyFlow(manager, endpoint, registered.destination, registered.status);
  });
}

void ShardedEngine::RemoveFlow(const ManagerState& manager, const std::string& endpoint_id) {
  const auto found = registered_.find(endpoint_id);
  if (found == registered_.end()) return;
  Post(HomeOf(manager, found->second.destination),
       [endpoint_id](Worker& worker) { worker.RemoveFlow(endpoint_id); });
  registered_.erase(found);
}

absl::StatusOr<ShardedEngine::ManagerPointer> ShardedEngine::ManagerOfEndpoint(
    const std::string& endpoint_id) const {
  const auto found = endpoint_managers_.find(endpoint_id);
  if (found == endpoint_managers_.end()) return EndpointNotFound(endpoint_id);
  return found->second;
}

absl::StatusOr<EndpointStatus> ShardedEngine::GetEndpointStatus(
    const std::string& endpoint_id) const {
  absl::MutexLock lock(&control_);
  if (!endpoint_managers_.contains(endpoint_id)) return EndpointNotFound(endpoint_id);
  const auto registered = registered_.find(endpoint_id);
  return registered == registered_.end() ? EndpointStatus() : *registered->second.status->Get();
}

absl::StatusOr<EndpointStatistics> ShardedEngine::GetEndpointStatistics(
    const std::string& endpoint_id) const {
  absl::MutexLock lock(&control_);
  SIPCM_ASSIGN_OR_RETURN(const ManagerPointer manager, ManagerOfEndpoint(endpoint_id));
  const dispatch::EndpointDirectory::EntryPointer entry =
      manager->directory().Look([&](const dispatch::EndpointDirectory& directory) {
        return directory.FindById(endpoint_id);
      });
  dispatch::SubscriptionGroup& group = *entry->group;
  EndpointStatistics statistics;
  statistics.deliveries = group.statistics();
  statistics.subscription_count = static_cast<int>(group.subscriptions().Get()->size());
  statistics.sent_request_count = group.sent_count();
  return statistics;
}

absl::Status ShardedEngine::RemoveEndpoint(const std::string& endpoint_id) {
  absl::MutexLock lock(&control_);
  return RemoveEndpointLocked(endpoint_id);
}

absl::Status ShardedEngine::RemoveEndpointLocked(const std::string& endpoint_id) {
  const auto found = endpoint_managers_.find(endpoint_id);
  if (found == endpoint_managers_.end()) return EndpointNotFound(endpoint_id);
  const ManagerPointer manager = found->second;
  endpoint_managers_.erase(found);
  RemoveFlow(*manager, endpoint_id);
  dispatch::EndpointDirectory::EntryPointer entry;
  SIPCM_RETURN_IF_ERROR(manager->directory().Edit([&](dispatch::EndpointDirectory* directory) {
    entry = directory->FindById(endpoint_id);
    directory->Remove(endpoint_id);
    return absl::OkStatus();
  }));
  EndSubscriptions(entry->group,
                   MakeError(absl::StatusCode::kNotFound, "RESOURCE_DELETED",
                             absl::StrCat("endpoint \"endpoints/", endpoint_id, "\" was deleted")));
  PostToAll([entry](Worker& worker) { worker.ForgetEndpoint(entry); });
  return absl::OkStatus();
}

void ShardedEngine::ExplainDispatch(const std::string& manager_id, std::string request,
                                    connection::ConnectionId connection,
                                    Callback<DispatchExplanation> done) const {
  const absl::StatusOr<ManagerPointer> manager = FindManager(manager_id);
  if (!manager.ok()) return done(manager.status());
  auto record = ReadRequest(std::move(request), **manager);
  if (!record.ok()) return done(record.status());
  auto explain = [manager = *manager, record = *record, flow = EndpointOfFlow(connection),
                  done = std::move(done)](const DialogClaim& claim) mutable {
    done(Explain(record->view, flow, claim, *manager));
  };
  if (!AsksDialog((*record)->view)) return explain(DialogClaim());
  Post(0, [record = *record, explain = std::move(explain)](Worker& worker) mutable {
    worker.dialogs().Ask(std::move(record), Claiming::kLooks, std::move(explain));
  });
}

std::string ShardedEngine::EndpointOfFlow(connection::ConnectionId connection) const {
  absl::MutexLock lock(&control_);
  if (!connection.is_valid()) return "";
  for (const auto& [endpoint_id, registered] : registered_) {
    if (registered.status->Get()->connection == connection) return endpoint_id;
  }
  return "";
}

}  // namespace sipcm::engine
