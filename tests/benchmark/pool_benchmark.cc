// What it costs a request to get a pooled connection that is there: the pool's lookup by
// destination and the selection, with many pools (wanted: at most 300 ns with 10,000).
//   bazel run --config=opt //tests/benchmark:pool_benchmark

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "core/base/check.h"
#include "core/base/random_source.h"
#include "core/engine/pool_directory.h"
#include "tests/benchmark/allocation_count.h"
#include "tests/fakes/dns/fake_resolver.h"
#include "tests/fakes/fake_network.h"
#include "tests/fakes/manual_event_loop.h"
#include "tests/fakes/test_listener.h"

namespace sipcm::engine {
namespace {

constexpr int kMembers = 4;

class NoEvents final : public EventSink {
 public:
  void OnEvent(const EngineEvent&) override {}
};

// A worker's pools, all grown to their size, over a network without cost.
class ManyPools final : private PoolDirectory::Host, private connection::Connection::Listener {
 public:
  ManyPools(int count, pool::SelectionPolicy selection) {
    ManagerConfig config;
    config.id = "edge";
    config.default_pool_limits.max_connection_count = kMembers;
    config.default_pool_limits.selection = selection;
    config.connection.ping_interval = absl::InfiniteDuration();
    config.connection.outgoing_idle_timeout = absl::InfiniteDuration();
    auto runtime = ManagerRuntime::Create(std::move(config));
    SIPCM_CHECK(runtime.ok());
    manager_ = std::make_unique<LocalManager>(
        std::make_shared<ManagerState>("edge", *std::move(runtime), 1, &events_), 0);
    connection::Attempt::Means means;
    means.network = &network_;
    means.resolver = &resolver_;
    means.environment = &environment_;
    means.new_id = &new_id_;
    means.random = &random_;
    pools_ = std::make_unique<PoolDirectory>(means, &loop_, &gate_, &random_, &totals_,
                                             static_cast<PoolDirectory::Host*>(this));
    for (int i = 0; i < count; ++i) {
      pool::Destination& destination = destinations_.emplace_back();
      destination.host = absl::StrCat("10.", i / 62500, ".", i / 250 % 250, ".", i % 250 + 1);
      destination.port = 5060;
      destination = *pool::Destination::Normalized(destination);
      Grow(destination);
    }
  }
  ~ManyPools() {
    for (const connection::ConnectionId id : connections_.Ids()) {
      pools_->OnConnectionClosed(*connections_.Find(id), connection::CloseReason::kShutdown);
      connections_.Erase(id);
    }
    ++manager_->pool_count;
    pools_->ForgetManager(manager_.get(), connection::CloseReason::kShutdown);
  }

  int count() const { return static_cast<int>(destinations_.size()); }
  connection::Connection* Select(int pool) {
    return pools_->PoolFor(manager_.get(), destinations_[pool])
        .Acquire([this](absl::StatusOr<connection::Connection*>) { ++answered_; })
        .connection;
  }

 private:
  void Grow(const pool::Destination& destination) {
    pool::ConnectionPool& pool = pools_->PoolFor(manager_.get(), destination);
    pool::PoolSetting setting;
    setting.min_connection_count = kMembers;
    pools_->ApplySetting(manager_.get(), destination, setting);
    loop_.RunUntilIdle();
    SIPCM_CHECK(pool.statistics().live_count == kMembers);
  }
  // PoolDirectory::Host
  connection::Connection* AdoptOutgoing(std::unique_ptr<connection::Connection> connection,
                                        LocalManager* manager,
                                        pool::ConnectionPool* pool) override {
    connection->SetListener(this);
    return connections_.Insert(std::move(connection), manager, pool)->connection.get();
  }
  void OnServerRefused(const LocalManager&, const pool::Destination&, const connection::Connection&,
                       const absl::Status&) override {}
  void OnConnectFailed(const LocalManager&, const pool::Destination&,
                       const absl::Status&) override {}
  void OnPoolAdded(const PoolSnapshot&) override {}
  void OnPoolChanged(const PoolSnapshot&) override {}
  void OnTargetHealth(const PoolSnapshot&, const absl::Status&) override {}
  void OnPoolRemoved(LocalManager*, const PoolSnapshot&) override {}
  // connection::Connection::Listener
  void OnEstablished(connection::Connection&) override {}
  void OnMessage(connection::Connection&, const sip::MessageView&) override {}
  void OnMalformed(connection::Connection&, const sip::MessageView&,
                   const sip::ParseVerdict&) override {}
  void OnClosed(connection::Connection&, connection::CloseReason, const absl::Status&) override {}

  NoEvents events_;
  fakes::ManualEventLoop loop_;
  fakes::FakeNetwork network_;
  fakes::FakeResolver resolver_{&loop_};
  fakes::TestListener server_{&network_, &loop_, *net::SocketAddress::Parse("0.0.0.0:5060")};
  connection::ConnectionEnvironment environment_{&loop_};
  tls::HandshakeGate gate_{&loop_};
  SeededRandomSource random_{1};
  WorkerTotals totals_;
  ConnectionTable connections_{0};
  absl::AnyInvocable<connection::ConnectionId()> new_id_ = [this] { return connections_.NewId(); };
  std::unique_ptr<LocalManager> manager_;
  std::unique_ptr<PoolDirectory> pools_;
  std::vector<pool::Destination> destinations_;
  int answered_ = 0;
};

void Report(benchmark::State& state, uint64_t allocations_before) {
  state.counters["allocations"] =
      benchmark::Counter(static_cast<double>(AllocationCount() - allocations_before),
                         benchmark::Counter::kAvgIterations);
}

// Argument: pools. The same one each time.
void SelectFromOneOfMany(benchmark::State& state, pool::SelectionPolicy selection) {
  ManyPools pools(static_cast<int>(state.range(0)), selection);
  const int one = pools.count() / 2;
  const uint64_t before = AllocationCount();
  for (auto _ : state) benchmark::DoNotOptimize(pools.Select(one));
  Report(state, before);
}
BENCHMARK_CAPTURE(SelectFromOneOfMany, grow_first, pool::SelectionPolicy::kGrowFirst)
    ->Arg(10)
    ->Arg(10000);
BENCHMARK_CAPTURE(SelectFromOneOfMany, reuse_first, pool::SelectionPolicy::kReuseFirst)->Arg(10000);
BENCHMARK_CAPTURE(SelectFromOneOfMany, least_outstanding, pool::SelectionPolicy::kLeastOutstanding)
    ->Arg(10000);

// Each time another one, none of which is in the processor's caches.
void SelectFromEachInTurn(benchmark::State& state) {
  ManyPools pools(static_cast<int>(state.range(0)), pool::SelectionPolicy::kGrowFirst);
  int next = 0;
  const uint64_t before = AllocationCount();
  for (auto _ : state) {
    benchmark::DoNotOptimize(pools.Select(next));
    next = (next + 7919) % pools.count();
  }
  Report(state, before);
}
BENCHMARK(SelectFromEachInTurn)->Arg(10)->Arg(10000);

}  // namespace
}  // namespace sipcm::engine
