#include "core/engine/throttling/message_throttle.h"

#include <algorithm>
#include <utility>

namespace sipcm::engine {

bool MessageThrottle::Refuses(LocalManager& manager) {
  ManagerState& state = *manager.state;
  const ThrottleMarks& marks = manager.runtime.Get()->config.message_throttling;
  const bool before = state.message_throttled.load(std::memory_order_relaxed);
  if (marks.is_off() && !before) return false;
  const int count = state.group()->waiting_count();
  const ThrottleChange change = Judge(marks, before, count);
  if (change == ThrottleChange::kNone) return before;
  const bool after = change == ThrottleChange::kStarted;
  if (state.message_throttled.exchange(after) != after) {
    host_->OnManagerThrottling(manager, change, count);
    if (after && !state.removed.load()) throttled_.push_back(&manager);
  }
  return after;
}

void MessageThrottle::Weigh() {
  if (throttled_.empty()) return;
  for (LocalManager* manager : std::exchange(throttled_, {})) {
    if (Refuses(*manager)) throttled_.push_back(manager);
  }
}

void MessageThrottle::Forget(const std::shared_ptr<dispatch::SubscriptionGroup>& group) {
  const auto gone = std::stable_partition(
      throttled_.begin(), throttled_.end(),
      [&](LocalManager* manager) { return manager->state->group() != group; });
  const std::vector<LocalManager*> forgotten(gone, throttled_.end());
  throttled_.erase(gone, throttled_.end());
  for (LocalManager* const manager : forgotten) {
    if (manager->state->message_throttled.exchange(false)) {
      host_->OnManagerThrottling(*manager, ThrottleChange::kEnded, 0);
    }
  }
}

}  // namespace sipcm::engine
