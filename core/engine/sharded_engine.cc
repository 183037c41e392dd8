#include "core/engine/sharded_engine.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/engine/dialogs/dialog_order.h"
#include "core/engine/registered/registered_order.h"
#include "core/engine/sends/send_route.h"
#include "core/engine/worker/gathering.h"
#include "core/engine/worker/home_worker.h"

namespace sipcm::engine {
namespace {

// OK while it may send.
absl::Status CheckRegistered(const dispatch::Endpoint& endpoint, const EndpointStatus& status) {
  if (status.registration.is_registered()) return absl::OkStatus();
  const std::string& reason = status.registration.reason;
  return MakeError(absl::StatusCode::kFailedPrecondition, "ENDPOINT_NOT_REGISTERED",
                   absl::StrCat("endpoint \"endpoints/", endpoint.id, "\" is ",
                                registration::RegistrationStateName(status.registration.state),
                                reason.empty() ? "" : absl::StrCat(" (", reason, ")"),
                                "; send when it is REGISTERED"));
}

}  // namespace

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

void ShardedEngine::Send(std::vector<SendOrder> orders, std::shared_ptr<SendSink> sink) {
  for (SendOrder& order : orders) {
    const uint64_t cookie = order.cookie;
    absl::Status planned = PlanSend(std::move(order), sink);
    if (planned.ok()) continue;
    Post(0, [sink, cookie, planned = std::move(planned)](Worker&) {
      SendEvent event;
      event.kind = SendEvent::Kind::kFailure;
      event.cookie = cookie;
      event.is_final = true;
      event.failure = planned;
      std::vector<SendEvent> events;
      events.push_back(std::move(event));
      sink->OnSendEvents(std::move(events));
    });
  }
}

absl::Status ShardedEngine::PlanSend(SendOrder order, const std::shared_ptr<SendSink>& sink) {
  ManagerPointer manager;
  std::shared_ptr<dispatch::SubscriptionGroup> group;
  PlannedSend planned;
  {
    absl::MutexLock lock(&control_);
    const auto found = endpoint_managers_.find(order.endpoint_id);
    if (found == endpoint_managers_.end()) {
      return WithField(MakeError(absl::StatusCode::kNotFound, "RESOURCE_NOT_FOUND",
                                 absl::StrCat("endpoint \"endpoints/", order.endpoint_id,
                                              "\" does not exist; create it first")),
                       "endpoint");
    }
    manager = found->second;
    const auto entry = manager->directory().Get()->FindById(order.endpoint_id);
    planned.endpoint = entry->endpoint;
    group = entry->group;
    const auto registered = registered_.find(order.endpoint_id);
    if (registered != registered_.end()) {
      const std::shared_ptr<const EndpointStatus> status = registered->second.status->Get();
      SIPCM_RETURN_IF_ERROR(CheckRegistered(*planned.endpoint, *status));
      AddRegistration(status->registration, &order);
      // All its traffic goes to its registrar or proxy (semantics.md 9).
      if (!order.connection.is_valid()) order.destination = registered->second.destination;
    }
  }
  SIPCM_RETURN_IF_ERROR(CheckOrder(order, manager->runtime().Get()->config));
  if (order.connection.is_valid() && order.connection.worker() >= worker_count()) {
    return WithField(MakeError(absl::StatusCode::kNotFound, "RESOURCE_NOT_FOUND",
                               absl::StrCat("connection \"", order.connection.ToString(),
                                            "\" does not exist; send by destination")),
                     "connection");
  }
  int home = 0;
  if (order.dialog.is_valid()) {
    home = order.dialog.worker();
    if (home >= worker_count()) return NoSuchDialog(order);
  } else if (order.connection.is_valid()) {
    home = order.connection.worker();
  } else if (order.destination.has_value() && order.destination->is_dedicated()) {
    home = HomeOf(*manager, *order.destination);
  } else {
    SIPCM_ASSIGN_OR_RETURN(pool::Destination destination,
                           RouteOf(order, manager->runtime().Get()->config));
    planned.home = home = HomeOf(*manager, destination);
    if (destination.transport == connection::Transport::kTls &&
        manager->runtime().Get()->config.sharing == Sharing::kShared) {
      planned.reuse = manager->reusable().Find(destination);
      if (planned.reuse.is_valid()) home = planned.reuse.worker();
    }
    order.destination = std::move(destination);
  }
  group->AddSent();
  planned.order = std::move(order);
  planned.sink = sink;
  Post(home, [manager, planned = std::move(planned)](Worker& worker) mutable {
    if (planned.order.dialog.is_valid()) {
      worker.sends().SendInDialog(manager, std::move(planned));
    } else {
      worker.sends().Send(manager, std::move(planned));
    }
  });
  return absl::OkStatus();
}

void ShardedEngine::CancelSends(std::vector<uint64_t> cookies, std::shared_ptr<SendSink> sink) {
  // One that is on its way to another worker was posted there before that worker is asked again; it
  // goes from its dialog's to its flow's to its destination's.
  constexpr int kMostHops = 2;
  std::sort(cookies.begin(), cookies.end());
  CancelOnWorkers(std::move(cookies), sink, worker_count() == 1 ? 0 : kMostHops);
}

void ShardedEngine::CancelOnWorkers(std::vector<uint64_t> cookies,
                                    const std::shared_ptr<SendSink>& sink, int more_rounds) {
  using Cookies = std::vector<uint64_t>;
  Gather<Cookies>(
      [cookies, sink](Worker& worker) { return worker.outbound().Cancel(cookies, sink); },
      [this, sink, more_rounds](std::vector<Cookies> unknown) {
        // Those that no worker knew.
        Cookies left = std::move(unknown[0]);
        for (size_t i = 1; i < unknown.size(); ++i) {
          Cookies both;
          std::set_intersection(left.begin(), left.end(), unknown[i].begin(), unknown[i].end(),
                                std::back_inserter(both));
          left = std::move(both);
        }
        if (!left.empty() && more_rounds > 0) {
          CancelOnWorkers(std::move(left), sink, more_rounds - 1);
        }
      });
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
