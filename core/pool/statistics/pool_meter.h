#ifndef SIPCM_CORE_POOL_STATISTICS_POOL_METER_H_
#define SIPCM_CORE_POOL_STATISTICS_POOL_METER_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/connection/use_meter.h"
#include "core/pool/statistics/pool_statistics.h"
#include "core/pool/statistics/pool_totals.h"
#include "core/pool/statistics/wait_histogram.h"

namespace sipcm::pool {

// What one pool counts of itself, and of it what all pools of a worker count together. Nothing is
// allocated per request. Thread: its pool's.
class PoolMeter {
 public:
  // `totals` outlives this.
  PoolMeter(Instant now, PoolTotals* totals) : totals_(totals), use_(now, &totals->busy) {}
  // Its gauges go with it.
  ~PoolMeter() { ShowGauges(0, 0, 0, 0); }

  void NoteRequest() {
    ++counts_.request_total;
    totals_->requests.Add();
  }
  void NoteReuse() {
    ++counts_.reused_total;
    totals_->reused.Add();
  }
  void NoteWaitBegun() {
    ++counts_.waited_total;
    totals_->waited.Add();
  }
  // However it ended, also given up.
  void NoteWaitEnded(absl::Duration wait, Instant now);
  void NoteWaitRefused();
  void NoteWaitTimedOut();
  void NoteBackedOff();
  void NoteOpened();
  void NoteClosed();
  void NoteFailedAttempt(const absl::Status& failure);
  // What is now; the difference to what it showed before goes to the totals.
  void ShowGauges(int connecting, int established, int draining, int waiting);

  // For the connections of the pool.
  connection::UseMeter* use() { return &use_; }
  const connection::UseMeter& use() const { return use_; }
  // Without what is now.
  PoolStatistics Statistics(Instant now) const;

 private:
  PoolTotals* const totals_;
  connection::UseMeter use_;
  WaitHistogram waits_;
  PoolStatistics counts_;  // the *_total
  int shown_[4] = {};
};

}  // namespace sipcm::pool

#endif  // SIPCM_CORE_POOL_STATISTICS_POOL_METER_H_
