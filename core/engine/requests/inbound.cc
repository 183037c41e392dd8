#include "core/engine/requests/inbound.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/base/error.h"
#include "core/engine/transactions/received_request.h"
#include "core/sip/status_code.h"

namespace sipcm::engine {
namespace {

using dispatch::Ending;
using dispatch::OpenRequest;
using dispatch::Situation;

// How long a cancelled INVITE waits for the application's own answer before it gets 487.
constexpr absl::Duration kCancelGrace = absl::Milliseconds(500);

uint64_t FlowOf(const ConnectionSlot& slot) { return slot.connection->id().value(); }

bool IsInvite(const OpenRequest& request) {
  return request.record->view.method_id() == sip::Method::kInvite;
}

}  // namespace

Inbound::Inbound(int worker, event::EventLoop* loop, RandomSource* random,
                 ConnectionTable* connections, ConnectionLoad* load, DialogDirectory* dialogs,
                 WorkerTotals* totals, transaction::OngoingRequests* ongoing, Host* host)
    : loop_(loop),
      connections_(connections),
      load_(load),
      dialogs_(dialogs),
      totals_(totals),
      host_(host),
      composer_(random),
      answers_(&composer_, totals),
      throttle_(host),
      pause_(loop, connections),
      requests_(worker, random),
      queue_(worker, loop, this),
      deadlines_(loop, this),
      transactions_(loop, random, ongoing, this),
      return_path_(connections, host),
      answered_(loop, &queue_, this) {}

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
      (!load_->HoldsAny(slot) || transactions_.MatchCancelled(request, FlowOf(slot)) != nullptr)) {
    return false;
  }
  // A copy is no load, and Take() absorbs it: its transaction has an answer of its own.
  if (!load_->HoldsBack(slot) || transactions_.Match(request, FlowOf(slot)) != nullptr) {
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
      answers_.Give(slot, request, Situation::kOverloaded);
      return true;
    case ConnectionLoad::Admission::kOverClientLimit:
      CountHeldBack(ThrottleMechanism::kClientConnection);
      answers_.Give(slot, request, Situation::kOverloaded);
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
  if (const transaction::ServerTransaction* known = transactions_.Match(request, FlowOf(slot))) {
    // A copy. Its final answer, if it had one, is in the same byte stream: never two.
    if (known->is_open() && slot.connection->can_send() && !known->last_provisional.empty()) {
      slot.connection->Send(known->last_provisional);
    }
    return;
  }
  if (Refuses(slot, request)) return;
  // What belongs to a dialog goes on, whatever is below (semantics.md 7).
  if (!request.to_tag().empty()) return TakeInDialog(slot, request);
  if (RefusesNew(slot, request)) return;
  TakeDecided(slot, request, Decide(slot, request), DialogClaim());
}

void Inbound::OnAck(ConnectionSlot& slot, const sip::MessageView& request) {
  transaction::ServerTransaction* const invite = transactions_.Match(request, FlowOf(slot));
  if (invite != nullptr) {
    if (invite->is_open()) return;
    if (invite->state == transaction::ServerTransaction::State::kCompleted) {
      return transactions_.Remove(invite);
    }
  }
  // The ACK of a 2xx is a request of its own (RFC 3261 13.2.2.4), perhaps on another connection.
  answered_.OnAck(slot, request);
}

void Inbound::OnCancel(ConnectionSlot& slot, const sip::MessageView& request) {
  const bool is_early = transactions_.MatchCancelled(request, FlowOf(slot)) == nullptr &&
                        !request.to_tag().empty() && !dialogs_->Claim(slot, request).has_value();
  // Its INVITE may ask another worker still: so does it, to come behind.
  if (is_early) return AskAnother(slot, request, &Inbound::CancelAsked);
  CancelInvite(slot, request);
}

void Inbound::CancelInvite(ConnectionSlot& slot, const sip::MessageView& request) {
  transaction::ServerTransaction* const cancelled =
      transactions_.MatchCancelled(request, FlowOf(slot));
  if (cancelled == nullptr) return answers_.Give(slot, request, Situation::kNoTransaction);
  OpenRequest* open = requests_.Find(dispatch::RequestId::FromValue(cancelled->request_id));
  // All that answers an INVITE and its CANCEL has one To tag (RFC 3261 9.2).
  if (open != nullptr) PrepareToTag(open);
  ServerAnswers::Details details;
  if (open != nullptr) details.to_tag = open->to_tag;
  answers_.Give(slot, request, Situation::kCancelAccepted, details);
  // An INVITE that has its final answer is past cancelling, and nothing else can be (RFC 3261 9.2).
  if (open == nullptr || open->is_cancelled || !cancelled->is_invite) return;
  totals_->requests_cancelled.Add();
  open->is_cancelled = true;
  transactions_.StopTrying(cancelled);
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
  if (request.is_request() && verdict.answerable) answers_.Refuse(slot, request, verdict);
}

void Inbound::OpenAndOffer(ConnectionSlot& slot, const sip::MessageView& request,
                           const dispatch::DispatchDecision& decision, const DialogClaim& claim) {
  OpenRequest* open =
      open_bytes_ + request.bytes().size() > kMaxOpenBytes ? nullptr : requests_.Open();
  if (open == nullptr) return RefuseForLoad(slot, request);
  open->transaction =
      transactions_.Add(request, FlowOf(slot), decision.entry->endpoint->id, open->id.value());
  if (open->transaction == nullptr) {
    requests_.Close(open, Ending::kUndeliverable);
    return answers_.Give(slot, request, Situation::kMerged);
  }
  open_bytes_ += request.bytes().size();
  const dispatch::Endpoint& endpoint = *decision.entry->endpoint;
  const absl::Duration timeout = request.method_id() == sip::Method::kInvite
                                     ? endpoint.invite_answer_timeout
                                     : endpoint.answer_timeout;
  open->record = MakeRecord(slot, request);
  open->endpoint = decision.entry->endpoint;
  open->endpoint_group = decision.entry->group;
  open->manager_group = slot.manager->state->group();
  open->reason = decision.reason;
  if (decision.reason == dispatch::DispatchReason::kDialog) JoinDialog(claim, open);
  open->expire_time = loop_->WallNow() + timeout;
  load_->Begin(slot, TransactionSide::kReceived);
  open->is_counted = true;
  deadlines_.Arm(open, timeout);
  totals_->requests_dispatched.Add();
  const dispatch::RequestId id = open->id;
  queue_.Offer(open);
  NoteHolder(id);
}

// --- What the server answers -------------------------------------------------------------------

void Inbound::AnswerOpen(OpenRequest& request, Situation situation, Ending ending,
                         absl::string_view allow) {
  ConnectionSlot* slot = connections_->Find(request.record->connection);
  if (slot != nullptr) {
    if (request.to_tag.empty()) request.to_tag = composer_.MakeTag();
    ServerAnswers::Details details;
    details.to_tag = request.to_tag;
    details.allow = allow;
    answers_.Give(*slot, request.record->view, situation, details);
  }
  Close(request, dispatch::StatusCodeOf(situation), ending);
}

void Inbound::Close(OpenRequest& request, int status_code, Ending ending) {
  deadlines_.Disarm(&request);
  dialogs_->OnRequestEnded(request, status_code);
  transactions_.Finish(std::exchange(request.transaction, nullptr), status_code);
  open_bytes_ -= request.record->bytes.size();
  if (request.is_counted) {
    ConnectionSlot* slot = connections_->Find(request.record->connection);
    if (slot != nullptr) load_->End(*slot, TransactionSide::kReceived);
    request.is_counted = false;
  }
  queue_.Release(&request, ending);
  if (request.attempt > 1) totals_->requests_redelivered.Add(request.attempt - 1);
  requests_.Close(&request, ending);
  UpdateGauges();
  if (open_count() == 0) host_->OnInboundIdle();
}

void Inbound::OnUndeliverable(OpenRequest& request, Situation situation, absl::string_view allow) {
  if (situation == Situation::kMethodNotTaken && IsUnknownToProfile(*request.record)) {
    situation = Situation::kMethodUnknown;
  }
  if (situation == Situation::kOverloaded) {
    const ConnectionSlot* const slot = connections_->Find(request.record->connection);
    if (slot != nullptr) pause_.OnRefused(*slot);
  }
  AnswerOpen(request, situation,
             situation == Situation::kCancelled ? Ending::kCancelled : Ending::kUndeliverable,
             allow);
}

// RFC 3261 21.5.2 against UCMA, which answers 405 to any method.
bool Inbound::IsUnknownToProfile(const dispatch::RequestRecord& request) const {
  if (request.view.method_id() != sip::Method::kOther) return false;
  LocalManager* const manager = return_path_.ManagerOf(request);
  return manager != nullptr &&
         manager->runtime.Get()->config.dispatch.profile == dispatch::DispatchProfile::kRfc;
}

void Inbound::OnRedelivery(OpenRequest& request) {
  requests_.Renew(&request);
  request.transaction->request_id = request.id.value();
}

void Inbound::OnTrying(transaction::ServerTransaction& transaction) {
  const OpenRequest* open = requests_.Find(dispatch::RequestId::FromValue(transaction.request_id));
  SIPCM_CHECK(open != nullptr);
  ConnectionSlot* const slot = connections_->Find(open->record->connection);
  if (slot == nullptr) return;
  const std::string trying = answers_.GiveTrying(*slot, open->record->view);
  if (!trying.empty()) transactions_.OnProvisional(&transaction, trying);
}

void Inbound::OnTimeout(event::TimeoutQueue::Entry& entry) {
  auto& request = static_cast<OpenRequest&>(entry);
  if (request.is_cancelled) {
    AnswerOpen(request, Situation::kCancelled, Ending::kCancelled);
    return;
  }
  totals_->requests_expired.Add();
  Expire(request, Situation::kExpired);
}

// The server answers, and whoever has it is told.
void Inbound::Expire(OpenRequest& request, Situation situation) {
  queue_.Tell(request, dispatch::Delivery::Kind::kExpired, dispatch::StatusCodeOf(situation));
  AnswerOpen(request, situation, Ending::kExpired);
}

void Inbound::AnswerAllOpen() {
  std::vector<dispatch::RequestId> ids;
  requests_.ForEach([&](OpenRequest& request) { ids.push_back(request.id); });
  for (const dispatch::RequestId id : ids) {
    if (OpenRequest* request = requests_.Find(id); request != nullptr) {
      Expire(*request, Situation::kDraining);
    }
  }
}

// --- What an application answers ---------------------------------------------------------------

void Inbound::Respond(const std::vector<ResponseOrder>& orders,
                      const std::shared_ptr<ResponseSink>& sink) {
  std::vector<ResponseResult> results;
  results.reserve(orders.size());
  for (const ResponseOrder& order : orders) {
    ResponseResult result;
    result.cookie = order.cookie;
    result.request_id = order.request_id;
    if (RespondOne(order, sink, &result)) results.push_back(std::move(result));
  }
  if (!results.empty()) sink->OnResponseResults(std::move(results));
}

// False: its result comes later, to the sink.
bool Inbound::RespondOne(const ResponseOrder& order, const std::shared_ptr<ResponseSink>& sink,
                         ResponseResult* result) {
  OpenRequest* request = requests_.Find(order.request_id);
  if (request == nullptr) {
    result->status = requests_.WhyNotOpen(order.request_id);
    return true;
  }
  if (!dispatch::MayAnswer(order.sender, *request)) {
    result->status = dispatch::NotYours(order.request_id);
    return true;
  }
  const std::shared_ptr<const dispatch::RequestRecord> record = request->record;
  ConnectionSlot* const slot = return_path_.ConnectionOf(*record);
  LocalManager* const manager = slot != nullptr ? slot->manager : return_path_.ManagerOf(*record);
  if (manager == nullptr) {
    result->status =
        ReturnPath::GoneError(order.request_id, *record, "its connection manager was deleted");
    Close(*request, order.status_code, Ending::kUndeliverable);
    return true;
  }
  std::string carried;
  std::string* const out = slot != nullptr ? slot->connection->tail() : &carried;
  const size_t begin = out->size();
  const std::string source = slot != nullptr ? "" : record->peer_address.ip.ToString();
  int status_code = 0;
  if (order.message.raw.empty() && order.status_code > 100) PrepareToTag(request);
  result->status = composer_.Append(
      order, *request,
      {slot != nullptr ? absl::string_view(slot->peer_host) : source, record->peer_address.port},
      ContactFor(*request, slot), manager->runtime.Get()->config.connection.framer, out,
      &status_code);
  if (!result->status.ok()) return true;
  result->dialog = NoteAnswer(slot, absl::string_view(*out).substr(begin), request);
  // What may have to be sent again.
  const bool is_kept = status_code < 200 || (status_code < 300 && IsInvite(*request));
  const std::string kept = is_kept ? out->substr(begin) : std::string();
  if (slot != nullptr) {
    slot->connection->Commit();
    result->route = ResponseRoute::kSameConnection;
    result->connection = record->connection;
    result->manager_id = record->manager_id;
  }
  OnAnswer(*request, *manager, status_code, kept);
  if (slot != nullptr) return true;
  return_path_.Carry(record, std::move(carried), std::move(*result), sink);
  return false;
}

// `response`: all of a provisional, and of a 2xx to INVITE.
void Inbound::OnAnswer(OpenRequest& request, LocalManager& manager, int status_code,
                       const std::string& response) {
  totals_->responses_out.Add();
  if (sip::IsFinal(status_code)) {
    if (IsInvite(request) && status_code < 300) answered_.Add(request, manager.state, response);
    Close(request, status_code, Ending::kAnswered);
    return;
  }
  transactions_.OnProvisional(request.transaction, response);
  if (!IsInvite(request) || request.is_cancelled) return;
  request.expire_time = loop_->WallNow() + request.endpoint->invite_answer_timeout;
  deadlines_.Arm(&request, request.endpoint->invite_answer_timeout);
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
