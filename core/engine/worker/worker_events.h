#ifndef SIPCM_CORE_ENGINE_WORKER_WORKER_EVENTS_H_
#define SIPCM_CORE_ENGINE_WORKER_WORKER_EVENTS_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "core/connection/close_reason.h"
#include "core/engine/connection_table.h"
#include "core/engine/engine_event.h"
#include "core/event/event_loop.h"

namespace sipcm::engine {

// Tells the sink what becomes of one worker's connections and pools. Thread: the worker's.
class WorkerEvents {
 public:
  // Both outlive this.
  WorkerEvents(event::EventLoop* loop, EventSink* sink) : loop_(loop), sink_(sink) {}

  void TellOpened(const ConnectionSlot& slot);
  // Of a verified peer kConnectionAuthorized comes before it.
  void TellEstablished(const ConnectionSlot& slot);
  void TellMalformed(const ConnectionSlot& slot, absl::Status detail);
  // What is told once the connection is gone: taken while it is still there. A peer that our
  // verdict refused has its kTlsRefused told before.
  class Closing {
   public:
    bool is_refusal() const { return refused_peer_ != nullptr; }

   private:
    friend class WorkerEvents;
    EngineEvent event_;
    std::shared_ptr<const tls::RefusedPeer> refused_peer_;
  };
  Closing Close(const ConnectionSlot& slot, connection::CloseReason reason,
                const absl::Status& detail) const;
  void TellClosed(Closing closing);

  // One of ours ended in its handshake, for our verdict on the server.
  void TellServerRefused(const ManagerState& manager, const pool::Destination& destination,
                         const connection::Connection& connection, const absl::Status& detail);

  // An attempt to open a connection came to nothing. The back-off of attempts bounds how often.
  void TellConnectFailed(const ManagerState& manager, const pool::Destination& destination,
                         const absl::Status& failure);

  void TellThrottling(const ConnectionSlot& slot, ThrottleChange change,
                      const ThrottlingChange& throttling);
  void TellThrottling(const ManagerState& manager, ThrottleChange change,
                      const ThrottlingChange& throttling);
  void TellPool(EngineEvent::Kind kind, const PoolSnapshot& pool,
                const absl::Status& detail = absl::OkStatus());
  void TellEndpoint(const ManagerState& manager, const std::string& endpoint_id,
                    std::shared_ptr<const EndpointStatus> status);
  // One that was accepted and closed at once, for a limit on connections: its opening and its end.
  void TellTurnedAway(const ManagerState& manager, connection::ConnectionId id,
                      connection::Transport transport, const net::ByteStream& stream,
                      const absl::Status& limit);
  void TellAcceptFailed(const ManagerState& manager, const absl::Status& detail);
  void TellState(WorkerState state);

 private:
  EngineEvent EventOf(EngineEvent::Kind kind, const ConnectionSlot& slot) const;

  event::EventLoop* const loop_;
  EventSink* const sink_;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_WORKER_WORKER_EVENTS_H_
