#include "core/engine/transactions/answered_invites.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/engine/transactions/received_request.h"
#include "core/sip/parser.h"
#include "core/transaction/call_key.h"
#include "core/transaction/due_acks.h"

namespace sipcm::engine {
namespace {

// An ACK that comes to another manager is of another call.
std::string KeyOf(absl::string_view manager_id, absl::string_view call_key) {
  return absl::StrCat(manager_id, " ", call_key);  // no space is in a manager's id
}

}  // namespace

struct AnsweredInvites::Answered final : transaction::AcceptedInvite {
  explicit Answered(const dispatch::RequestRecord& invite) : address(invite) {}
  ~Answered() override { LeaveDue(); }
  void LeaveDue() {
    if (due != 0) manager->due_acks.Leave(std::exchange(due, 0));
  }

  dispatch::RequestId request_id;
  const ReturnAddress address;
  std::shared_ptr<const dispatch::Endpoint> endpoint;
  dispatch::Addressee addressee;
  dialog::DialogId dialog;
  std::shared_ptr<ManagerState> manager;
  uint64_t due = 0;  // its entry in the manager's due_acks
};

void AnsweredInvites::Add(const dispatch::OpenRequest& request,
                          const std::shared_ptr<ManagerState>& manager,
                          const std::string& response) {
  sip::MessageView view;
  const size_t header_length = response.find("\r\n\r\n") + 4;
  // An application's raw answer may be odd; then its ACK is a stray.
  if (!sip::Parse(response, header_length, view).ok()) return;
  auto answered = std::make_unique<Answered>(*request.record);
  Answered* const added = answered.get();
  added->request_id = request.id;
  added->endpoint = request.endpoint;
  added->dialog = request.dialog;
  // It may have answered while its stream was away.
  added->addressee = {
      request.assigned == nullptr ? request.left_by : request.assigned->state->lineage,
      request.endpoint_group, request.manager_group};
  added->manager = manager;
  const std::string call_key = transaction::CallKeyOf(view);
  if (!table_.Add(KeyOf(manager->id(), call_key), std::move(answered), response)) return;
  added->due = manager->due_acks.Enter(call_key, request.id.worker());
}

void AnsweredInvites::OnAck(const ConnectionSlot& slot, const sip::MessageView& ack) {
  const std::string call_key = transaction::CallKeyOf(ack);
  if (table_.Awaits(KeyOf(slot.manager->state->id(), call_key))) {
    return TakeAck(MakeRecord(slot, ack));
  }
  // A stray or a copy is neither kept nor carried: it has neither credit nor answer, so that
  // nothing else would bound a flood of them.
  const int worker = slot.manager->state->due_acks.WorkerOf(call_key);
  if (worker != transaction::DueAcks::kNoWorker) host_->CarryAck(worker, MakeRecord(slot, ack));
}

void AnsweredInvites::TakeAck(const std::shared_ptr<const dispatch::RequestRecord>& ack) {
  bool is_first = false;
  auto* const invite = static_cast<Answered*>(
      table_.Acknowledge(KeyOf(ack->manager_id, transaction::CallKeyOf(ack->view)), &is_first));
  if (invite == nullptr || !is_first) return;
  invite->LeaveDue();
  dispatch::Delivery delivery;
  delivery.request = ack;
  delivery.endpoint = invite->endpoint;
  delivery.reason = dispatch::DispatchReason::kTransaction;
  delivery.dialog = invite->dialog;
  delivery.expire_time = absl::InfiniteFuture();
  queue_->DeliverUnanswerable(invite->addressee, std::move(delivery));
  if (unacknowledged_count() == 0) host_->OnNothingUnacknowledged();
}

void AnsweredInvites::RepeatResponse(transaction::AcceptedInvite& invite) {
  host_->RepeatAnswer(static_cast<Answered&>(invite).address, invite.response);
}

void AnsweredInvites::OnAckMissing(transaction::AcceptedInvite& invite) {
  const auto& answered = static_cast<Answered&>(invite);
  dispatch::Delivery delivery;
  delivery.kind = dispatch::Delivery::Kind::kAckMissing;
  delivery.request_id = answered.request_id;
  delivery.endpoint = answered.endpoint;
  delivery.dialog = answered.dialog;
  queue_->DeliverUnanswerable(answered.addressee, std::move(delivery));
  if (unacknowledged_count() == 0) host_->OnNothingUnacknowledged();
}

}  // namespace sipcm::engine
