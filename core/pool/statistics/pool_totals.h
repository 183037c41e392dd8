#ifndef SIPCM_CORE_POOL_STATISTICS_POOL_TOTALS_H_
#define SIPCM_CORE_POOL_STATISTICS_POOL_TOTALS_H_

#include <cstdint>

#include "core/base/counter.h"
#include "core/pool/statistics/failure_cause.h"

namespace sipcm::pool {

// Upper ends of the buckets of waiting times, in milliseconds; one more bucket is without end.
inline constexpr int kWaitBucketMilliseconds[] = {1,   5,   10,   25,   50,  100,
                                                  250, 500, 1000, 2500, 5000};
inline constexpr int kWaitBucketCount = 12;

// What pools count together, for metrics.
template <typename Number>
struct PoolNumbers {
  // Gauges.
  Number connecting{};
  Number established{};
  Number draining{};
  Number busy{};  // connections with live transactions
  Number waiting{};
  // Counters.
  Number requests{};
  Number reused{};
  Number waited{};
  Number waits_refused{};    // the line was full
  Number waits_timed_out{};  // waited too long
  Number backed_off{};
  Number opened{};
  Number closed{};
  Number failed_attempts[kFailureCauseCount]{};
  Number waits[kWaitBucketCount]{};  // that ended within the bucket
  Number wait_microseconds{};
};

// Of one worker: written by it, read by any thread.
using PoolTotals = PoolNumbers<Counter>;
using PoolSums = PoolNumbers<int64_t>;

void Add(const PoolTotals& totals, PoolSums* sums);

}  // namespace sipcm::pool

#endif  // SIPCM_CORE_POOL_STATISTICS_POOL_TOTALS_H_
