#include "core/engine/admission/removal_sweep.h"

#include <utility>

#include "core/base/error.h"
#include "core/engine/admission/admission.h"
#include "core/tls/peer_identity.h"
#include "core/tls/tls_stream.h"

namespace sipcm::engine {

using connection::Connection;

namespace {

bool CloseIfConcerned(ConnectionSlot& slot, const tls::DomainRemoval& removal,
                      const tls::PeerPolicy& policy, absl::Time now) {
  Connection& connection = *slot.connection;
  const bool was_judged = connection.direction() == connection::Direction::kIncoming &&
                          connection.peer() != nullptr && connection.peer()->verified;
  if (!was_judged || connection.state() == connection::ConnectionState::kClosed) return false;
  if (!removal.MayConcern(*connection.peer())) return false;
  if (!removal.Concerns(policy, connection.tls()->PeerChain(), now)) return false;
  connection.CloseAfterFlush(
      connection::CloseReason::kDomainRemoved,
      MakeError(absl::StatusCode::kFailedPrecondition, "PEER_NOT_ALLOWED",
                "the allowed domain that covered the peer was removed, and no other one does"));
  return true;
}

tls::PeerPolicy PolicyOf(LocalManager* manager) {
  return IncomingPolicy(*manager->runtime.Get(), manager->auto_hosts.Get());
}

}  // namespace

int CloseRemoved(const ConnectionTable& connections, LocalManager* manager,
                 const std::shared_ptr<const tls::DomainRemoval>& removal, absl::Time now) {
  const tls::PeerPolicy policy = PolicyOf(manager);
  int closed = 0;
  for (const connection::ConnectionId id : connections.Ids()) {
    ConnectionSlot* slot = connections.Find(id);
    if (slot == nullptr || slot->manager != manager) continue;
    if (slot->in_handshake) {
      // It is judged by the list of the moment at which it was accepted.
      if (slot->removals == nullptr) slot->removals = std::make_unique<DomainRemovals>();
      slot->removals->push_back(removal);
    } else if (CloseIfConcerned(*slot, *removal, policy, now)) {
      ++closed;
    }
  }
  return closed;
}

void CloseIfRemovedMeanwhile(ConnectionSlot& slot, absl::Time now) {
  if (slot.removals == nullptr) return;
  const std::unique_ptr<DomainRemovals> removals = std::move(slot.removals);
  const tls::PeerPolicy policy = PolicyOf(slot.manager);
  for (const auto& removal : *removals) {
    if (CloseIfConcerned(slot, *removal, policy, now)) return;
  }
}

}  // namespace sipcm::engine
