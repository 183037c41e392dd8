#ifndef SIPCM_CORE_DISPATCH_SUBSCRIPTION_STATE_H_
#define SIPCM_CORE_DISPATCH_SUBSCRIPTION_STATE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/dispatch/delivery.h"
#include "core/dispatch/lineage.h"

namespace sipcm::dispatch {

class SubscriptionGroup;

// Whether a subscription to `methods` takes this one; empty: all.
inline bool TakesMethod(const std::vector<std::string>& methods, absl::string_view method) {
  if (methods.empty()) return true;
  for (const std::string& taken : methods) {
    if (method == taken) return true;
  }
  return false;
}

// What becomes of the requests of a subscription that ended.
enum class Parting : uint8_t {
  kLeft,  // its application ended it, or the engine: others get them, or they are answered
  kLost,  // its stream broke: what nobody else takes waits for its return
};

// One application's open stream, as all workers share it. Credit is the only thing that changes.
struct SubscriptionState {
  uint64_t id = 0;
  std::vector<std::string> methods;  // empty = all
  std::shared_ptr<DeliverySink> sink;
  std::shared_ptr<SubscriptionGroup> group;
  std::shared_ptr<Lineage> lineage = std::make_shared<Lineage>();
  const void* sender = nullptr;  // tells who sends for the same application; only compared
  // How long it is waited for when it was lost.
  absl::Duration resume_timeout;
  // Deliveries it still takes. May be negative for a while after credit was withdrawn.
  std::atomic<int> credit{0};
  std::atomic<int> granted{0};  // all credit: what of it is not there is with requests
  // Set once, by End() and before the workers are told: nothing new goes to it.
  std::atomic<bool> ended{false};
  std::atomic<Parting> parting{Parting::kLeft};  // once it has ended

  bool is_active() const { return !ended.load(std::memory_order_acquire); }
  bool Takes(absl::string_view method) const { return TakesMethod(methods, method); }
  // Control's, not from several threads at once.
  void Grant(int count) {
    granted.fetch_add(count, std::memory_order_relaxed);
    credit.fetch_add(count, std::memory_order_seq_cst);
  }
  // Requests that it has; about right while workers deliver.
  int outstanding_count() const {
    return granted.load(std::memory_order_relaxed) - credit.load(std::memory_order_seq_cst);
  }
  // False when it had ended before.
  bool End(Parting how) {
    if (!is_active()) return false;
    parting.store(how, std::memory_order_relaxed);
    if (ended.exchange(true)) return false;
    lineage->AddOpen(outstanding_count());
    return true;
  }
  // Takes one credit; false when there is none. Any worker.
  bool TakeCredit() {
    int available = credit.load(std::memory_order_seq_cst);
    while (available > 0) {
      if (credit.compare_exchange_weak(available, available - 1, std::memory_order_seq_cst)) {
        return true;
      }
    }
    return false;
  }
};

}  // namespace sipcm::dispatch

#endif  // SIPCM_CORE_DISPATCH_SUBSCRIPTION_STATE_H_
