#include "core/engine/acceptance.h"

#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/tls/tls_stream.h"

namespace sipcm::engine {
namespace {

using connection::Connection;
using connection::Direction;
using connection::Transport;

constexpr int kNoLimit = std::numeric_limits<int>::max();

absl::Status LimitReached(const LocalManager& manager, absl::string_view what,
                          absl::string_view limit) {
  return MakeError(
      absl::StatusCode::kResourceExhausted, "CONNECTION_LIMIT",
      absl::StrCat("connection manager \"connectionManagers/", manager.state->id(),
                   "\" has as many incoming connections ", what, "as it may; raise ", limit));
}

// Counts one more from `source`, or says which limit it would pass.
absl::Status Admit(LocalManager& manager, const ManagerConfig& config,
                   const net::IpAddress& source) {
  const int count = manager.state->connection_counts[static_cast<int>(Direction::kIncoming)].load(
      std::memory_order_relaxed);
  if (config.max_connection_count > 0 && count >= config.max_connection_count) {
    return LimitReached(manager, "", "limits.max_connection_count");
  }
  const int most = config.max_connection_count_per_address;
  if (manager.state->sources().TryAdd(source, most > 0 ? most : kNoLimit)) return absl::OkStatus();
  return LimitReached(manager, absl::StrCat("from ", source.ToString(), " "),
                      "limits.max_connection_count_per_address");
}

// This worker's share of a limit of the manager.
int ShareOf(int limit, int worker_count) { return (limit + worker_count - 1) / worker_count; }

}  // namespace

// Accepts for one manager. The acceptor goes first, so that nothing calls a dead listener.
class Acceptance::ManagerAcceptor final : public net::Acceptor::Listener {
 public:
  ManagerAcceptor(Acceptance* owner, LocalManager* manager, uint64_t listening)
      : owner_(owner), manager_(manager), listening_(listening) {}

  void Begin(std::unique_ptr<net::BoundListener> bound) {
    acceptor_ = owner_->network_->Accept(owner_->loop_, std::move(bound), this);
  }
  void SetAccepting(bool on) {
    if (on == accepting_) return;
    accepting_ = on;
    acceptor_->SetAccepting(on);
  }
  uint64_t listening() const { return listening_; }

 private:
  void OnAccepted(std::unique_ptr<net::ByteStream> stream) override {
    owner_->OnAccepted(manager_, std::move(stream));
  }
  void OnAcceptFailed(const absl::Status& status, bool fatal) override {
    if (fatal) return owner_->host_->OnListenerFailed(manager_, listening_, status);
    owner_->host_->OnAcceptFailed(manager_, status);
  }

  Acceptance* const owner_;
  LocalManager* const manager_;
  const uint64_t listening_;
  std::unique_ptr<net::Acceptor> acceptor_;
  bool accepting_ = true;
};

Acceptance::Acceptance(event::EventLoop* loop, net::Network* network, tls::HandshakeGate* gate,
                       connection::ConnectionEnvironment* environment, ConnectionTable* connections,
                       Host* host)
    : loop_(loop),
      network_(network),
      gate_(gate),
      environment_(environment),
      connections_(connections),
      host_(host) {}

Acceptance::~Acceptance() = default;

void Acceptance::Add(LocalManager* manager, uint64_t listening,
                     std::vector<std::unique_ptr<net::BoundListener>> listeners) {
  for (std::unique_ptr<net::BoundListener>& bound : listeners) {
    auto acceptor = std::make_unique<ManagerAcceptor>(this, manager, listening);
    acceptor->Begin(std::move(bound));
    acceptors_[manager].push_back(std::move(acceptor));
  }
}

void Acceptance::Remove(LocalManager* manager) { acceptors_.erase(manager); }

void Acceptance::Remove(LocalManager* manager, uint64_t listening) {
  const auto found = acceptors_.find(manager);
  if (found == acceptors_.end()) return;
  std::erase_if(found->second,
                [&](const auto& acceptor) { return acceptor->listening() == listening; });
  if (found->second.empty()) acceptors_.erase(found);
}

void Acceptance::Clear() { acceptors_.clear(); }

void Acceptance::OnAccepted(LocalManager* manager, std::unique_ptr<net::ByteStream> stream) {
  const std::shared_ptr<const ManagerRuntime> runtime = manager->runtime.Get();
  const bool is_tls = runtime->server_tls != nullptr;
  const Transport transport = is_tls ? Transport::kTls : Transport::kTcp;
  const absl::Status admitted = Admit(*manager, runtime->config, stream->remote_address().ip);
  if (!admitted.ok()) {
    manager->counters.refused_connections.Add();
    return host_->OnTurnedAway(manager, transport, *stream, admitted);
  }
  manager->counters.accepted_connections.Add();
  tls::TlsStream* alias = nullptr;
  if (is_tls) {
    auto tls =
        tls::TlsStream::Accept(loop_, gate_, runtime->server_tls, std::move(stream),
                               manager->incoming_policy.Get(runtime, manager->auto_hosts.Get()));
    alias = tls.get();
    stream = std::move(tls);
  }
  auto connection = std::make_unique<Connection>(connections_->NewId(), Direction::kIncoming,
                                                 transport, std::move(stream), alias,
                                                 runtime->connection_settings, environment_);
  const Connection& adopted = *connection;
  host_->AdoptIncoming(std::move(connection), manager);
  if (!is_tls) return;
  ConnectionTable::SlotOf(adopted)->in_handshake = true;
  manager->counters.handshakes.Add();
  UpdateAccepting(manager);
}

void Acceptance::OnEstablished(ConnectionSlot& slot) {
  if (slot.in_handshake) OnHandshakeEnded(slot);
}

void Acceptance::OnClosed(ConnectionSlot& slot) {
  if (slot.connection->direction() != Direction::kIncoming) return;
  slot.manager->state->sources().Remove(slot.connection->remote_address().ip);
  if (!slot.in_handshake) return;
  slot.manager->counters.refused_connections.Add();
  OnHandshakeEnded(slot);
}

void Acceptance::OnHandshakeEnded(ConnectionSlot& slot) {
  slot.in_handshake = false;
  slot.manager->counters.handshakes.Add(-1);
  UpdateAccepting(slot.manager);
}

void Acceptance::UpdateAccepting(LocalManager* manager) {
  const auto found = acceptors_.find(manager);
  if (found == acceptors_.end()) return;
  const int share =
      ShareOf(manager->runtime.Get()->config.max_handshake_count, manager->state->worker_count());
  const bool accepting = manager->counters.handshakes.value() < share;
  for (const auto& acceptor : found->second) acceptor->SetAccepting(accepting);
}

}  // namespace sipcm::engine
