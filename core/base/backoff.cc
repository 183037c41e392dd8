#include "core/base/backoff.h"

#include <algorithm>

#include "core/base/check.h"

namespace sipcm {

Backoff::Backoff(absl::Duration initial, absl::Duration cap, RandomSource* random)
    : initial_(initial), cap_(cap), random_(random), base_(initial) {
  SIPCM_CHECK(absl::ZeroDuration() < initial && initial <= cap);
}

absl::Duration Backoff::NextDelay() {
  const absl::Duration delay = base_ * (0.5 + 0.5 * random_->NextFraction());
  base_ = std::min(base_ * 2, cap_);
  return delay;
}

}  // namespace sipcm
