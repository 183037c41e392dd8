#ifndef SIPCM_CORE_ENGINE_ACCEPTANCE_H_
#define SIPCM_CORE_ENGINE_ACCEPTANCE_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "core/connection/connection.h"
#include "core/connection/connection_environment.h"
#include "core/engine/connection_table.h"
#include "core/event/event_loop.h"
#include "core/net/network.h"
#include "core/tls/handshake_gate.h"

namespace sipcm::engine {

// The accepting side of one worker: its share of each manager's listeners, and the making of a
// connection from what they accept. Thread: the worker's, destruction too.
class Acceptance {
 public:
  class Host {
   public:
    // Takes the connection in and starts it.
    virtual void AdoptIncoming(std::unique_ptr<connection::Connection> connection,
                               LocalManager* manager) = 0;
    // One was closed at once, for a limit on connections (RESOURCE_EXHAUSTED, CONNECTION_LIMIT). It
    // never was in the table.
    virtual void OnTurnedAway(LocalManager* manager, connection::Transport transport,
                              const net::ByteStream& stream, const absl::Status& limit) = 0;
    // One could not be accepted; the next may be.
    virtual void OnAcceptFailed(LocalManager* manager, const absl::Status& status) = 0;
    // A listener of that `listening` will not accept again. It must not be removed from inside.
    virtual void OnListenerFailed(LocalManager* manager, uint64_t listening,
                                  const absl::Status& status) = 0;

   protected:
    ~Host() = default;
  };

  // All outlive this.
  Acceptance(event::EventLoop* loop, net::Network* network, tls::HandshakeGate* gate,
             connection::ConnectionEnvironment* environment, ConnectionTable* connections,
             Host* host);
  ~Acceptance();
  Acceptance(const Acceptance&) = delete;
  Acceptance& operator=(const Acceptance&) = delete;

  // Accepts on them from now on. `manager` outlives what it has here. `listening`: as
  // ManagerState::BeginListening() numbered it.
  void Add(LocalManager* manager, uint64_t listening,
           std::vector<std::unique_ptr<net::BoundListener>> listeners);
  // Closes the manager's listeners, or those of that listening only; connections live on.
  void Remove(LocalManager* manager);
  void Remove(LocalManager* manager, uint64_t listening);
  void Clear();
  // Of every connection of the worker; those that were not accepted here are passed over.
  void OnEstablished(ConnectionSlot& slot);
  void OnClosed(ConnectionSlot& slot);
  bool Contains(LocalManager* manager) const { return acceptors_.contains(manager); }

 private:
  class ManagerAcceptor;

  void OnAccepted(LocalManager* manager, std::unique_ptr<net::ByteStream> stream);
  void OnHandshakeEnded(ConnectionSlot& slot);
  // Accepts for the manager while fewer handshakes than its limit are in progress here.
  void UpdateAccepting(LocalManager* manager);

  event::EventLoop* const loop_;
  net::Network* const network_;
  tls::HandshakeGate* const gate_;
  connection::ConnectionEnvironment* const environment_;
  ConnectionTable* const connections_;
  Host* const host_;
  absl::flat_hash_map<LocalManager*, std::vector<std::unique_ptr<ManagerAcceptor>>> acceptors_;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_ACCEPTANCE_H_
