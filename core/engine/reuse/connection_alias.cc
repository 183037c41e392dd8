#include "core/engine/reuse/connection_alias.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "core/sip/parameters.h"
#include "core/tls/peer_names.h"

namespace sipcm::engine {
namespace {

using connection::Connection;
using connection::Direction;
using connection::Transport;

constexpr uint16_t kTlsPort = 5061;

// Over TLS, with a certificate of the peer that our verdict let in.
bool IsAuthenticated(const Connection& connection) {
  return connection.transport() == Transport::kTls && connection.peer() != nullptr &&
         connection.peer()->verified;
}

}  // namespace

std::optional<pool::Destination> AliasOf(const sip::Via& via, const tls::PeerIdentity& peer) {
  sip::Parameter alias;
  if (!peer.verified || !absl::EqualsIgnoreCase(via.transport, "TLS") ||
      !sip::FindParameter(via.parameters, "alias", &alias) || !tls::NamesHost(peer, via.host)) {
    return std::nullopt;
  }
  pool::Destination destination;
  destination.host = std::string(via.host);
  destination.port = via.port == 0 ? kTlsPort : via.port;
  destination.transport = Transport::kTls;
  absl::StatusOr<pool::Destination> normalized =
      pool::Destination::Normalized(std::move(destination));
  if (!normalized.ok()) return std::nullopt;
  return *std::move(normalized);
}

void NoteAlias(ConnectionSlot& slot, const sip::MessageView& request) {
  const Connection& connection = *slot.connection;
  if (slot.alias != nullptr || connection.direction() != Direction::kIncoming ||
      !IsAuthenticated(connection)) {
    return;
  }
  const std::optional<pool::Destination> destination =
      AliasOf(request.top_via(), *connection.peer());
  if (!destination.has_value()) return;
  slot.alias = slot.manager->state->reusable().Add(*destination, connection.id());
}

absl::string_view AliasParameter(ConnectionSlot& slot) {
  const Connection& connection = *slot.connection;
  if (connection.direction() != Direction::kOutgoing || !IsAuthenticated(connection)) return "";
  const ManagerConfig& config = slot.manager->runtime.Get()->config;
  // Without a name of ours in the Via the peer has nothing to compare our certificate with.
  const bool is_mutual =
      config.kind == ManagerKind::kServerTls && config.mutual_tls != tls::MutualTls::kOff;
  return is_mutual && !config.local_host_name.empty() ? ";alias" : "";
}

}  // namespace sipcm::engine
