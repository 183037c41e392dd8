#include "server/admin_http/pool_metrics.h"

#include <limits>
#include <string>

#include "core/pool/statistics/failure_cause.h"
#include "server/admin_http/metric_family.h"

namespace sipcm::server {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

double Number(int64_t value) { return static_cast<double>(value); }

MetricFamily Connections(const pool::PoolSums& sums) {
  return MetricFamilyBuilder(MetricType::Gauge, "sipcm_pool_connections",
                             "Connections of pools now, by state.")
      .Add(Number(sums.connecting), {{"state", "connecting"}})
      .Add(Number(sums.established), {{"state", "established"}})
      .Add(Number(sums.draining), {{"state", "draining"}})
      .Take();
}

MetricFamily FailedAttempts(const pool::PoolSums& sums) {
  MetricFamilyBuilder family(MetricType::Counter, "sipcm_pool_failed_attempts_total",
                             "Attempts to open a connection that failed, by cause.");
  for (int i = 0; i < pool::kFailureCauseCount; ++i) {
    const absl::string_view cause = pool::FailureCauseName(static_cast<pool::FailureCause>(i));
    family.Add(Number(sums.failed_attempts[i]), {{"cause", std::string(cause)}});
  }
  return family.Take();
}

MetricFamily Refused(const pool::PoolSums& sums) {
  return MetricFamilyBuilder(MetricType::Counter, "sipcm_pool_requests_refused_total",
                             "Requests that got no connection without an attempt of their own, by "
                             "cause.")
      .Add(Number(sums.waits_refused), {{"cause", "WAIT_QUEUE_FULL"}})
      .Add(Number(sums.waits_timed_out), {{"cause", "WAIT_TIMEOUT"}})
      .Add(Number(sums.backed_off), {{"cause", "TARGETS_BACKING_OFF"}})
      .Take();
}

MetricFamily Waits(const pool::PoolSums& sums) {
  ClientMetric::Histogram histogram;
  int64_t cumulative = 0;
  for (int i = 0; i < pool::kWaitBucketCount; ++i) {
    cumulative += sums.waits[i];
    ClientMetric::Bucket bucket;
    bucket.cumulative_count = static_cast<uint64_t>(cumulative);
    bucket.upper_bound = i + 1 < pool::kWaitBucketCount ? pool::kWaitBucketMilliseconds[i] / 1000.0
                                                        : std::numeric_limits<double>::infinity();
    histogram.bucket.push_back(bucket);
  }
  histogram.sample_count = static_cast<uint64_t>(cumulative);
  histogram.sample_sum = Number(sums.wait_microseconds) / 1e6;
  return MetricFamilyBuilder(MetricType::Histogram, "sipcm_pool_wait_seconds",
                             "How long requests waited for a connection that was not there at "
                             "once, however it ended.")
      .Add(std::move(histogram))
      .Take();
}

}  // namespace

void AddPoolMetrics(const pool::PoolSums& sums, std::vector<MetricFamily>* families) {
  struct Scalar {
    MetricType type;
    const char* name;
    const char* help;
    int64_t value;
  };
  const Scalar scalars[] = {
      {MetricType::Gauge, "sipcm_pool_busy_connections",
       "Connections of pools with live transactions now; by established ones, the utilization.",
       sums.busy},
      {MetricType::Gauge, "sipcm_pool_waiting_requests",
       "Requests that wait for a connection of their pool now.", sums.waiting},
      {MetricType::Counter, "sipcm_pool_requests_total", "Requests that asked for a connection.",
       sums.requests},
      {MetricType::Counter, "sipcm_pool_requests_reused_total",
       "Requests that got an established connection at once.", sums.reused},
      {MetricType::Counter, "sipcm_pool_requests_waited_total",
       "Requests that had to wait for a connection.", sums.waited},
      {MetricType::Counter, "sipcm_pool_connections_opened_total", "Connections that pools opened.",
       sums.opened},
      {MetricType::Counter, "sipcm_pool_connections_closed_total",
       "Connections of pools that closed.", sums.closed},
  };
  for (const Scalar& scalar : scalars) {
    families->push_back(MetricFamilyBuilder(scalar.type, scalar.name, scalar.help)
                            .Add(Number(scalar.value))
                            .Take());
  }
  families->push_back(Connections(sums));
  families->push_back(FailedAttempts(sums));
  families->push_back(Refused(sums));
  families->push_back(Waits(sums));
}

}  // namespace sipcm::server
