#ifndef SIPCM_CORE_CONNECTION_TARGETS_TARGET_ROSTER_H_
#define SIPCM_CORE_CONNECTION_TARGETS_TARGET_ROSTER_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/base/instant.h"
#include "core/connection/connection_settings.h"
#include "core/connection/targets/connect_budget.h"
#include "core/connection/targets/target_health.h"
#include "core/event/event_loop.h"
#include "core/net/location/service_target.h"

namespace sipcm::connection {

// In which order one attempt tries these targets, at most `most`. Pure. By priority; within one
// priority `preferred` first, then as they stand; what is dead is left out. When that leaves none,
// the one that failed longest ago: never none, unless there is none.
std::vector<net::ServiceTarget> PlanAttempt(absl::Span<const net::ServiceTarget> targets,
                                            const std::optional<net::SocketAddress>& preferred,
                                            Transport transport, const TargetHealth& health,
                                            Instant now, size_t most);

// One target and how it is.
struct TargetState {
  net::ServiceTarget target;
  TargetHealth::State health;
};

// What is known of the targets of one destination across attempts: their order, drawn once and kept
// while DNS says the same; the one that answered last, which is kept while it is healthy; how often
// it may be knocked at. Thread: the loop's.
class TargetRoster {
 public:
  // An address of this destination died (with why) or came back to life (OK).
  using HealthCallback =
      absl::AnyInvocable<void(const net::ServiceTarget& target, const absl::Status& failure)>;

  // `loop` and `health` outlive it. `budget`: shared with other rosters of the same destination;
  // null: its own.
  TargetRoster(event::EventLoop* loop, TargetHealth* health, Transport transport,
               HealthCallback on_health, std::shared_ptr<ConnectBudget> budget = nullptr);

  // Where DNS says it is, in the order drawn just now.
  void Update(std::vector<net::ServiceTarget> located);
  // For one attempt, of those of that family when one is given.
  std::vector<net::ServiceTarget> Plan(std::optional<net::AddressFamily> family, size_t most) const;
  bool MayTry(const net::ServiceTarget& target) const;

  // Of one target, by an attempt; as TargetHealth.
  void NoteBegin(const net::ServiceTarget& target);
  void NoteFailure(const net::ServiceTarget& target, const absl::Status& failure);
  void NoteSuccess(const net::ServiceTarget& target);
  void NoteAbandoned(const net::ServiceTarget& target);

  ConnectBudget& budget() { return *budget_; }
  const std::shared_ptr<ConnectBudget>& shared_budget() const { return budget_; }
  // Best first.
  std::vector<TargetState> States() const;

 private:
  TargetHealth::Key KeyOf(const net::ServiceTarget& target) const {
    return {target.address, transport_};
  }

  event::EventLoop* const loop_;
  TargetHealth* const health_;
  const Transport transport_;
  HealthCallback on_health_;
  const std::shared_ptr<ConnectBudget> budget_;
  std::vector<net::ServiceTarget> targets_;
  std::optional<net::SocketAddress> preferred_;
};

}  // namespace sipcm::connection

#endif  // SIPCM_CORE_CONNECTION_TARGETS_TARGET_ROSTER_H_
