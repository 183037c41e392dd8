#ifndef SIPCM_CORE_ENGINE_CONNECTION_TABLE_H_
#define SIPCM_CORE_ENGINE_CONNECTION_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "core/base/intrusive_list.h"
#include "core/base/snapshot_cell.h"
#include "core/connection/connection.h"
#include "core/engine/admission/admission.h"
#include "core/engine/admission/auto_allowed_hosts.h"
#include "core/engine/engine_snapshot.h"
#include "core/engine/manager/manager_state.h"
#include "core/engine/retirement.h"
#include "core/engine/reuse/reusable_connections.h"
#include "core/engine/throttling/throttle.h"
#include "core/net/network.h"
#include "core/pool/connection_pool.h"
#include "core/tls/domain_removal.h"
#include "core/transaction/client_transaction.h"

namespace sipcm::engine {

// A manager as one worker sees it. Lives until the manager is removed and its last connection
// here is gone. Thread: the worker's.
struct LocalManager {
  LocalManager(std::shared_ptr<ManagerState> of, int worker)
      : state(std::move(of)),
        counters(state->counters(worker)),
        runtime(&state->runtime()),
        directory(&state->directory()),
        auto_hosts(&state->auto_hosts().list()) {}
  const std::shared_ptr<ManagerState> state;
  ManagerCounters& counters;  // this worker's
  SnapshotCell<ManagerRuntime>::Reader runtime;
  SnapshotCell<dispatch::EndpointDirectory>::Reader directory;
  SnapshotCell<tls::AllowedDomains>::Reader auto_hosts;
  IncomingPolicyCache incoming_policy;
  int connection_count = 0;
  int pool_count = 0;
  int flow_count = 0;  // of its registered endpoints
  int send_count = 0;  // of its endpoints, those that wait included
  // The last one of each object: for connections whose handshake was under way.
  std::vector<Retirement> retirements;
};

// A request that waits for its connection to have fewer outstanding ones.
struct HeldRequest {
  std::string bytes;
  size_t header_length = 0;
};

// Allowed domains that were taken out during a handshake.
using DomainRemovals = std::vector<std::shared_ptr<const tls::DomainRemoval>>;

// What a connection has besides when it carries our requests, or belongs to a pool or an endpoint.
struct SendingSide {
  IntrusiveList<transaction::ClientTransaction, transaction::FlowTag> sends;
  std::string sent_by;      // of our own Vias on it; empty until it sends a request
  std::string endpoint_id;  // of a dedicated connection: whose it is
  std::unique_ptr<AutoAllowedHosts::Hold> auto_host;  // outgoing mutual TLS
};

// A connection and what the worker keeps beside it.
struct ConnectionSlot {
  std::unique_ptr<connection::Connection> connection;
  LocalManager* manager = nullptr;
  pool::ConnectionPool* pool = nullptr;              // outgoing, while the pool lives
  std::unique_ptr<SendingSide> sending;              // null: see ForSending()
  std::unique_ptr<DomainRemovals> removals;          // to be judged by; null: none
  std::unique_ptr<ReusableConnections::Hold> alias;  // it may carry our requests too (RFC 5923)
  std::string peer_host;  // the remote address as text, made once for the Vias of answers
  // Kept by ConnectionLoad.
  std::unique_ptr<std::deque<HeldRequest>> held;  // null: none yet
  ThrottleMarks marks;
  int received_count = 0;         // requests of the peer that have no final answer yet
  bool has_own_marks = false;     // `marks` are not the manager's
  bool throttled = false;         // above `marks`
  bool client_throttled = false;  // above the manager's limit for one client
  bool held_transaction = false;  // counted on the connection for all that are held

  bool in_handshake = false;  // incoming, over TLS, not established yet

  SendingSide& ForSending() {
    if (sending == nullptr) sending = std::make_unique<SendingSide>();
    return *sending;
  }
  // Of a dedicated connection: whose it is; else empty.
  absl::string_view endpoint_id() const {
    return sending == nullptr ? absl::string_view() : sending->endpoint_id;
  }
  // The oldest request of ours that is outstanding on it; null: none is.
  transaction::ClientTransaction* FirstSend() const {
    return sending == nullptr ? nullptr : sending->sends.front();
  }
  int outstanding_count() const {
    return connection->live_transactions() - (held_transaction ? 1 : 0);
  }

  bool has_named_pool() const { return pool != nullptr && endpoint_id().empty(); }
};

// The connections of one worker. Owns them. Thread: the worker's.
class ConnectionTable {
 public:
  explicit ConnectionTable(int worker) : worker_(worker) {}

  int worker() const { return worker_; }
  connection::ConnectionId NewId() { return connection::ConnectionId(worker_, ++last_serial_); }
  // Sets the connection's owner tag to the slot.
  ConnectionSlot* Insert(std::unique_ptr<connection::Connection> connection, LocalManager* manager,
                         pool::ConnectionPool* pool);
  // Null when it is gone.
  ConnectionSlot* Find(connection::ConnectionId id) const {
    const auto found = slots_.find(id);
    return found == slots_.end() ? nullptr : found->second.get();
  }
  static ConnectionSlot* SlotOf(const connection::Connection& connection) {
    return static_cast<ConnectionSlot*>(connection.owner_tag());
  }
  void Erase(connection::ConnectionId id) { slots_.erase(id); }
  size_t size() const { return slots_.size(); }
  // Ends those of the manager that the retirement is for, and remembers it for those whose
  // handshake is under way. How many it ended.
  int Retire(LocalManager* manager, const Retirement& retirement, Instant now);
  // Once its handshake is done.
  static void RetireIfDue(const ConnectionSlot& slot, Instant now);
  // A copy of the list: what is done with each may end others.
  std::vector<connection::ConnectionId> Ids() const;

 private:
  const int worker_;
  uint64_t last_serial_ = 0;
  absl::flat_hash_map<connection::ConnectionId, std::unique_ptr<ConnectionSlot>> slots_;
};

// As values. `now` and `wall_now` are of one instant.
ConnectionSnapshot SnapshotOf(const ConnectionSlot& slot, Instant now, absl::Time wall_now);
// Of one without a slot: it is not established yet.
ConnectionSnapshot SnapshotOf(const connection::Connection& connection, const ManagerState& manager,
                              Instant now, absl::Time wall_now);

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_CONNECTION_TABLE_H_
