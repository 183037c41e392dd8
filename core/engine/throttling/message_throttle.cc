#include "core/engine/throttling/message_throttle.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"

namespace sipcm::engine {

bool MessageThrottle::Refuses(LocalManager& manager) {
  ManagerState& state = *manager.state;
  const ThrottleMarks& marks = manager.runtime.Get()->config.message_throttling;
  const bool before = state.message_throttled();
  if (marks.is_off() && !before) return false;
  const int count = state.group()->waiting_count();
  const ThrottleChange change = Judge(marks, before, count);
  if (change == ThrottleChange::kNone) return before;
  const bool after = change == ThrottleChange::kStarted;
  bool by_this = false;
  state.SetMessageThrottled(after, [&] {
    host_->OnManagerThrottling(manager, change, count);
    by_this = after && !state.removed.load();
  });
  if (by_this) {
    Keep(manager);
    host_->WatchOnOthers(manager.state);
  }
  return after;
}

void MessageThrottle::Watch(LocalManager& manager) {
  // It may have ended here meanwhile.
  if (Refuses(manager)) Keep(manager);
}

void MessageThrottle::Keep(LocalManager& manager) {
  if (!absl::c_linear_search(throttled_, &manager)) throttled_.push_back(&manager);
}

void MessageThrottle::Weigh() {
  if (throttled_.empty()) return;
  for (LocalManager* manager : std::exchange(throttled_, {})) {
    if (Refuses(*manager)) Keep(*manager);
  }
}

void MessageThrottle::Forget(const std::shared_ptr<dispatch::SubscriptionGroup>& group) {
  const auto gone = std::stable_partition(
      throttled_.begin(), throttled_.end(),
      [&](LocalManager* manager) { return manager->state->group() != group; });
  const std::vector<LocalManager*> forgotten(gone, throttled_.end());
  throttled_.erase(gone, throttled_.end());
  for (LocalManager* const manager : forgotten) {
    manager->state->SetMessageThrottled(
        false, [&] { host_->OnManagerThrottling(*manager, ThrottleChange::kEnded, 0); });
  }
}

}  // namespace sipcm::engine
