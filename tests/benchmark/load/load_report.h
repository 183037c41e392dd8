#ifndef SIPCM_TESTS_BENCHMARK_LOAD_LOAD_REPORT_H_
#define SIPCM_TESTS_BENCHMARK_LOAD_LOAD_REPORT_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "tests/benchmark/load/cpu_clock.h"
#include "tests/benchmark/load/latency_histogram.h"

namespace sipcm::load {

// What one measurement found.
struct LoadReport {
  absl::Duration elapsed;
  int64_t reply_count = 0;    // in `elapsed`, all of the expected status
  int64_t refused_count = 0;  // answered with 503 and Retry-After
  int64_t unsent_count = 0;   // due, but the server did not read
  int64_t resumed_count = 0;  // of the replies, those over a resumed TLS session
  LatencyHistogram latency;   // of the replies
  CpuReading used;            // in `elapsed`
};

// One line of JSON.
std::string ToJson(const LoadReport& report);

}  // namespace sipcm::load

#endif  // SIPCM_TESTS_BENCHMARK_LOAD_LOAD_REPORT_H_
