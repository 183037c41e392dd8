#include "core/engine/pool_directory.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/base/error.h"
#include "core/connection/targets/target_roster.h"
#include "core/tls/tls_stream.h"

namespace sipcm::engine {

struct PoolDirectory::Home final : event::TimeoutQueue::Entry, connection::Attempt::Observer {
  Home(PoolDirectory* directory, const Key& of)
      : host(directory->host_),
        key(of),
        roster(directory->loop_, &directory->health_, of.second.transport,
               [this, directory](const net::ServiceTarget& target, const absl::Status& failure) {
                 host->OnTargetHealth(directory->SnapshotOf(*this), WhyOf(target, failure));
               }) {}

  static absl::Status WhyOf(const net::ServiceTarget& target, const absl::Status& failure) {
    if (failure.ok()) return failure;
    return MakeError(failure.code(), ReasonOf(failure),
                     absl::StrCat("address ", target.address.ToString(), " is skipped for ",
                                  absl::FormatDuration(connection::TargetHealth::kFirstPause), ": ",
                                  failure.message()));
  }

  void OnConnectionFailed(const connection::Connection& connection, connection::CloseReason reason,
                          const absl::Status& detail) override {
    if (reason != connection::CloseReason::kNotAllowed) return;
    host->OnServerRefused(*key.first, key.second, connection, detail);
  }

  Host* const host;
  const Key key;
  connection::TargetRoster roster;  // outlives the pool's attempts
  std::unique_ptr<pool::ConnectionPool> pool;
};

PoolDirectory::PoolDirectory(connection::Attempt::Means means, event::EventLoop* loop,
                             tls::HandshakeGate* gate, RandomSource* random, WorkerTotals* totals,
                             Host* host)
    : means_(means),
      loop_(loop),
      gate_(gate),
      random_(random),
      totals_(totals),
      host_(host),
      removals_(loop, this) {}

PoolDirectory::~PoolDirectory() {
  for (auto& [key, home] : homes_) removals_.Disarm(home.get());
}

pool::PoolLimits PoolDirectory::LimitsFor(LocalManager* manager,
                                          const pool::Destination& destination) const {
  const auto setting = settings_.find(Key(manager, destination));
  if (setting != settings_.end()) return setting->second;
  const ManagerConfig& config = manager->runtime.Get()->config;
  pool::PoolLimits limits = config.default_pool_limits;
  if (destination.is_dedicated()) {
    limits.max_connection_count = 1;
    return limits;
  }
  if (config.sharing == Sharing::kDedicated) limits.max_connection_count = pool::kNoSharing;
  return limits;
}

pool::ConnectionPool& PoolDirectory::PoolFor(LocalManager* manager,
                                             const pool::Destination& destination) {
  std::unique_ptr<Home>& home = homes_[Key(manager, destination)];
  if (home == nullptr) {
    home = std::make_unique<Home>(this, Key(manager, destination));
    home->pool = std::make_unique<pool::ConnectionPool>(
        destination, LimitsFor(manager, destination), loop_,
        static_cast<pool::ConnectionPool::Owner*>(this), random_);
    by_pool_[home->pool.get()] = home.get();
    ++manager->pool_count;
    manager->counters.pools.Add(1);
    totals_->pools.Add(1);
    host_->OnPoolAdded(SnapshotOf(*home));
  }
  removals_.Disarm(home.get());
  return *home->pool;
}

void PoolDirectory::ApplyLimits(LocalManager* manager, const pool::Destination& destination,
                                const pool::PoolLimits& limits) {
  const Key key(manager, destination);
  settings_[key] = limits;
  const auto home = homes_.find(key);
  if (home != homes_.end()) home->second->pool->SetLimits(limits);
  host_->OnPoolChanged(home != homes_.end() ? SnapshotOf(*home->second) : SnapshotOf(key, limits));
}

bool PoolDirectory::Remove(LocalManager* manager, const pool::Destination& destination,
                           Instant deadline, PoolSnapshot* last) {
  const Key key(manager, destination);
  *last = SnapshotOf(key, LimitsFor(manager, destination));
  const bool had_setting = settings_.erase(key) > 0;
  const auto home = homes_.find(key);
  if (home == homes_.end()) {
    if (had_setting) host_->OnPoolRemoved(manager, *last);
    return had_setting;
  }
  *last = SnapshotOf(*home->second);
  home->second->pool->Drain(deadline);
  if (home->second->pool->empty()) EraseHome(home->second.get());
  return true;
}

void PoolDirectory::ForgetDedicated(LocalManager* manager, const pool::Destination& destination,
                                    connection::CloseReason reason) {
  const auto home = homes_.find(Key(manager, destination));
  if (home == homes_.end()) return;
  home->second->pool->Drain(loop_->Now(), reason);
  if (home->second->pool->empty()) EraseHome(home->second.get());
}

void PoolDirectory::ForgetManager(LocalManager* manager, connection::CloseReason reason) {
  std::vector<PoolSnapshot> settings;
  for (const auto& [key, limits] : settings_) {
    if (key.first == manager && !homes_.contains(key)) settings.push_back(SnapshotOf(key, limits));
  }
  absl::erase_if(settings_, [&](const auto& entry) { return entry.first.first == manager; });
  for (const PoolSnapshot& last : settings) host_->OnPoolRemoved(manager, last);
  std::vector<Home*> homes;
  for (auto& [key, home] : homes_) {
    if (key.first == manager) homes.push_back(home.get());
  }
  for (Home* home : homes) {
    home->pool->Drain(loop_->Now(), reason);
    if (home->pool->empty()) EraseHome(home);
  }
}

PoolSnapshot PoolDirectory::SnapshotOf(const Key& key, const pool::PoolLimits& limits) {
  PoolSnapshot snapshot;
  snapshot.manager_id = key.first->state->id();
  snapshot.destination = key.second;
  snapshot.limits = limits;
  return snapshot;
}

PoolSnapshot PoolDirectory::SnapshotOf(const Home& home) const {
  PoolSnapshot snapshot = SnapshotOf(home.key, home.pool->limits());
  snapshot.statistics = home.pool->statistics();
  snapshot.live = true;
  const Instant now = loop_->Now();
  for (const connection::TargetState& state : home.roster.States()) {
    TargetSnapshot& target = snapshot.targets.emplace_back();
    target.address = state.target.address;
    target.priority = state.target.priority;
    target.weight = state.target.weight;
    target.health = state.health.health;
    target.retry_time = loop_->WallNow() + (state.health.retry - now);
    target.last_failure = state.health.last_failure;
  }
  return snapshot;
}

std::vector<PoolSnapshot> PoolDirectory::Snapshots(const std::string& manager_id) const {
  std::vector<PoolSnapshot> snapshots;
  const auto wanted = [&](const Key& key) {
    return manager_id.empty() || key.first->state->id() == manager_id;
  };
  for (const auto& [key, home] : homes_) {
    if (wanted(key) && !key.second.is_dedicated()) snapshots.push_back(SnapshotOf(*home));
  }
  for (const auto& [key, limits] : settings_) {
    if (wanted(key) && !homes_.contains(key)) snapshots.push_back(SnapshotOf(key, limits));
  }
  return snapshots;
}

std::unique_ptr<connection::Attempt> PoolDirectory::StartAttempt(
    pool::ConnectionPool& pool, connection::Attempt::Callback done) {
  Home* home = by_pool_.at(&pool);
  LocalManager* manager = home->key.first;
  const pool::Destination& destination = pool.destination();
  connection::Attempt::Target target;
  target.host = destination.host;
  target.port = destination.port;
  target.steps = destination.location == pool::Destination::Location::kService
                     ? net::ServiceQuery::Steps::kService
                     : net::ServiceQuery::Steps::kAddresses;
  target.transport = destination.transport;
  target.local_address = destination.local_address;
  const std::shared_ptr<const ManagerRuntime> runtime = manager->runtime.Get();
  connection::StreamDecorator decorator =
      [this, runtime, transport = destination.transport,
       asked = destination.tls_name.empty() ? destination.host : destination.tls_name](
          std::unique_ptr<net::ByteStream> stream) -> connection::DecoratedStream {
    if (transport == connection::Transport::kTcp) return {std::move(stream), nullptr};
    auto tls = tls::TlsStream::Connect(loop_, gate_, runtime->client_tls, asked, std::move(stream));
    tls::TlsStream* const alias = tls.get();
    return {std::move(tls), alias};
  };
  connection::Attempt::Means means = means_;
  means.random = random_;
  means.roster = &home->roster;
  means.observer = home;
  return std::make_unique<connection::Attempt>(std::move(target), means,
                                               runtime->connection_settings, std::move(decorator),
                                               std::move(done));
}

connection::Connection* PoolDirectory::Adopt(pool::ConnectionPool& pool,
                                             std::unique_ptr<connection::Connection> connection) {
  return host_->AdoptOutgoing(std::move(connection), by_pool_.at(&pool)->key.first, &pool);
}

void PoolDirectory::OnPoolEmpty(pool::ConnectionPool& pool) {
  removals_.Arm(by_pool_.at(&pool), kEmptyPoolLifetime);
}

void PoolDirectory::OnConnectionClosed(ConnectionSlot& slot) {
  if (slot.pool == nullptr) return;
  pool::ConnectionPool* const pool = slot.pool;
  slot.pool = nullptr;
  pool->OnConnectionClosed(slot.connection.get());
}

void PoolDirectory::OnTimeout(event::TimeoutQueue::Entry& entry) {
  Home* home = static_cast<Home*>(&entry);
  if (home->pool->empty()) EraseHome(home);
}

void PoolDirectory::EraseHome(Home* home) {
  const Key key = home->key;
  PoolSnapshot last = SnapshotOf(*home);
  // What stays is a resource still: its settings.
  if (settings_.contains(key)) last.live = false;
  removals_.Disarm(home);
  by_pool_.erase(home->pool.get());
  homes_.erase(key);
  --key.first->pool_count;
  key.first->counters.pools.Add(-1);
  totals_->pools.Add(-1);
  host_->OnPoolRemoved(key.first, last);
}

}  // namespace sipcm::engine
