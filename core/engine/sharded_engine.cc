#include "core/engine/sharded_engine.h"

#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/base/error.h"
#include "core/engine/worker/gathering.h"
#include "core/engine/worker/home_worker.h"

namespace sipcm::engine {
ShardedEngine::ShardedEngine(const Options& options)
    : resumable_(options.random),
      means_(options.workers),
      events_(options.events),
      max_subscription_count_(options.max_subscription_count),
      ongoing_(options.workers.at(0).random->Next()) {
  SIPCM_CHECK(means_.size() <= dispatch::RequestId::kMaxWorkers);
  for (size_t i = 0; i < means_.size(); ++i) {
    workers_.push_back(std::make_unique<Worker>(
        static_cast<int>(i), static_cast<int>(means_.size()), means_[i],
        [this](int worker, absl::AnyInvocable<void(Worker&)> task) {
          Post(worker, std::move(task));
        },
        &ongoing_, events_));
  }
}

ShardedEngine::~ShardedEngine() = default;

void ShardedEngine::Post(int worker, absl::AnyInvocable<void(Worker&)> task) const {
  Worker* const target = workers_[worker].get();
  means_[worker].loop->Post([target, task = std::move(task)]() mutable { task(*target); });
}

void ShardedEngine::PostToAll(const std::function<void(Worker&)>& task) const {
  for (int i = 0; i < worker_count(); ++i) Post(i, task);
}

absl::StatusOr<ShardedEngine::ManagerPointer> ShardedEngine::FindManagerLocked(
    const std::string& manager_id) const {
  const auto found = managers_.find(manager_id);
  if (found == managers_.end()) {
    return MakeError(absl::StatusCode::kNotFound, "RESOURCE_NOT_FOUND",
                     absl::StrCat("connection manager \"connectionManagers/", manager_id,
                                  "\" does not exist; create it first"));
  }
  return found->second;
}

absl::StatusOr<ShardedEngine::ManagerPointer> ShardedEngine::FindManager(
    const std::string& manager_id) const {
  absl::MutexLock lock(&control_);
  return FindManagerLocked(manager_id);
}

// --- Messages ----------------------------------------------------------------------------------

void ShardedEngine::Respond(std::vector<ResponseOrder> orders, std::shared_ptr<ResponseSink> sink) {
  // An id of a worker that does not exist is answered by the first, which does not know it.
  const auto worker_of = [this](const ResponseOrder& order) {
    const int worker = order.request_id.worker();
    return worker < worker_count() ? worker : 0;
  };
  std::vector<std::vector<ResponseOrder>> by_worker(workers_.size());
  for (ResponseOrder& order : orders) by_worker[worker_of(order)].push_back(std::move(order));
  for (int i = 0; i < worker_count(); ++i) {
    if (by_worker[i].empty()) continue;
    Post(i, [mine = std::move(by_worker[i]), sink](Worker& worker) {
      worker.inbound().Respond(mine, sink);
    });
  }
}

int ShardedEngine::HomeOf(const ManagerState& manager, const pool::Destination& destination) const {
  return engine::HomeOf(manager, destination, worker_count());
}

// --- The whole -----------------------------------------------------------------------------------

EngineTotals ShardedEngine::GetTotals() const {
  EngineTotals totals;
  for (const auto& worker : workers_) worker->totals().AddTo(&totals);
  totals.subscriptions = subscription_count_.load();
  absl::MutexLock lock(&control_);
  totals.managers = static_cast<int64_t>(managers_.size());
  totals.endpoints = static_cast<int64_t>(endpoint_managers_.size());
  return totals;
}

void ShardedEngine::TellState(uint64_t round) {
  PostToAll([round](Worker& worker) { worker.TellState(round); });
}

void ShardedEngine::Shutdown(absl::Duration timeout, absl::AnyInvocable<void()> done) {
  {
    absl::MutexLock lock(&control_);
    shut_down_ = true;
    for (auto& [id, manager] : managers_) {
      if (manager->state() == ManagerStatus::State::kListening) {
        manager->SetState(ManagerStatus::State::kIdle, {});
      }
    }
  }
  auto gathering = std::make_shared<Gathering<bool>>(
      worker_count(), [done = std::move(done)](const std::vector<bool>&) mutable { done(); });
  for (int i = 0; i < worker_count(); ++i) {
    Post(i, [gathering, timeout, i](Worker& worker) {
      worker.Drain(timeout, [gathering, i] { gathering->Put(i, true); });
    });
  }
}

}  // namespace sipcm::engine
