#include "core/engine/admission/removal_sweep.h"

#include "core/base/error.h"
#include "core/engine/admission/admission.h"
#include "core/tls/peer_identity.h"
#include "core/tls/tls_stream.h"

namespace sipcm::engine {

using connection::Connection;

int CloseRemoved(const ConnectionTable& connections, LocalManager* manager,
                 const tls::DomainRemoval& removal, absl::Time now) {
  const tls::PeerPolicy policy = IncomingPolicy(*manager->runtime.Get(), manager->auto_hosts.Get());
  int closed = 0;
  for (const connection::ConnectionId id : connections.Ids()) {
    ConnectionSlot* slot = connections.Find(id);
    if (slot == nullptr || slot->manager != manager) continue;
    Connection& connection = *slot->connection;
    const bool was_judged = connection.direction() == connection::Direction::kIncoming &&
                            connection.peer() != nullptr && connection.peer()->verified;
    if (!was_judged || connection.state() == connection::ConnectionState::kClosed) continue;
    if (!removal.MayConcern(*connection.peer())) continue;
    if (!removal.Concerns(policy, connection.tls()->PeerChain(), now)) continue;
    connection.CloseAfterFlush(
        connection::CloseReason::kDomainRemoved,
        MakeError(absl::StatusCode::kFailedPrecondition, "PEER_NOT_ALLOWED",
                  "the allowed domain that covered the peer was removed, and no other one does"));
    ++closed;
  }
  return closed;
}

}  // namespace sipcm::engine
