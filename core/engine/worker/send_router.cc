#include "core/engine/worker/send_router.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/engine/sends/send_route.h"
#include "core/engine/worker/home_worker.h"

namespace sipcm::engine {

SendRouter::SendRouter(int worker_count, LocalManagers* managers,
                       const ConnectionTable* connections, DialogDirectory* dialogs,
                       Outbound* outbound, WorkerTotals* totals, Host* host)
    : worker_count_(worker_count),
      managers_(managers),
      connections_(connections),
      dialogs_(dialogs),
      outbound_(outbound),
      totals_(totals),
      host_(host) {}

void SendRouter::Send(const std::shared_ptr<ManagerState>& manager, PlannedSend planned) {
  if (manager->removed.load(std::memory_order_acquire)) {
    return outbound_->Refuse(planned, manager->DeletedError());
  }
  if (planned.flow.is_valid()) planned.order.connection = planned.flow;
  planned.manager = managers_->For(manager);
  outbound_->Send(std::move(planned));
}

void SendRouter::Forward(int worker, const std::shared_ptr<ManagerState>& manager,
                         PlannedSend planned) {
  host_->PostToRouter(worker, [manager, planned = std::move(planned)](SendRouter& there) mutable {
    there.Send(manager, std::move(planned));
  });
}

void SendRouter::SendByDestination(const std::shared_ptr<ManagerState>& manager,
                                   PlannedSend planned) {
  planned.flow = connection::ConnectionId();
  if (!planned.order.destination.has_value()) {
    return outbound_->Refuse(
        planned,
        MakeError(absl::StatusCode::kUnavailable, "CONNECTION_GONE",
                  absl::StrCat("dialog \"", planned.order.dialog.ToString(),
                               "\": its connection has closed, and neither its route nor \"",
                               planned.order.request_uri, "\" says where else to send to")));
  }
  const int home = HomeOf(*manager, *planned.order.destination, worker_count_);
  if (home == connections_->worker()) return Send(manager, std::move(planned));
  Forward(home, manager, std::move(planned));
}

void SendRouter::SendInDialog(const std::shared_ptr<ManagerState>& manager, PlannedSend planned) {
  const absl::Status filled =
      dialogs_->Fill(manager->runtime().Get()->config, &planned.order, &planned.flow);
  if (!filled.ok()) return outbound_->Refuse(planned, filled);
  const connection::ConnectionId by =
      planned.flow.is_valid() ? planned.flow : planned.order.connection;
  if (!by.is_valid()) return SendByDestination(manager, std::move(planned));
  if (by.worker() == connections_->worker()) return Send(manager, std::move(planned));
  Forward(by.worker(), manager, std::move(planned));
}

void SendRouter::LeaveFlow(PlannedSend planned) {
  const std::shared_ptr<ManagerState> manager = planned.manager->state;
  SendByDestination(manager, std::move(planned));
}

void SendRouter::SendFromHome(PlannedSend planned) {
  const std::shared_ptr<ManagerState> manager = planned.manager->state;
  Forward(planned.home, manager, std::move(planned));
}

void SendRouter::SendOwn(const std::string& manager_id, SendOrder order) {
  LocalManager* const manager = managers_->FindById(manager_id);
  const auto entry =
      manager == nullptr ? nullptr : manager->directory.Get()->FindById(order.endpoint_id);
  if (entry == nullptr) return totals_->sends_failed.Add();  // deleted, and so is the dialog
  PlannedSend planned;
  planned.endpoint = entry->endpoint;
  planned.sink = own_sends_;
  planned.order = std::move(order);
  if (entry->endpoint->kind == dispatch::EndpointKind::kRegistered) {
    // As all its traffic (semantics.md 9).
    absl::StatusOr<pool::Destination> first_hop =
        FirstHopOf(*entry->endpoint->registration, manager->runtime.Get()->config);
    if (!first_hop.ok()) return totals_->sends_failed.Add();
    first_hop->dedicated_to = entry->endpoint->id;
    planned.order.destination = *std::move(first_hop);
  }
  SendInDialog(manager->state, std::move(planned));
}

}  // namespace sipcm::engine
