#include "core/engine/worker/connection_control.h"

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/engine/admission/removal_sweep.h"

namespace sipcm::engine {

std::vector<ConnectionSnapshot> ConnectionControl::List(const std::string& manager_id) const {
  std::vector<ConnectionSnapshot> snapshots;
  for (const connection::ConnectionId id : connections_->Ids()) {
    const ConnectionSlot& slot = *connections_->Find(id);
    if (!manager_id.empty() && slot.manager->state->id() != manager_id) continue;
    snapshots.push_back(SnapshotOf(slot, loop_->Now(), loop_->WallNow()));
  }
  return snapshots;
}

absl::StatusOr<ConnectionSnapshot> ConnectionControl::Change(
    connection::ConnectionId id, absl::FunctionRef<void(connection::Connection&)> change) {
  const ConnectionSlot* const slot = connections_->Find(id);
  if (slot == nullptr || slot->connection->state() == connection::ConnectionState::kClosed) {
    return MakeError(absl::StatusCode::kNotFound, "RESOURCE_NOT_FOUND",
                     absl::StrCat("connection \"", id.ToString(),
                                  "\" does not exist or has closed; list the live ones with "
                                  "Connections/ListConnections"));
  }
  change(*slot->connection);
  return SnapshotOf(*slot, loop_->Now(), loop_->WallNow());
}

int ConnectionControl::Retire(const std::shared_ptr<ManagerState>& manager,
                              const Retirement& retirement) {
  if (manager->removed.load(std::memory_order_acquire)) return 0;
  return connections_->Retire(managers_->For(manager), retirement, loop_->Now());
}

int ConnectionControl::CloseRemoved(const std::shared_ptr<ManagerState>& manager,
                                    const std::shared_ptr<const tls::DomainRemoval>& removal) {
  LocalManager* const local = managers_->Find(manager.get());
  if (local == nullptr) return 0;
  return engine::CloseRemoved(*connections_, local, removal, loop_->WallNow());
}

}  // namespace sipcm::engine
