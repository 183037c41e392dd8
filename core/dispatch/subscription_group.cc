#include "core/dispatch/subscription_group.h"

#include <bit>

namespace sipcm::dispatch {

int SubscriptionGroup::NextWaitingWorker() {
  const uint64_t waiting = waiting_workers();
  if (waiting == 0) return -1;
  const uint32_t last = last_served_.load(std::memory_order_relaxed);
  const uint64_t behind = last >= 63 ? 0 : waiting & (~uint64_t{0} << (last + 1));
  const int next = std::countr_zero(behind != 0 ? behind : waiting);
  last_served_.store(static_cast<uint32_t>(next), std::memory_order_relaxed);
  return next;
}

}  // namespace sipcm::dispatch
