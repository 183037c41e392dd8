#ifndef SIPCM_CORE_ENGINE_REQUESTS_INBOUND_H_
#define SIPCM_CORE_ENGINE_REQUESTS_INBOUND_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/base/random_source.h"
#include "core/dispatch/automatic_answer.h"
#include "core/dispatch/delivery/delivery_queue.h"
#include "core/dispatch/dispatcher.h"
#include "core/dispatch/open_request.h"
#include "core/engine/connection_table.h"
#include "core/engine/dialogs/dialog_directory.h"
#include "core/engine/message_order.h"
#include "core/engine/requests/response_composer.h"
#include "core/engine/throttling/connection_load.h"
#include "core/engine/throttling/message_throttle.h"
#include "core/engine/throttling/reading_pause.h"
#include "core/engine/transactions/answered_invites.h"
#include "core/engine/transactions/return_path.h"
#include "core/engine/transactions/server_answers.h"
#include "core/engine/worker_totals.h"
#include "core/event/event_loop.h"
#include "core/event/timeout_queue.h"
#include "core/sip/raw_message.h"
#include "core/transaction/ongoing_requests.h"
#include "core/transaction/server_transaction.h"

namespace sipcm::engine {

// The requests that come to one worker: dispatched, delivered, answered by an application or by
// the server itself, exactly once each (semantics.md 7). Thread: the worker's.
class Inbound final : private dispatch::DeliveryQueue::Owner,
                      private event::TimeoutQueue::Listener,
                      private transaction::ServerTransactionTable::Owner,
                      private AnsweredInvites::Host {
 public:
  // The rest of the worker.
  class Host : public MessageThrottle::Host, public ReturnPath::Host {
   public:
    // Has OnCredit(group) called on that worker.
    virtual void WakeWorker(int worker, std::shared_ptr<dispatch::SubscriptionGroup> group) = 0;
    // The last open request ended, or the last ACK came that was waited for.
    virtual void OnInboundIdle() = 0;
    // Has OnForeignAck() called on that worker.
    virtual void CarryAck(int worker, std::shared_ptr<const dispatch::RequestRecord> ack) = 0;

   protected:
    ~Host() = default;
  };

  // All outlive this; `ongoing` is shared with the other workers.
  Inbound(int worker, event::EventLoop* loop, RandomSource* random, ConnectionTable* connections,
          ConnectionLoad* load, DialogDirectory* dialogs, WorkerTotals* totals,
          transaction::OngoingRequests* ongoing, Host* host);
  ~Inbound();

  // A well-formed request on an established connection.
  void OnRequest(ConnectionSlot& slot, const sip::MessageView& request);
  // One that its connection's load held back until now.
  void OnHeldRequest(ConnectionSlot& slot, const sip::MessageView& request) { Take(slot, request); }
  // One that is not: answered as the verdict says, if it can be.
  void OnMalformed(ConnectionSlot& slot, const sip::MessageView& request,
                   const sip::ParseVerdict& verdict);
  // An ACK that came to another worker, which does not have its INVITE.
  void OnForeignAck(const std::shared_ptr<const dispatch::RequestRecord>& ack) {
    answered_.TakeAck(ack);
  }

  // One result for each order, to `sink`.
  void Respond(const std::vector<ResponseOrder>& orders, const std::shared_ptr<ResponseSink>& sink);

  void OnCredit(const std::shared_ptr<dispatch::SubscriptionGroup>& group);
  void OnSubscriptionEnded(const std::shared_ptr<dispatch::SubscriptionState>& subscription) {
    queue_.OnSubscriptionEnded(subscription);
    UpdateGauges();
  }
  void OnResumed(const std::shared_ptr<dispatch::SubscriptionState>& subscription) {
    queue_.OnResumed(subscription);
    UpdateGauges();
  }
  void ForgetGroup(const std::shared_ptr<dispatch::SubscriptionGroup>& group);
  // Of a manager whose marks on untaken messages are others now; that another worker saw throttled.
  void WeighMessages(LocalManager& manager) { throttle_.Refuses(manager); }
  void WatchMessages(LocalManager& manager) { throttle_.Watch(manager); }

  // From now on new requests get 503.
  void Drain() { draining_ = true; }
  // Answers all that is open with 503: the drain's deadline, or the end.
  void AnswerAllOpen();
  // Requests without a final answer, and INVITEs whose 2xx has no ACK yet.
  size_t open_count() const { return requests_.size() + answered_.unacknowledged_count(); }

 private:
  using Claimed = void (Inbound::*)(ConnectionSlot& slot, const sip::MessageView& request,
                                    const DialogClaim& claim);
  // What all open requests of a worker may hold: beyond it new ones get 503, so that neither large
  // bodies nor slow applications fill the memory.
  static constexpr size_t kMaxOpenBytes = 64 << 20;

  // dispatch::DeliveryQueue::Owner
  void OnUndeliverable(dispatch::OpenRequest& request, dispatch::Situation situation,
                       absl::string_view allow) override;
  void OnRedelivery(dispatch::OpenRequest& request) override;
  void WakeWorker(int worker, std::shared_ptr<dispatch::SubscriptionGroup> group) override {
    host_->WakeWorker(worker, std::move(group));
  }
  // event::TimeoutQueue::Listener
  void OnTimeout(event::TimeoutQueue::Entry& entry) override;
  // transaction::ServerTransactionTable::Owner
  void OnTrying(transaction::ServerTransaction& transaction) override;
  // AnsweredInvites::Host
  void RepeatAnswer(const ReturnAddress& address, const std::string& response) override {
    return_path_.Repeat(address, response);
  }
  void CarryAck(int worker, std::shared_ptr<const dispatch::RequestRecord> ack) override {
    host_->CarryAck(worker, std::move(ack));
  }
  void OnNothingUnacknowledged() override {
    if (open_count() == 0) host_->OnInboundIdle();
  }

  bool Holds(ConnectionSlot& slot, const sip::MessageView& request);
  void Take(ConnectionSlot& slot, const sip::MessageView& request);
  void OnAck(ConnectionSlot& slot, const sip::MessageView& request);
  void OnCancel(ConnectionSlot& slot, const sip::MessageView& request);
  void CancelAsked(ConnectionSlot& slot, const sip::MessageView& request, const DialogClaim&) {
    CancelInvite(slot, request);
  }
  void CancelInvite(ConnectionSlot& slot, const sip::MessageView& request);
  bool IsUnknownToProfile(const dispatch::RequestRecord& request) const;
  bool Refuses(ConnectionSlot& slot, const sip::MessageView& request);
  bool RefusesNew(ConnectionSlot& slot, const sip::MessageView& request);
  // There is too much to do.
  void RefuseForLoad(ConnectionSlot& slot, const sip::MessageView& request) {
    answers_.Give(slot, request, dispatch::Situation::kOverloaded);
    pause_.OnRefused(slot);
  }
  // Refuses, answers or opens it.
  void TakeDecided(ConnectionSlot& slot, const sip::MessageView& request,
                   const dispatch::DispatchDecision& decision, const DialogClaim& claim);
  void OpenAndOffer(ConnectionSlot& slot, const sip::MessageView& request,
                    const dispatch::DispatchDecision& decision, const DialogClaim& claim);
  void TakeInDialog(ConnectionSlot& slot, const sip::MessageView& request);
  // Has `then` called, in another turn, with what the worker says that has the dialog.
  void AskAnother(ConnectionSlot& slot, const sip::MessageView& request, Claimed then);
  void TakeAsked(ConnectionSlot& slot, const sip::MessageView& request, const DialogClaim& claim);
  void TakeClaimed(ConnectionSlot& slot, const sip::MessageView& request, const DialogClaim& claim);
  static void JoinDialog(const DialogClaim& claim, dispatch::OpenRequest* request);
  void NoteHolder(dispatch::RequestId id);
  // Of all its answers; it may name a dialog.
  void PrepareToTag(dispatch::OpenRequest* request);
  // Of an answer that goes out by `slot`; empty: it needs none.
  static std::string ContactFor(const dispatch::OpenRequest& request, ConnectionSlot* slot);
  // `answer` is about to go out; `slot` null: not by the connection that the request came by. The
  // dialog that it makes or belongs to.
  dialog::DialogId NoteAnswer(const ConnectionSlot* slot, absl::string_view answer,
                              dispatch::OpenRequest* request);
  dispatch::DispatchDecision Decide(ConnectionSlot& slot, const sip::MessageView& request);

  // The server's own final answer to an open request, which ends it.
  void AnswerOpen(dispatch::OpenRequest& request, dispatch::Situation situation,
                  dispatch::Ending ending, absl::string_view allow = "");
  void Expire(dispatch::OpenRequest& request, dispatch::Situation situation);
  void Close(dispatch::OpenRequest& request, int status_code, dispatch::Ending ending);

  bool RespondOne(const ResponseOrder& order, const std::shared_ptr<ResponseSink>& sink,
                  ResponseResult* result);
  void OnAnswer(dispatch::OpenRequest& request, LocalManager& manager, int status_code,
                const std::string& response);

  void CountHeldBack(ThrottleMechanism mechanism) {
    totals_->throttled_requests[static_cast<int>(mechanism)].Add();
  }
  void UpdateGauges();

  event::EventLoop* const loop_;
  ConnectionTable* const connections_;
  ConnectionLoad* const load_;
  DialogDirectory* const dialogs_;
  WorkerTotals* const totals_;
  Host* const host_;
  ResponseComposer composer_;
  ServerAnswers answers_;
  MessageThrottle throttle_;
  ReadingPause pause_;
  dispatch::OpenRequestTable requests_;
  dispatch::DeliveryQueue queue_;
  event::TimeoutQueue deadlines_;
  transaction::ServerTransactionTable transactions_;
  ReturnPath return_path_;
  AnsweredInvites answered_;
  size_t open_bytes_ = 0;  // of all open requests, and those that ask another worker
  bool draining_ = false;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_REQUESTS_INBOUND_H_
