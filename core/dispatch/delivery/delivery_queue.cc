#include "core/dispatch/delivery/delivery_queue.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"

namespace sipcm::dispatch {
namespace {

bool HasCredit(const SubscriptionState& subscription) {
  return subscription.is_active() && subscription.credit.load(std::memory_order_seq_cst) > 0;
}

bool HasFreeCredit(const SubscriptionList& list) {
  return std::any_of(list.begin(), list.end(),
                     [](const auto& subscription) { return HasCredit(*subscription); });
}

}  // namespace

DeliveryQueue::DeliveryQueue(int worker, event::EventLoop* loop, Owner* owner)
    : worker_(worker), loop_(loop), owner_(owner), absences_(loop, this) {}

DeliveryQueue::~DeliveryQueue() {
  for (const auto& [group, local] : groups_) {
    for (const std::unique_ptr<Absence>& absence : local->absences) absences_.Disarm(absence.get());
  }
}

LocalGroup& DeliveryQueue::Local(const std::shared_ptr<SubscriptionGroup>& group) {
  std::unique_ptr<LocalGroup>& local = groups_[group.get()];
  if (local == nullptr) local = std::make_unique<LocalGroup>(group);
  return *local;
}

LocalGroup* DeliveryQueue::FindLocal(const SubscriptionGroup* group) {
  const auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : found->second.get();
}

LocalSubscription& DeliveryQueue::Local(const std::shared_ptr<SubscriptionState>& subscription) {
  std::unique_ptr<LocalSubscription>& local = subscriptions_[subscription.get()];
  if (local == nullptr) {
    local = std::make_unique<LocalSubscription>();
    local->state = subscription;
  }
  return *local;
}

// --- Offering ----------------------------------------------------------------------------------

DeliveryQueue::Pick DeliveryQueue::PickSubscription(LocalGroup& local, const OpenRequest& request,
                                                    std::shared_ptr<SubscriptionState>* picked) {
  const SubscriptionList& list = *local.subscriptions.Get();
  Pick result = Pick::kNobody;
  for (size_t i = 0; i < list.size(); ++i) {
    const size_t index = (local.next + i) % list.size();
    const std::shared_ptr<SubscriptionState>& subscription = list[index];
    if (!subscription->is_active() || !Takes(*subscription, request)) continue;
    if (subscription->TakeCredit()) {
      local.next = index + 1;
      *picked = subscription;
      return Pick::kPicked;
    }
    result = Pick::kNoCredit;
  }
  return result;
}

// The dialog's subscription has ended, or does not take this: then anybody may have it.
void DeliveryQueue::FreeOfLostOwner(OpenRequest* request) {
  if (request->owner == 0 || FindTaker(*request) != nullptr) return;
  request->owner = 0;
  request->attempt_reason = AttemptReason::kDialogOwnerLost;
}

void DeliveryQueue::Offer(OpenRequest* request) {
  request->ticket = ++last_ticket_;
  FreeOfLostOwner(request);
  if (TryToDeliver(request)) return;
  LocalGroup* const local = FindTaker(*request);
  if (local == nullptr) return GiveUp(request);
  const int most = std::max(0, request->endpoint->max_waiting_delivery_count);
  if (local->line.size() >= static_cast<size_t>(most)) {
    owner_->OnUndeliverable(*request, Situation::kOverloaded, "");
    return;
  }
  LineUp(request, *local);
  // Credit may have come back between the look and the bit: look once more (see SetWaiting).
  ServeLine(*local);
}

// To a subscription of the first group that has any for it.
bool DeliveryQueue::TryToDeliver(OpenRequest* request) {
  for (const auto* group : {&request->endpoint_group, &request->manager_group}) {
    LocalGroup& local = Local(*group);
    if (request->counters == nullptr) request->counters = local.counters;  // its endpoint's
    // Credit may be free that those before it have not been woken for yet.
    if (!local.line.empty()) ServeLine(local);
    std::shared_ptr<SubscriptionState> subscription;
    const Pick pick = PickSubscription(local, *request, &subscription);
    if (pick == Pick::kNobody) continue;
    if (pick == Pick::kPicked) Deliver(request, subscription);
    return pick == Pick::kPicked;
  }
  return false;
}

// Where it may be delivered or wait: with those that are there, else with those that may come
// back. Null when nobody takes it.
LocalGroup* DeliveryQueue::FindTaker(const OpenRequest& request) {
  LocalGroup* awaiting = nullptr;
  for (const auto* group : {&request.endpoint_group, &request.manager_group}) {
    LocalGroup& local = Local(*group);
    if (local.HasTaker(request)) return &local;
    if (awaiting == nullptr && local.Awaits(request)) awaiting = &local;
  }
  return awaiting;
}

// Requests that were admitted before: all keep their places, whatever the bound of the line, and
// only then are served, so that the oldest gets the first credit.
void DeliveryQueue::OfferAgain(std::vector<OpenRequest*> requests) {
  std::sort(requests.begin(), requests.end(),
            [](const OpenRequest* a, const OpenRequest* b) { return a->ticket > b->ticket; });
  std::vector<LocalGroup*> lines;
  std::vector<OpenRequest*> nobodys;
  for (OpenRequest* request : requests) {
    FreeOfLostOwner(request);
    // A cancelled one wants its 487, not another application.
    LocalGroup* const local = request->is_cancelled ? nullptr : FindTaker(*request);
    if (local == nullptr) {
      nobodys.push_back(request);
      continue;
    }
    LineUp(request, *local);
    if (lines.empty() || lines.back() != local) lines.push_back(local);
  }
  for (LocalGroup* local : lines) ServeLine(*local);
  std::reverse(nobodys.begin(), nobodys.end());
  for (OpenRequest* request : nobodys) GiveUp(request);
}

void DeliveryQueue::GiveUp(OpenRequest* request) {
  if (request->is_cancelled) {
    owner_->OnUndeliverable(*request, Situation::kCancelled, "");
    return;
  }
  // It was taken once: that others do not take its method is not why.
  if (request->attempt > 0) {
    owner_->OnUndeliverable(*request, Situation::kApplicationGone, "");
    return;
  }
  const std::string allow = AllowOf(*request);
  owner_->OnUndeliverable(
      *request, allow.empty() ? Situation::kNoSubscription : Situation::kMethodNotTaken, allow);
}

// What those subscriptions take that do not take it; empty when there are none.
std::string DeliveryQueue::AllowOf(const OpenRequest& request) {
  std::vector<absl::string_view> methods;
  const auto endpoints = request.endpoint_group->subscriptions().Get();
  const auto managers = request.manager_group->subscriptions().Get();
  for (const SubscriptionList* list : {endpoints.get(), managers.get()}) {
    for (const auto& subscription : *list) {
      if (!subscription->is_active()) continue;
      for (const std::string& method : subscription->methods) {
        if (std::find(methods.begin(), methods.end(), method) == methods.end()) {
          methods.emplace_back(method);
        }
      }
    }
  }
  return absl::StrJoin(methods, ", ");
}

void DeliveryQueue::LineUp(OpenRequest* request, LocalGroup& local) {
  request->line = &local;
  local.line.Insert(request);
  ++waiting_count_;
  request->counters->queued.Add();
  request->manager_group->AddWaiting(1);
  if (local.line.size() == 1) local.group->SetWaiting(worker_);
}

void DeliveryQueue::LeaveLine(OpenRequest* request) {
  LocalGroup& local = *request->line;
  local.line.Remove(request);
  request->line = nullptr;
  --waiting_count_;
  request->counters->queued.Add(-1);
  request->manager_group->AddWaiting(-1);
  if (local.line.empty()) local.group->ClearWaiting(worker_);
}

// --- Delivering --------------------------------------------------------------------------------

void DeliveryQueue::Deliver(OpenRequest* request,
                            const std::shared_ptr<SubscriptionState>& subscription) {
  if (kept_count_ > 0) DeliverKeptBefore(*subscription);
  LocalSubscription& local = Local(subscription);
  AttemptReason attempt_reason = request->attempt_reason;
  if (++request->attempt > 1) {
    // To the application that had it, it goes under the name that it knows: an answer that is on
    // its way still counts.
    const bool is_resumed = request->left_by == subscription->lineage;
    attempt_reason = is_resumed ? AttemptReason::kResumed : AttemptReason::kSubscriptionLost;
    if (!is_resumed) {
      request->left_sender = nullptr;
      owner_->OnRedelivery(*request);
    }
    Settle(request, is_resumed ? Loss::kNone : Loss::kLost);
  }
  request->assigned = &local;
  local.delivered.PushBack(request);
  request->counters->outstanding.Add();
  (request->attempt > 1 ? request->counters->redelivered : request->counters->delivered).Add();
  Delivery delivery;
  delivery.request_id = request->id;
  delivery.request = request->record;
  delivery.endpoint = request->endpoint;
  delivery.reason = request->reason;
  if (request->in_dialog) delivery.dialog = request->dialog;
  delivery.attempt = request->attempt;
  delivery.attempt_reason = attempt_reason;
  delivery.expire_time = request->expire_time;
  Outbox(local, std::move(delivery));
}

void DeliveryQueue::Outbox(LocalSubscription& local, Delivery delivery) {
  if (local.outbox.empty()) {
    if (dirty_.empty()) loop_->AtTurnEnd([this] { Flush(); });
    dirty_.push_back(local.state);
  }
  local.outbox.push_back(std::move(delivery));
}

void DeliveryQueue::Flush() {
  std::vector<std::shared_ptr<SubscriptionState>> dirty;
  dirty.swap(dirty_);
  for (const std::shared_ptr<SubscriptionState>& subscription : dirty) {
    auto found = subscriptions_.find(subscription.get());
    if (found == subscriptions_.end()) continue;  // ended within the turn
    std::vector<Delivery> batch;
    batch.swap(found->second->outbox);
    if (!batch.empty()) subscription->sink->Deliver(std::move(batch));
  }
  // Keeps its room for the next turn.
  if (dirty_.empty()) {
    dirty.clear();
    dirty_.swap(dirty);
  }
}

void DeliveryQueue::Tell(const OpenRequest& request, Delivery::Kind kind, int status_code) {
  if (request.assigned == nullptr) return;
  Delivery delivery;
  delivery.kind = kind;
  delivery.status_code = status_code;
  delivery.request_id = request.id;
  delivery.endpoint = request.endpoint;
  delivery.attempt = request.attempt;
  delivery.expire_time = request.expire_time;
  Outbox(*request.assigned, std::move(delivery));
}

// --- Credit ------------------------------------------------------------------------------------

void DeliveryQueue::Release(OpenRequest* request, Ending ending) {
  Settle(request, ending == Ending::kAnswered ? Loss::kNone : Loss::kLost);
  if (ending == Ending::kExpired) request->counters->expired.Add();
  if (ending == Ending::kCancelled) request->counters->cancelled.Add();
  if (request->line != nullptr) {
    LeaveLine(request);
    return;
  }
  if (request->assigned == nullptr) return;
  LocalSubscription& subscription = *request->assigned;
  TakeBack(request);
  HandOver(subscription.state);
}

void DeliveryQueue::Abandon(OpenRequest* request) {
  if (request->line != nullptr) LeaveLine(request);
  if (request->assigned != nullptr) TakeBack(request);
}

void DeliveryQueue::TakeBack(OpenRequest* request) {
  request->assigned->delivered.Remove(request);
  request->assigned = nullptr;
  request->counters->outstanding.Add(-1);
}

// It does not come back to whom it was waiting for.
void DeliveryQueue::Settle(OpenRequest* request, Loss loss) {
  if (request->left_by == nullptr) return;
  request->left_by->AddOpen(-1);
  if (loss == Loss::kLost) request->left_by->AddLost();
  request->left_by = nullptr;
}

// A credit that nobody holds goes to the worker whose turn it is.
void DeliveryQueue::HandOver(const std::shared_ptr<SubscriptionState>& subscription) {
  if (!subscription->is_active()) return subscription->lineage->AddOpen(-1);
  // Below zero: credit was withdrawn, and what comes back pays for that first.
  const bool is_owed = subscription->credit.load(std::memory_order_seq_cst) < 0;
  const int worker = is_owed ? -1 : subscription->group->NextWaitingWorker();
  if (worker >= 0 && worker != worker_) {
    subscription->group->Grant(worker, subscription);
    owner_->WakeWorker(worker, subscription->group);
    return;
  }
  if (worker == worker_ && DeliverOldest(subscription)) return;
  GiveBack(subscription);
  ServeAndPassOn(subscription->group);
}

void DeliveryQueue::OnCredit(const std::shared_ptr<SubscriptionGroup>& group) {
  for (const auto& grant : group->TakeGrants(worker_)) {
    const std::shared_ptr<SubscriptionState> subscription = grant.lock();
    if (subscription == nullptr) continue;
    if (!subscription->is_active()) {
      subscription->lineage->AddOpen(-1);
    } else if (!DeliverOldest(subscription)) {
      GiveBack(subscription);
    }
  }
  ServeAndPassOn(group);
}

// With a credit that was taken before; false when none here waits for it.
bool DeliveryQueue::DeliverOldest(const std::shared_ptr<SubscriptionState>& subscription) {
  LocalGroup* const local = FindLocal(subscription->group.get());
  if (local == nullptr) return false;
  const auto is_taken = [&](const OpenRequest& each) { return Takes(*subscription, each); };
  OpenRequest* const request = local->line.FindOldest(is_taken);
  if (request == nullptr) return false;
  LeaveLine(request);
  Deliver(request, subscription);
  return true;
}

void DeliveryQueue::GiveBack(const std::shared_ptr<SubscriptionState>& subscription) {
  subscription->credit.fetch_add(1, std::memory_order_seq_cst);
  subscription->group->BeginRound();
}

void DeliveryQueue::ServeLine(LocalGroup& local) {
  const SubscriptionList* list = local.subscriptions.Get().get();
  const auto has_credit = [&list](const OpenRequest& request) {
    return std::any_of(list->begin(), list->end(), [&request](const auto& subscription) {
      return HasCredit(*subscription) && Takes(*subscription, request);
    });
  };
  while (OpenRequest* request = local.line.FindOldest(has_credit)) {
    std::shared_ptr<SubscriptionState> subscription;
    // Another worker may have been quicker: then there is something else to find, or nothing.
    if (PickSubscription(local, *request, &subscription) == Pick::kPicked) {
      LeaveLine(request);
      Deliver(request, subscription);
    }
    list = local.subscriptions.Get().get();
  }
}

// Uses the credit that is free, and has the next waiting worker look when some is left.
void DeliveryQueue::ServeAndPassOn(const std::shared_ptr<SubscriptionGroup>& group) {
  if (group->waiting_workers() == 0) return;
  group->SetLooked(worker_);
  if (LocalGroup* const local = FindLocal(group.get()); local != nullptr) ServeLine(*local);
  if (!HasFreeCredit(*group->subscriptions().Get())) return;
  const int next = group->NextToLook();
  if (next >= 0) owner_->WakeWorker(next, group);
}

}  // namespace sipcm::dispatch
