#ifndef SIPCM_SERVER_ADMIN_HTTP_POOL_METRICS_H_
#define SIPCM_SERVER_ADMIN_HTTP_POOL_METRICS_H_

#include <prometheus/metric_family.h>

#include <vector>

#include "core/pool/statistics/pool_totals.h"

namespace sipcm::server {

// What all pools do and did together. Labels come only from enums: which pool it is,
// ListConnectionPools tells.
void AddPoolMetrics(const pool::PoolSums& sums, std::vector<prometheus::MetricFamily>* families);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_ADMIN_HTTP_POOL_METRICS_H_
