#include "core/engine/sends/outbound.h"

#include <utility>

#include "core/base/error.h"
#include "core/engine/dialogs/dialog_order.h"
#include "core/engine/sends/named_connection.h"
#include "core/engine/sends/send_event.h"
#include "core/engine/sends/send_failure.h"
#include "core/sip/status_code.h"

namespace sipcm::engine {
namespace {

// An INVITE that rings may ring for longer than a transaction takes (timer C, RFC 3261 16.6).
constexpr absl::Duration kTimerC = absl::Minutes(3);

absl::Duration ResponseTimeout(const PlannedSend& send) {
  return send.manager->runtime.Get()->config.response_timeout;
}

}  // namespace

Outbound::Outbound(event::EventLoop* loop, RandomSource* random, ConnectionTable* connections,
                   PoolDirectory* pools, ConnectionLoad* load, DialogDirectory* dialogs,
                   WorkerTotals* totals, Host* host)
    : loop_(loop),
      connections_(connections),
      pools_(pools),
      load_(load),
      dialogs_(dialogs),
      totals_(totals),
      host_(host),
      composer_(random),
      transactions_(random),
      timeouts_(loop, this),
      outbox_(loop),
      calls_(loop, random, this),
      acks_(loop, connections) {}

Outbound::~Outbound() {
  while (auto* transaction = static_cast<OpenSend*>(transactions_.Any())) {
    timeouts_.Disarm(transaction);
    ThrottleChange change = ThrottleChange::kNone;
    pacer_.Leave(transaction, &change);
    if (transaction->slot != nullptr) transaction->slot->ForSending().sends.Remove(transaction);
    transactions_.Remove(transaction);
  }
}

// --- Sending -------------------------------------------------------------------------------------

void Outbound::Send(PlannedSend planned) {
  auto owned = std::make_unique<OpenSend>();
  owned->asked_at = loop_->Now();
  OpenSend* send = owned.get();
  send->planned = std::move(planned);
  ++send->planned.manager->send_count;
  transactions_.Add(std::move(owned));
  totals_->open_sends.Add(1);
  by_cookie_[SendKey(send->planned.sink.get(), send->planned.order.cookie)] = send;
  send->method = send->planned.order.method;
  if (!send->planned.order.message.raw.empty()) {
    // What the raw bytes say counts.
    absl::StatusOr<std::string> method =
        composer_.MethodOfRaw(send->planned.order, *send->planned.manager);
    if (!method.ok()) {
      Fail(send, std::move(method).status());
      return;
    }
    send->method = *std::move(method);
  }
  send->method_id = sip::ParseMethod(send->method);
  if (draining_ && send->method_id != sip::Method::kAck && !IsInDialog(send->planned.order)) {
    return Fail(send, SendWhileDraining());
  }
  absl::StatusOr<std::unique_ptr<DialogSend>> dialog =
      DialogSend::Make(send->planned.order, send->planned.sink.get(), send->method_id,
                       *send->planned.manager, dialogs_);
  if (!dialog.ok()) return Fail(send, std::move(dialog).status());
  send->dialog = *std::move(dialog);
  timeouts_.Arm(send, send->planned.order.timeout.value_or(ResponseTimeout(send->planned)));
  if (send->method_id == sip::Method::kAck || MayGo(send)) FindConnection(send);
}

// Mechanism 4 of semantics.md 8, for what has an answer. False: it waits, or has failed.
bool Outbound::MayGo(OpenSend* send) {
  ThrottleChange change = ThrottleChange::kNone;
  const SendPacer::Admission admission =
      pacer_.Enter(*send->planned.endpoint, send->planned.order, send, &change);
  if (change != ThrottleChange::kNone) host_->OnEndpointThrottling(send->planned, change);
  if (admission == SendPacer::Admission::kNow) return true;
  CountHeldBack(ThrottleMechanism::kEndpoint);
  if (admission == SendPacer::Admission::kFull) {
    Fail(send, SendPacer::FullError(*send->planned.endpoint));
  }
  return false;
}

// Lets the next one go, in a turn of its own: who ended this one is on the stack.
void Outbound::LeaveLane(OpenSend* send) {
  ThrottleChange change = ThrottleChange::kNone;
  auto* const next = static_cast<OpenSend*>(pacer_.Leave(send, &change));
  if (change != ThrottleChange::kNone) host_->OnEndpointThrottling(send->planned, change);
  if (next == nullptr) return;
  loop_->AtTurnEnd([this, sink = next->planned.sink, cookie = next->planned.order.cookie] {
    const auto found = by_cookie_.find(SendKey(sink.get(), cookie));
    if (found != by_cookie_.end()) FindConnection(found->second);
  });
}

void Outbound::FindConnection(OpenSend* send) {
  const LocalManager& manager = *send->planned.manager;
  if (manager.state->removed.load(std::memory_order_acquire)) {
    return Fail(send, manager.state->DeletedError());
  }
  const SendOrder& order = send->planned.order;
  if (order.connection.is_valid()) {
    const absl::StatusOr<ConnectionSlot*> slot =
        FindNamed(order, send->method_id, send->planned.manager, *connections_);
    if (!slot.ok()) {
      if (LeavesFlow(send, slot.status())) return;
      if (slot.status().code() == absl::StatusCode::kResourceExhausted) {
        CountHeldBack(ThrottleMechanism::kConnection);
      }
      return Fail(send, WithField(slot.status(), "connection"));
    }
    OnConnection(send, (*slot)->connection.get(), /*reused=*/true);
    return;
  }
  if (send->planned.reuse.is_valid() && ReuseOrGoHome(send)) return;
  absl::Status room = pools_->CheckRoom(send->planned.manager, *order.destination);
  if (!room.ok()) return Fail(send, std::move(room));
  pool::ConnectionPool& pool = pools_->PoolFor(send->planned.manager, *order.destination);
  pool::ConnectionPool::Acquired acquired =
      pool.Acquire([this, send](absl::StatusOr<connection::Connection*> connection) {
        send->waiter = nullptr;
        if (!connection.ok()) {
          Fail(send, std::move(connection).status());
        } else {
          OnConnection(send, *connection, /*reused=*/false);
        }
      });
  if (!acquired.refused.ok()) {
    Fail(send, std::move(acquired.refused));
  } else if (acquired.connection != nullptr) {
    OnConnection(send, acquired.connection, acquired.reused);
  } else {
    send->waiter = std::move(acquired.waiter);
  }
}

bool Outbound::LeavesFlow(OpenSend* send, const absl::Status& why) {
  const SendOrder& order = send->planned.order;
  const bool is_gone =
      why.code() == absl::StatusCode::kNotFound || why.code() == absl::StatusCode::kUnavailable;
  const bool is_full = why.code() == absl::StatusCode::kResourceExhausted;
  if (order.connection != send->planned.flow || !send->planned.flow.is_valid() ||
      !(is_gone || (is_full && order.destination.has_value()))) {
    return false;
  }
  PlannedSend planned = send->planned;
  planned.order.connection = connection::ConnectionId();
  Remove(send);
  host_->LeaveFlow(std::move(planned));
  return true;
}

bool Outbound::ReuseOrGoHome(OpenSend* send) {
  ConnectionSlot* const slot = connections_->Find(send->planned.reuse);
  if (slot != nullptr && slot->connection->is_usable() && !slot->throttled) {
    OnConnection(send, slot->connection.get(), /*reused=*/true);
    return true;
  }
  send->planned.reuse = connection::ConnectionId();
  if (send->planned.home == connections_->worker()) return false;
  PlannedSend planned = send->planned;
  Remove(send);
  host_->SendFromHome(std::move(planned));
  return true;
}

void Outbound::OnConnection(OpenSend* send, connection::Connection* connection, bool reused) {
  ConnectionSlot& slot = *ConnectionTable::SlotOf(*connection);
  // Others that waited for the same one have filled it since: the pool knows another, or a line.
  if (slot.throttled && !send->planned.order.connection.is_valid()) {
    CountHeldBack(ThrottleMechanism::kConnection);
    return FindConnection(send);
  }
  send->begins_at = connection->counters().bytes_out + connection->queued_bytes();
  std::string* const tail = connection->tail();
  const size_t begin = tail->size();
  absl::Status built =
      composer_.Append(send->planned.order, send->planned.judged, *send->planned.endpoint, *send,
                       send->dialog == nullptr ? "" : send->dialog->from_tag(), slot, tail);
  if (built.ok()) AddCredentials(send, slot, tail, begin);
  if (built.ok() && send->dialog != nullptr) {
    built = send->dialog->Read(absl::string_view(*tail).substr(begin));
    if (!built.ok()) connection->Abandon();
  }
  if (!built.ok()) {
    if (slot.pool != nullptr && PoolDirectory::IsUnshared(*slot.pool)) {
      connection->Drain(loop_->Now());  // it was opened for this request alone
    }
    Fail(send, std::move(built));
    return;
  }
  if (send->method_id == sip::Method::kInvite) send->invite.Keep(tail->substr(begin));
  const std::string ack =
      send->method_id == sip::Method::kAck ? tail->substr(begin) : std::string();
  if (send->dialog != nullptr) send->dialog->OnSent(slot);
  send->ends_at = send->begins_at + (tail->size() - begin);
  connection->Commit();
  totals_->requests_out.Add();
  send->slot = &slot;
  send->sent_at = loop_->Now();
  slot.ForSending().sends.PushBack(send);
  load_->Begin(slot, TransactionSide::kSent);
  TellSent(send, composer_.last_call_id(), reused);
  if (send->method_id != sip::Method::kAck) return;
  // An ACK has no answer (RFC 3261 17.1).
  acks_.Add(ack, connection->id());
  Remove(send);
}

void Outbound::TellSent(OpenSend* send, absl::string_view call_id, bool reused) {
  SendEvent sent = MakeSentEvent(*send->slot, send->planned.order.cookie, *send, reused);
  sent.call_id = std::string(call_id);
  sent.dialog = send->planned.order.dialog;
  sent.waited = send->sent_at - send->asked_at;
  outbox_.Tell(send->planned.sink, std::move(sent));
}

// --- What comes back -----------------------------------------------------------------------------

void Outbound::OnResponse(ConnectionSlot& slot, const sip::MessageView& response) {
  totals_->responses_in.Add();
  auto* send = static_cast<OpenSend*>(transactions_.Match(response));
  // Only on the connection that the request went out by: nobody else can answer for that peer.
  if (send == nullptr || send->slot != &slot) return OnStrayResponse(slot, response);
  const bool is_final = sip::IsFinal(response.status_code());
  if (is_final && response.status_code() >= 300) {
    send->invite.Acknowledge(response, slot.connection.get());
  }
  if (is_final && response.status_code() < 300 && send->method_id == sip::Method::kInvite) {
    calls_.Add(send->key, send->invite.Take(), slot, response,
               send->given_up ? AnsweredCalls::Wanted::kNo : AnsweredCalls::Wanted::kYes);
  }
  if (send->given_up) {
    send->has_provisional = true;
    if (is_final) {
      if (send->dialog != nullptr) send->dialog->OnLateAnswer(response);
      Remove(send);
    } else if (CancelInvite(send)) {
      // Its answer has as long as any, however late it began to ring.
      timeouts_.Arm(send, ResponseTimeout(send->planned));
    }
    return;
  }
  if (is_final && Authorize(send, response)) return;
  SendEvent event = MakeResponseEvent(slot, send->planned.order.cookie, response);
  if (send->dialog != nullptr) event.dialog = send->dialog->OnResponse(slot, response);
  outbox_.Tell(send->planned.sink, std::move(event));
  if (is_final) {
    Remove(send);
    return;
  }
  send->has_provisional = true;
  if (send->method_id == sip::Method::kInvite) {
    timeouts_.Arm(send, send->planned.order.timeout.value_or(kTimerC));
  }
}

// It is of no request that waits for one.
void Outbound::OnStrayResponse(ConnectionSlot& slot, const sip::MessageView& response) {
  if (calls_.OnResponse(slot, response)) return;
  // What a CANCEL of ours is answered says nothing: the INVITE has its own answer (RFC 3261 9.1).
  if (response.cseq_method_id() == sip::Method::kCancel) return;
  totals_->stray_responses_in.Add();
}

// Before a provisional there is nothing to cancel yet (RFC 3261 9.1).
bool Outbound::CancelInvite(OpenSend* send) {
  return send->has_provisional && send->slot != nullptr &&
         send->invite.Cancel(send->slot->connection.get());
}

std::vector<uint64_t> Outbound::Cancel(const std::vector<uint64_t>& cookies,
                                       const std::shared_ptr<SendSink>& sink) {
  std::vector<uint64_t> unknown;
  for (const uint64_t cookie : cookies) {
    const auto found = by_cookie_.find(SendKey(sink.get(), cookie));
    if (found == by_cookie_.end()) {
      unknown.push_back(cookie);
    } else {
      GiveUp(found->second, SendCancelled());
    }
  }
  return unknown;
}

void Outbound::OnTimeout(event::TimeoutQueue::Entry& entry) {
  auto* send = static_cast<OpenSend*>(&entry);
  if (send->given_up) return Remove(send);
  if (send->dialog != nullptr && send->slot != nullptr) {
    send->dialog->OnNoAnswer(loop_->Now() - send->sent_at);
  }
  GiveUp(send, NoFinalAnswer(send->method, send->planned.order,
                             send->slot == nullptr ? SentSoFar::kNothing : SentSoFar::kRequest));
}

void Outbound::OnConnectionClosed(ConnectionSlot& slot, const absl::Status& why) {
  std::vector<OpenSend*> again;
  while (auto* send = static_cast<OpenSend*>(slot.FirstSend())) {
    if (send->may_be_retried()) {
      again.push_back(send);
      LeaveConnection(send);
      continue;
    }
    if (send->dialog != nullptr && send->written() != SendEvent::Written::kNothing) {
      send->dialog->OnConnectionLost();
    }
    Fail(send, ConnectionLost(send->method, send->planned.order, slot.connection->remote_address(),
                              why, send->written()));
  }
  for (OpenSend* const send : again) {
    send->planned.retried = true;
    totals_->requests_retried.Add();
    FindConnection(send);
  }
}

void Outbound::LeaveConnection(OpenSend* send) {
  ConnectionSlot* const slot = std::exchange(send->slot, nullptr);
  slot->ForSending().sends.Remove(send);
  load_->End(*slot, TransactionSide::kSent);
  send->invite.Forget();
  if (slot->pool != nullptr && PoolDirectory::IsUnshared(*slot->pool)) {
    slot->connection->Drain(loop_->Now() + absl::InfiniteDuration());
  }
}

void Outbound::ForgetManager(const LocalManager* manager) {
  std::vector<SendKey> waiting;
  for (const auto& [key, send] : by_cookie_) {
    if (send->planned.manager == manager && send->slot == nullptr) waiting.push_back(key);
  }
  for (const SendKey& key : waiting) {
    const auto found = by_cookie_.find(key);
    if (found != by_cookie_.end()) Fail(found->second, manager->state->DeletedError());
  }
}

void Outbound::FailAllOpen(const absl::Status& why) {
  while (auto* send = static_cast<OpenSend*>(transactions_.Any())) {
    CancelInvite(send);
    Fail(send, why);
  }
}

// --- Ends --------------------------------------------------------------------------------------

void Outbound::Refuse(const PlannedSend& planned, absl::Status why) {
  totals_->sends_failed.Add();
  outbox_.Tell(planned.sink, MakeFailureEvent(nullptr, planned.order.cookie, std::move(why)));
}

void Outbound::Fail(OpenSend* send, absl::Status why) {
  if (!send->given_up) TellFailure(send, std::move(why));
  Remove(send);
}

// The application is told now; an INVITE that is with the peer is kept, to be cancelled once the
// peer says that it has it (RFC 3261 9.1) and to acknowledge the failure that follows.
void Outbound::GiveUp(OpenSend* send, absl::Status why) {
  TellFailure(send, std::move(why));
  if (send->invite.empty() || send->slot == nullptr) return Remove(send);
  ForgetCookie(send);
  send->given_up = true;
  ++given_up_count_;
  totals_->open_sends.Add(-1);
  CancelInvite(send);
  timeouts_.Arm(send, ResponseTimeout(send->planned));
  if (open_count() == 0) host_->OnOutboundIdle();
}

void Outbound::TellFailure(OpenSend* send, absl::Status why) {
  totals_->sends_failed.Add();
  SendEvent event = MakeFailureEvent(send->slot, send->planned.order.cookie, std::move(why));
  event.written = send->written();
  outbox_.Tell(send->planned.sink, std::move(event));
}

void Outbound::ForgetCookie(OpenSend* send) {
  const auto known = by_cookie_.find(SendKey(send->planned.sink.get(), send->planned.order.cookie));
  if (known != by_cookie_.end() && known->second == send) by_cookie_.erase(known);
}

void Outbound::Remove(OpenSend* send) {
  timeouts_.Disarm(send);
  ForgetCookie(send);
  LeaveLane(send);
  if (send->slot != nullptr) LeaveConnection(send);
  if (send->given_up) {
    --given_up_count_;
  } else {
    totals_->open_sends.Add(-1);
  }
  LocalManager& manager = *send->planned.manager;
  transactions_.Remove(send);
  if (--manager.send_count == 0 && manager.state->removed.load(std::memory_order_acquire)) {
    host_->OnRemovedManagerIdle(manager);
  }
  if (open_count() == 0) host_->OnOutboundIdle();
}

}  // namespace sipcm::engine
