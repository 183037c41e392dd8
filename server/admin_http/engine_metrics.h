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

// The engine's totals as Prometheus metrics, read when scraped. Labels come only from enums, but
// for names that operators chose (certificates).
class EngineMetrics final : public prometheus::Collectable {
 public:
  struct Sources {
    engine::Engine* engine = nullptr;  // outlives this
    std::function<std::map<std::string, absl::Time>()> certificate_expire_times;
    std::function<size_t()> warning_count;
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
