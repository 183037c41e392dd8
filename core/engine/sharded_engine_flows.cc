// The pools and connections of a ShardedEngine.
#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/engine/sharded_engine.h"

namespace sipcm::engine {
namespace {

template <typename T>
std::vector<T> Joined(std::vector<std::vector<T>> parts) {
  std::vector<T> all;
  for (std::vector<T>& part : parts) {
    all.insert(all.end(), std::make_move_iterator(part.begin()),
               std::make_move_iterator(part.end()));
  }
  return all;
}

int SumOf(const std::vector<int>& counts) {
  int sum = 0;
  for (const int count : counts) sum += count;
  return sum;
}

}  // namespace

absl::Status ShardedEngine::ApplyPool(PoolConfig config) {
  SIPCM_ASSIGN_OR_RETURN(const ManagerPointer manager, FindManager(config.manager_id));
  Post(HomeOf(*manager, config.destination), [manager, config](Worker& worker) {
    worker.ApplyPool(manager, config.destination, config.setting);
  });
  return absl::OkStatus();
}

void ShardedEngine::RemovePool(const std::string& manager_id, const pool::Destination& destination,
                               PoolRemoval removal, Callback<PoolSnapshot> done) {
  const absl::StatusOr<ManagerPointer> manager = FindManager(manager_id);
  if (!manager.ok()) {
    Post(0, [done = std::move(done), status = manager.status()](Worker&) mutable { done(status); });
    return;
  }
  Post(HomeOf(**manager, destination),
       [manager = *manager, destination, removal, done = std::move(done)](Worker& worker) mutable {
         done(worker.RemovePool(manager, destination, removal));
       });
}

void ShardedEngine::ListPools(const std::string& manager_id,
                              Callback<std::vector<PoolSnapshot>> done) {
  Gather<std::vector<PoolSnapshot>>(
      [manager_id](Worker& worker) { return worker.Pools(manager_id); },
      [done = std::move(done)](std::vector<std::vector<PoolSnapshot>> parts) mutable {
        std::vector<PoolSnapshot> all = Joined(std::move(parts));
        std::sort(all.begin(), all.end(), [](const PoolSnapshot& a, const PoolSnapshot& b) {
          return std::make_pair(a.manager_id, a.destination.PoolId()) <
                 std::make_pair(b.manager_id, b.destination.PoolId());
        });
        done(std::move(all));
      });
}

void ShardedEngine::ListConnections(const std::string& manager_id,
                                    Callback<std::vector<ConnectionSnapshot>> done) {
  Gather<std::vector<ConnectionSnapshot>>(
      [manager_id](Worker& worker) { return worker.connections().List(manager_id); },
      [done = std::move(done)](std::vector<std::vector<ConnectionSnapshot>> parts) mutable {
        std::vector<ConnectionSnapshot> all = Joined(std::move(parts));
        std::sort(
            all.begin(), all.end(),
            [](const ConnectionSnapshot& a, const ConnectionSnapshot& b) { return a.id < b.id; });
        done(std::move(all));
      });
}

void ShardedEngine::WithConnection(
    connection::ConnectionId id, absl::AnyInvocable<void(Worker&, connection::Connection&)> change,
    Callback<ConnectionSnapshot> done) const {
  // An id of a worker that does not exist is answered by the first, which does not know it.
  const int home = id.worker() < worker_count() ? id.worker() : 0;
  Post(home, [id, change = std::move(change), done = std::move(done)](Worker& worker) mutable {
    done(worker.connections().Change(
        id, [&](connection::Connection& connection) { change(worker, connection); }));
  });
}

void ShardedEngine::GetConnection(connection::ConnectionId id, Callback<ConnectionSnapshot> done) {
  WithConnection(
      id, [](Worker&, connection::Connection&) {}, std::move(done));
}

void ShardedEngine::SetConnectionIdleTimeout(connection::ConnectionId id, absl::Duration timeout,
                                             Callback<ConnectionSnapshot> done) {
  WithConnection(
      id,
      [timeout](Worker&, connection::Connection& connection) {
        connection.SetIdleTimeout(timeout);
      },
      std::move(done));
}

void ShardedEngine::SetConnectionThrottling(connection::ConnectionId id,
                                            const absl::optional<ThrottleMarks>& marks,
                                            Callback<ConnectionSnapshot> done) {
  WithConnection(
      id,
      [marks](Worker& worker, connection::Connection& connection) {
        worker.connections().SetMarks(connection, marks);
      },
      std::move(done));
}

void ShardedEngine::CloseConnection(connection::ConnectionId id,
                                    absl::optional<absl::Duration> drain_timeout,
                                    Callback<ConnectionSnapshot> done) {
  WithConnection(
      id,
      [drain_timeout](Worker& worker, connection::Connection& connection) {
        if (drain_timeout.has_value()) {
          worker.connections().Drain(connection, *drain_timeout);
        } else {
          connection.CloseAfterFlush(connection::CloseReason::kAdmin);
        }
      },
      std::move(done));
}

void ShardedEngine::CloseConnectionsOf(const std::string& manager_id,
                                       std::vector<tls::AllowedDomain> removed,
                                       Callback<int> done) {
  const absl::StatusOr<ManagerPointer> manager = FindManager(manager_id);
  if (!manager.ok()) {
    Post(0, [done = std::move(done), status = manager.status()](Worker&) mutable { done(status); });
    return;
  }
  const auto removal = std::make_shared<const tls::DomainRemoval>(std::move(removed));
  Gather<int>(
      [manager = *manager, removal](Worker& worker) {
        return worker.connections().CloseRemoved(manager, removal);
      },
      [done = std::move(done)](const std::vector<int>& counts) mutable { done(SumOf(counts)); });
}

void ShardedEngine::RetireConnections(const std::string& manager_id, const std::string& object,
                                      const std::string& version, Retiring retiring,
                                      Callback<int> done) {
  const absl::StatusOr<ManagerPointer> manager = FindManager(manager_id);
  if (!manager.ok()) {
    Post(0, [done = std::move(done), status = manager.status()](Worker&) mutable { done(status); });
    return;
  }
  Retirement retirement;
  retirement.object = object;
  retirement.version = version;
  retirement.generation = (*manager)->runtime().Get()->generation;
  retirement.retiring = retiring;
  Gather<int>(
      [manager = *manager, retirement](Worker& worker) {
        return worker.connections().Retire(manager, retirement);
      },
      [done = std::move(done)](const std::vector<int>& counts) mutable { done(SumOf(counts)); });
}

}  // namespace sipcm::engine
