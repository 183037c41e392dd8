#ifndef SIPCM_CORE_ENGINE_REGISTERED_FLOW_RECOVERY_H_
#define SIPCM_CORE_ENGINE_REGISTERED_FLOW_RECOVERY_H_

#include <cstdint>

#include "absl/time/time.h"
#include "core/base/backoff.h"
#include "core/base/instant.h"
#include "core/base/random_source.h"

namespace sipcm::engine {

// When a flow that was lost, or did not come up, is opened again.
//
// One that was registered and lasted is opened again at once (semantics.md 2); one that did not
// last, after half a second at most, doubling to a minute. One with outbound that did not even get
// registered waits as RFC 5626 4.5 wants it: 30 to 60 s, doubling to 15 to 30 min, until a flow is
// registered. Thread: its owner's.
class FlowRecovery final {
 public:
  enum class Rule : uint8_t { kQuick, kOutbound };

  static constexpr absl::Duration kLasting = absl::Seconds(5);
  // Upper bounds: a delay is between half of it and all.
  static constexpr absl::Duration kFirstQuickDelay = absl::Milliseconds(500);
  static constexpr absl::Duration kLongestQuickDelay = absl::Seconds(60);
  static constexpr absl::Duration kFirstOutboundDelay = absl::Seconds(60);
  static constexpr absl::Duration kLongestOutboundDelay = absl::Minutes(30);

  // `random` outlives this.
  explicit FlowRecovery(RandomSource* random);

  void OnOpened(Instant now);
  void OnRegistered();
  // What to wait before it is opened again; zero: nothing.
  absl::Duration OnLost(Instant now, Rule rule);
  absl::Duration OnFailedToOpen(Rule rule);

 private:
  Backoff quick_;
  Backoff outbound_;
  Instant opened_at_ = Instant::Infinite();
  bool registered_ = false;  // on the flow that was opened last
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_REGISTERED_FLOW_RECOVERY_H_
