#ifndef SIPCM_CORE_ENGINE_ENGINE_CONFIG_H_
#define SIPCM_CORE_ENGINE_ENGINE_CONFIG_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "core/connection/connection_settings.h"
#include "core/dispatch/dispatcher.h"
#include "core/engine/throttling/throttle.h"
#include "core/net/address.h"
#include "core/pool/destination.h"
#include "core/pool/pool_policy.h"
#include "core/pool/pool_setting.h"
#include "core/tls/allowed_domains.h"
#include "core/tls/credential.h"
#include "core/tls/extended_key_usage.h"
#include "core/tls/peer_policy.h"
#include "core/tls/tls_context.h"
#include "core/tls/trust_bundle.h"

namespace sipcm::engine {

enum class ManagerKind : uint8_t { kClient, kServerTcp, kServerTls };
// kShared: connections go by destination, through pools. kDedicated: one for each endpoint.
enum class Sharing : uint8_t { kShared, kDedicated };

// A connection manager as it shall be: validated by the server, immutable once applied.
struct ManagerConfig {
  std::string id;  // "edge" of "connectionManagers/edge"
  ManagerKind kind = ManagerKind::kServerTcp;
  std::vector<net::SocketAddress> listen_addresses;  // the same port in all; 0 = pick one
  std::string local_host_name;  // Via sent-by and Warning agent; empty = the bound address

  // kServerTls: required. kClient: presented to servers that ask, may be null.
  std::shared_ptr<const tls::Credential> credential;
  // kServerTls: presented to clients that ask for one of their names (SNI).
  std::vector<std::shared_ptr<const tls::Credential>> additional_credentials;
  std::shared_ptr<const tls::TrustBundle> trust_bundle;  // null = none
  tls::MutualTls mutual_tls = tls::MutualTls::kOff;
  std::vector<tls::AllowedDomain> allowed_domains;  // CONFIGURED ones
  bool allow_any_domain = false;
  bool auto_allow_outgoing_hosts = true;
  tls::NameCheck name_check = tls::NameCheck::kSubjectAndAlternative;
  tls::ExtendedKeyUsagePolicy extended_key_usage;
  int max_chain_length = 10;  // of a peer, leaf and anchor included: 1..100

  connection::ConnectionSettings connection;
  pool::PoolLimits default_pool_limits;
  Sharing sharing = Sharing::kShared;
  // Incoming. 0: no limit of its own.
  int max_connection_count = 0;
  int max_connection_count_per_address = 0;
  // Incoming TLS handshakes in progress, shared out evenly to the workers (so at least one each);
  // beyond, connections wait in the system's queue. >= 1.
  int max_handshake_count = 1024;
  int max_pool_count = 100000;  // >= 1; those of registered endpoints come on top

  ThrottleMarks connection_throttling;  // at once, where a connection has none of its own
  ThrottleMarks message_throttling;     // at once
  int max_client_request_count = 0;     // of one incoming connection; 0 = no limit

  // For a peer to answer a request of ours: timers B and F, 64*T1 (RFC 3261 17.1).
  absl::Duration response_timeout = absl::Seconds(32);
  dispatch::DispatchPolicy dispatch;
  absl::Duration drain_timeout = absl::Seconds(30);
};

// What a manager is, besides what was asked of it.
struct ManagerStatus {
  enum class State : uint8_t { kIdle, kListening, kStopping, kFailed };
  State state = State::kIdle;
  std::vector<net::SocketAddress> bound_addresses;
  std::string reason;                 // of kFailed
  std::vector<std::string> warnings;  // SERVER_TCP, allow_any_domain, list not consulted, ...
  std::vector<tls::AllowedDomain> auto_allowed_domains;  // origin AUTO
  int incoming_connection_count = 0;
  int outgoing_connection_count = 0;
  int handshake_count = 0;  // incoming TLS connections that are not established yet
  int pool_count = 0;
  // Since the manager was created.
  int64_t accepted_connection_count = 0;
  int64_t refused_connection_count = 0;  // a limit, a failed handshake or our verdict
  int64_t received_request_count = 0;
  int64_t automatic_answer_count = 0;
  int queued_delivery_count = 0;
  int outstanding_delivery_count = 0;
  bool message_throttled = false;
};

// Settings of one pool; hold also when the pool appears only later.
struct PoolConfig {
  std::string manager_id;
  pool::Destination destination;
  pool::PoolSetting setting;
};

// What becomes of a pool's requests when it is removed.
enum class PoolRemoval : uint8_t {
  kUnlessBusy,  // with requests outstanding or waiting it is not removed
  kForced,      // they fail
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_ENGINE_CONFIG_H_
