#include "core/engine/registered/flow_recovery.h"

namespace sipcm::engine {

FlowRecovery::FlowRecovery(RandomSource* random)
    : quick_(kFirstQuickDelay, kLongestQuickDelay, random),
      outbound_(kFirstOutboundDelay, kLongestOutboundDelay, random) {}

void FlowRecovery::OnOpened(Instant now) {
  opened_at_ = now;
  registered_ = false;
}

void FlowRecovery::OnRegistered() {
  registered_ = true;
  outbound_.Reset();
}

absl::Duration FlowRecovery::OnLost(Instant now, Rule rule) {
  if (rule == Rule::kOutbound && !registered_) return outbound_.NextDelay();
  if (now - opened_at_ < kLasting) return quick_.NextDelay();
  quick_.Reset();
  return absl::ZeroDuration();
}

absl::Duration FlowRecovery::OnFailedToOpen(Rule rule) {
  return rule == Rule::kOutbound ? outbound_.NextDelay() : quick_.NextDelay();
}

}  // namespace sipcm::engine
