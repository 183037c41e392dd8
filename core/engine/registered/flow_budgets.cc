#include "core/engine/registered/flow_budgets.h"

#include <algorithm>

namespace sipcm::engine {

FlowBudgets::Budget FlowBudgets::Find(const LocalManager* manager,
                                      const pool::Destination& place) const {
  const auto known = budgets_.find(Place(manager, place));
  return known == budgets_.end() ? nullptr : known->second.lock();
}

FlowBudgets::Budget FlowBudgets::Join(const LocalManager* manager, const pool::Destination& place,
                                      const Budget& pools) {
  Budget budget = Find(manager, place);
  if (budget != nullptr) return budget;
  DropUnused();
  budget = pools != nullptr ? pools : std::make_shared<connection::ConnectBudget>(loop_);
  budgets_[Place(manager, place)] = budget;
  return budget;
}

void FlowBudgets::DropUnused() {
  constexpr size_t kFewest = 64;
  if (budgets_.size() < drop_at_) return;
  absl::erase_if(budgets_, [](const auto& entry) { return entry.second.expired(); });
  drop_at_ = std::max(kFewest, 2 * budgets_.size());
}

}  // namespace sipcm::engine
