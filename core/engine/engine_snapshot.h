#ifndef SIPCM_CORE_ENGINE_ENGINE_SNAPSHOT_H_
#define SIPCM_CORE_ENGINE_ENGINE_SNAPSHOT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "core/connection/close_reason.h"
#include "core/connection/connection.h"
#include "core/connection/targets/target_health.h"
#include "core/dispatch/delivery.h"
#include "core/dispatch/dispatcher.h"
#include "core/engine/throttling/throttle.h"
#include "core/pool/destination.h"
#include "core/pool/pool_policy.h"
#include "core/pool/pool_setting.h"
#include "core/pool/statistics/pool_statistics.h"
#include "core/pool/statistics/pool_totals.h"
#include "core/tls/peer_identity.h"

namespace sipcm::engine {

// One connection, as it was when asked. Values only: safe on any thread.
struct ConnectionSnapshot {
  connection::ConnectionId id;
  std::string manager_id;
  connection::Direction direction = connection::Direction::kIncoming;
  connection::Transport transport = connection::Transport::kTcp;
  connection::ConnectionState state = connection::ConnectionState::kHandshaking;
  net::SocketAddress local_address;
  net::SocketAddress remote_address;
  std::shared_ptr<const tls::PeerIdentity> peer;
  std::string pool_id;      // outgoing and shared: "tcp:host:port"
  std::string endpoint_id;  // dedicated: whose it is
  // "certificates/edge@2": what we presented; empty without one.
  std::string certificate_version;
  absl::Duration idle_timeout;
  absl::Time open_time;
  absl::Time last_receive_time;  // InfinitePast when nothing came yet
  absl::Time last_send_time;
  connection::Connection::Counters counters;
  int64_t queued_byte_count = 0;  // not written yet
  int outstanding_count = 0;
  int received_count = 0;  // of these: requests of the peer
  ThrottleMarks throttling;
  bool throttled = false;         // above the marks: holds requests back
  bool client_throttled = false;  // above the limit of one client: refuses requests
};

// One address of a destination, as its pool knows it.
struct TargetSnapshot {
  net::SocketAddress address;
  int priority = 0;  // of SRV, as `weight`; 0 without
  int weight = 0;
  connection::Health health = connection::Health::kHealthy;
  absl::Time retry_time;      // of kDead: not before
  absl::Status last_failure;  // unless healthy
};

struct PoolSnapshot {
  std::string manager_id;
  pool::Destination destination;
  pool::PoolSetting setting;        // what was asked of this one
  pool::PoolLimits limits;          // what holds: the setting over the manager's defaults
  int target_connection_count = 0;  // kFixed: the maximum; kAuto: what the pool chose
  pool::PoolStatistics statistics;
  std::vector<TargetSnapshot> targets;            // best first; empty before the first resolution
  absl::Time create_time = absl::InfinitePast();  // of the pool, or of the setting without one
  bool live = false;                              // false: only a setting, no pool yet
  bool removed = false;                           // it ends with its last connection
};

// Sums over all workers, for metrics and Admin.GetServer. Monotonic unless said otherwise.
struct EngineTotals {
  // Gauges.
  int64_t connections[2][2] = {};  // [direction][transport]
  int64_t pools = 0;
  int64_t open_requests = 0;     // delivered or waiting, not finally answered
  int64_t waiting_requests = 0;  // of these: waiting for credit
  int64_t open_sends = 0;
  int64_t dialogs = 0;  // those that begin included
  int64_t subscriptions = 0;
  int64_t endpoints = 0;
  int64_t managers = 0;
  pool::PoolSums pool_sums;  // of all pools; counters too
  // Counters.
  uint64_t connections_opened[2][2] = {};
  uint64_t connections_closed[2][2][connection::kCloseReasonCount] = {};
  uint64_t accept_failures = 0;
  uint64_t requests_in = 0;
  uint64_t responses_in = 0;
  uint64_t stray_responses_in = 0;  // matched no transaction: dropped
  uint64_t malformed_in = 0;
  uint64_t requests_dispatched = 0;  // first attempts handed to a subscription
  uint64_t requests_redelivered = 0;
  uint64_t requests_expired = 0;
  uint64_t requests_cancelled = 0;
  uint64_t automatic_answers[700] = {};  // by status code
  uint64_t responses_out = 0;            // of applications
  uint64_t requests_out = 0;
  uint64_t requests_retried = 0;     // put on a second connection: of the first no byte went out
  uint64_t wrong_server_proofs = 0;  // rspauth of who was shown credentials (RFC 7616 3.5)
  uint64_t sends_failed = 0;
  uint64_t tls_refused = 0;
  // By ThrottleMechanism: what is throttled now, and the requests that were held back or refused.
  int64_t throttled[kThrottleMechanismCount] = {};
  uint64_t throttled_requests[kThrottleMechanismCount] = {};
};

// What one endpoint does, as it was when asked.
struct EndpointStatistics {
  dispatch::DeliveryStatistics deliveries;
  int subscription_count = 0;  // its own, not its manager's
  int64_t sent_request_count = 0;
};

// Which endpoint a request would go to and why; nothing is sent.
struct DispatchExplanation {
  dispatch::DispatchReason reason = dispatch::DispatchReason::kAutomaticAnswer;
  std::string endpoint_id;                    // empty: an automatic answer
  std::vector<dispatch::DispatchStep> steps;  // in order; the last one decided
  // What the server would answer by itself now, and why; 0: nothing.
  int status_code = 0;
  std::string answer_reason;
  int subscription_count = 0;  // that would take it
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_ENGINE_SNAPSHOT_H_
