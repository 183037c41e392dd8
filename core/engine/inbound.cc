#include "core/engine/inbound.h"

#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/sip/status_code.h"

namespace sipcm::engine {
namespace {

using dispatch::Ending;
using dispatch::OpenRequest;
using dispatch::Situation;

// How long a cancelled INVITE waits for the application's own answer before it gets 487.
constexpr absl::Duration kCancelGrace = absl::Milliseconds(500);
// What all open requests of a worker may hold: beyond it new ones get 503, so that neither large
// bodies nor slow applications fill the memory.
constexpr size_t kMaxOpenBytes = 64 << 20;

uint64_t FlowOf(const ConnectionSlot& slot) { return slot.connection->id().value(); }

// Views of its arguments.
dispatch::AnswerContext ContextOf(const ConnectionSlot& slot, absl::string_view agent,
                                  absl::string_view to_tag) {
  dispatch::AnswerContext context;
  context.agent = agent;
  context.to_tag = to_tag;
  context.received_host = slot.peer_host;
  context.received_port = slot.connection->remote_address().port;
  return context;
}

bool IsInvite(const OpenRequest& request) {
  return request.record->view.method_id() == sip::Method::kInvite;
}

}  // namespace

Inbound::Inbound(int worker, event::EventLoop* loop, RandomSource* random,
                 ConnectionTable* connections, ConnectionLoad* load, WorkerTotals* totals,
                 Host* host)
    : loop_(loop),
      connections_(connections),
      load_(load),
      totals_(totals),
      host_(host),
      composer_(random),
      throttle_(host),
      requests_(worker, random),
      queue_(worker, loop, this),
      deadlines_(loop, this),
      invites_(loop) {}

Inbound::~Inbound() {
  // Only after the connections: nobody is left to answer.
  std::vector<OpenRequest*> open;
  requests_.ForEach([&](OpenRequest& request) { open.push_back(&request); });
  for (OpenRequest* request : open) {
    deadlines_.Disarm(request);
    request->is_counted = false;
    queue_.Abandon(request);
    requests_.Close(request, Ending::kUndeliverable);
  }
}

std::string Inbound::AgentOf(ConnectionSlot& slot) {
  const std::string& host = slot.manager->runtime.Get()->config.local_host_name;
  return host.empty() ? slot.connection->local_address().ip.ToUriHost() : host;
}

void Inbound::UpdateGauges() {
  totals_->open_requests.Add(static_cast<int64_t>(requests_.size()) -
                             totals_->open_requests.value());
  totals_->waiting_requests.Add(static_cast<int64_t>(queue_.waiting_count()) -
                                totals_->waiting_requests.value());
  throttle_.Weigh();
}

// --- What comes ------------------------------------------------------------------------------

void Inbound::OnRequest(ConnectionSlot& slot, const sip::MessageView& request) {
  totals_->requests_in.Add();
  slot.manager->counters.requests_in.Add();
  if (!Holds(slot, request)) Take(slot, request);
}

// Whether it waits, or was refused, because its connection has too many outstanding already.
bool Inbound::Holds(ConnectionSlot& slot, const sip::MessageView& request) {
  // What ends others is not held, unless it follows one that is.
  if (request.method_id() == sip::Method::kAck) return false;
  if (request.method_id() == sip::Method::kCancel &&
      (!load_->HoldsAny(slot) || invites_.Match(request, FlowOf(slot)) != nullptr)) {
    return false;
  }
  switch (load_->Admit(slot, request)) {
    case ConnectionLoad::Admission::kNow:
      return false;
    case ConnectionLoad::Admission::kHeld:
      CountHeldBack(ThrottleMechanism::kConnection);
      return true;
    case ConnectionLoad::Admission::kRefused:
      CountHeldBack(ThrottleMechanism::kConnection);
      AnswerDirectly(slot, request, Situation::kOverloaded);
      return true;
    case ConnectionLoad::Admission::kOverClientLimit:
      CountHeldBack(ThrottleMechanism::kClientConnection);
      AnswerDirectly(slot, request, Situation::kOverloaded);
      return true;
  }
  SIPCM_UNREACHABLE("unknown Admission");
}

void Inbound::Take(ConnectionSlot& slot, const sip::MessageView& request) {
  switch (request.method_id()) {
    case sip::Method::kAck:
      return OnAck(slot, request);
    case sip::Method::kCancel:
      return OnCancel(slot, request);
    default:
      break;
  }
  // What belongs to a dialog goes on (semantics.md 7).
  const bool is_draining =
      draining_ || slot.connection->state() == connection::ConnectionState::kDraining;
  if (is_draining && request.to_tag().empty()) {
    return AnswerDirectly(slot, request, Situation::kDraining);
  }
  if (request.to_tag().empty() && throttle_.Refuses(*slot.manager)) {
    CountHeldBack(ThrottleMechanism::kManager);
    return AnswerDirectly(slot, request, Situation::kOverloaded);
  }
  const dispatch::DispatchDecision decision = Decide(slot, request);
  if (decision.entry == nullptr) return AnswerDirectly(slot, request, decision.situation);
  OpenAndOffer(slot, request, decision);
  UpdateGauges();
}

dispatch::DispatchDecision Inbound::Decide(ConnectionSlot& slot, const sip::MessageView& request) {
  if (!slot.endpoint_id.empty()) {
    // What comes on an endpoint's own flow was sent to its Contact.
    dispatch::DispatchDecision own;
    own.reason = dispatch::DispatchReason::kUniqueContext;
    own.entry = slot.manager->directory.Get()->FindById(slot.endpoint_id);
    if (own.entry != nullptr) return own;
  }
  return dispatch::Dispatch(request, *slot.manager->directory.Get(),
                            slot.manager->runtime.Get()->config.dispatch);
}

void Inbound::OnAck(ConnectionSlot& slot, const sip::MessageView& request) {
  transaction::InviteTransaction* invite = invites_.Match(request, FlowOf(slot));
  if (invite != nullptr) {
    if (invite->state == transaction::InviteTransaction::State::kCompleted) {
      invites_.Remove(invite);
    }
    return;
  }
  // The ACK of a 2xx is a request of its own (RFC 3261 13.2.2.4), perhaps on another connection. It
  // is never answered, whatever happens to it.
  std::atomic<int>& acks_due = slot.manager->state->acks_due;
  if (acks_due.load(std::memory_order_relaxed) <= 0) return;
  acks_due.fetch_sub(1, std::memory_order_relaxed);
  const dispatch::DispatchDecision decision = Decide(slot, request);
  if (decision.entry == nullptr) return;
  if (queue_.DeliverUnanswerable(Record(slot, request), *decision.entry,
                                 slot.manager->state->group(), decision.reason)) {
    totals_->requests_dispatched.Add();
  }
}

void Inbound::OnCancel(ConnectionSlot& slot, const sip::MessageView& request) {
  transaction::InviteTransaction* invite = invites_.Match(request, FlowOf(slot));
  if (invite == nullptr) return AnswerDirectly(slot, request, Situation::kNoTransaction);
  OpenRequest* open = requests_.Find(dispatch::RequestId::FromValue(invite->request_id));
  // All that answers an INVITE and its CANCEL has one To tag (RFC 3261 9.2).
  if (open != nullptr && open->to_tag.empty()) open->to_tag = composer_.MakeTag();
  AnswerDirectly(slot, request, Situation::kCancelAccepted, open == nullptr ? "" : open->to_tag);
  // An INVITE that has its final answer is past cancelling (RFC 3261 9.2).
  if (open == nullptr || open->is_cancelled) return;
  totals_->requests_cancelled.Add();
  open->is_cancelled = true;
  if (open->assigned == nullptr) {
    AnswerOpen(*open, Situation::kCancelled, Ending::kCancelled);
    return;
  }
  queue_.Tell(*open, dispatch::Delivery::Kind::kCancelled);
  deadlines_.Arm(open, kCancelGrace);
}

void Inbound::OnMalformed(ConnectionSlot& slot, const sip::MessageView& request,
                          const sip::ParseVerdict& verdict) {
  totals_->malformed_in.Add();
  if (!request.is_request() || !verdict.answerable) return;
  const std::string agent = AgentOf(slot);
  const std::string tag = composer_.MakeTag();
  const dispatch::AnswerContext context = ContextOf(slot, agent, tag);
  if (dispatch::AppendRefusal(request, verdict, context, slot.connection->tail())) {
    slot.connection->Commit();
    CountAutomaticAnswer(slot, verdict.status_code);
  }
}

std::shared_ptr<const dispatch::RequestRecord> Inbound::Record(const ConnectionSlot& slot,
                                                               const sip::MessageView& request) {
  auto record = std::make_shared<dispatch::RequestRecord>();
  record->bytes.assign(request.bytes().data(), request.bytes().size());
  record->view.CopyIndexFrom(request, record->bytes.data());
  record->connection = slot.connection->id();
  record->manager_id = slot.manager->state->id();
  record->peer_address = slot.connection->remote_address();
  record->peer = slot.connection->peer();
  return record;
}

void Inbound::OpenAndOffer(ConnectionSlot& slot, const sip::MessageView& request,
                           const dispatch::DispatchDecision& decision) {
  using Added = transaction::InviteTransactionTable::Added;
  OpenRequest* open =
      open_bytes_ + request.bytes().size() > kMaxOpenBytes ? nullptr : requests_.Open();
  if (open == nullptr) return AnswerDirectly(slot, request, Situation::kOverloaded);
  const Added added = request.method_id() == sip::Method::kInvite
                          ? invites_.Add(request, FlowOf(slot), open->id.value())
                          : Added::kNew;
  if (added != Added::kNew) {
    requests_.Close(open, Ending::kUndeliverable);
    if (added == Added::kMerged) AnswerDirectly(slot, request, Situation::kMerged);
    return;
  }
  open_bytes_ += request.bytes().size();
  const dispatch::Endpoint& endpoint = *decision.entry->endpoint;
  const absl::Duration timeout = request.method_id() == sip::Method::kInvite
                                     ? endpoint.invite_answer_timeout
                                     : endpoint.answer_timeout;
  open->record = Record(slot, request);
  open->endpoint = decision.entry->endpoint;
  open->endpoint_group = decision.entry->group;
  open->manager_group = slot.manager->state->group();
  open->reason = decision.reason;
  open->expire_time = loop_->WallNow() + timeout;
  load_->Begin(slot, TransactionSide::kReceived);
  open->is_counted = true;
  deadlines_.Arm(open, timeout);
  totals_->requests_dispatched.Add();
  queue_.Offer(open);
}

// --- What the server answers -------------------------------------------------------------------

void Inbound::CountAutomaticAnswer(const ConnectionSlot& slot, int status_code) {
  totals_->automatic_answers[status_code].Add();
  slot.manager->counters.automatic_answers.Add();
}

void Inbound::AnswerDirectly(ConnectionSlot& slot, const sip::MessageView& request,
                             Situation situation, const std::string& to_tag) {
  const std::string agent = AgentOf(slot);
  const std::string tag = to_tag.empty() ? composer_.MakeTag() : to_tag;
  const dispatch::AnswerContext context = ContextOf(slot, agent, tag);
  if (!dispatch::AppendAutomaticAnswer(request, situation, context, slot.connection->tail())) {
    return;
  }
  slot.connection->Commit();
  CountAutomaticAnswer(slot, dispatch::StatusCodeOf(situation));
}

void Inbound::AnswerOpen(OpenRequest& request, Situation situation, Ending ending,
                         absl::string_view allow) {
  ConnectionSlot* slot = connections_->Find(request.record->connection);
  if (slot != nullptr && slot->connection->can_send()) {
    if (request.to_tag.empty()) request.to_tag = composer_.MakeTag();
    const std::string agent = AgentOf(*slot);
    dispatch::AnswerContext context = ContextOf(*slot, agent, request.to_tag);
    context.allow = allow;
    if (dispatch::AppendAutomaticAnswer(request.record->view, situation, context,
                                        slot->connection->tail())) {
      slot->connection->Commit();
      CountAutomaticAnswer(*slot, dispatch::StatusCodeOf(situation));
    }
  }
  Close(request, dispatch::StatusCodeOf(situation), ending);
}

void Inbound::Close(OpenRequest& request, int status_code, Ending ending) {
  deadlines_.Disarm(&request);
  if (IsInvite(request)) {
    invites_.Finish(request.record->view, request.record->connection.value(), status_code);
  }
  open_bytes_ -= request.record->bytes.size();
  if (request.is_counted) {
    ConnectionSlot* slot = connections_->Find(request.record->connection);
    if (slot != nullptr) load_->End(*slot, TransactionSide::kReceived);
    request.is_counted = false;
  }
  queue_.Release(&request);
  if (request.attempt > 1) totals_->requests_redelivered.Add(request.attempt - 1);
  requests_.Close(&request, ending);
  UpdateGauges();
  if (requests_.size() == 0) host_->OnInboundIdle();
}

void Inbound::OnUndeliverable(OpenRequest& request, Situation situation, absl::string_view allow) {
  AnswerOpen(request, situation,
             situation == Situation::kCancelled ? Ending::kCancelled : Ending::kUndeliverable,
             allow);
}

void Inbound::OnRedelivery(OpenRequest& request) {
  requests_.Renew(&request);
  if (!IsInvite(request)) return;
  transaction::InviteTransaction* const invite =
      invites_.Match(request.record->view, request.record->connection.value());
  if (invite != nullptr) invite->request_id = request.id.value();
}

void Inbound::OnTimeout(event::TimeoutQueue::Entry& entry) {
  auto& request = static_cast<OpenRequest&>(entry);
  if (request.is_cancelled) {
    AnswerOpen(request, Situation::kCancelled, Ending::kCancelled);
    return;
  }
  totals_->requests_expired.Add();
  queue_.Tell(request, dispatch::Delivery::Kind::kExpired);
  AnswerOpen(request, Situation::kExpired, Ending::kExpired);
}

void Inbound::AnswerAllOpen() {
  std::vector<dispatch::RequestId> ids;
  requests_.ForEach([&](OpenRequest& request) { ids.push_back(request.id); });
  for (const dispatch::RequestId id : ids) {
    if (OpenRequest* request = requests_.Find(id); request != nullptr) {
      AnswerOpen(*request, Situation::kDraining, Ending::kExpired);
    }
  }
}

// --- What an application answers ---------------------------------------------------------------

void Inbound::Respond(const std::vector<ResponseOrder>& orders, ResponseSink& sink) {
  std::vector<ResponseResult> results;
  results.reserve(orders.size());
  for (const ResponseOrder& order : orders) results.push_back(RespondOne(order));
  sink.OnResponseResults(std::move(results));
}

ResponseResult Inbound::RespondOne(const ResponseOrder& order) {
  ResponseResult result;
  result.cookie = order.cookie;
  result.request_id = order.request_id;
  OpenRequest* request = requests_.Find(order.request_id);
  if (request == nullptr) {
    result.status = requests_.WhyNotOpen(order.request_id);
    return result;
  }
  ConnectionSlot* slot = connections_->Find(request->record->connection);
  if (slot == nullptr || !slot->connection->can_send()) {
    result.status =
        MakeError(absl::StatusCode::kUnavailable, "CONNECTION_GONE",
                  absl::StrCat("request \"", order.request_id.ToString(),
                               "\": its connection from ", request->record->peer_address.ToString(),
                               " has closed, so no answer can reach the sender; nothing was sent"));
    Close(*request, order.status_code, Ending::kUndeliverable);
    return result;
  }
  int status_code = 0;
  result.status = composer_.Append(order, *request, *slot, &status_code);
  if (!result.status.ok()) return result;
  slot->connection->Commit();
  totals_->responses_out.Add();
  result.route = ResponseRoute::kSameConnection;
  if (sip::IsFinal(status_code)) {
    if (IsInvite(*request) && status_code < 300) slot->manager->state->acks_due.fetch_add(1);
    Close(*request, status_code, Ending::kAnswered);
  } else if (IsInvite(*request) && !request->is_cancelled) {
    request->expire_time = loop_->WallNow() + request->endpoint->invite_answer_timeout;
    deadlines_.Arm(request, request->endpoint->invite_answer_timeout);
  }
  return result;
}

// --- Subscriptions -----------------------------------------------------------------------------

void Inbound::OnCredit(const std::shared_ptr<dispatch::SubscriptionGroup>& group) {
  queue_.OnCredit(group);
  UpdateGauges();
}

void Inbound::ForgetGroup(const std::shared_ptr<dispatch::SubscriptionGroup>& group) {
  throttle_.Forget(group);
  queue_.Forget(group, Situation::kNothingMatches);
  UpdateGauges();
}

}  // namespace sipcm::engine
