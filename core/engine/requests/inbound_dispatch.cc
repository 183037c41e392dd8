// Whose a request is that comes to an Inbound: of which endpoint, of which dialog; and the dialogs
// that its answers make.
#include <optional>
#include <utility>

#include "core/dispatch/request_judgement.h"
#include "core/engine/requests/inbound.h"
#include "core/engine/sends/request_composer.h"
#include "core/engine/transactions/received_request.h"
#include "core/sip/parser.h"

namespace sipcm::engine {

using dispatch::OpenRequest;
using dispatch::Situation;

namespace {

// The lineage_id of the subscription that has it, or had it last; 0: none.
uint64_t HolderOf(const OpenRequest& request) {
  if (request.assigned != nullptr) return request.assigned->state->lineage->id();
  return request.left_by == nullptr ? 0 : request.left_by->id();
}

}  // namespace

dispatch::DispatchDecision Inbound::Decide(ConnectionSlot& slot, const sip::MessageView& request) {
  return dispatch::Dispatch({request, slot.endpoint_id()}, *slot.manager->directory.Get(),
                            slot.manager->runtime.Get()->config.dispatch);
}

// Whoever it is for.
bool Inbound::Refuses(ConnectionSlot& slot, const sip::MessageView& request) {
  const auto refusal = dispatch::JudgeRequest(request);
  if (!refusal.has_value()) return false;
  answers_.Give(slot, request, refusal->situation);
  return true;
}

// What is not of a dialog yet.
bool Inbound::RefusesNew(ConnectionSlot& slot, const sip::MessageView& request) {
  if (draining_ || slot.connection->state() == connection::ConnectionState::kDraining) {
    answers_.Give(slot, request, Situation::kDraining);
    return true;
  }
  if (throttle_.Refuses(*slot.manager)) {
    CountHeldBack(ThrottleMechanism::kManager);
    RefuseForLoad(slot, request);
    return true;
  }
  if (!dialog::MakesDialog(request.method_id())) return false;
  if (!dialogs_->is_full() && dialog::Fits(request)) return false;
  answers_.Give(slot, request, Situation::kOverloaded);
  return true;
}

void Inbound::TakeInDialog(ConnectionSlot& slot, const sip::MessageView& request) {
  if (const std::optional<DialogClaim> claim = dialogs_->Claim(slot, request)) {
    return TakeClaimed(slot, request, *claim);
  }
  AskAnother(slot, request, &Inbound::TakeAsked);
}

void Inbound::AskAnother(ConnectionSlot& slot, const sip::MessageView& request, Claimed then) {
  const size_t size = request.bytes().size();
  bool is_asked = open_bytes_ + size <= kMaxOpenBytes;
  if (is_asked) {
    std::shared_ptr<const dispatch::RequestRecord> record = MakeRecord(slot, request);
    is_asked = dialogs_->Ask(record, Claiming::kTakes,
                             [this, record, size, then](const DialogClaim& claim) {
                               open_bytes_ -= size;
                               ConnectionSlot* const its = connections_->Find(record->connection);
                               if (its != nullptr) (this->*then)(*its, record->view, claim);
                             });
  }
  if (!is_asked) return RefuseForLoad(slot, request);
  open_bytes_ += size;
}

void Inbound::TakeAsked(ConnectionSlot& slot, const sip::MessageView& request,
                        const DialogClaim& claim) {
  // A copy may have come, and asked, meanwhile.
  if (transactions_.Match(request, slot.connection->id().value()) != nullptr) return;
  TakeClaimed(slot, request, claim);
}

void Inbound::TakeClaimed(ConnectionSlot& slot, const sip::MessageView& request,
                          const DialogClaim& claim) {
  dispatch::DispatchDecision decision;
  decision.situation = Situation::kNoDialog;
  switch (claim.verdict) {
    case DialogClaim::Verdict::kOutOfOrder:
      return answers_.Give(slot, request, Situation::kOutOfOrder);
    case DialogClaim::Verdict::kInDialog:
      decision.reason = dispatch::DispatchReason::kDialog;
      decision.entry = slot.manager->directory.Get()->FindById(claim.endpoint_id);
      break;
    case DialogClaim::Verdict::kUnknownTag:
      // The caller may know a dialog that was lost, and an INVITE can begin it anew (12.2.2).
      if (request.method_id() == sip::Method::kInvite) {
        if (RefusesNew(slot, request)) return;
        decision = Decide(slot, request);
      }
      break;
    case DialogClaim::Verdict::kNoDialog:
      break;
  }
  TakeDecided(slot, request, decision, claim);
}

void Inbound::TakeDecided(ConnectionSlot& slot, const sip::MessageView& request,
                          const dispatch::DispatchDecision& decision, const DialogClaim& claim) {
  const dispatch::Endpoint* const endpoint =
      decision.entry == nullptr ? nullptr : decision.entry->endpoint.get();
  if (const auto refusal = dispatch::JudgeExtensions(request, endpoint); refusal.has_value()) {
    ServerAnswers::Details details;
    details.unsupported = refusal->unsupported;
    return answers_.Give(slot, request, refusal->situation, details);
  }
  if (endpoint == nullptr) return answers_.Give(slot, request, decision.situation);
  OpenAndOffer(slot, request, decision, claim);
  UpdateGauges();
}

void Inbound::JoinDialog(const DialogClaim& claim, OpenRequest* request) {
  request->dialog = claim.dialog;
  request->in_dialog = true;
  request->owner = claim.owner;
}

// Whoever has a request of the dialog has the dialog.
void Inbound::NoteHolder(dispatch::RequestId id) {
  const OpenRequest* const request = requests_.Find(id);
  if (request == nullptr || !request->in_dialog) return;
  const uint64_t holder = HolderOf(*request);
  if (holder != 0 && holder != request->owner) dialogs_->SetOwner(request->dialog, holder);
}

void Inbound::PrepareToTag(OpenRequest* request) {
  if (!request->to_tag.empty() || !request->record->view.to_tag().empty()) return;
  if (dialog::MakesDialog(request->record->view.method_id())) {
    request->to_tag = dialogs_->MakeToTag(request);
  }
  if (request->to_tag.empty()) request->to_tag = composer_.MakeTag();
}

std::string Inbound::ContactFor(const OpenRequest& request, ConnectionSlot* slot) {
  const bool is_needed = dialog::RefreshesTarget(request.record->view.method_id());
  if (slot == nullptr || !is_needed) return std::string();
  // It may have been given a GRUU since the request came.
  const auto entry = slot->manager->directory.Get()->FindById(request.endpoint->id);
  return ContactOf(entry == nullptr ? *request.endpoint : *entry->endpoint, *slot);
}

dialog::DialogId Inbound::NoteAnswer(const ConnectionSlot* slot, absl::string_view answer,
                                     OpenRequest* request) {
  if (!request->in_dialog && !dialog::MakesDialog(request->record->view.method_id())) {
    return dialog::DialogId();
  }
  const size_t header_end = answer.find("\r\n\r\n");
  sip::MessageView view;
  if (header_end == absl::string_view::npos || !sip::Parse(answer, header_end + 4, view).ok()) {
    return dialog::DialogId();
  }
  return dialogs_->OnAnswer(slot, view, HolderOf(*request), request);
}

}  // namespace sipcm::engine
