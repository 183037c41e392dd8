#include "tests/benchmark/load/load_report.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace sipcm::load {
namespace {

double Microseconds(int64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1000; }

}  // namespace

std::string ToJson(const LoadReport& report) {
  const double seconds = absl::ToDoubleSeconds(report.elapsed);
  const std::string processes =
      absl::StrJoin(report.used.processes, ", ", [](std::string* out, absl::Duration cpu) {
        absl::StrAppendFormat(out, "%.6f", absl::ToDoubleSeconds(cpu));
      });
  return absl::StrFormat(
      "{\"seconds\": %.6f, \"replies\": %d, \"refused\": %d, \"unsent\": %d, \"resumed\": %d, "
      "\"requests_per_second\": %.1f, \"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, "
      "\"max_us\": %.1f, \"watched_cpu_seconds\": [%s], \"generator_cpu_seconds\": %.6f, "
      "\"machine_cpu_seconds\": %.3f, \"stolen_seconds\": %.3f}",
      seconds, report.reply_count, report.refused_count, report.unsent_count, report.resumed_count,
      static_cast<double>(report.reply_count) / seconds,
      Microseconds(report.latency.Percentile(0.5)), Microseconds(report.latency.Percentile(0.99)),
      Microseconds(report.latency.Percentile(0.999)), Microseconds(report.latency.max()), processes,
      absl::ToDoubleSeconds(report.used.own), absl::ToDoubleSeconds(report.used.machine),
      absl::ToDoubleSeconds(report.used.stolen));
}

}  // namespace sipcm::load
