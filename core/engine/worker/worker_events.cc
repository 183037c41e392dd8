#include "core/engine/worker/worker_events.h"

#include <utility>

#include "core/base/error.h"
#include "core/pool/statistics/failure_cause.h"
#include "core/tls/peer_identity.h"
#include "core/tls/tls_stream.h"

namespace sipcm::engine {
namespace {

// Null unless our verdict ended the handshake. A peer that was let in once and is closed by a later
// edit is no refused handshake.
std::shared_ptr<const tls::RefusedPeer> RefusedPeerOf(const connection::Connection& connection,
                                                      connection::CloseReason reason) {
  const bool is_refusal =
      reason == connection::CloseReason::kNotAllowed && connection.peer() == nullptr;
  return is_refusal ? connection.tls()->refused_peer() : nullptr;
}

}  // namespace

EngineEvent WorkerEvents::EventOf(EngineEvent::Kind kind, const ConnectionSlot& slot) const {
  EngineEvent event;
  event.kind = kind;
  event.manager_id = slot.manager->state->id();
  event.connection =
      std::make_shared<ConnectionSnapshot>(SnapshotOf(slot, loop_->Now(), loop_->WallNow()));
  return event;
}

void WorkerEvents::TellOpened(const ConnectionSlot& slot) {
  sink_->OnEvent(EventOf(EngineEvent::Kind::kConnectionOpened, slot));
}

void WorkerEvents::TellEstablished(const ConnectionSlot& slot) {
  EngineEvent event = EventOf(EngineEvent::Kind::kConnectionAuthorized, slot);
  const tls::PeerIdentity* const peer = event.connection->peer.get();
  if (peer != nullptr && peer->verified) sink_->OnEvent(event);
  event.kind = EngineEvent::Kind::kConnectionEstablished;
  sink_->OnEvent(event);
}

void WorkerEvents::TellMalformed(const ConnectionSlot& slot, absl::Status detail) {
  EngineEvent event = EventOf(EngineEvent::Kind::kMalformed, slot);
  event.detail = std::move(detail);
  sink_->OnEvent(event);
}

WorkerEvents::Closing WorkerEvents::Close(const ConnectionSlot& slot,
                                          connection::CloseReason reason,
                                          const absl::Status& detail) const {
  Closing closing;
  closing.event_ = EventOf(EngineEvent::Kind::kConnectionClosed, slot);
  closing.event_.close_reason = reason;
  closing.event_.detail = detail;
  closing.refused_peer_ = RefusedPeerOf(*slot.connection, reason);
  return closing;
}

void WorkerEvents::TellClosed(Closing closing) {
  if (closing.is_refusal()) {
    EngineEvent refusal = closing.event_;
    refusal.kind = EngineEvent::Kind::kTlsRefused;
    refusal.refused_peer = std::move(closing.refused_peer_);
    sink_->OnEvent(refusal);
  }
  sink_->OnEvent(closing.event_);
}

void WorkerEvents::TellServerRefused(const ManagerState& manager,
                                     const pool::Destination& destination,
                                     const connection::Connection& connection,
                                     const absl::Status& detail) {
  ConnectionSnapshot snapshot = SnapshotOf(connection, manager, loop_->Now(), loop_->WallNow());
  snapshot.pool_id = destination.PoolId();
  EngineEvent event;
  event.kind = EngineEvent::Kind::kTlsRefused;
  event.manager_id = manager.id();
  event.connection = std::make_shared<ConnectionSnapshot>(std::move(snapshot));
  event.close_reason = connection::CloseReason::kNotAllowed;
  event.detail = detail;
  event.refused_peer = connection.tls()->refused_peer();
  sink_->OnEvent(event);
}

void WorkerEvents::TellConnectFailed(const ManagerState& manager,
                                     const pool::Destination& destination,
                                     const absl::Status& failure) {
  ConnectionSnapshot snapshot;
  snapshot.manager_id = manager.id();
  snapshot.direction = connection::Direction::kOutgoing;
  snapshot.transport = destination.transport;
  snapshot.state = connection::ConnectionState::kClosed;
  if (const auto tried = net::SocketAddress::Parse(TargetOf(failure)); tried.ok()) {
    snapshot.remote_address = *tried;
  }
  snapshot.endpoint_id = destination.dedicated_to;
  if (!destination.is_dedicated()) snapshot.pool_id = destination.PoolId();
  EngineEvent event;
  event.kind = EngineEvent::Kind::kConnectFailed;
  event.manager_id = manager.id();
  event.connection = std::make_shared<ConnectionSnapshot>(std::move(snapshot));
  event.close_reason = pool::CloseReasonOf(pool::CauseOf(failure));
  event.detail = failure;
  sink_->OnEvent(event);
}

namespace {

void TellThrottlingOf(EngineEvent event, ThrottleChange change, const ThrottlingChange& throttling,
                      EventSink* sink) {
  event.kind = change == ThrottleChange::kStarted ? EngineEvent::Kind::kThrottlingStarted
                                                  : EngineEvent::Kind::kThrottlingEnded;
  event.throttling = std::make_shared<ThrottlingChange>(throttling);
  sink->OnEvent(event);
}

}  // namespace

void WorkerEvents::TellThrottling(const ConnectionSlot& slot, ThrottleChange change,
                                  const ThrottlingChange& throttling) {
  TellThrottlingOf(EventOf(EngineEvent::Kind::kThrottlingStarted, slot), change, throttling, sink_);
}

void WorkerEvents::TellThrottling(const ManagerState& manager, ThrottleChange change,
                                  const ThrottlingChange& throttling) {
  EngineEvent event;
  event.manager_id = manager.id();
  TellThrottlingOf(std::move(event), change, throttling, sink_);
}

void WorkerEvents::TellPool(EngineEvent::Kind kind, const PoolSnapshot& pool,
                            const absl::Status& detail) {
  if (pool.destination.is_dedicated()) return;  // the flow of its endpoint, no pool to anybody
  EngineEvent event;
  event.kind = kind;
  event.manager_id = pool.manager_id;
  event.detail = detail;
  event.pool = std::make_shared<PoolSnapshot>(pool);
  sink_->OnEvent(event);
}

void WorkerEvents::TellEndpoint(const ManagerState& manager, const std::string& endpoint_id,
                                std::shared_ptr<const EndpointStatus> status) {
  EngineEvent event;
  event.kind = EngineEvent::Kind::kEndpointState;
  event.manager_id = manager.id();
  event.endpoint_id = endpoint_id;
  event.endpoint = std::move(status);
  sink_->OnEvent(event);
}

void WorkerEvents::TellTurnedAway(const ManagerState& manager, connection::ConnectionId id,
                                  connection::Transport transport, const net::ByteStream& stream,
                                  const absl::Status& limit) {
  ConnectionSnapshot snapshot;
  snapshot.id = id;
  snapshot.manager_id = manager.id();
  snapshot.transport = transport;
  snapshot.local_address = stream.local_address();
  snapshot.remote_address = stream.remote_address();
  snapshot.open_time = loop_->WallNow();
  snapshot.last_receive_time = absl::InfinitePast();
  snapshot.last_send_time = absl::InfinitePast();
  EngineEvent event;
  event.kind = EngineEvent::Kind::kConnectionOpened;
  event.manager_id = manager.id();
  event.connection = std::make_shared<ConnectionSnapshot>(std::move(snapshot));
  sink_->OnEvent(event);
  event.kind = EngineEvent::Kind::kConnectionClosed;
  event.close_reason = connection::CloseReason::kLimit;
  event.detail = limit;
  sink_->OnEvent(event);
}

void WorkerEvents::TellAcceptFailed(const ManagerState& manager, const absl::Status& detail) {
  EngineEvent event;
  event.kind = EngineEvent::Kind::kAcceptFailed;
  event.manager_id = manager.id();
  event.detail = detail;
  sink_->OnEvent(event);
}

void WorkerEvents::TellState(WorkerState state) {
  EngineEvent event;
  event.kind = EngineEvent::Kind::kWorkerState;
  event.worker = std::make_shared<WorkerState>(std::move(state));
  sink_->OnEvent(event);
}

}  // namespace sipcm::engine
