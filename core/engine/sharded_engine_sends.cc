// The requests that applications send: to the worker that will do each.
#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/engine/dialogs/dialog_order.h"
#include "core/engine/registered/registered_order.h"
#include "core/engine/sends/send_event.h"
#include "core/engine/sends/send_route.h"
#include "core/engine/sharded_engine.h"

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

// Whose the requests are, as they find it who come one after the other.
struct ShardedEngine::Sender {
  ManagerPointer manager;
  std::shared_ptr<const ManagerRuntime> runtime;
  dispatch::EndpointDirectory::EntryPointer entry;
  // Of a REGISTERED endpoint; else null.
  std::shared_ptr<const EndpointStatus> status;
  pool::Destination registrar;
};

absl::StatusOr<ShardedEngine::Sender> ShardedEngine::FindSender(
    const std::string& endpoint_id) const {
  Sender sender;
  absl::MutexLock lock(&control_);
  absl::StatusOr<ManagerPointer> manager = ManagerOfEndpoint(endpoint_id);
  if (!manager.ok()) return WithField(manager.status(), "endpoint");
  sender.manager = *std::move(manager);
  sender.runtime = sender.manager->runtime().Get();
  sender.entry = sender.manager->directory().Get()->FindById(endpoint_id);
  const auto registered = registered_.find(endpoint_id);
  if (registered != registered_.end()) {
    sender.status = registered->second.status->Get();
    sender.registrar = registered->second.destination;
  }
  return sender;
}

void ShardedEngine::Send(std::vector<SendOrder> orders, std::shared_ptr<SendSink> sink) {
  std::vector<std::vector<RoutedSend>> by_worker(workers_.size());
  std::vector<SendEvent> refused;
  // Many come from one endpoint: it is looked up once.
  absl::StatusOr<Sender> sender = absl::UnknownError("not looked up yet");
  std::string looked_up;
  for (SendOrder& order : orders) {
    if (order.endpoint_id != looked_up || !sender.ok()) sender = FindSender(order.endpoint_id);
    looked_up = order.endpoint_id;
    RoutedSend send;
    const uint64_t cookie = order.cookie;
    absl::Status planned =
        sender.ok() ? PlanSend(*sender, std::move(order), &send) : sender.status();
    if (planned.ok()) {
      send.planned.sink = sink;
      by_worker[send.worker].push_back(std::move(send));
      continue;
    }
    refused.push_back(MakeFailureEvent(nullptr, cookie, std::move(planned)));
  }
  for (int i = 0; i < worker_count(); ++i) {
    if (by_worker[i].empty()) continue;
    Post(i, [mine = std::move(by_worker[i])](Worker& worker) mutable {
      for (RoutedSend& send : mine) {
        if (send.planned.order.dialog.is_valid()) {
          worker.sends().SendInDialog(send.manager, std::move(send.planned));
        } else {
          worker.sends().Send(send.manager, std::move(send.planned));
        }
      }
    });
  }
  if (refused.empty()) return;
  Post(0, [sink = std::move(sink), refused = std::move(refused)](Worker&) mutable {
    sink->OnSendEvents(std::move(refused));
  });
}

absl::Status ShardedEngine::PlanSend(const Sender& sender, SendOrder order,
                                     RoutedSend* send) const {
  const ManagerConfig& config = sender.runtime->config;
  if (sender.status != nullptr) {
    SIPCM_RETURN_IF_ERROR(CheckRegistered(*sender.entry->endpoint, *sender.status));
    AddRegistration(sender.status->registration, &order);
    // All its traffic goes to its registrar or proxy (semantics.md 9).
    if (!order.connection.is_valid()) order.destination = sender.registrar;
  }
  SIPCM_RETURN_IF_ERROR(CheckOrder(order, config));
  if (order.connection.is_valid() && order.connection.worker() >= worker_count()) {
    return WithField(MakeError(absl::StatusCode::kNotFound, "RESOURCE_NOT_FOUND",
                               absl::StrCat("connection \"", order.connection.ToString(),
                                            "\" does not exist; send by destination")),
                     "connection");
  }
  PlannedSend& planned = send->planned;
  if (order.dialog.is_valid()) {
    send->worker = order.dialog.worker();
    if (send->worker >= worker_count()) return NoSuchDialog(order);
  } else if (order.connection.is_valid()) {
    send->worker = order.connection.worker();
  } else if (order.destination.has_value() && order.destination->is_dedicated()) {
    send->worker = HomeOf(*sender.manager, *order.destination);
  } else {
    SIPCM_ASSIGN_OR_RETURN(pool::Destination destination, RouteOf(order, config));
    planned.home = send->worker = HomeOf(*sender.manager, destination);
    if (destination.transport == connection::Transport::kTls &&
        config.sharing == Sharing::kShared) {
      planned.reuse = sender.manager->reusable().Find(destination);
      if (planned.reuse.is_valid()) send->worker = planned.reuse.worker();
    }
    order.destination = std::move(destination);
  }
  sender.entry->group->AddSent();
  send->manager = sender.manager;
  planned.endpoint = sender.entry->endpoint;
  // What a dialog writes into it is to be judged still.
  planned.judged = order.dialog.is_valid() ? sip::Judged::kNo : sip::Judged::kYes;
  planned.order = std::move(order);
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

}  // namespace sipcm::engine
