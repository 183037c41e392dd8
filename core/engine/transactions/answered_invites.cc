#include "core/engine/transactions/answered_invites.h"

#include <utility>

#include "core/sip/parser.h"
#include "core/transaction/call_key.h"

namespace sipcm::engine {

struct AnsweredInvites::Answered final : transaction::AcceptedInvite {
  ~Answered() override {
    if (manager != nullptr && !is_acknowledged) manager->acks_due.fetch_sub(1);
  }

  dispatch::RequestId request_id;
  std::shared_ptr<const dispatch::RequestRecord> record;
  std::shared_ptr<const dispatch::Endpoint> endpoint;
  dispatch::Addressee addressee;
  dialog::DialogId dialog;
  std::shared_ptr<ManagerState> manager;  // once the ACK is counted as due there
};

void AnsweredInvites::Add(const dispatch::OpenRequest& request,
                          const std::shared_ptr<ManagerState>& manager,
                          const std::string& response) {
  sip::MessageView view;
  const size_t header_length = response.find("\r\n\r\n") + 4;
  // An application's raw answer may be odd; then its ACK is a stray.
  if (!sip::Parse(response, header_length, view).ok()) return;
  auto answered = std::make_unique<Answered>();
  Answered* const added = answered.get();
  added->request_id = request.id;
  added->record = request.record;
  added->endpoint = request.endpoint;
  added->dialog = request.dialog;
  added->addressee = {request.assigned == nullptr ? nullptr : request.assigned->state,
                      request.endpoint_group, request.manager_group};
  if (!table_.Add(transaction::CallKeyOf(view), std::move(answered), response)) return;
  added->manager = manager;
  manager->acks_due.fetch_add(1);
}

void AnsweredInvites::OnAck(std::shared_ptr<const dispatch::RequestRecord> ack) {
  if (!Take(ack)) host_->AskOthersForInvite(std::move(ack));
}

// False: its INVITE is not here.
bool AnsweredInvites::Take(const std::shared_ptr<const dispatch::RequestRecord>& ack) {
  bool is_first = false;
  auto* const invite =
      static_cast<Answered*>(table_.Acknowledge(transaction::CallKeyOf(ack->view), &is_first));
  if (invite == nullptr) return false;
  if (!is_first) return true;
  invite->manager->acks_due.fetch_sub(1);
  dispatch::Delivery delivery;
  delivery.request = ack;
  delivery.endpoint = invite->endpoint;
  delivery.reason = dispatch::DispatchReason::kTransaction;
  delivery.dialog = invite->dialog;
  delivery.expire_time = absl::InfiniteFuture();
  queue_->DeliverUnanswerable(invite->addressee, std::move(delivery));
  return true;
}

void AnsweredInvites::RepeatResponse(transaction::AcceptedInvite& invite) {
  host_->RepeatAnswer(*static_cast<Answered&>(invite).record, invite.response);
}

void AnsweredInvites::OnAckMissing(transaction::AcceptedInvite& invite) {
  const auto& answered = static_cast<Answered&>(invite);
  dispatch::Delivery delivery;
  delivery.kind = dispatch::Delivery::Kind::kAckMissing;
  delivery.request_id = answered.request_id;
  delivery.endpoint = answered.endpoint;
  delivery.dialog = answered.dialog;
  queue_->DeliverUnanswerable(answered.addressee, std::move(delivery));
}

}  // namespace sipcm::engine
