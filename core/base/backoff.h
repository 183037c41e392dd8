#ifndef SIPCM_CORE_BASE_BACKOFF_H_
#define SIPCM_CORE_BASE_BACKOFF_H_

#include "absl/time/time.h"
#include "core/base/random_source.h"

namespace sipcm {

// Capped exponential back-off with jitter: the n-th delay is uniform in [d/2, d] for
// d = min(initial * 2^n, cap), so that many clients of one failed peer do not return together.
class Backoff {
 public:
  // `random` must outlive this. 0 < initial <= cap.
  Backoff(absl::Duration initial, absl::Duration cap, RandomSource* random);

  // The delay before the next try; each call counts as one failure.
  absl::Duration NextDelay();
  // After a success.
  void Reset() { base_ = initial_; }

 private:
  const absl::Duration initial_;
  const absl::Duration cap_;
  RandomSource* const random_;
  absl::Duration base_;
};

}  // namespace sipcm

#endif  // SIPCM_CORE_BASE_BACKOFF_H_
