#include "core/dispatch/delivery_queue.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"
#include "core/base/check.h"

namespace sipcm::dispatch {

DeliveryQueue::DeliveryQueue(int worker, event::EventLoop* loop, Owner* owner)
    : worker_(worker), loop_(loop), owner_(owner) {}

DeliveryQueue::~DeliveryQueue() = default;

LocalGroup& DeliveryQueue::Local(const std::shared_ptr<SubscriptionGroup>& group) {
  std::unique_ptr<LocalGroup>& local = groups_[group.get()];
  if (local == nullptr) local = std::make_unique<LocalGroup>(group);
  return *local;
}

LocalSubscription& DeliveryQueue::Local(const std::shared_ptr<SubscriptionState>& subscription) {
  std::unique_ptr<LocalSubscription>& local = subscriptions_[subscription.get()];
  if (local == nullptr) {
    local = std::make_unique<LocalSubscription>();
    local->state = subscription;
  }
  return *local;
}

DeliveryQueue::Pick DeliveryQueue::PickSubscription(LocalGroup& local, absl::string_view method,
                                                    std::shared_ptr<SubscriptionState>* picked) {
  const SubscriptionList& list = *local.subscriptions.Get();
  Pick result = Pick::kNobody;
  for (size_t i = 0; i < list.size(); ++i) {
    const size_t index = (local.next + i) % list.size();
    const std::shared_ptr<SubscriptionState>& subscription = list[index];
    if (subscription->ended.load(std::memory_order_acquire)) continue;
    if (!subscription->Takes(method)) {
      if (result == Pick::kNobody) result = Pick::kNotTaken;
      continue;
    }
    if (subscription->TakeCredit()) {
      local.next = index + 1;
      *picked = subscription;
      return Pick::kPicked;
    }
    result = Pick::kNoCredit;
  }
  return result;
}

void DeliveryQueue::Offer(OpenRequest* request) { Offer(request, Place::kBack); }

void DeliveryQueue::Offer(OpenRequest* request, Place place) {
  Situation situation =
      request->attempt > 0 ? Situation::kApplicationGone : Situation::kNoSubscription;
  std::string allow;
  for (const auto& group : {request->endpoint_group, request->manager_group}) {
    LocalGroup& local = Local(group);
    switch (TryGroup(request, local, place)) {
      case Pick::kPicked:
        return;
      case Pick::kNoCredit:
        owner_->OnUndeliverable(*request, Situation::kOverloaded, "");
        return;
      case Pick::kNotTaken:
        situation = Situation::kMethodNotTaken;
        allow = AllowOf(local);
        break;
      case Pick::kNobody:
        break;
    }
  }
  owner_->OnUndeliverable(*request, situation, allow);
}

DeliveryQueue::Pick DeliveryQueue::TryGroup(OpenRequest* request, LocalGroup& local, Place place) {
  std::shared_ptr<SubscriptionState> subscription;
  const absl::string_view method = request->record->view.method();
  Pick pick = PickSubscription(local, method, &subscription);
  if (pick == Pick::kNoCredit) {
    // A request that was delivered before keeps its place: it has waited already.
    if (place == Place::kBack &&
        local.line.size() >= static_cast<size_t>(request->endpoint->max_waiting_delivery_count)) {
      return pick;
    }
    LineUp(request, local, place);
    // Credit may have come back between the look and the bit: look once more (see SetWaiting).
    pick = PickSubscription(local, method, &subscription);
    if (pick != Pick::kPicked) return Pick::kPicked;  // it waits
    LeaveLine(request);
  }
  if (pick == Pick::kPicked) Deliver(request, subscription);
  return pick;
}

void DeliveryQueue::LineUp(OpenRequest* request, LocalGroup& local, Place place) {
  request->line = &local;
  if (place == Place::kFront) {
    local.line.PushFront(request);
  } else {
    local.line.PushBack(request);
  }
  ++waiting_count_;
  if (local.line.size() == 1) local.group->SetWaiting(worker_);
}

void DeliveryQueue::LeaveLine(OpenRequest* request) {
  LocalGroup& local = *request->line;
  local.line.Remove(request);
  request->line = nullptr;
  --waiting_count_;
  if (local.line.empty()) local.group->ClearWaiting(worker_);
}

void DeliveryQueue::Deliver(OpenRequest* request,
                            const std::shared_ptr<SubscriptionState>& subscription) {
  LocalSubscription& local = Local(subscription);
  ++request->attempt;
  request->assigned = &local;
  local.delivered.PushBack(request);
  Delivery delivery;
  delivery.request_id = request->id;
  delivery.request = request->record;
  delivery.endpoint = request->endpoint;
  delivery.reason = request->reason;
  delivery.attempt = request->attempt;
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

void DeliveryQueue::Release(OpenRequest* request) {
  if (request->line != nullptr) {
    LeaveLine(request);
    return;
  }
  if (request->assigned == nullptr) return;
  LocalSubscription& subscription = *request->assigned;
  subscription.delivered.Remove(request);
  request->assigned = nullptr;
  const std::shared_ptr<SubscriptionState> state = subscription.state;
  state->credit.fetch_add(1, std::memory_order_seq_cst);
  OnCredit(state->group);
}

void DeliveryQueue::Abandon(OpenRequest* request) {
  if (request->line != nullptr) LeaveLine(request);
  if (request->assigned != nullptr) request->assigned->delivered.Remove(request);
  request->assigned = nullptr;
}

void DeliveryQueue::OnCredit(const std::shared_ptr<SubscriptionGroup>& group) {
  const int worker = group->NextWaitingWorker();
  if (worker < 0) return;
  if (worker != worker_) {
    owner_->WakeWorker(worker, group);
    return;
  }
  LocalGroup& local = Local(group);
  ServeLine(local);
  PassCreditOn(local);
}

void DeliveryQueue::ServeLine(LocalGroup& local) {
  // Requests whose method no free subscription takes are stepped over, but not without end.
  constexpr int kMostSteppedOver = 64;
  int stepped_over = 0;
  for (OpenRequest* request = local.line.front();
       request != nullptr && stepped_over < kMostSteppedOver;) {
    OpenRequest* const next = local.line.Next(request);
    std::shared_ptr<SubscriptionState> subscription;
    if (PickSubscription(local, request->record->view.method(), &subscription) == Pick::kPicked) {
      LeaveLine(request);
      Deliver(request, subscription);
    } else {
      ++stepped_over;
    }
    request = next;
  }
}

void DeliveryQueue::PassCreditOn(LocalGroup& local) {
  const uint64_t others = local.group->waiting_workers() & ~(uint64_t{1} << worker_);
  if (others == 0) return;
  for (const auto& subscription : *local.subscriptions.Get()) {
    if (subscription->credit.load(std::memory_order_seq_cst) <= 0) continue;
    const int worker = local.group->NextWaitingWorker();
    if (worker >= 0 && worker != worker_) owner_->WakeWorker(worker, local.group);
    return;
  }
}

void DeliveryQueue::Tell(const OpenRequest& request, Delivery::Kind kind) {
  if (request.assigned == nullptr) return;
  Delivery delivery;
  delivery.kind = kind;
  delivery.request_id = request.id;
  delivery.endpoint = request.endpoint;
  delivery.attempt = request.attempt;
  delivery.expire_time = request.expire_time;
  Outbox(*request.assigned, std::move(delivery));
}

bool DeliveryQueue::DeliverUnanswerable(std::shared_ptr<const RequestRecord> record,
                                        const EndpointDirectory::Entry& entry,
                                        const std::shared_ptr<SubscriptionGroup>& manager_group,
                                        DispatchReason reason) {
  for (const auto& group : {entry.group, manager_group}) {
    LocalGroup& local = Local(group);
    const SubscriptionList& list = *local.subscriptions.Get();
    for (const auto& subscription : list) {
      if (subscription->ended.load(std::memory_order_acquire) ||
          !subscription->Takes(record->view.method())) {
        continue;
      }
      Delivery delivery;
      delivery.request = std::move(record);
      delivery.endpoint = entry.endpoint;
      delivery.reason = reason;
      delivery.expire_time = absl::InfiniteFuture();
      Outbox(Local(subscription), std::move(delivery));
      return true;
    }
  }
  return false;
}

void DeliveryQueue::OnSubscriptionEnded(const std::shared_ptr<SubscriptionState>& subscription) {
  auto found = subscriptions_.find(subscription.get());
  if (found != subscriptions_.end()) {
    const std::unique_ptr<LocalSubscription> local = std::move(found->second);
    subscriptions_.erase(found);
    std::vector<OpenRequest*> orphans;
    while (OpenRequest* request = local->delivered.PopFront()) {
      request->assigned = nullptr;
      orphans.push_back(request);
    }
    // To the front of the line in their old order, before those that were never delivered.
    std::reverse(orphans.begin(), orphans.end());
    for (OpenRequest* request : orphans) Offer(request, Place::kFront);
  }
  ReofferLine(Local(subscription->group));
}

void DeliveryQueue::ReofferLine(LocalGroup& local) {
  for (const auto& subscription : *local.subscriptions.Get()) {
    if (!subscription->ended.load(std::memory_order_acquire)) return;
  }
  // Nobody is left here: those who wait go to the manager's subscriptions or get their answer.
  std::vector<OpenRequest*> waiting;
  while (OpenRequest* request = local.line.front()) {
    LeaveLine(request);
    waiting.push_back(request);
  }
  for (OpenRequest* request : waiting) Offer(request, Place::kBack);
}

void DeliveryQueue::Forget(const std::shared_ptr<SubscriptionGroup>& group, Situation situation) {
  auto found = groups_.find(group.get());
  if (found == groups_.end()) return;
  while (OpenRequest* request = found->second->line.front()) {
    LeaveLine(request);
    owner_->OnUndeliverable(*request, situation, "");
  }
  groups_.erase(group.get());
}

std::string DeliveryQueue::AllowOf(LocalGroup& local) {
  std::vector<std::string> methods;
  for (const auto& subscription : *local.subscriptions.Get()) {
    for (const std::string& method : subscription->methods) {
      if (std::find(methods.begin(), methods.end(), method) == methods.end()) {
        methods.push_back(method);
      }
    }
  }
  return absl::StrJoin(methods, ", ");
}

}  // namespace sipcm::dispatch
