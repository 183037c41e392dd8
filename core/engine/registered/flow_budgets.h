#ifndef SIPCM_CORE_ENGINE_REGISTERED_FLOW_BUDGETS_H_
#define SIPCM_CORE_ENGINE_REGISTERED_FLOW_BUDGETS_H_

#include <cstddef>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "core/connection/targets/connect_budget.h"
#include "core/event/event_loop.h"
#include "core/pool/destination.h"

namespace sipcm::engine {

struct LocalManager;

// How often the flows of one manager's endpoints, each of which has a connection of its own, knock
// at the place that they all want to reach: as often as one pool would (reliability.md 33). Of one
// worker; thread: the worker's.
class FlowBudgets {
 public:
  using Budget = std::shared_ptr<connection::ConnectBudget>;

  // `loop` outlives this.
  explicit FlowBudgets(event::EventLoop* loop) : loop_(loop) {}

  // That of the flows to `place` (a destination that is dedicated to nobody); null: there are none.
  Budget Find(const LocalManager* manager, const pool::Destination& place) const;
  // For one more flow. The first shares that of the pool to the same place; null: there is none.
  Budget Join(const LocalManager* manager, const pool::Destination& place, const Budget& pools);

  size_t size() const { return budgets_.size(); }

 private:
  using Place = std::pair<const LocalManager*, pool::Destination>;

  // Looks through all when there are twice as many as were left the last time.
  void DropUnused();

  event::EventLoop* const loop_;
  absl::flat_hash_map<Place, std::weak_ptr<connection::ConnectBudget>> budgets_;
  size_t drop_at_ = 64;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_REGISTERED_FLOW_BUDGETS_H_
