// What a DeliveryQueue does with deliveries that need no answer: ACKs, and what became of answers.
#include <algorithm>
#include <utility>

#include "core/dispatch/delivery/delivery_queue.h"

namespace sipcm::dispatch {

bool DeliveryQueue::DeliverUnanswerable(const Addressee& to, Delivery delivery) {
  std::shared_ptr<SubscriptionState> taker;
  for (const auto* group : {&to.endpoint_group, &to.manager_group}) {
    for (const auto& subscription : *Local(*group).subscriptions.Get()) {
      if (!subscription->is_active()) continue;
      if (subscription->lineage == to.first) {
        Outbox(Local(subscription), std::move(delivery));
        return true;
      }
      // What follows an INVITE goes to who takes INVITEs.
      if (taker == nullptr && subscription->Takes("INVITE")) taker = subscription;
    }
  }
  if (Keep(to, &delivery)) return true;
  if (to.first != nullptr) to.first->AddLost();
  if (taker == nullptr) return false;
  Outbox(Local(taker), std::move(delivery));
  return true;
}

// False: its application is not waited for, or for too much else already.
bool DeliveryQueue::Keep(const Addressee& to, Delivery* delivery) {
  for (const auto* group : {&to.endpoint_group, &to.manager_group}) {
    for (const std::unique_ptr<Absence>& absence : Local(*group).absences) {
      if (absence->lineage != to.first) continue;
      if (absence->kept.size() >= kMaxKept) return false;
      absence->kept.push_back({to, std::move(*delivery)});
      ++kept_count_;
      return true;
    }
  }
  return false;
}

// Of one that is back, or not waited for any more.
void DeliveryQueue::DeliverKept(std::vector<Unanswerable> kept) {
  for (Unanswerable& each : kept) DeliverUnanswerable(each.to, std::move(each.delivery));
}

// What was kept comes before what follows it, also when its application is back and OnResumed() is
// still to come.
void DeliveryQueue::DeliverKeptBefore(const SubscriptionState& subscription) {
  LocalGroup* const local = FindLocal(subscription.group.get());
  if (local == nullptr) return;
  for (const std::unique_ptr<Absence>& absence : local->absences) {
    if (absence->lineage != subscription.lineage) continue;
    kept_count_ -= absence->kept.size();
    return DeliverKept(std::exchange(absence->kept, {}));
  }
}

}  // namespace sipcm::dispatch
