#ifndef SIPCM_CORE_ENGINE_SENDS_OUTBOUND_H_
#define SIPCM_CORE_ENGINE_SENDS_OUTBOUND_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "core/base/random_source.h"
#include "core/dispatch/endpoint.h"
#include "core/engine/connection_table.h"
#include "core/engine/dialogs/dialog_send.h"
#include "core/engine/message_order.h"
#include "core/engine/pool_directory.h"
#include "core/engine/sends/open_send.h"
#include "core/engine/sends/request_composer.h"
#include "core/engine/sends/send_outbox.h"
#include "core/engine/throttling/connection_load.h"
#include "core/engine/throttling/send_pacer.h"
#include "core/engine/transactions/answered_calls.h"
#include "core/engine/transactions/sent_acks.h"
#include "core/engine/worker_totals.h"
#include "core/event/event_loop.h"
#include "core/event/timeout_queue.h"
#include "core/registration/authenticator.h"
#include "core/transaction/client_transaction.h"

namespace sipcm::engine {

// The requests that one worker sends: over a pooled connection or a named flow, with their
// responses matched by branch and CSeq, and exactly one final event each. A challenge that a
// REGISTERED endpoint's credentials answer is answered here. Thread: the worker's.
class Outbound final : private event::TimeoutQueue::Listener, private AnsweredCalls::Host {
 public:
  class Host {
   public:
    // Sends of a throttled endpoint began to wait, or wait no more.
    virtual void OnEndpointThrottling(const PlannedSend& of, ThrottleChange change) = 0;
    // The last send of a manager that was removed ended; not to be released inside.
    virtual void OnRemovedManagerIdle(const LocalManager& manager) = 0;
    // The last send ended.
    virtual void OnOutboundIdle() = 0;
    // Has the worker that is its `home` send it.
    virtual void SendFromHome(PlannedSend planned) = 0;
    // Has it sent to its destination, and no more over its dialog's flow.
    virtual void LeaveFlow(PlannedSend planned) = 0;
    // Who answers challenges to it; null: its application does.
    virtual registration::Authenticator* AuthenticatorOf(const PlannedSend& send) = 0;
    // Has RepeatSentAck() called on the other workers.
    virtual void AskOthersForAck(const std::string& call_key) = 0;

   protected:
    ~Host() = default;
  };

  // All outlive this.
  Outbound(event::EventLoop* loop, RandomSource* random, ConnectionTable* connections,
           PoolDirectory* pools, ConnectionLoad* load, DialogDirectory* dialogs,
           WorkerTotals* totals, Host* host);
  ~Outbound();

  void Send(PlannedSend planned);
  // Its final event, without trying.
  void Refuse(const PlannedSend& planned, absl::Status why);
  // Ends the sends of that sink with CANCELLED; those cookies that are not known here.
  std::vector<uint64_t> Cancel(const std::vector<uint64_t>& cookies,
                               const std::shared_ptr<SendSink>& sink);
  void OnResponse(ConnectionSlot& slot, const sip::MessageView& response);
  // A copy of a 2xx came to another worker: the ACK goes out again if it is of this one.
  void RepeatSentAck(const std::string& call_key) { acks_.Repeat(call_key); }
  // Its sends fail: no answer can come any more.
  void OnConnectionClosed(ConnectionSlot& slot, const absl::Status& why);

  // Ends those sends of a removed manager that are on no connection. The others end with theirs.
  void ForgetManager(const LocalManager* manager);
  // From now on sends are refused, but for ACKs and what is in a dialog.
  void Drain() { draining_ = true; }
  void FailAllOpen(const absl::Status& why);
  // Those whose application waits for a final event.
  size_t open_count() const { return transactions_.size() - given_up_count_; }

 private:
  using SendKey = std::pair<SendSink*, uint64_t>;

  // event::TimeoutQueue::Listener
  void OnTimeout(event::TimeoutQueue::Entry& entry) override;
  // AnsweredCalls::Host
  void RepeatAck(const std::string& call_key) override {
    if (!acks_.Repeat(call_key)) host_->AskOthersForAck(call_key);
  }

  bool MayGo(OpenSend* send);
  void LeaveLane(OpenSend* send);
  void CountHeldBack(ThrottleMechanism mechanism) {
    totals_->throttled_requests[static_cast<int>(mechanism)].Add();
  }
  void FindConnection(OpenSend* send);
  // Whether it goes to its destination now, since it must not go over its dialog's flow.
  bool LeavesFlow(OpenSend* send, const absl::Status& why);
  // Whether it went over the peer's own connection, or on to the worker that has its pool.
  bool ReuseOrGoHome(OpenSend* send);
  void OnConnection(OpenSend* send, connection::Connection* connection, bool reused);
  void TellSent(OpenSend* send, absl::string_view call_id, bool reused);
  void LeaveConnection(OpenSend* send);
  // Whether it went out now.
  bool CancelInvite(OpenSend* send);
  void AddCredentials(OpenSend* send, const ConnectionSlot& slot, std::string* tail, size_t begin);
  // Whether `challenge` was answered: the send goes on with the next request.
  bool Authorize(OpenSend* send, const sip::MessageView& challenge);
  void Fail(OpenSend* send, absl::Status why);
  void GiveUp(OpenSend* send, absl::Status why);
  void TellFailure(OpenSend* send, absl::Status why);
  void ForgetCookie(OpenSend* send);
  void OnStrayResponse(ConnectionSlot& slot, const sip::MessageView& response);
  void Remove(OpenSend* send);

  event::EventLoop* const loop_;
  ConnectionTable* const connections_;
  PoolDirectory* const pools_;
  ConnectionLoad* const load_;
  DialogDirectory* const dialogs_;
  WorkerTotals* const totals_;
  Host* const host_;
  RequestComposer composer_;
  SendPacer pacer_;
  transaction::ClientTransactionTable transactions_;
  event::TimeoutQueue timeouts_;
  absl::flat_hash_map<SendKey, OpenSend*> by_cookie_;
  SendOutbox outbox_;
  AnsweredCalls calls_;
  SentAcks acks_;
  size_t given_up_count_ = 0;  // kept only to end what the peer began
  bool draining_ = false;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_SENDS_OUTBOUND_H_
