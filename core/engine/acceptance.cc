#include "core/engine/acceptance.h"

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

// OK while the manager may have one more incoming connection.
absl::Status CheckConnectionLimit(const LocalManager& manager, int limit) {
  const int count = manager.state->connection_counts[static_cast<int>(Direction::kIncoming)].load(
      std::memory_order_relaxed);
  if (limit <= 0 || count < limit) return absl::OkStatus();
  return MakeError(absl::StatusCode::kResourceExhausted, "CONNECTION_LIMIT",
                   absl::StrCat("connection manager \"", manager.state->id(), "\" has ", count,
                                " incoming connections, its limit; raise "
                                "limits.max_connection_count"));
}

}  // namespace

// Accepts for one manager. The acceptor goes first, so that nothing calls a dead listener.
class Acceptance::ManagerAcceptor final : public net::Acceptor::Listener {
 public:
  ManagerAcceptor(Acceptance* owner, LocalManager* manager) : owner_(owner), manager_(manager) {}

  void Begin(std::unique_ptr<net::BoundListener> bound) {
    acceptor_ = owner_->network_->Accept(owner_->loop_, std::move(bound), this);
  }

 private:
  void OnAccepted(std::unique_ptr<net::ByteStream> stream) override {
    owner_->OnAccepted(manager_, std::move(stream));
  }
  void OnAcceptFailed(const absl::Status& status, bool fatal) override {
    owner_->host_->OnAcceptFailed(manager_, status, fatal);
  }

  Acceptance* const owner_;
  LocalManager* const manager_;
  std::unique_ptr<net::Acceptor> acceptor_;
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

void Acceptance::Add(LocalManager* manager,
                     std::vector<std::unique_ptr<net::BoundListener>> listeners) {
  for (std::unique_ptr<net::BoundListener>& bound : listeners) {
    auto acceptor = std::make_unique<ManagerAcceptor>(this, manager);
    acceptor->Begin(std::move(bound));
    acceptors_[manager].push_back(std::move(acceptor));
  }
}

void Acceptance::Remove(LocalManager* manager) { acceptors_.erase(manager); }

void Acceptance::Clear() { acceptors_.clear(); }

void Acceptance::OnAccepted(LocalManager* manager, std::unique_ptr<net::ByteStream> stream) {
  const std::shared_ptr<const ManagerRuntime> runtime = manager->runtime.Get();
  const absl::Status within = CheckConnectionLimit(*manager, runtime->config.max_connection_count);
  if (!within.ok()) return host_->OnAcceptFailed(manager, within, /*fatal=*/false);
  tls::TlsStream* alias = nullptr;
  const bool is_tls = runtime->server_tls != nullptr;
  if (is_tls) {
    auto tls =
        tls::TlsStream::Accept(loop_, gate_, runtime->server_tls, std::move(stream),
                               manager->incoming_policy.Get(runtime, manager->auto_hosts.Get()));
    alias = tls.get();
    stream = std::move(tls);
  }
  host_->AdoptIncoming(
      std::make_unique<Connection>(connections_->NewId(), Direction::kIncoming,
                                   is_tls ? Transport::kTls : Transport::kTcp, std::move(stream),
                                   alias, runtime->connection_settings, environment_),
      manager);
}

}  // namespace sipcm::engine
