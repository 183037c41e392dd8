#ifndef SIPCM_CORE_ENGINE_TRANSACTIONS_ANSWERED_INVITES_H_
#define SIPCM_CORE_ENGINE_TRANSACTIONS_ANSWERED_INVITES_H_

#include <memory>
#include <string>

#include "core/dispatch/delivery_queue.h"
#include "core/dispatch/open_request.h"
#include "core/engine/manager_state.h"
#include "core/event/event_loop.h"
#include "core/transaction/accepted_invite.h"

namespace sipcm::engine {

// The INVITEs that applications answered with 2xx, until their ACKs came (RFC 3261 13.3.1.4): the
// 2xx is repeated, the one ACK is delivered to who answered, and that none came is told. They live
// on the worker of their INVITE; an ACK may come to another one. Thread: the worker's.
class AnsweredInvites final : private transaction::AcceptedInviteTable::Owner {
 public:
  class Host {
   public:
    // Writes the 2xx once more, to where the INVITE came from.
    virtual void RepeatAnswer(const dispatch::RequestRecord& invite,
                              const std::string& response) = 0;
    // Has OnForeignAck() called on the other workers.
    virtual void AskOthersForInvite(std::shared_ptr<const dispatch::RequestRecord> ack) = 0;

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
  void OnAck(std::shared_ptr<const dispatch::RequestRecord> ack);
  // One that came to another worker, where its INVITE is not.
  void OnForeignAck(std::shared_ptr<const dispatch::RequestRecord> ack) { Take(ack); }

 private:
  struct Answered;

  // transaction::AcceptedInviteTable::Owner
  void RepeatResponse(transaction::AcceptedInvite& invite) override;
  void OnAckMissing(transaction::AcceptedInvite& invite) override;
  bool Take(const std::shared_ptr<const dispatch::RequestRecord>& ack);

  dispatch::DeliveryQueue* const queue_;
  Host* const host_;
  transaction::AcceptedInviteTable table_;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_TRANSACTIONS_ANSWERED_INVITES_H_
