#ifndef SIPCM_CORE_DISPATCH_SUBSCRIPTION_GROUP_H_
#define SIPCM_CORE_DISPATCH_SUBSCRIPTION_GROUP_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/base/snapshot_cell.h"
#include "core/dispatch/delivery_counters.h"
#include "core/dispatch/subscription_state.h"

namespace sipcm::dispatch {

using SubscriptionList = std::vector<std::shared_ptr<SubscriptionState>>;

// The subscriptions of one endpoint, or of one manager. Lives as long as what it belongs to, in
// the directory, and as long as a request points at it. Any thread.
class SubscriptionGroup {
 public:
  SubscriptionGroup() : subscriptions_(std::make_shared<const SubscriptionList>()) {}

  SnapshotCell<SubscriptionList>& subscriptions() { return subscriptions_; }

  // Requests that wait for credit, on all workers: of a manager's group those of its endpoints too.
  int waiting_count() const { return waiting_count_.load(std::memory_order_relaxed); }
  void AddWaiting(int count) { waiting_count_.fetch_add(count, std::memory_order_relaxed); }

  // A worker's own, for as long as the group lives.
  DeliveryCounters* NewCounters() {
    absl::MutexLock lock(&mutex_);
    return counters_.emplace_back(std::make_unique<DeliveryCounters>()).get();
  }
  // Of an endpoint's group: what became of its requests, whoever took them.
  DeliveryStatistics statistics() {
    DeliveryStatistics sum;
    absl::MutexLock lock(&mutex_);
    for (const std::unique_ptr<DeliveryCounters>& counters : counters_) counters->AddTo(&sum);
    return sum;
  }
  // Requests that its endpoint sent.
  int64_t sent_count() const { return sent_count_.load(std::memory_order_relaxed); }
  void AddSent() { sent_count_.fetch_add(1, std::memory_order_relaxed); }

  // Workers in whose line a request waits for credit of this group. A worker sets its bit before
  // it looks at the credit a last time, and whoever returns credit looks at the bits after: so
  // one of the two sees the other, and no request waits beside free credit.
  void SetWaiting(int worker) {
    waiting_workers_.fetch_or(uint64_t{1} << worker, std::memory_order_seq_cst);
  }
  void ClearWaiting(int worker) {
    waiting_workers_.fetch_and(~(uint64_t{1} << worker), std::memory_order_seq_cst);
  }
  uint64_t waiting_workers() const { return waiting_workers_.load(std::memory_order_seq_cst); }
  // The worker whose turn it is to use a returned credit: the next waiting one in circular order,
  // so that a busy worker does not starve another. -1: none waits.
  int NextWaitingWorker() { return Next(waiting_workers()); }

  // A credit on its way: taken from `subscription` for `worker`, so that nobody else uses it
  // before that worker is there.
  void Grant(int worker, std::weak_ptr<SubscriptionState> subscription);
  // The grants of `worker`, which are its own now.
  std::vector<std::weak_ptr<SubscriptionState>> TakeGrants(int worker);

  // Credit that the worker whose turn it was cannot use (its requests have other methods) goes
  // round: each waiting worker looks once. Whoever returns credit begins a round after it.
  void BeginRound() {
    // The usual case writes nothing that all workers read.
    if (looked_workers_.load(std::memory_order_seq_cst) != 0) {
      looked_workers_.store(0, std::memory_order_seq_cst);
    }
  }
  // Before it looks.
  void SetLooked(int worker) {
    looked_workers_.fetch_or(uint64_t{1} << worker, std::memory_order_seq_cst);
  }
  // The next waiting one that has not looked in this round; -1: none.
  int NextToLook() {
    return Next(waiting_workers() & ~looked_workers_.load(std::memory_order_seq_cst));
  }

 private:
  struct GrantedCredit {
    int worker;
    std::weak_ptr<SubscriptionState> subscription;
  };

  int Next(uint64_t workers);

  SnapshotCell<SubscriptionList> subscriptions_;
  std::atomic<int> waiting_count_{0};
  std::atomic<int64_t> sent_count_{0};
  std::atomic<uint64_t> waiting_workers_{0};
  std::atomic<uint64_t> looked_workers_{0};
  std::atomic<uint32_t> last_served_{0};
  absl::Mutex mutex_;
  std::vector<GrantedCredit> grants_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<DeliveryCounters>> counters_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sipcm::dispatch

#endif  // SIPCM_CORE_DISPATCH_SUBSCRIPTION_GROUP_H_
