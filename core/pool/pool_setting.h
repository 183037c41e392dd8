#ifndef SIPCM_CORE_POOL_POOL_SETTING_H_
#define SIPCM_CORE_POOL_POOL_SETTING_H_

#include "absl/types/optional.h"
#include "core/pool/pool_policy.h"

namespace sipcm::pool {

// What somebody wants of one pool; what is not given is as its manager's defaults say.
struct PoolSetting {
  absl::optional<int> max_connection_count;
  absl::optional<int> min_connection_count;
  absl::optional<SelectionPolicy> selection;
  absl::optional<Sizing> sizing;

  bool operator==(const PoolSetting& other) const {
    return max_connection_count == other.max_connection_count &&
           min_connection_count == other.min_connection_count && selection == other.selection &&
           sizing == other.sizing;
  }
};

// The limits that hold: `setting` over `defaults`. A minimum above the maximum counts as that.
inline PoolLimits LimitsOf(const PoolSetting& setting, const PoolLimits& defaults) {
  PoolLimits limits = defaults;
  limits.max_connection_count = setting.max_connection_count.value_or(limits.max_connection_count);
  limits.min_connection_count = setting.min_connection_count.value_or(limits.min_connection_count);
  if (limits.min_connection_count > limits.max_connection_count) {
    limits.min_connection_count = limits.max_connection_count;
  }
  limits.selection = setting.selection.value_or(limits.selection);
  limits.sizing = setting.sizing.value_or(limits.sizing);
  return limits;
}

}  // namespace sipcm::pool

#endif  // SIPCM_CORE_POOL_POOL_SETTING_H_
