// What a DeliveryQueue does when a subscription, the wait for its return, or a whole group ends.
#include <algorithm>
#include <utility>

#include "core/dispatch/delivery/delivery_queue.h"

namespace sipcm::dispatch {
namespace {

// Open requests are offered again themselves.
bool NeedsNoAnswer(const Delivery& delivery) {
  return delivery.kind == Delivery::Kind::kAckMissing ||
         (delivery.kind == Delivery::Kind::kRequest && delivery.request_id == RequestId());
}

}  // namespace

void DeliveryQueue::OnSubscriptionEnded(const std::shared_ptr<SubscriptionState>& subscription) {
  std::vector<OpenRequest*> requests;
  std::vector<Delivery> unread;
  auto found = subscriptions_.find(subscription.get());
  if (found != subscriptions_.end()) {
    const std::unique_ptr<LocalSubscription> local = std::move(found->second);
    subscriptions_.erase(found);
    unread = std::move(local->outbox);
    while (OpenRequest* request = local->delivered.front()) {
      TakeBack(request);
      request->left_by = subscription->lineage;
      request->left_sender = subscription->sender;
      requests.push_back(request);
    }
  }
  AwaitReturn(*subscription);
  const Addressee again = {subscription->lineage, subscription->group, subscription->group};
  for (Delivery& delivery : unread) {
    if (NeedsNoAnswer(delivery)) DeliverUnanswerable(again, std::move(delivery));
  }
  LocalGroup* const group = FindLocal(subscription->group.get());
  if (group != nullptr) {
    GiveToHeir(*group, *subscription->lineage, &requests);
    TakeStranded(*group, &requests);
  }
  OfferAgain(std::move(requests));
}

// Its application is back already, by another stream: that one comes before others.
void DeliveryQueue::GiveToHeir(LocalGroup& local, const Lineage& lineage,
                               std::vector<OpenRequest*>* requests) {
  const SubscriptionList& list = *local.subscriptions.Get();
  const auto heir = std::find_if(list.begin(), list.end(), [&lineage](const auto& subscription) {
    return subscription->lineage.get() == &lineage && subscription->is_active();
  });
  if (heir == list.end()) return;
  const std::shared_ptr<SubscriptionState> subscription = *heir;
  std::vector<OpenRequest*> left;
  for (OpenRequest* const request : *requests) {
    if (request->is_cancelled || !subscription->Takes(request->record->view.method()) ||
        !subscription->TakeCredit()) {
      left.push_back(request);
    } else {
      Deliver(request, subscription);
    }
  }
  *requests = std::move(left);
}

void DeliveryQueue::AwaitReturn(const SubscriptionState& subscription) {
  if (subscription.parting.load(std::memory_order_relaxed) != Parting::kLost ||
      subscription.resume_timeout <= absl::ZeroDuration()) {
    return;
  }
  LocalGroup& local = Local(subscription.group);
  auto absence = std::make_unique<Absence>();
  absence->kept = EndAbsence(local, subscription.lineage.get());
  kept_count_ += absence->kept.size();
  if (local.absences.size() >= kMaxAbsences) {
    DeliverKept(EndAbsence(local, local.absences.front()->lineage.get()));
  }
  absence->group = &local;
  absence->lineage = subscription.lineage;
  absence->methods = subscription.methods;
  absences_.Arm(absence.get(), subscription.resume_timeout);
  local.absences.push_back(std::move(absence));
}

std::vector<Unanswerable> DeliveryQueue::EndAbsence(LocalGroup& local, const Lineage* lineage) {
  const auto found =
      std::find_if(local.absences.begin(), local.absences.end(),
                   [lineage](const auto& absence) { return absence->lineage.get() == lineage; });
  if (found == local.absences.end()) return {};
  absences_.Disarm(found->get());
  std::vector<Unanswerable> kept = std::move((*found)->kept);
  kept_count_ -= kept.size();
  local.absences.erase(found);
  return kept;
}

void DeliveryQueue::OnTimeout(event::TimeoutQueue::Entry& entry) {
  const auto& absence = static_cast<const Absence&>(entry);
  LocalGroup& local = *absence.group;
  DeliverKept(EndAbsence(local, absence.lineage.get()));
  std::vector<OpenRequest*> stranded;
  TakeStranded(local, &stranded);
  OfferAgain(std::move(stranded));
}

void DeliveryQueue::OnResumed(const std::shared_ptr<SubscriptionState>& subscription) {
  LocalGroup* const local = FindLocal(subscription->group.get());
  if (local == nullptr) return;
  // What follows an INVITE comes before what follows that.
  DeliverKept(EndAbsence(*local, subscription->lineage.get()));
  ServeLine(*local);
  // It may take fewer methods than the one before.
  std::vector<OpenRequest*> stranded;
  TakeStranded(*local, &stranded);
  OfferAgain(std::move(stranded));
  Flush();
}

// Those in the line whom none that is left takes.
void DeliveryQueue::TakeStranded(LocalGroup& local, std::vector<OpenRequest*>* stranded) {
  const auto is_stranded = [&local](const OpenRequest& request) {
    return !local.HasTaker(request) && !local.Awaits(request);
  };
  while (OpenRequest* request = local.line.FindOldest(is_stranded)) {
    LeaveLine(request);
    stranded->push_back(request);
  }
}

void DeliveryQueue::Forget(const std::shared_ptr<SubscriptionGroup>& group, Situation situation) {
  auto found = groups_.find(group.get());
  if (found == groups_.end()) return;
  const std::unique_ptr<LocalGroup> local = std::move(found->second);
  groups_.erase(found);
  for (const std::unique_ptr<Absence>& absence : local->absences) {
    kept_count_ -= absence->kept.size();
    absences_.Disarm(absence.get());
  }
  while (OpenRequest* request = local->line.FindOldest([](const OpenRequest&) { return true; })) {
    LeaveLine(request);
    owner_->OnUndeliverable(*request, situation, "");
  }
}

}  // namespace sipcm::dispatch
