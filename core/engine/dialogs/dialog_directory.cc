#include "core/engine/dialogs/dialog_directory.h"

#include <utility>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "core/engine/dialogs/verified_name.h"
#include "core/sip/status_code.h"

namespace sipcm::engine {
namespace {

using dialog::Dialog;
using dialog::DialogId;
using dialog::DialogState;
using dialog::Exchange;

std::string ChosenTagKey(absl::string_view call_id, absl::string_view local_tag) {
  return absl::StrCat(local_tag, "\n", call_id);
}

}  // namespace

DialogDirectory::DialogDirectory(int worker, int worker_count, event::EventLoop* loop,
                                 RandomSource* random, WorkerTotals* totals, Host* host)
    : worker_(worker),
      worker_count_(worker_count),
      loop_(loop),
      totals_(totals),
      host_(host),
      table_(worker, loop, random, static_cast<dialog::DialogTable::Owner*>(this)) {}

void DialogDirectory::UpdateGauge() {
  totals_->dialogs.Add(static_cast<int64_t>(table_.size()) - totals_->dialogs.value());
}

// --- Requests of peers ---------------------------------------------------------------------------

int DialogDirectory::WorkerOf(absl::string_view call_id, absl::string_view local_tag) const {
  DialogId set;
  if (dialog::ParseTag(local_tag, &set)) return set.worker() < worker_count_ ? set.worker() : 0;
  return static_cast<int>(absl::HashOf(call_id, local_tag) % worker_count_);
}

std::optional<DialogId> DialogDirectory::FindSet(absl::string_view call_id,
                                                 absl::string_view local_tag) const {
  DialogId set;
  if (dialog::ParseTag(local_tag, &set)) return set;
  const auto chosen = chosen_tags_.find(ChosenTagKey(call_id, local_tag));
  if (chosen == chosen_tags_.end()) return std::nullopt;
  return chosen->second;
}

std::optional<DialogClaim> DialogDirectory::Claim(const ConnectionSlot& slot,
                                                  const sip::MessageView& request) {
  if (WorkerOf(request.call_id(), request.to_tag()) != worker_) return std::nullopt;
  const std::optional<DialogId> set = FindSet(request.call_id(), request.to_tag());
  if (!set.has_value()) {
    DialogClaim claim;
    claim.verdict = DialogClaim::Verdict::kUnknownTag;
    return claim;
  }
  if (set->worker() != worker_ && set->worker() < worker_count_) return std::nullopt;
  return ClaimHere(*set, request, slot.connection->id(), slot.manager->state->id(),
                   slot.connection->peer().get(), Claiming::kTakes);
}

bool DialogDirectory::Ask(std::shared_ptr<const dispatch::RequestRecord> record, Claiming claiming,
                          absl::AnyInvocable<void(const DialogClaim&)> done) {
  if (claiming == Claiming::kTakes && asked_count_ >= kMaxAsked) return false;
  ++asked_count_;
  // Runs here again.
  auto answered = [this, done = std::move(done)](const DialogClaim& claim) mutable {
    --asked_count_;
    done(claim);
    if (asked_count_ == 0) host_->OnNothingAsked();
  };
  const int worker = WorkerOf(record->view.call_id(), record->view.to_tag());
  RunAt(worker, [record = std::move(record), claiming, asker = worker_,
                 answered = std::move(answered)](DialogDirectory& there) mutable {
    there.AskHere(record, claiming, asker, std::move(answered));
  });
  return true;
}

// Of a tag that an application chose, this worker knows only where the dialog is.
void DialogDirectory::AskHere(const std::shared_ptr<const dispatch::RequestRecord>& record,
                              Claiming claiming, int asker,
                              absl::AnyInvocable<void(const DialogClaim&)> done) {
  const sip::MessageView& request = record->view;
  const std::optional<DialogId> set = FindSet(request.call_id(), request.to_tag());
  const int home = set.has_value() && set->worker() < worker_count_ ? set->worker() : worker_;
  RunAt(home,
        [record, set, claiming, asker, done = std::move(done)](DialogDirectory& there) mutable {
          DialogClaim claim;
          claim.verdict = DialogClaim::Verdict::kUnknownTag;
          if (set.has_value()) {
            claim = there.ClaimHere(*set, record->view, record->connection, record->manager_id,
                                    record->peer.get(), claiming);
          }
          there.host_->PostToDialogs(asker, [claim = std::move(claim), done = std::move(done)](
                                                DialogDirectory&) mutable { done(claim); });
        });
}

DialogClaim DialogDirectory::ClaimHere(DialogId set, const sip::MessageView& request,
                                       connection::ConnectionId connection,
                                       absl::string_view manager_id, const tls::PeerIdentity* peer,
                                       Claiming claiming) {
  DialogClaim claim;
  Dialog* dialog = table_.Match(set, request.call_id(), request.from_tag());
  if (dialog == nullptr && request.method_id() == sip::Method::kNotify) {
    dialog = JoinByNotify(set, request, manager_id, claiming);
  }
  // What another manager lets in is not of this dialog.
  if (dialog == nullptr || dialog->manager_id != manager_id) return claim;
  claim.dialog = dialog->id;
  claim.endpoint_id = dialog->endpoint_id;
  claim.owner = dialog->owner;
  claim.verdict = DialogClaim::Verdict::kInDialog;
  if (request.method_id() == sip::Method::kCancel || request.method_id() == sip::Method::kAck) {
    return claim;
  }
  if (!dialog->IsInOrder(request.cseq_number())) {
    claim.verdict = DialogClaim::Verdict::kOutOfOrder;
    return claim;
  }
  if (claiming == Claiming::kLooks) return claim;
  dialog->TakeRemoteCseq(request.cseq_number());
  MoveFlow(dialog, connection, peer);
  table_.Extend(dialog, loop_->Now());
  return claim;
}

// A notifier may speak before the answer to our SUBSCRIBE or REFER is here, and each fork does.
Dialog* DialogDirectory::JoinByNotify(DialogId set, const sip::MessageView& notify,
                                      absl::string_view manager_id, Claiming claiming) {
  Dialog* const first = table_.FindOpenSet(set);
  if (first == nullptr || first->subscriptions.empty()) return nullptr;
  if (first->manager_id != manager_id || first->call_id != notify.call_id()) return nullptr;
  if (!dialog::Fits(notify)) return nullptr;
  const std::string subscription =
      dialog::SubscriptionKey(notify.method_id(), notify.FirstValue(sip::HeaderId::kEvent));
  if (first->subscriptions.front().event != subscription) return nullptr;
  if (claiming == Claiming::kLooks) return first;
  Dialog* const joined = first->state == DialogState::kReserved ? first : table_.AddFork(first);
  if (joined == nullptr) return nullptr;
  joined->BeginByNotify(notify);
  joined->state = DialogState::kConfirmed;
  joined->subscriptions = {
      {subscription, loop_->Now() + dialog::kDefaultSubscription + dialog::kSubscriptionGrace}};
  UpdateGauge();
  return joined;
}

// To where it was seen last, unless a peer that proved its name is followed by one that did not
// (RFC 5922).
void DialogDirectory::MoveFlow(Dialog* dialog, connection::ConnectionId connection,
                               const tls::PeerIdentity* peer) {
  if (dialog->verified_name.empty() || HasVerifiedName(peer, dialog->verified_name)) {
    dialog->flow = connection;
  }
}

void DialogDirectory::SetOwner(DialogId id, uint64_t lineage_id) {
  RunAt(id.worker(), [id, lineage_id](DialogDirectory& there) {
    if (Dialog* const dialog = there.table_.Find(id); dialog != nullptr) dialog->owner = lineage_id;
  });
}

// --- Answers to requests of peers ----------------------------------------------------------------

std::string DialogDirectory::MakeToTag(dispatch::OpenRequest* request) {
  Dialog* const dialog = table_.Add();
  if (dialog == nullptr) return std::string();
  dialog->awaits_forks = true;  // until the request ends
  dialog->manager_id = request->record->manager_id;
  dialog->endpoint_id = request->endpoint->id;
  request->dialog = dialog->id;
  UpdateGauge();
  return dialog::TagText(dialog->id);
}

Dialog* DialogDirectory::Adopt(absl::string_view call_id, absl::string_view local_tag) {
  Dialog* const dialog = table_.is_full() ? nullptr : table_.Add();
  if (dialog == nullptr) return nullptr;
  dialog->awaits_forks = true;
  dialog->call_id = std::string(call_id);
  dialog->local_tag = std::string(local_tag);
  RunAt(WorkerOf(call_id, local_tag),
        [key = ChosenTagKey(call_id, local_tag), id = dialog->id](DialogDirectory& there) {
          there.chosen_tags_[key] = id;
        });
  return dialog;
}

void DialogDirectory::Locate(Dialog* dialog, const ConnectionSlot* slot) {
  if (slot != nullptr) {
    dialog->flow = slot->connection->id();
    dialog->verified_name = VerifiedNameOf(*slot);
  }
  table_.Extend(dialog, loop_->Now());
}

DialogId DialogDirectory::OnAnswer(const ConnectionSlot* slot, const sip::MessageView& answer,
                                   uint64_t holder, dispatch::OpenRequest* request) {
  const sip::MessageView& asked = request->record->view;
  Exchange exchange = Exchange::Of(Exchange::Side::kTheirs, asked);
  exchange.Finish(answer);
  if (request->in_dialog) {
    if (holder != 0 && holder != request->owner) SetOwner(request->dialog, holder);
    if (sip::IsFinal(answer.status_code())) OnExchange(request->dialog, std::move(exchange));
    return request->dialog;
  }
  if (!dialog::MakesDialog(asked.method_id()) || answer.status_code() <= 100 ||
      answer.status_code() >= 300) {
    return DialogId();
  }
  Dialog* dialog = table_.Find(request->dialog);
  if (dialog == nullptr || dialog->LocalTag() != answer.to_tag()) {
    // The application has tags of its own.
    if (dialog != nullptr) EndForks(request->dialog);
    dialog = Adopt(asked.call_id(), answer.to_tag());
    if (dialog == nullptr) return DialogId();
    dialog->manager_id = request->record->manager_id;
    dialog->endpoint_id = request->endpoint->id;
    request->dialog = dialog->id;
  }
  const DialogId id = dialog->id;
  if (dialog->state == DialogState::kReserved) {
    dialog->BeginAsCallee(asked, answer.FirstValue(sip::HeaderId::kTo));
    dialog->state = DialogState::kEarly;
  }
  dialog->owner = holder;
  Locate(dialog, slot);
  if (sip::IsSuccess(answer.status_code())) {
    dialog->state = DialogState::kConfirmed;
    OnExchange(id, std::move(exchange));
  }
  UpdateGauge();
  return id;
}

void DialogDirectory::OnRequestEnded(const dispatch::OpenRequest& request, int status_code) {
  if (!request.dialog.is_valid()) return;
  if (!request.in_dialog) return EndForks(request.dialog);
  // Whoever answered it, the caller has left.
  if (request.record->view.method_id() != sip::Method::kBye) return;
  Exchange exchange = Exchange::Of(Exchange::Side::kTheirs, request.record->view);
  exchange.status_code = status_code;
  OnExchange(request.dialog, std::move(exchange));
}

// --- Ends ----------------------------------------------------------------------------------------

void DialogDirectory::OnDialogExpired(Dialog& dialog) {
  if (dialog.owes_ack) {
    // The call cannot stand without its ACK, and not end without one either (13.2.2.4).
    SendOwn(dialog, "ACK");
    SendOwn(dialog, "BYE");
  }
  Remove(&dialog);
}

void DialogDirectory::Remove(Dialog* dialog) {
  const DialogId set = dialog->set;
  const std::string local_tag = dialog->local_tag;
  const std::string call_id = dialog->call_id;
  table_.Remove(dialog);
  UpdateGauge();
  if (local_tag.empty() || table_.Find(set) != nullptr) return;
  RunAt(WorkerOf(call_id, local_tag),
        [key = ChosenTagKey(call_id, local_tag), set](DialogDirectory& there) {
          const auto chosen = there.chosen_tags_.find(key);
          if (chosen != there.chosen_tags_.end() && chosen->second == set) {
            there.chosen_tags_.erase(chosen);
          }
        });
}

void DialogDirectory::EndForks(DialogId set) {
  Dialog* const first = table_.Find(set);
  if (first == nullptr) return;
  table_.EndForks(first);
  if (first->state != DialogState::kConfirmed) Remove(first);
  UpdateGauge();
}

template <typename Predicate>
void DialogDirectory::ForgetThose(Predicate predicate) {
  std::vector<DialogId> ids;
  table_.ForEach([&](const Dialog& dialog) {
    if (predicate(dialog)) ids.push_back(dialog.id);
  });
  for (const DialogId id : ids) {
    Dialog* const dialog = table_.Find(id);
    if (dialog != nullptr) Remove(dialog);
  }
}

void DialogDirectory::ForgetEndpoint(const std::string& endpoint_id) {
  ForgetThose([&](const Dialog& dialog) { return dialog.endpoint_id == endpoint_id; });
}

void DialogDirectory::ForgetManager(const std::string& manager_id) {
  ForgetThose([&](const Dialog& dialog) { return dialog.manager_id == manager_id; });
}

}  // namespace sipcm::engine
