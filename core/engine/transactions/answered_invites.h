#ifndef SIPCM_CORE_ENGINE_TRANSACTIONS_ANSWERED_INVITES_H_
#define SIPCM_CORE_ENGINE_TRANSACTIONS_ANSWERED_INVITES_H_

#include <memory>
#include <string>

#include "core/dispatch/delivery/delivery_queue.h"
#include "core/dispatch/open_request.h"
#include "core/engine/connection_table.h"
#include "core/engine/manager/manager_state.h"
#include "core/engine/transactions/return_path.h"
#include "core/event/event_loop.h"
#include "core/sip/message_view.h"
#include "core/transaction/accepted_invite.h"

namespace sipcm::engine {

// The INVITEs that applications answered with 2xx, until their ACKs came (RFC 3261 13.3.1.4): the
// 2xx is repeated, the one ACK is delivered to who answered, and that none came is told. They live
// on the worker of their INVITE; an ACK may come to another one, but to no other manager. Of the
// INVITE itself nothing is kept. Thread: the worker's.
class AnsweredInvites final : private transaction::AcceptedInviteTable::Owner {
 public:
  class Host {
   public:
    // Writes the 2xx once more, to where the INVITE came from.
    virtual void RepeatAnswer(const ReturnAddress& address, const std::string& response) = 0;
    // Has TakeAck() called on that worker.
    virtual void CarryAck(int worker, std::shared_ptr<const dispatch::RequestRecord> ack) = 0;
    // Each has its ACK, or was told to have none.
    virtual void OnNothingUnacknowledged() = 0;

   protected:
    ~Host() = default;
  };

  // All outlive this.
  AnsweredInvites(event::EventLoop* loop, dispatch::DeliveryQueue* queue, Host* host)
      : queue_(queue), host_(host), table_(loop, this) {}

  // `response`, a whole 2xx, just went out for `request`, which is still assigned to who answered.
  void Add(const dispatch::OpenRequest& request, const std::shared_ptr<ManagerState>& manager,
           const std::string& response);
  // An ACK that belongs to no transaction here. It is never answered, whatever happens to it.
  void OnAck(const ConnectionSlot& slot, const sip::MessageView& ack);
  // One that came to whichever worker, and whose INVITE may be here.
  void TakeAck(const std::shared_ptr<const dispatch::RequestRecord>& ack);
  size_t unacknowledged_count() const { return table_.unacknowledged_count(); }

 private:
  struct Answered;

  // transaction::AcceptedInviteTable::Owner
  void RepeatResponse(transaction::AcceptedInvite& invite) override;
  void OnAckMissing(transaction::AcceptedInvite& invite) override;

  dispatch::DeliveryQueue* const queue_;
  Host* const host_;
  transaction::AcceptedInviteTable table_;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_TRANSACTIONS_ANSWERED_INVITES_H_
