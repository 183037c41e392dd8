#ifndef SIPCM_SERVER_ADMIN_HTTP_ENGINE_METRICS_H_
#define SIPCM_SERVER_ADMIN_HTTP_ENGINE_METRICS_H_

#include <prometheus/collectable.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "core/engine/engine.h"

namespace sipcm::server {

// The engine's totals as Prometheus metrics, read when scraped. Labels come only from enums,
// never from what users named.
class EngineMetrics final : public prometheus::Collectable {
 public:
  struct Sources {
    engine::Engine* engine = nullptr;  // outlives this
    // When the first of them ends; InfiniteFuture(): there is none.
    std::function<absl::Time()> earliest_certificate_end;
    std::function<absl::Time()> earliest_trust_bundle_end;
    std::function<absl::Time()> earliest_crl_end;
    std::function<size_t()> warning_count;
    // How many are in each state, "valid", "expiring", ...: all states, also those of none.
    std::function<std::map<std::string, int>()> certificate_states;
    std::function<std::map<std::string, int>()> trust_bundle_states;
  };
  explicit EngineMetrics(Sources sources) : sources_(std::move(sources)) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const Sources sources_;
};

// The families in Prometheus' text format.
std::string MetricsText(const prometheus::Collectable& metrics);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_ADMIN_HTTP_ENGINE_METRICS_H_
