#include "core/pool/statistics/pool_meter.h"

#include <algorithm>
#include <iterator>

namespace sipcm::pool {

void PoolMeter::NoteWaitEnded(absl::Duration wait, Instant now) {
  waits_.Add(wait, now);
  const auto bucket =
      std::lower_bound(std::begin(kWaitBucketMilliseconds), std::end(kWaitBucketMilliseconds), wait,
                       [](int end, absl::Duration of) { return absl::Milliseconds(end) < of; });
  totals_->waits[bucket - std::begin(kWaitBucketMilliseconds)].Add();
  totals_->wait_microseconds.Add(absl::ToInt64Microseconds(wait));
}

void PoolMeter::NoteWaitRefused() {
  ++counts_.refused_total;
  totals_->waits_refused.Add();
}

void PoolMeter::NoteWaitTimedOut() {
  ++counts_.refused_total;
  totals_->waits_timed_out.Add();
}

void PoolMeter::NoteBackedOff() {
  ++counts_.backed_off_total;
  totals_->backed_off.Add();
}

void PoolMeter::NoteOpened() {
  ++counts_.opened_total;
  totals_->opened.Add();
}

void PoolMeter::NoteClosed() {
  ++counts_.closed_total;
  totals_->closed.Add();
}

void PoolMeter::NoteFailedAttempt(const absl::Status& failure) {
  const auto cause = static_cast<size_t>(CauseOf(failure));
  ++counts_.failed_attempts_total;
  ++counts_.failed_attempts_by_cause[cause];
  totals_->failed_attempts[cause].Add();
}

void PoolMeter::ShowGauges(int connecting, int established, int draining, int waiting) {
  const int now[] = {connecting, established, draining, waiting};
  Counter* const gauges[] = {&totals_->connecting, &totals_->established, &totals_->draining,
                             &totals_->waiting};
  for (int i = 0; i < 4; ++i) {
    if (now[i] != shown_[i]) gauges[i]->Add(now[i] - shown_[i]);
    shown_[i] = now[i];
  }
}

PoolStatistics PoolMeter::Statistics(Instant now) const {
  PoolStatistics statistics = counts_;
  statistics.wait_p50 = waits_.Quantile(0.5, now);
  statistics.wait_p99 = waits_.Quantile(0.99, now);
  statistics.utilization = use_.utilization(now);
  return statistics;
}

}  // namespace sipcm::pool
