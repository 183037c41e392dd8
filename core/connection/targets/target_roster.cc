#include "core/connection/targets/target_roster.h"

#include <algorithm>
#include <utility>

namespace sipcm::connection {

using net::ServiceTarget;

namespace {

void PutPreferredFirst(std::vector<ServiceTarget>* targets,
                       const std::optional<net::SocketAddress>& preferred) {
  const auto found =
      std::find_if(targets->begin(), targets->end(), [&](const ServiceTarget& target) {
        return preferred.has_value() && target.address == *preferred;
      });
  if (found == targets->end()) return;
  const auto begin = std::find_if(targets->begin(), found, [&](const ServiceTarget& target) {
    return target.priority == found->priority;
  });
  std::rotate(begin, found, found + 1);
}

}  // namespace

std::vector<ServiceTarget> PlanAttempt(absl::Span<const ServiceTarget> targets,
                                       const std::optional<net::SocketAddress>& preferred,
                                       Transport transport, const TargetHealth& health, Instant now,
                                       size_t most) {
  std::vector<ServiceTarget> plan;
  // Failed longest ago, of those that nobody tries now if there is one.
  const ServiceTarget* oldest = nullptr;
  std::pair<bool, Instant> oldest_rank;
  for (const ServiceTarget& target : targets) {
    const TargetHealth::Key key(target.address, transport);
    if (health.MayTry(key, now)) plan.push_back(target);
    const TargetHealth::State state = health.StateOf(key);
    const std::pair<bool, Instant> rank(state.health == Health::kProbing, state.last_failed);
    if (oldest == nullptr || rank < oldest_rank) {
      oldest = &target;
      oldest_rank = rank;
    }
  }
  if (plan.empty() && oldest != nullptr) plan.push_back(*oldest);
  PutPreferredFirst(&plan, preferred);
  if (plan.size() > most) plan.resize(most);
  return plan;
}

TargetRoster::TargetRoster(event::EventLoop* loop, TargetHealth* health, Transport transport,
                           HealthCallback on_health, std::shared_ptr<ConnectBudget> budget)
    : loop_(loop),
      health_(health),
      transport_(transport),
      on_health_(std::move(on_health)),
      budget_(budget != nullptr ? std::move(budget) : std::make_shared<ConnectBudget>(loop)) {}

void TargetRoster::Update(std::vector<ServiceTarget> located) {
  std::vector<ServiceTarget> old_set = targets_;
  std::vector<ServiceTarget> new_set = located;
  std::sort(old_set.begin(), old_set.end());
  std::sort(new_set.begin(), new_set.end());
  if (old_set != new_set) targets_ = std::move(located);
}

std::vector<ServiceTarget> TargetRoster::Plan(std::optional<net::AddressFamily> family,
                                              size_t most) const {
  std::vector<ServiceTarget> fit = targets_;
  std::erase_if(fit, [&](const ServiceTarget& target) {
    return family.has_value() && target.address.ip.family() != *family;
  });
  return PlanAttempt(fit, preferred_, transport_, *health_, loop_->Now(), most);
}

bool TargetRoster::MayTry(const ServiceTarget& target) const {
  return health_->MayTry(KeyOf(target), loop_->Now());
}

void TargetRoster::NoteBegin(const ServiceTarget& target) { health_->NoteBegin(KeyOf(target)); }

void TargetRoster::NoteFailure(const ServiceTarget& target, const absl::Status& failure) {
  if (health_->NoteFailure(KeyOf(target), failure, loop_->Now())) on_health_(target, failure);
}

void TargetRoster::NoteSuccess(const ServiceTarget& target) {
  preferred_ = target.address;
  if (health_->NoteSuccess(KeyOf(target))) on_health_(target, absl::OkStatus());
}

void TargetRoster::NoteAbandoned(const ServiceTarget& target) {
  health_->NoteAbandoned(KeyOf(target));
}

std::vector<TargetState> TargetRoster::States() const {
  std::vector<TargetState> states;
  for (const ServiceTarget& target : PlanAttempt(targets_, preferred_, transport_, TargetHealth(),
                                                 loop_->Now(), targets_.size())) {
    states.push_back({target, health_->StateOf(KeyOf(target))});
  }
  return states;
}

}  // namespace sipcm::connection
