#ifndef SIPCM_CORE_ENGINE_POOL_DIRECTORY_H_
#define SIPCM_CORE_ENGINE_POOL_DIRECTORY_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"
#include "absl/status/statusor.h"
#include "core/base/random_source.h"
#include "core/connection/attempt.h"
#include "core/connection/targets/target_health.h"
#include "core/engine/connection_table.h"
#include "core/engine/engine_config.h"
#include "core/engine/engine_snapshot.h"
#include "core/engine/registered/flow_budgets.h"
#include "core/engine/worker_totals.h"
#include "core/event/event_loop.h"
#include "core/event/timeout_queue.h"
#include "core/net/dns/resolver.h"
#include "core/net/network.h"
#include "core/pool/connection_pool.h"
#include "core/tls/handshake_gate.h"

namespace sipcm::engine {

// The pools whose home is this worker, made on first use and removed when empty for a minute
// (semantics.md 4). A destination's home is one worker, so that its limits hold for the whole
// process. Thread: the worker's.
class PoolDirectory final : private pool::ConnectionPool::Owner,
                            private event::TimeoutQueue::Listener {
 public:
  static constexpr absl::Duration kEmptyPoolLifetime = absl::Seconds(60);

  class Host {
   public:
    // Sets itself as its listener and keeps it in the table.
    virtual connection::Connection* AdoptOutgoing(
        std::unique_ptr<connection::Connection> connection, LocalManager* manager,
        pool::ConnectionPool* pool) = 0;
    // An outgoing connection ended in its handshake, for our verdict on the server.
    virtual void OnServerRefused(const LocalManager& manager, const pool::Destination& destination,
                                 const connection::Connection& connection,
                                 const absl::Status& detail) = 0;
    // An attempt to open one for it failed; one after the other, with back-off.
    virtual void OnConnectFailed(const LocalManager& manager, const pool::Destination& destination,
                                 const absl::Status& failure) = 0;
    virtual void OnPoolAdded(const PoolSnapshot& pool) = 0;
    // Its settings, also those of a pool that is yet to come.
    virtual void OnPoolChanged(const PoolSnapshot& pool) = 0;
    // An address of it died, or came back to life (`why` is OK).
    virtual void OnTargetHealth(const PoolSnapshot& pool, const absl::Status& why) = 0;
    // The pool, or its settings, went; may release `manager`.
    virtual void OnPoolRemoved(LocalManager* manager, const PoolSnapshot& pool) = 0;

   protected:
    ~Host() = default;
  };

  // All outlive this.
  PoolDirectory(connection::Attempt::Means means, event::EventLoop* loop, tls::HandshakeGate* gate,
                RandomSource* random, WorkerTotals* totals, Host* host);
  ~PoolDirectory();

  // Whether there is a pool of that destination, or may be one more: RESOURCE_EXHAUSTED
  // (RESOURCE_LIMIT). Workers that make pools at the same moment may pass the limit by one each.
  absl::Status CheckRoom(LocalManager* manager, const pool::Destination& destination) const;
  // The pool of that destination, made if need be.
  pool::ConnectionPool& PoolFor(LocalManager* manager, const pool::Destination& destination);
  // The setting holds for the pool that is there and for one that comes later. With a minimum the
  // pool is made at once, if there is room for one more.
  void ApplySetting(LocalManager* manager, const pool::Destination& destination,
                    const pool::PoolSetting& setting);
  // Ends the pool and forgets its setting; answers how it was. As Engine::RemovePool.
  absl::StatusOr<PoolSnapshot> Remove(LocalManager* manager, const pool::Destination& destination,
                                      PoolRemoval removal);
  // One without a name: at once; its connections close with `reason`.
  void ForgetDedicated(LocalManager* manager, const pool::Destination& destination,
                       connection::CloseReason reason);
  // All of that manager, at once; its pooled connections close with `reason`. The caller holds the
  // manager (pool_count) meanwhile.
  void ForgetManager(LocalManager* manager, connection::CloseReason reason);
  std::vector<PoolSnapshot> Snapshots(const std::string& manager_id) const;
  // Whether each request has its connection for itself.
  static bool IsUnshared(const pool::ConnectionPool& pool) {
    return pool.limits().max_connection_count == pool::kNoSharing &&
           pool.limits().sizing == pool::Sizing::kFixed;
  }
  void OnConnectionClosed(ConnectionSlot& slot, connection::CloseReason reason);

 private:
  struct Home;
  struct Setting {
    pool::PoolSetting values;
    absl::Time create_time;
  };
  using Key = std::pair<LocalManager*, pool::Destination>;
  // A key that is looked for, without a copy of its names.
  using KeyView = std::pair<LocalManager*, const pool::Destination*>;
  struct KeyHash {
    using is_transparent = void;
    size_t operator()(const Key& key) const { return absl::HashOf(key.first, key.second); }
    size_t operator()(const KeyView& key) const { return absl::HashOf(key.first, *key.second); }
  };
  struct KeyEqual {
    using is_transparent = void;
    bool operator()(const Key& a, const Key& b) const { return a == b; }
    bool operator()(const Key& a, const KeyView& b) const {
      return a.first == b.first && a.second == *b.second;
    }
    bool operator()(const KeyView& a, const Key& b) const { return (*this)(b, a); }
  };

  // The set of homes holds but pointers, so that with ten thousand pools it stays in the cache; a
  // home is fetched from memory once, whole.
  struct HomeHash {
    using is_transparent = void;
    size_t operator()(const std::unique_ptr<Home>& home) const;
    size_t operator()(const KeyView& key) const { return KeyHash()(key); }
  };
  struct HomeEqual {
    using is_transparent = void;
    bool operator()(const std::unique_ptr<Home>& a, const std::unique_ptr<Home>& b) const;
    bool operator()(const std::unique_ptr<Home>& home, const KeyView& key) const;
    bool operator()(const KeyView& key, const std::unique_ptr<Home>& home) const {
      return (*this)(home, key);
    }
  };

  // pool::ConnectionPool::Owner
  std::unique_ptr<connection::Attempt> StartAttempt(pool::ConnectionPool& pool,
                                                    connection::Attempt::Callback done) override;
  connection::Connection* Adopt(pool::ConnectionPool& pool,
                                std::unique_ptr<connection::Connection> connection) override;
  void OnPoolEmpty(pool::ConnectionPool& pool) override;
  // event::TimeoutQueue::Listener
  void OnTimeout(event::TimeoutQueue::Entry& entry) override;

  // What all flows that are dedicated to one endpoint each, and the pool, to the same place share;
  // null: a pool that shares it with none.
  std::shared_ptr<connection::ConnectBudget> BudgetOf(const Key& key);
  Home* MakeHome(LocalManager* manager, const pool::Destination& destination);
  pool::PoolLimits LimitsOf(const Home& home) const;
  PoolSnapshot SnapshotOf(const Home& home) const;
  PoolSnapshot SnapshotOf(const Key& key, const Setting& setting) const;
  void End(Home* home, connection::CloseReason reason);
  void EraseHome(Home* home);
  // Null: there is none.
  Home* Find(LocalManager* manager, const pool::Destination& destination) const;

  const connection::Attempt::Means means_;
  event::EventLoop* const loop_;
  tls::HandshakeGate* const gate_;
  RandomSource* const random_;
  WorkerTotals* const totals_;
  Host* const host_;
  event::TimeoutQueue removals_;
  connection::TargetHealth health_;
  FlowBudgets budgets_;
  absl::flat_hash_set<std::unique_ptr<Home>, HomeHash, HomeEqual> homes_;
  absl::flat_hash_map<pool::ConnectionPool*, Home*> by_pool_;
  absl::flat_hash_map<Key, Setting, KeyHash, KeyEqual> settings_;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_POOL_DIRECTORY_H_
