#include "core/engine/pool_directory.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/base/error.h"
#include "core/connection/targets/target_roster.h"
#include "core/pool/sizing/pool_sizer.h"
#include "core/tls/sessions/offered_sessions.h"
#include "core/tls/tls_stream.h"

namespace sipcm::engine {

struct PoolDirectory::Home final : event::TimeoutQueue::Entry, connection::Attempt::Observer {
  Home(PoolDirectory* directory, const Key& of)
      : host(directory->host_),
        key(of),
        roster(
            directory->loop_, &directory->health_, of.second.transport,
            [this, directory](const net::ServiceTarget& target, const absl::Status& failure) {
              host->OnTargetHealth(directory->SnapshotOf(*this), WhyOf(target, failure));
            },
            directory->BudgetOf(of)) {}

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
  std::shared_ptr<tls::OfferedSessions> sessions;  // null: none was needed yet
  pool::PoolLimits defaults;                       // its manager's, when it was made
  absl::Time create_time;
  bool removed = false;             // it goes once it is empty, unless somebody uses it again
  connection::TargetRoster roster;  // outlives the pool's attempts
  std::optional<pool::ConnectionPool> pool;

  // Its lines are in no cache when it has not been used for a while: asks for all of them at once,
  // instead of one after the other as they are read.
  void Prefetch() const {
    constexpr size_t kLine = 64;
    const auto* const bytes = reinterpret_cast<const char*>(this);
    for (size_t at = 0; at < sizeof(*this); at += kLine) __builtin_prefetch(bytes + at);
  }
};

size_t PoolDirectory::HomeHash::operator()(const std::unique_ptr<Home>& home) const {
  return KeyHash()(home->key);
}

bool PoolDirectory::HomeEqual::operator()(const std::unique_ptr<Home>& a,
                                          const std::unique_ptr<Home>& b) const {
  return a->key == b->key;
}

bool PoolDirectory::HomeEqual::operator()(const std::unique_ptr<Home>& home,
                                          const KeyView& key) const {
  home->Prefetch();
  return KeyEqual()(home->key, key);
}

PoolDirectory::PoolDirectory(connection::Attempt::Means means, event::EventLoop* loop,
                             tls::HandshakeGate* gate, RandomSource* random, WorkerTotals* totals,
                             Host* host)
    : means_(means),
      loop_(loop),
      gate_(gate),
      random_(random),
      totals_(totals),
      host_(host),
      removals_(loop, this),
      budgets_(loop) {}

PoolDirectory::~PoolDirectory() {
  for (const std::unique_ptr<Home>& home : homes_) removals_.Disarm(home.get());
}

namespace {

pool::PoolLimits DefaultsOf(LocalManager* manager, const pool::Destination& destination) {
  pool::PoolLimits limits = manager->runtime.Get()->config.default_pool_limits;
  if (destination.is_dedicated()) {
    limits.max_connection_count = 1;
    limits.min_connection_count = 0;
  }
  return limits;
}

}  // namespace

pool::PoolLimits PoolDirectory::LimitsOf(const Home& home) const {
  const auto setting = settings_.find(home.key);
  return setting == settings_.end() ? home.defaults
                                    : pool::LimitsOf(setting->second.values, home.defaults);
}

std::shared_ptr<connection::ConnectBudget> PoolDirectory::BudgetOf(const Key& key) {
  const auto& [manager, destination] = key;
  if (!destination.is_dedicated()) return budgets_.Find(manager, destination);
  pool::Destination place = destination;
  place.dedicated_to.clear();
  const Home* const pool = Find(manager, place);
  return budgets_.Join(manager, place, pool == nullptr ? nullptr : pool->roster.shared_budget());
}

PoolDirectory::Home* PoolDirectory::MakeHome(LocalManager* manager,
                                             const pool::Destination& destination) {
  auto made = std::make_unique<Home>(this, Key(manager, destination));
  Home* const home = made.get();
  home->defaults = DefaultsOf(manager, destination);
  home->create_time = loop_->WallNow();
  home->pool.emplace(destination, LimitsOf(*home), loop_,
                     static_cast<pool::ConnectionPool::Owner*>(this), random_,
                     &totals_->pool_totals);
  homes_.insert(std::move(made));
  by_pool_[&*home->pool] = home;
  ++manager->pool_count;
  manager->counters.pools.Add(1);
  totals_->pools.Add(1);
  host_->OnPoolAdded(SnapshotOf(*home));
  return home;
}

PoolDirectory::Home* PoolDirectory::Find(LocalManager* manager,
                                         const pool::Destination& destination) const {
  const auto found = homes_.find(KeyView(manager, &destination));
  return found == homes_.end() ? nullptr : found->get();
}

absl::Status PoolDirectory::CheckRoom(LocalManager* manager,
                                      const pool::Destination& destination) const {
  const int limit = manager->runtime.Get()->config.max_pool_count;
  int64_t count = 0;
  for (int i = 0; i < manager->state->worker_count(); ++i) {
    count += manager->state->counters(i).pools.value();
  }
  if (count < limit || Find(manager, destination) != nullptr) return absl::OkStatus();
  return MakeError(
      absl::StatusCode::kResourceExhausted, "RESOURCE_LIMIT",
      absl::StrCat("connection manager \"connectionManagers/", manager->state->id(), "\" has ",
                   count, " pools, as many as it may, and none to \"", destination.PoolId(),
                   "\"; delete pools, or raise limits.max_pool_count"));
}

pool::ConnectionPool& PoolDirectory::PoolFor(LocalManager* manager,
                                             const pool::Destination& destination) {
  Home* home = Find(manager, destination);
  if (home == nullptr) home = MakeHome(manager, destination);
  if (home->removed) {
    home->removed = false;
    home->defaults = DefaultsOf(manager, destination);
    home->pool->SetLimits(LimitsOf(*home));
  }
  // The manager's limits of waiting hold for each later request, of a pool that was there too.
  const pool::PoolLimits& limits = manager->runtime.Get()->config.default_pool_limits;
  home->pool->SetWaitLimits(limits.max_waiting_count, limits.max_wait_time);
  removals_.Disarm(home);
  return *home->pool;
}

void PoolDirectory::ApplySetting(LocalManager* manager, const pool::Destination& destination,
                                 const pool::PoolSetting& setting) {
  const Key key(manager, destination);
  const auto known = settings_.find(key);
  if (known == settings_.end()) {
    settings_[key] = {setting, loop_->WallNow()};
  } else {
    known->second.values = setting;
  }
  Home* const home = Find(manager, destination);
  if (home != nullptr) {
    home->removed = false;
    home->pool->SetLimits(LimitsOf(*home));
    host_->OnPoolChanged(SnapshotOf(*home));
  } else if (pool::LimitsOf(setting, DefaultsOf(manager, destination)).min_connection_count > 0 &&
             CheckRoom(manager, destination).ok()) {
    MakeHome(manager, destination);
  } else {
    host_->OnPoolChanged(SnapshotOf(key, settings_[key]));
  }
}

absl::StatusOr<PoolSnapshot> PoolDirectory::Remove(LocalManager* manager,
                                                   const pool::Destination& destination,
                                                   PoolRemoval removal) {
  const Key key(manager, destination);
  const std::string name =
      absl::StrCat("connection pool \"connectionManagers/", manager->state->id(), "/pools/",
                   destination.PoolId(), "\"");
  const auto setting = settings_.find(key);
  Home* const home = Find(manager, destination);
  if (home == nullptr || home->removed) {
    if (setting == settings_.end()) {
      return MakeError(absl::StatusCode::kNotFound, "RESOURCE_NOT_FOUND",
                       absl::StrCat(name, " does not exist"));
    }
    PoolSnapshot last = SnapshotOf(key, setting->second);
    settings_.erase(setting);
    host_->OnPoolRemoved(manager, last);
    return last;
  }
  PoolSnapshot last = SnapshotOf(*home);
  const int busy = last.statistics.outstanding_count + last.statistics.waiting_count;
  if (busy > 0 && removal == PoolRemoval::kUnlessBusy) {
    return MakeError(
        absl::StatusCode::kFailedPrecondition, "RESOURCE_IN_USE",
        absl::StrCat(name, " has ", busy, " requests outstanding or waiting; wait, or use force"));
  }
  settings_.erase(key);
  End(home, connection::CloseReason::kDrained);
  return last;
}

// What it has closes now; it goes with its last connection.
void PoolDirectory::End(Home* home, connection::CloseReason reason) {
  home->removed = true;
  home->pool->Drain(loop_->Now(), reason);
  if (home->pool->empty()) EraseHome(home);
}

void PoolDirectory::ForgetDedicated(LocalManager* manager, const pool::Destination& destination,
                                    connection::CloseReason reason) {
  Home* const home = Find(manager, destination);
  if (home != nullptr) End(home, reason);
}

void PoolDirectory::ForgetManager(LocalManager* manager, connection::CloseReason reason) {
  std::vector<PoolSnapshot> settings;
  for (const auto& [key, setting] : settings_) {
    if (key.first == manager && Find(manager, key.second) == nullptr) {
      settings.push_back(SnapshotOf(key, setting));
    }
  }
  absl::erase_if(settings_, [&](const auto& entry) { return entry.first.first == manager; });
  for (const PoolSnapshot& last : settings) host_->OnPoolRemoved(manager, last);
  std::vector<Home*> homes;
  for (const std::unique_ptr<Home>& home : homes_) {
    if (home->key.first == manager) homes.push_back(home.get());
  }
  for (Home* home : homes) End(home, reason);
}

PoolSnapshot PoolDirectory::SnapshotOf(const Home& home) const {
  PoolSnapshot snapshot;
  snapshot.manager_id = home.key.first->state->id();
  snapshot.destination = home.key.second;
  snapshot.create_time = home.create_time;
  if (const auto setting = settings_.find(home.key); setting != settings_.end()) {
    snapshot.setting = setting->second.values;
    snapshot.create_time = std::min(snapshot.create_time, setting->second.create_time);
  }
  snapshot.limits = home.pool->limits();
  snapshot.target_connection_count = home.pool->size();
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
  snapshot.removed = home.removed;
  return snapshot;
}

PoolSnapshot PoolDirectory::SnapshotOf(const Key& key, const Setting& setting) const {
  PoolSnapshot snapshot;
  snapshot.manager_id = key.first->state->id();
  snapshot.destination = key.second;
  snapshot.setting = setting.values;
  snapshot.limits = pool::LimitsOf(setting.values, DefaultsOf(key.first, key.second));
  snapshot.target_connection_count = pool::PoolSizer(snapshot.limits).size();
  snapshot.create_time = setting.create_time;
  return snapshot;
}

std::vector<PoolSnapshot> PoolDirectory::Snapshots(const std::string& manager_id) const {
  std::vector<PoolSnapshot> snapshots;
  const auto wanted = [&](const Key& key) {
    return manager_id.empty() || key.first->state->id() == manager_id;
  };
  for (const std::unique_ptr<Home>& home : homes_) {
    const bool has_name = !home->key.second.is_dedicated();
    if (wanted(home->key) && has_name) snapshots.push_back(SnapshotOf(*home));
  }
  for (const auto& [key, setting] : settings_) {
    const bool is_alone = Find(key.first, key.second) == nullptr;
    if (wanted(key) && is_alone) snapshots.push_back(SnapshotOf(key, setting));
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
  if (home->sessions == nullptr && destination.transport == connection::Transport::kTls) {
    home->sessions = std::make_shared<tls::OfferedSessions>();
  }
  connection::StreamDecorator decorator =
      [this, runtime, transport = destination.transport, sessions = home->sessions,
       asked = destination.tls_name.empty() ? destination.host : destination.tls_name](
          std::unique_ptr<net::ByteStream> stream) -> connection::DecoratedStream {
    if (transport == connection::Transport::kTcp) return {std::move(stream), nullptr};
    auto tls = tls::TlsStream::Connect(loop_, gate_, runtime->client_tls, asked, std::move(stream),
                                       sessions);
    tls::TlsStream* const alias = tls.get();
    return {std::move(tls), alias};
  };
  connection::Attempt::Means means = means_;
  means.random = random_;
  means.roster = &home->roster;
  means.observer = home;
  return std::make_unique<connection::Attempt>(
      std::move(target), means, runtime->connection_settings, std::move(decorator),
      [this, home, done = std::move(done)](auto connection) mutable {
        if (!connection.ok()) {
          host_->OnConnectFailed(*home->key.first, home->key.second, connection.status());
        }
        done(std::move(connection));
      });
}

connection::Connection* PoolDirectory::Adopt(pool::ConnectionPool& pool,
                                             std::unique_ptr<connection::Connection> connection) {
  return host_->AdoptOutgoing(std::move(connection), by_pool_.at(&pool)->key.first, &pool);
}

void PoolDirectory::OnPoolEmpty(pool::ConnectionPool& pool) {
  Home* const home = by_pool_.at(&pool);
  if (home->removed) return EraseHome(home);
  removals_.Arm(home, kEmptyPoolLifetime);
}

void PoolDirectory::OnConnectionClosed(ConnectionSlot& slot, connection::CloseReason reason) {
  if (slot.pool == nullptr) return;
  pool::ConnectionPool* const pool = slot.pool;
  slot.pool = nullptr;
  pool->OnConnectionClosed(slot.connection.get(), reason);
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
  by_pool_.erase(&*home->pool);
  homes_.erase(homes_.find(KeyView(key.first, &key.second)));
  --key.first->pool_count;
  key.first->counters.pools.Add(-1);
  totals_->pools.Add(-1);
  host_->OnPoolRemoved(key.first, last);
}

}  // namespace sipcm::engine
