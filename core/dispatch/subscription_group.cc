#include "core/dispatch/subscription_group.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace sipcm::dispatch {

int SubscriptionGroup::Next(uint64_t workers) {
  if (workers == 0) return -1;
  const uint32_t last = last_served_.load(std::memory_order_relaxed);
  const uint64_t behind = last >= 63 ? 0 : workers & (~uint64_t{0} << (last + 1));
  const int next = std::countr_zero(behind != 0 ? behind : workers);
  last_served_.store(static_cast<uint32_t>(next), std::memory_order_relaxed);
  return next;
}

void SubscriptionGroup::Grant(int worker, std::weak_ptr<SubscriptionState> subscription) {
  absl::MutexLock lock(&mutex_);
  grants_.push_back({worker, std::move(subscription)});
}

std::vector<std::weak_ptr<SubscriptionState>> SubscriptionGroup::TakeGrants(int worker) {
  std::vector<std::weak_ptr<SubscriptionState>> taken;
  absl::MutexLock lock(&mutex_);
  const auto first = std::stable_partition(
      grants_.begin(), grants_.end(),
      [worker](const GrantedCredit& grant) { return grant.worker != worker; });
  for (auto grant = first; grant != grants_.end(); ++grant) {
    taken.push_back(std::move(grant->subscription));
  }
  grants_.erase(first, grants_.end());
  return taken;
}

}  // namespace sipcm::dispatch
