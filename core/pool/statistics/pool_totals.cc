#include "core/pool/statistics/pool_totals.h"

namespace sipcm::pool {

void Add(const PoolTotals& totals, PoolSums* sums) {
  sums->connecting += totals.connecting.value();
  sums->established += totals.established.value();
  sums->draining += totals.draining.value();
  sums->busy += totals.busy.value();
  sums->waiting += totals.waiting.value();
  sums->requests += totals.requests.value();
  sums->reused += totals.reused.value();
  sums->waited += totals.waited.value();
  sums->waits_refused += totals.waits_refused.value();
  sums->waits_timed_out += totals.waits_timed_out.value();
  sums->backed_off += totals.backed_off.value();
  sums->opened += totals.opened.value();
  sums->closed += totals.closed.value();
  for (int cause = 0; cause < kFailureCauseCount; ++cause) {
    sums->failed_attempts[cause] += totals.failed_attempts[cause].value();
  }
  for (int bucket = 0; bucket < kWaitBucketCount; ++bucket) {
    sums->waits[bucket] += totals.waits[bucket].value();
  }
  sums->wait_microseconds += totals.wait_microseconds.value();
}

}  // namespace sipcm::pool
