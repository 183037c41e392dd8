// The connection managers of a ShardedEngine.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/engine/admission/admission.h"
#include "core/engine/sharded_engine.h"
#include "core/tls/certificate_chain.h"

namespace sipcm::engine {

absl::Status ShardedEngine::ApplyManager(ManagerConfig config) {
  const std::string id = config.id;
  SIPCM_ASSIGN_OR_RETURN(std::shared_ptr<const ManagerRuntime> runtime,
                         ManagerRuntime::Create(std::move(config), ++last_generation_));
  absl::MutexLock lock(&control_);
  ManagerPointer& manager = managers_[id];
  if (manager == nullptr) {
    manager = std::make_shared<ManagerState>(id, std::move(runtime), worker_count(), events_);
    return absl::OkStatus();
  }
  const std::shared_ptr<const ManagerRuntime> old = manager->runtime().Get();
  const bool moves = old->config.kind != runtime->config.kind ||
                     old->config.listen_addresses != runtime->config.listen_addresses;
  if (moves && manager->state() == ManagerStatus::State::kListening) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "MANAGER_LISTENING",
                     absl::StrCat("connection manager \"connectionManagers/", id,
                                  "\" is listening: its kind and listen_addresses cannot change; "
                                  "call StopListening first"));
  }
  const bool new_marks =
      old->config.connection_throttling != runtime->config.connection_throttling ||
      old->config.message_throttling != runtime->config.message_throttling;
  manager->runtime().Publish(std::move(runtime));
  if (new_marks) PostToAll([manager](Worker& worker) { worker.ApplyMarks(manager); });
  return absl::OkStatus();
}

absl::Status ShardedEngine::RemoveManager(const std::string& manager_id) {
  absl::MutexLock lock(&control_);
  SIPCM_ASSIGN_OR_RETURN(const ManagerPointer manager, FindManagerLocked(manager_id));
  std::vector<std::string> endpoints;
  manager->directory().Get()->ForEach([&](const dispatch::EndpointDirectory::Entry& entry) {
    endpoints.push_back(entry.endpoint->id);
  });
  for (const std::string& endpoint : endpoints) {
    SIPCM_RETURN_IF_ERROR(RemoveEndpointLocked(endpoint));
  }
  EndSubscriptions(manager->group(), manager->DeletedError());
  manager->removed.store(true, std::memory_order_release);
  managers_.erase(manager_id);
  PostToAll([manager](Worker& worker) { worker.RemoveManager(manager); });
  return absl::OkStatus();
}

absl::StatusOr<ManagerStatus> ShardedEngine::StartListening(const std::string& manager_id) {
  absl::MutexLock lock(&control_);
  SIPCM_ASSIGN_OR_RETURN(const ManagerPointer manager, FindManagerLocked(manager_id));
  const std::string quoted =
      absl::StrCat("connection manager \"connectionManagers/", manager_id, "\"");
  const auto refused = [&](absl::string_view reason, absl::string_view why) {
    return MakeError(absl::StatusCode::kFailedPrecondition, reason, absl::StrCat(quoted, why));
  };
  const std::shared_ptr<const ManagerRuntime> runtime = manager->runtime().Get();
  if (runtime->config.kind == ManagerKind::kClient) {
    return refused("CLIENT_MANAGER_NEVER_LISTENS",
                   " is of kind CLIENT and never listens; use SERVER_TCP or SERVER_TLS");
  }
  if (runtime->config.listen_addresses.empty()) {
    return refused("NO_LISTEN_ADDRESS",
                   " has no listen_addresses; set one with "
                   "UpdateConnectionManager");
  }
  if (manager->state() == ManagerStatus::State::kListening) {
    return refused("ALREADY_LISTENING", " is listening already");
  }
  if (manager->state() == ManagerStatus::State::kStopping) {
    return refused("ALREADY_LISTENING", " is stopping; start it again when it is IDLE");
  }
  if (shut_down_) return refused("DRAINING", ": the server is draining");
  SIPCM_RETURN_IF_ERROR(Listen(manager));
  return StatusOf(*manager);
}

absl::Status ShardedEngine::Listen(const ManagerPointer& manager) {
  const std::shared_ptr<const ManagerRuntime> runtime = manager->runtime().Get();
  auto bound = BindAll(runtime->config);
  if (!bound.ok()) {
    manager->SetState(ManagerStatus::State::kFailed, {}, bound.status());
    return bound.status();
  }
  std::vector<net::SocketAddress> addresses;
  for (const auto& listener : bound->front()) addresses.push_back(listener->address());
  const uint64_t listening = manager->BeginListening(std::move(addresses));
  for (int i = 0; i < worker_count(); ++i) {
    Post(i, [manager, listening, listeners = std::move((*bound)[i])](Worker& worker) mutable {
      worker.AddAcceptors(manager, listening, std::move(listeners));
    });
  }
  return absl::OkStatus();
}

namespace {

// How often a port that one address picked may be taken at another.
constexpr int kPortPicks = 16;

// Whether the first of several addresses picks it for all.
bool PicksPort(const std::vector<net::SocketAddress>& addresses) {
  return addresses.size() > 1 &&
         std::all_of(addresses.begin(), addresses.end(),
                     [](const net::SocketAddress& address) { return address.port == 0; });
}

}  // namespace

absl::StatusOr<ShardedEngine::BoundListeners> ShardedEngine::BindAll(const ManagerConfig& config) {
  // Ports that were in use somewhere are held meanwhile, so that none is picked twice.
  std::vector<BoundListeners> in_vain;
  for (int pick = 1;; ++pick) {
    BoundListeners bound(workers_.size());
    const absl::Status status = BindOnce(config, &bound);
    if (status.ok()) return bound;
    const bool is_chance = ReasonOf(status) == "ADDRESS_IN_USE" && !bound[0].empty() &&
                           PicksPort(config.listen_addresses);
    if (!is_chance || pick == kPortPicks) return status;
    in_vain.push_back(std::move(bound));
  }
}

absl::Status ShardedEngine::BindOnce(const ManagerConfig& config, BoundListeners* bound) {
  uint16_t picked_port = 0;
  for (net::SocketAddress address : config.listen_addresses) {
    // Several addresses with port 0 all get the port that the first one picked (semantics.md 3).
    if (address.port == 0) address.port = picked_port;
    net::ListenOptions options;
    options.share_port = worker_count() > 1;
    SIPCM_ASSIGN_OR_RETURN(std::unique_ptr<net::BoundListener> first,
                           means_.front().network->Listen(address, options));
    address = first->address();
    picked_port = address.port;
    options.share_with = first.get();
    for (int i = 1; i < worker_count(); ++i) {
      SIPCM_ASSIGN_OR_RETURN(std::unique_ptr<net::BoundListener> next,
                             means_[i].network->Listen(address, options));
      (*bound)[i].push_back(std::move(next));
    }
    (*bound)[0].push_back(std::move(first));
  }
  return absl::OkStatus();
}

void ShardedEngine::StopListening(const std::string& manager_id, Callback<ManagerStatus> done) {
  absl::Status refused;
  ManagerPointer manager;
  {
    absl::MutexLock lock(&control_);
    absl::StatusOr<ManagerPointer> found = FindManagerLocked(manager_id);
    if (!found.ok()) {
      refused = found.status();
    } else if ((*found)->state() != ManagerStatus::State::kListening) {
      refused = MakeError(absl::StatusCode::kFailedPrecondition, "NOT_LISTENING",
                          absl::StrCat("connection manager \"connectionManagers/", manager_id,
                                       "\" is not listening"));
    } else {
      manager = *found;
      manager->SetState(ManagerStatus::State::kStopping, manager->bound_addresses());
    }
  }
  if (manager == nullptr) {
    Post(0, [done = std::move(done), refused](Worker&) mutable { done(refused); });
    return;
  }
  Gather<bool>(
      [manager](Worker& worker) {
        worker.RemoveAcceptors(manager);
        return true;
      },
      [this, manager, done = std::move(done)](const std::vector<bool>&) mutable {
        manager->SetState(ManagerStatus::State::kIdle, {});
        done(StatusOf(*manager));
      });
}

ManagerStatus ShardedEngine::StatusOf(const ManagerState& manager) const {
  auto& mutable_manager = const_cast<ManagerState&>(manager);
  ManagerStatus status = manager.listening_status();
  const std::shared_ptr<const ManagerRuntime> runtime = mutable_manager.runtime().Get();
  const AllowedDomainList auto_hosts = mutable_manager.auto_hosts().list().Get();
  const absl::Time now = means_.front().loop->WallNow();
  status.warnings = WarningsOf(runtime->config);
  for (std::string& warning : AdmissionWarnings(runtime->config, *auto_hosts, now)) {
    status.warnings.push_back(std::move(warning));
  }
  status.auto_allowed_domains = AutoEntriesInForce(runtime->config, *auto_hosts, now);
  status.incoming_connection_count = manager.connection_counts[0].load();
  status.queued_delivery_count = manager.group()->waiting_count();
  mutable_manager.directory().Get()->ForEach([&status](
                                                 const dispatch::EndpointDirectory::Entry& entry) {
    status.outstanding_delivery_count += static_cast<int>(entry.group->statistics().outstanding);
  });
  status.message_throttled = manager.message_throttled();
  status.outgoing_connection_count = manager.connection_counts[1].load();
  for (int i = 0; i < manager.worker_count(); ++i) {
    const ManagerCounters& counters = manager.counters(i);
    status.handshake_count += static_cast<int>(counters.handshakes.value());
    status.pool_count += static_cast<int>(counters.pools.value());
    status.accepted_connection_count += counters.accepted_connections.value();
    status.refused_connection_count += counters.refused_connections.value();
    status.received_request_count += counters.requests_in.value();
    status.automatic_answer_count += counters.automatic_answers.value();
  }
  return status;
}

absl::StatusOr<ManagerStatus> ShardedEngine::GetManagerStatus(const std::string& manager_id) const {
  SIPCM_ASSIGN_OR_RETURN(const ManagerPointer manager, FindManager(manager_id));
  return StatusOf(*manager);
}

absl::StatusOr<tls::PeerVerdict> ShardedEngine::CheckPeer(const std::string& manager_id,
                                                          const std::string& chain_pem,
                                                          tls::PeerRole role,
                                                          const std::string& asked_host,
                                                          absl::optional<absl::Time> at) const {
  SIPCM_ASSIGN_OR_RETURN(const ManagerPointer manager, FindManager(manager_id));
  SIPCM_ASSIGN_OR_RETURN(const tls::CertificateChain chain,
                         tls::CertificateChain::ParsePem(chain_pem));
  const std::shared_ptr<const ManagerRuntime> runtime = manager->runtime().Get();
  const tls::PeerPolicy policy = role == tls::PeerRole::kIncomingClient
                                     ? IncomingPolicy(*runtime, manager->auto_hosts().list().Get())
                                     : runtime->client_tls->peer_policy();
  return JudgeAsHandshake(runtime->config, policy, chain, role, asked_host,
                          at.value_or(means_.front().loop->WallNow()));
}

}  // namespace sipcm::engine
