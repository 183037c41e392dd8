#include "tests/fakes/fake_engine.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/base/error.h"

namespace sipcm::fakes {

using engine::ConnectionSnapshot;
using engine::ManagerStatus;
using engine::PoolSnapshot;

namespace {

std::string PoolKey(const std::string& manager_id, const pool::Destination& destination) {
  return absl::StrCat(manager_id, "/", destination.PoolId());
}

}  // namespace

FakeEngine::~FakeEngine() {
  // A callback may ask for another one.
  while (true) {
    std::vector<std::thread> threads;
    {
      absl::MutexLock lock(&mutex_);
      threads.swap(threads_);
    }
    if (threads.empty()) return;
    for (std::thread& thread : threads) thread.join();
  }
}

void FakeEngine::Later(absl::AnyInvocable<void()> call) {
  absl::MutexLock lock(&mutex_);
  threads_.emplace_back([call = std::move(call)]() mutable { call(); });
}

void FakeEngine::PutConnection(ConnectionSnapshot connection) {
  absl::MutexLock lock(&mutex_);
  connections_[connection.id.value()] = std::move(connection);
}

void FakeEngine::PutLivePool(PoolSnapshot pool) {
  absl::MutexLock lock(&mutex_);
  pool.live = true;
  pools_[PoolKey(pool.manager_id, pool.destination)] = std::move(pool);
}

void FakeEngine::SetTotals(const engine::EngineTotals& totals) {
  absl::MutexLock lock(&mutex_);
  totals_ = totals;
}

void FakeEngine::SetVerdict(tls::PeerVerdict verdict) {
  absl::MutexLock lock(&mutex_);
  verdict_ = std::move(verdict);
}

void FakeEngine::SetEndpointStatistics(const engine::EndpointStatistics& statistics) {
  absl::MutexLock lock(&mutex_);
  endpoint_statistics_ = statistics;
}

void FakeEngine::SetExplanation(absl::StatusOr<engine::DispatchExplanation> explanation) {
  absl::MutexLock lock(&mutex_);
  explanation_ = std::move(explanation);
}

void FakeEngine::FailNextListening(absl::Status status) {
  absl::MutexLock lock(&mutex_);
  next_listening_ = std::move(status);
}

engine::ManagerConfig FakeEngine::manager(const std::string& id) const {
  absl::MutexLock lock(&mutex_);
  const auto it = managers_.find(id);
  SIPCM_CHECK(it != managers_.end());
  return it->second.config;
}

bool FakeEngine::has_manager(const std::string& id) const {
  absl::MutexLock lock(&mutex_);
  return managers_.count(id) == 1;
}

int FakeEngine::apply_manager_count() const {
  absl::MutexLock lock(&mutex_);
  return apply_manager_count_;
}

dispatch::Endpoint FakeEngine::endpoint(const std::string& id) const {
  absl::MutexLock lock(&mutex_);
  const auto it = endpoints_.find(id);
  SIPCM_CHECK(it != endpoints_.end());
  return it->second;
}

bool FakeEngine::has_endpoint(const std::string& id) const {
  absl::MutexLock lock(&mutex_);
  return endpoints_.count(id) == 1;
}

connection::ConnectionId FakeEngine::last_explained_connection() const {
  absl::MutexLock lock(&mutex_);
  return last_explained_connection_;
}

std::string FakeEngine::last_explained() const {
  absl::MutexLock lock(&mutex_);
  return last_explained_;
}

bool FakeEngine::shut_down() const {
  absl::MutexLock lock(&mutex_);
  return shut_down_;
}

absl::Status FakeEngine::ApplyManager(engine::ManagerConfig config) {
  absl::MutexLock lock(&mutex_);
  ++apply_manager_count_;
  managers_[config.id].config = std::move(config);
  return absl::OkStatus();
}

absl::Status FakeEngine::RemoveManager(const std::string& manager_id) {
  absl::MutexLock lock(&mutex_);
  return managers_.erase(manager_id) == 1 ? absl::OkStatus() : absl::NotFoundError(manager_id);
}

absl::StatusOr<ManagerStatus> FakeEngine::StartListening(const std::string& manager_id) {
  absl::MutexLock lock(&mutex_);
  const auto it = managers_.find(manager_id);
  if (it == managers_.end()) return absl::NotFoundError(manager_id);
  ManagerStatus& status = it->second.status;
  if (status.state == ManagerStatus::State::kListening) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "ALREADY_LISTENING", "listens");
  }
  if (!next_listening_.ok()) {
    status.state = ManagerStatus::State::kFailed;
    status.reason = std::string(next_listening_.message());
    return std::exchange(next_listening_, absl::OkStatus());
  }
  status.state = ManagerStatus::State::kListening;
  status.bound_addresses = it->second.config.listen_addresses;
  for (net::SocketAddress& address : status.bound_addresses) {
    if (address.port == 0) address.port = 50000;
  }
  return status;
}

void FakeEngine::StopListening(const std::string& manager_id, Callback<ManagerStatus> done) {
  absl::StatusOr<ManagerStatus> answer;
  {
    absl::MutexLock lock(&mutex_);
    const auto it = managers_.find(manager_id);
    if (it == managers_.end()) {
      answer = absl::NotFoundError(manager_id);
    } else if (it->second.status.state != ManagerStatus::State::kListening) {
      answer = MakeError(absl::StatusCode::kFailedPrecondition, "NOT_LISTENING", "does not");
    } else {
      it->second.status = ManagerStatus();
      answer = it->second.status;
    }
  }
  Later(
      [done = std::move(done), answer = std::move(answer)]() mutable { done(std::move(answer)); });
}

absl::StatusOr<ManagerStatus> FakeEngine::GetManagerStatus(const std::string& manager_id) const {
  absl::MutexLock lock(&mutex_);
  const auto it = managers_.find(manager_id);
  if (it == managers_.end()) return absl::NotFoundError(manager_id);
  return it->second.status;
}

absl::StatusOr<tls::PeerVerdict> FakeEngine::CheckPeer(const std::string&, const std::string&,
                                                       tls::PeerRole, const std::string&,
                                                       absl::optional<absl::Time>) const {
  absl::MutexLock lock(&mutex_);
  return verdict_;
}

absl::Status FakeEngine::ApplyEndpoint(dispatch::Endpoint endpoint) {
  absl::MutexLock lock(&mutex_);
  for (const auto& [id, other] : endpoints_) {
    if (id != endpoint.id && other.manager_id == endpoint.manager_id &&
        other.address == endpoint.address && other.endpoint_id == endpoint.endpoint_id) {
      return MakeError(absl::StatusCode::kAlreadyExists, "ENDPOINT_ADDRESS_TAKEN", "taken");
    }
  }
  endpoints_[endpoint.id] = std::move(endpoint);
  return absl::OkStatus();
}

absl::Status FakeEngine::RemoveEndpoint(const std::string& endpoint_id) {
  absl::MutexLock lock(&mutex_);
  return endpoints_.erase(endpoint_id) == 1 ? absl::OkStatus() : absl::NotFoundError(endpoint_id);
}

void FakeEngine::SetEndpointStatus(engine::EndpointStatus status) {
  absl::MutexLock lock(&mutex_);
  endpoint_status_ = std::move(status);
}

absl::StatusOr<engine::EndpointStatus> FakeEngine::GetEndpointStatus(
    const std::string& endpoint_id) const {
  absl::MutexLock lock(&mutex_);
  if (!endpoints_.contains(endpoint_id)) return absl::NotFoundError(endpoint_id);
  return endpoint_status_;
}

absl::StatusOr<engine::EndpointStatistics> FakeEngine::GetEndpointStatistics(
    const std::string& endpoint_id) const {
  absl::MutexLock lock(&mutex_);
  if (!endpoints_.contains(endpoint_id)) return absl::NotFoundError(endpoint_id);
  return endpoint_statistics_;
}

void FakeEngine::ExplainDispatch(const std::string&, std::string request,
                                 connection::ConnectionId connection,
                                 Callback<engine::DispatchExplanation> done) const {
  absl::ReleasableMutexLock lock(&mutex_);
  last_explained_connection_ = connection;
  last_explained_ = std::move(request);
  const absl::StatusOr<engine::DispatchExplanation> explanation = explanation_;
  lock.Release();
  done(explanation);
}

absl::Status FakeEngine::ApplyPool(engine::PoolConfig config) {
  absl::MutexLock lock(&mutex_);
  PoolSnapshot& pool = pools_[PoolKey(config.manager_id, config.destination)];
  pool.manager_id = config.manager_id;
  pool.destination = config.destination;
  pool.setting = config.setting;
  const auto manager = managers_.find(config.manager_id);
  pool.limits = pool::LimitsOf(config.setting, manager == managers_.end()
                                                   ? pool::PoolLimits()
                                                   : manager->second.config.default_pool_limits);
  pool.target_connection_count = pool.limits.max_connection_count;
  return absl::OkStatus();
}

void FakeEngine::RemovePool(const std::string& manager_id, const pool::Destination& destination,
                            engine::PoolRemoval removal, Callback<PoolSnapshot> done) {
  absl::StatusOr<PoolSnapshot> answer =
      MakeError(absl::StatusCode::kNotFound, "RESOURCE_NOT_FOUND", "no such pool");
  {
    absl::MutexLock lock(&mutex_);
    const auto it = pools_.find(PoolKey(manager_id, destination));
    if (it != pools_.end()) {
      const pool::PoolStatistics& now = it->second.statistics;
      const bool is_busy = now.outstanding_count + now.waiting_count > 0;
      if (is_busy && removal == engine::PoolRemoval::kUnlessBusy) {
        answer = MakeError(absl::StatusCode::kFailedPrecondition, "RESOURCE_IN_USE", "busy");
      } else {
        answer = it->second;
        pools_.erase(it);
      }
    }
  }
  Later(
      [done = std::move(done), answer = std::move(answer)]() mutable { done(std::move(answer)); });
}

void FakeEngine::ListPools(const std::string& manager_id,
                           Callback<std::vector<PoolSnapshot>> done) {
  std::vector<PoolSnapshot> answer;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [key, pool] : pools_) {
      if (manager_id.empty() || pool.manager_id == manager_id) answer.push_back(pool);
    }
  }
  Later(
      [done = std::move(done), answer = std::move(answer)]() mutable { done(std::move(answer)); });
}

void FakeEngine::ListConnections(const std::string& manager_id,
                                 Callback<std::vector<ConnectionSnapshot>> done) {
  std::vector<ConnectionSnapshot> answer;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [id, connection] : connections_) {
      if (manager_id.empty() || connection.manager_id == manager_id) answer.push_back(connection);
    }
  }
  Later(
      [done = std::move(done), answer = std::move(answer)]() mutable { done(std::move(answer)); });
}

void FakeEngine::GetConnection(connection::ConnectionId id, Callback<ConnectionSnapshot> done) {
  absl::StatusOr<ConnectionSnapshot> answer = absl::NotFoundError("connection");
  {
    absl::MutexLock lock(&mutex_);
    const auto it = connections_.find(id.value());
    if (it != connections_.end()) answer = it->second;
  }
  Later(
      [done = std::move(done), answer = std::move(answer)]() mutable { done(std::move(answer)); });
}

void FakeEngine::SetConnectionIdleTimeout(connection::ConnectionId id, absl::Duration timeout,
                                          Callback<ConnectionSnapshot> done) {
  {
    absl::MutexLock lock(&mutex_);
    const auto it = connections_.find(id.value());
    if (it != connections_.end()) it->second.idle_timeout = timeout;
  }
  GetConnection(id, std::move(done));
}

void FakeEngine::SetConnectionThrottling(connection::ConnectionId id,
                                         const absl::optional<engine::ThrottleMarks>& marks,
                                         Callback<ConnectionSnapshot> done) {
  {
    absl::MutexLock lock(&mutex_);
    const auto it = connections_.find(id.value());
    if (it != connections_.end()) it->second.throttling = marks.value_or(engine::ThrottleMarks());
  }
  GetConnection(id, std::move(done));
}

void FakeEngine::CloseConnection(connection::ConnectionId id,
                                 absl::optional<absl::Duration> drain_timeout,
                                 Callback<ConnectionSnapshot> done) {
  {
    absl::MutexLock lock(&mutex_);
    const auto it = connections_.find(id.value());
    if (it != connections_.end()) {
      it->second.state = drain_timeout.has_value() ? connection::ConnectionState::kDraining
                                                   : connection::ConnectionState::kClosed;
    }
  }
  GetConnection(id, [this, id, drains = drain_timeout.has_value(),
                     done = std::move(done)](absl::StatusOr<ConnectionSnapshot> answer) mutable {
    if (!drains) {
      absl::MutexLock lock(&mutex_);
      connections_.erase(id.value());
    }
    done(std::move(answer));
  });
}

void FakeEngine::RetireConnections(const std::string& manager_id, const std::string& object,
                                   const std::string& version, engine::Retiring retiring,
                                   Callback<int> done) {
  const std::string kept = absl::StrCat(object, "@", version);
  int count = 0;
  {
    absl::MutexLock lock(&mutex_);
    retirements_.push_back(absl::StrCat(manager_id, " ", kept,
                                        retiring == engine::Retiring::kDrain ? " drain" : " now"));
    for (auto it = connections_.begin(); it != connections_.end();) {
      const ConnectionSnapshot& connection = it->second;
      const bool matches = connection.manager_id == manager_id &&
                           absl::StartsWith(connection.certificate_version, object + "@") &&
                           connection.certificate_version != kept;
      it = matches ? connections_.erase(it) : std::next(it);
      count += matches;
    }
  }
  Later([done = std::move(done), count]() mutable { done(count); });
}

std::vector<std::string> FakeEngine::retirements() const {
  absl::MutexLock lock(&mutex_);
  return retirements_;
}

void FakeEngine::CloseConnectionsOf(const std::string& manager_id,
                                    std::vector<tls::AllowedDomain> removed, Callback<int> done) {
  const auto is_removed = [&removed](const std::string& pattern) {
    return std::any_of(removed.begin(), removed.end(), [&](const tls::AllowedDomain& entry) {
      return entry.pattern.text() == pattern;
    });
  };
  int count = 0;
  {
    absl::MutexLock lock(&mutex_);
    for (auto it = connections_.begin(); it != connections_.end();) {
      const ConnectionSnapshot& connection = it->second;
      const bool matches = connection.manager_id == manager_id && connection.peer != nullptr &&
                           is_removed(connection.peer->matched_allowed_domain);
      it = matches ? connections_.erase(it) : std::next(it);
      count += matches;
    }
  }
  Later([done = std::move(done), count]() mutable { done(count); });
}

absl::StatusOr<std::unique_ptr<engine::Subscription>> FakeEngine::Subscribe(
    engine::SubscriptionOptions, std::shared_ptr<dispatch::DeliverySink>) {
  return absl::UnimplementedError("the fake engine has no messages");
}

void FakeEngine::Respond(std::vector<engine::ResponseOrder>,
                         std::shared_ptr<engine::ResponseSink>) {}
void FakeEngine::Send(std::vector<engine::SendOrder>, std::shared_ptr<engine::SendSink>) {}
void FakeEngine::CancelSends(std::vector<uint64_t>, std::shared_ptr<engine::SendSink>) {}

engine::EngineTotals FakeEngine::GetTotals() const {
  absl::MutexLock lock(&mutex_);
  return totals_;
}

void FakeEngine::SetEvents(engine::EventSink* events) {
  absl::MutexLock lock(&mutex_);
  events_ = events;
}

void FakeEngine::TellState(uint64_t round) {
  absl::MutexLock lock(&mutex_);
  if (events_ == nullptr) return;
  auto state = std::make_shared<engine::WorkerState>();
  state->round = round;
  for (const auto& [id, connection] : connections_) state->connections.push_back(connection);
  for (const auto& [id, pool] : pools_) state->pools.push_back(pool);
  engine::EngineEvent event;
  event.kind = engine::EngineEvent::Kind::kWorkerState;
  event.worker = std::move(state);
  events_->OnEvent(event);
}

void FakeEngine::Shutdown(absl::Duration, absl::AnyInvocable<void()> done) {
  {
    absl::MutexLock lock(&mutex_);
    shut_down_ = true;
  }
  Later(std::move(done));
}

}  // namespace sipcm::fakes
