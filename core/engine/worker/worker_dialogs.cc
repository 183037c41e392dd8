// What a Worker sends in dialogs, and how its dialogs reach those of the other workers.
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/engine/worker/home_worker.h"
#include "core/engine/sends/send_route.h"
#include "core/engine/worker/worker.h"

namespace sipcm::engine {

void Worker::SendByDestination(const std::shared_ptr<ManagerState>& manager, PlannedSend planned) {
  planned.flow = connection::ConnectionId();
  if (!planned.order.destination.has_value()) {
    outbound_->Refuse(
        planned,
        MakeError(absl::StatusCode::kUnavailable, "CONNECTION_GONE",
                  absl::StrCat("dialog \"", planned.order.dialog.ToString(),
                               "\": its connection has closed, and neither its route nor \"",
                               planned.order.request_uri, "\" says where else to send to")));
    return;
  }
  const int home = HomeOf(*manager, *planned.order.destination, worker_count_);
  if (home == connections_.worker()) return Send(manager, std::move(planned));
  post_(home, [manager, planned = std::move(planned)](Worker& worker) mutable {
    worker.Send(manager, std::move(planned));
  });
}

void Worker::SendInDialog(const std::shared_ptr<ManagerState>& manager, PlannedSend planned) {
  const absl::Status filled =
      dialogs_->Fill(manager->runtime().Get()->config, &planned.order, &planned.flow);
  if (!filled.ok()) return outbound_->Refuse(planned, filled);
  const connection::ConnectionId by =
      planned.flow.is_valid() ? planned.flow : planned.order.connection;
  if (!by.is_valid()) return SendByDestination(manager, std::move(planned));
  if (by.worker() == connections_.worker()) return Send(manager, std::move(planned));
  post_(by.worker(), [manager, planned = std::move(planned)](Worker& worker) mutable {
    worker.Send(manager, std::move(planned));
  });
}

void Worker::PostToDialogs(int worker, absl::AnyInvocable<void(DialogDirectory&)> task) {
  post_(worker, [task = std::move(task)](Worker& other) mutable { task(*other.dialogs_); });
}

void Worker::SendOwn(const std::string& manager_id, SendOrder order) {
  LocalManager* const manager = managers_.FindById(manager_id);
  const auto entry =
      manager == nullptr ? nullptr : manager->directory.Get()->FindById(order.endpoint_id);
  if (entry == nullptr) return totals_.sends_failed.Add();  // deleted, and so is the dialog
  PlannedSend planned;
  planned.endpoint = entry->endpoint;
  planned.sink = own_sends_;
  planned.order = std::move(order);
  if (entry->endpoint->kind == dispatch::EndpointKind::kRegistered) {
    // As all its traffic (semantics.md 9).
    absl::StatusOr<pool::Destination> first_hop =
        FirstHopOf(*entry->endpoint->registration, manager->runtime.Get()->config);
    if (!first_hop.ok()) return totals_.sends_failed.Add();
    first_hop->dedicated_to = entry->endpoint->id;
    planned.order.destination = *std::move(first_hop);
  }
  SendInDialog(manager->state, std::move(planned));
}

void Worker::ForgetEndpoint(const dispatch::EndpointDirectory::EntryPointer& entry) {
  inbound_->ForgetGroup(entry->group);
  dialogs_->ForgetEndpoint(entry->endpoint->id);
}

}  // namespace sipcm::engine
