#ifndef SIPCM_CORE_POOL_ATTEMPT_GATE_H_
#define SIPCM_CORE_POOL_ATTEMPT_GATE_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/backoff.h"
#include "core/base/instant.h"
#include "core/base/random_source.h"

namespace sipcm::pool {

// When a destination that failed may be tried again (reliability.md 33): one attempt at a time, and
// after a delay with jitter. Short while nothing else serves the requests, so that who tries again
// by hand is not sent away; long while the pool has a usable connection and only cannot grow.
// Thread: its pool's.
class AttemptGate {
 public:
  static constexpr absl::Duration kFirstProbeDelay = absl::Milliseconds(100);
  static constexpr absl::Duration kLongestProbeDelay = absl::Seconds(1);
  static constexpr absl::Duration kFirstGrowthDelay = absl::Seconds(1);
  static constexpr absl::Duration kLongestGrowthDelay = absl::Seconds(30);

  // `random` outlives this.
  explicit AttemptGate(RandomSource* random)
      : probe_backoff_(kFirstProbeDelay, kLongestProbeDelay, random),
        growth_backoff_(kFirstGrowthDelay, kLongestGrowthDelay, random) {}

  // Attempts that failed within one delay are one failure.
  void NoteFailure(const absl::Status& failure, Instant now);
  void NoteSuccess();

  // The last attempt failed, and none succeeded since.
  bool is_failing() const { return !last_failure_.ok(); }
  bool MayOpen(bool is_connecting, bool has_usable, Instant now) const;
  // Only when failing: from when on one more may be opened, when none is connecting.
  Instant next_try(bool has_usable) const { return has_usable ? next_growth_ : next_probe_; }
  // Only when failing: the same cause, with the time until the next try.
  absl::Status Refusal(Instant now) const;

 private:
  Backoff probe_backoff_;
  Backoff growth_backoff_;
  absl::Status last_failure_;
  Instant next_probe_;
  Instant next_growth_;
};

}  // namespace sipcm::pool

#endif  // SIPCM_CORE_POOL_ATTEMPT_GATE_H_
