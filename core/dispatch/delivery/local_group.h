#ifndef SIPCM_CORE_DISPATCH_DELIVERY_LOCAL_GROUP_H_
#define SIPCM_CORE_DISPATCH_DELIVERY_LOCAL_GROUP_H_

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/base/snapshot_cell.h"
#include "core/dispatch/delivery.h"
#include "core/dispatch/delivery/waiting_line.h"
#include "core/dispatch/lineage.h"
#include "core/dispatch/subscription_group.h"
#include "core/event/timeout_queue.h"

namespace sipcm::dispatch {

// Who is told what needs no answer: the application that had what it follows, or when that has
// ended and is not waited for another one of these that takes INVITE.
struct Addressee {
  std::shared_ptr<Lineage> first;  // its application, whatever stream it has by then
  std::shared_ptr<SubscriptionGroup> endpoint_group;
  std::shared_ptr<SubscriptionGroup> manager_group;
};

// What needs no answer, and whose it is.
struct Unanswerable {
  Addressee to;
  Delivery delivery;
};

// An application whose stream broke and that may come back: until then what it takes waits in the
// line, where others that come take it too. Its timeout is how long it is waited for.
struct Absence final : event::TimeoutQueue::Entry {
  LocalGroup* group = nullptr;
  std::shared_ptr<Lineage> lineage;
  std::vector<std::string> methods;  // empty = all
  std::vector<Unanswerable> kept;    // for its return
};

// A request of a dialog is for whom the dialog belongs to.
inline bool Takes(const SubscriptionState& subscription, const OpenRequest& request) {
  return (request.owner == 0 || request.owner == subscription.lineage->id()) &&
         subscription.Takes(request.record->view.method());
}

// One worker's share of a subscription group: who is next, who waits for credit, and who is waited
// for. Thread: the worker's, as of all here.
struct LocalGroup {
  explicit LocalGroup(std::shared_ptr<SubscriptionGroup> of)
      : group(std::move(of)),
        counters(group->NewCounters()),
        subscriptions(&group->subscriptions()) {}

  // Whether a subscription that is there takes the request, with credit or without.
  bool HasTaker(const OpenRequest& request) {
    const SubscriptionList& list = *subscriptions.Get();
    return std::any_of(list.begin(), list.end(), [&request](const auto& subscription) {
      return subscription->is_active() && Takes(*subscription, request);
    });
  }
  // Whether one that is waited for takes it.
  bool Awaits(const OpenRequest& request) const {
    return std::any_of(absences.begin(), absences.end(), [&request](const auto& absence) {
      return (request.owner == 0 || request.owner == absence->lineage->id()) &&
             TakesMethod(absence->methods, request.record->view.method());
    });
  }

  const std::shared_ptr<SubscriptionGroup> group;
  DeliveryCounters* const counters;  // the group's
  SnapshotCell<SubscriptionList>::Reader subscriptions;
  WaitingLine line;  // first come, first served among those that a free subscription takes
  size_t next = 0;   // round-robin
  std::vector<std::unique_ptr<Absence>> absences;  // the longest one first
};

// One worker's share of a subscription: what it has yet to answer, and what this turn brings it.
struct LocalSubscription {
  std::shared_ptr<SubscriptionState> state;
  AssignmentList delivered;  // in order of delivery
  std::vector<Delivery> outbox;
};

// Whether the application that sends as `sender` may answer it; null: it says not who it is.
inline bool MayAnswer(const void* sender, const OpenRequest& request) {
  const void* const holder =
      request.assigned == nullptr ? nullptr : request.assigned->state->sender;
  if (sender == nullptr || sender == holder || sender == request.left_sender) return true;
  // Whose stream only reads answers by other calls.
  return holder == nullptr && request.left_sender == nullptr;
}

}  // namespace sipcm::dispatch

#endif  // SIPCM_CORE_DISPATCH_DELIVERY_LOCAL_GROUP_H_
