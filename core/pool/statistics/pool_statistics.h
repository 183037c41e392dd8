#ifndef SIPCM_CORE_POOL_STATISTICS_POOL_STATISTICS_H_
#define SIPCM_CORE_POOL_STATISTICS_POOL_STATISTICS_H_

#include <array>
#include <cstdint>

#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "core/pool/statistics/failure_cause.h"

namespace sipcm::pool {

// What a pool does and did; tells whether it is too small (waiting) or too large (utilization).
struct PoolStatistics {
  int connecting_count = 0;
  int live_count = 0;  // established and usable
  int draining_count = 0;
  int waiting_count = 0;      // requests that wait for a connection, their own or a shared one
  int outstanding_count = 0;  // live transactions of all members, draining ones too
  uint64_t request_total = 0;
  uint64_t opened_total = 0;
  uint64_t closed_total = 0;
  uint64_t reused_total = 0;  // requests answered at once by a connection that was there
  uint64_t waited_total = 0;  // requests that were not answered at once
  uint64_t failed_attempts_total = 0;
  std::array<uint64_t, kFailureCauseCount> failed_attempts_by_cause{};
  uint64_t refused_total = 0;     // too many waited, or waited too long
  uint64_t backed_off_total = 0;  // failed fast, because the destination just had
  // Over the last minute. Waits: unset when nobody waited.
  absl::optional<absl::Duration> wait_p50;
  absl::optional<absl::Duration> wait_p99;
  double utilization = 0;  // share of connection time with a live transaction, 0..1
};

}  // namespace sipcm::pool

#endif  // SIPCM_CORE_POOL_STATISTICS_POOL_STATISTICS_H_
