// The dialogs that requests of ours make, and are in.
#include <algorithm>
#include <utility>

#include "core/engine/dialogs/dialog_directory.h"
#include "core/engine/dialogs/dialog_order.h"
#include "core/sip/status_code.h"

namespace sipcm::engine {

using dialog::Dialog;
using dialog::DialogId;
using dialog::DialogState;
using dialog::Exchange;

DialogId DialogDirectory::Reserve(const SendOrder& order, const LocalManager& manager,
                                  uint64_t owner) {
  Dialog* const first = table_.is_full() ? nullptr : table_.Add();
  if (first == nullptr) return DialogId();
  first->awaits_forks = true;
  first->manager_id = manager.state->id();
  first->endpoint_id = order.endpoint_id;
  first->owner = owner;
  first->contact = GivenHeader(order, sip::HeaderId::kContact);
  const sip::Method method = sip::ParseMethod(order.method);
  if (method == sip::Method::kSubscribe || method == sip::Method::kRefer) {
    const std::string event = GivenHeader(order, sip::HeaderId::kEvent);
    first->subscriptions = {{dialog::SubscriptionKey(method, event), Instant::Infinite()}};
  }
  UpdateGauge();
  return first->id;
}

void DialogDirectory::OnComposed(DialogId set, const std::string& call_id) {
  Dialog* const first = table_.Find(set);
  if (first != nullptr && first->state == DialogState::kReserved) first->call_id = call_id;
}

DialogId DialogDirectory::OnResponse(const SendOrder& order, uint64_t owner, ConnectionSlot& slot,
                                     const sip::MessageView& response, Exchange exchange,
                                     DialogId* set) {
  if (response.to_tag().empty() || !dialog::Fits(response)) return DialogId();
  Dialog* first = table_.Find(*set);
  if (first == nullptr || first->LocalTag() != response.from_tag()) {
    // The application has tags of its own.
    if (first != nullptr) EndForks(*set);
    first = Adopt(response.call_id(), response.from_tag());
    if (first == nullptr) return DialogId();
    first->manager_id = slot.manager->state->id();
    first->endpoint_id = order.endpoint_id;
    first->owner = owner;
    *set = first->id;
  }
  const bool is_success = sip::IsSuccess(response.status_code());
  Dialog* dialog = table_.Match(*set, response.call_id(), response.to_tag());
  const bool is_new = dialog == nullptr;
  if (is_new) dialog = first->state == DialogState::kReserved ? first : table_.AddFork(first);
  if (dialog == nullptr && is_success) {
    // It ends the early ones anyhow, and must not be without its ACK.
    table_.EndForks(first);
    dialog = table_.AddFork(first);
  }
  if (dialog == nullptr) return DialogId();
  // The 2xx says it anew (13.2.2.4).
  if (is_new || is_success) dialog->BeginAsCaller(response);
  if (exchange.method == sip::Method::kInvite) dialog->our_invite = response.cseq_number();
  if (is_new) dialog->state = DialogState::kEarly;
  Locate(dialog, &slot);
  const DialogId id = dialog->id;
  if (is_success) {
    dialog->state = DialogState::kConfirmed;
    exchange.Finish(response);
    OnExchange(id, std::move(exchange));
  }
  UpdateGauge();
  return id;
}

absl::Status DialogDirectory::Fill(const ManagerConfig& config, SendOrder* order,
                                   connection::ConnectionId* flow) {
  Dialog* const dialog = table_.Find(order->dialog);
  if (dialog == nullptr || dialog->state == DialogState::kReserved ||
      dialog->endpoint_id != order->endpoint_id) {
    return NoSuchDialog(*order);
  }
  absl::Status filled = FillInDialog(config, dialog, order, flow);
  if (!filled.ok()) return filled;
  table_.Extend(dialog, loop_->Now());
  return absl::OkStatus();
}

uint32_t DialogDirectory::NextCseq(DialogId id, uint32_t least) {
  Dialog* const dialog = id.worker() == worker_ ? table_.Find(id) : nullptr;
  if (dialog == nullptr) return least;
  dialog->local_cseq = std::max(dialog->local_cseq + 1, least);
  return dialog->local_cseq;
}

void DialogDirectory::OnAcknowledged(const sip::MessageView& ack) {
  const auto settle = [call_id = std::string(ack.call_id()), remote_tag = std::string(ack.to_tag()),
                       local_tag = std::string(ack.from_tag())](DialogDirectory& there) {
    const std::optional<DialogId> set = there.FindSet(call_id, local_tag);
    if (!set.has_value()) return;
    there.RunAt(set->worker(), [set, call_id, remote_tag](DialogDirectory& home) {
      Dialog* const dialog = home.table_.Match(*set, call_id, remote_tag);
      if (dialog == nullptr) return;
      dialog->owes_ack = false;
      dialog->credentials.clear();
      home.table_.Extend(dialog, home.loop_->Now());
    });
  };
  RunAt(WorkerOf(ack.call_id(), ack.from_tag()), settle);
}

void DialogDirectory::OnSent(DialogId id, const Exchange& request, const ConnectionSlot& slot) {
  RunAt(id.worker(),
        [id, cseq = request.cseq, method = request.method, connection = slot.connection->id(),
         peer = slot.connection->peer()](DialogDirectory& there) {
          Dialog* const dialog = there.table_.Find(id);
          if (dialog == nullptr) return;
          dialog->local_cseq = std::max(dialog->local_cseq, cseq);
          if (method == sip::Method::kInvite) dialog->our_invite = cseq;
          MoveFlow(dialog, connection, peer.get());
        });
}

void DialogDirectory::OnExchange(DialogId id, Exchange exchange) {
  RunAt(id.worker(), [id, exchange = std::move(exchange)](DialogDirectory& there) {
    Dialog* const dialog = there.table_.Find(id);
    if (dialog == nullptr || dialog->state == DialogState::kReserved) return;
    const dialog::Outcome outcome = dialog::Settle(exchange, there.loop_->Now(), dialog);
    if (outcome == dialog::Outcome::kHangsUp) there.SendOwn(*dialog, "BYE");
    if (outcome != dialog::Outcome::kLives) return there.Remove(dialog);
    there.table_.Extend(dialog, there.loop_->Now());
    there.Acknowledge(dialog, exchange);
  });
}

void DialogDirectory::Acknowledge(Dialog* dialog, const Exchange& exchange) {
  if (exchange.side != Exchange::Side::kOurs || exchange.method != sip::Method::kInvite ||
      !sip::IsSuccess(exchange.status_code)) {
    return;
  }
  switch (exchange.acknowledgement) {
    case Exchange::Acknowledgement::kServer:
      return SendOwn(*dialog, "ACK");
    case Exchange::Acknowledgement::kApplication:
      dialog->owes_ack = true;
      table_.Extend(dialog, loop_->Now());
      return;
    case Exchange::Acknowledgement::kRaw:
      return;
  }
}

void DialogDirectory::SendOwn(const Dialog& dialog, absl::string_view method) {
  SendOrder order;
  order.endpoint_id = dialog.endpoint_id;
  order.method = std::string(method);
  order.dialog = dialog.id;
  order.cookie = ++last_cookie_;
  host_->SendOwn(dialog.manager_id, std::move(order));
}

}  // namespace sipcm::engine
