#ifndef SIPCM_SERVER_ADMIN_HTTP_METRIC_FAMILY_H_
#define SIPCM_SERVER_ADMIN_HTTP_METRIC_FAMILY_H_

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>

#include <utility>
#include <vector>

namespace sipcm::server {

// One metric family that is being filled: a counter or a gauge with a value for each set of labels.
class MetricFamilyBuilder {
 public:
  using Labels = std::vector<prometheus::ClientMetric::Label>;

  MetricFamilyBuilder(prometheus::MetricType type, const char* name, const char* help) {
    family_.type = type;
    family_.name = name;
    family_.help = help;
  }
  MetricFamilyBuilder& Add(double value, Labels labels = {}) {
    prometheus::ClientMetric metric;
    metric.label = std::move(labels);
    if (family_.type == prometheus::MetricType::Counter) {
      metric.counter.value = value;
    } else {
      metric.gauge.value = value;
    }
    family_.metric.push_back(std::move(metric));
    return *this;
  }
  // Of a histogram.
  MetricFamilyBuilder& Add(prometheus::ClientMetric::Histogram histogram) {
    prometheus::ClientMetric metric;
    metric.histogram = std::move(histogram);
    family_.metric.push_back(std::move(metric));
    return *this;
  }
  prometheus::MetricFamily Take() { return std::move(family_); }

 private:
  prometheus::MetricFamily family_;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_ADMIN_HTTP_METRIC_FAMILY_H_
