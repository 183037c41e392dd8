#ifndef SIPCM_TESTS_BENCHMARK_HOT_PATH_ALLOCATIONS_H_
#define SIPCM_TESTS_BENCHMARK_HOT_PATH_ALLOCATIONS_H_

#include <cstdint>

#include "benchmark/benchmark.h"
#include "tests/benchmark/allocation_count.h"

namespace sipcm {

// Counts heap allocations over the timed loop and reports them per message.
class Allocations {
 public:
  explicit Allocations(benchmark::State& state, int messages_per_iteration = 1)
      : state_(state), messages_(messages_per_iteration), start_(AllocationCount()) {}
  ~Allocations() {
    state_.counters["allocs_per_message"] = static_cast<double>(AllocationCount() - start_) /
                                            static_cast<double>(state_.iterations() * messages_);
  }
  Allocations(const Allocations&) = delete;
  Allocations& operator=(const Allocations&) = delete;

 private:
  benchmark::State& state_;
  const int messages_;
  const uint64_t start_;
};

}  // namespace sipcm

#endif  // SIPCM_TESTS_BENCHMARK_HOT_PATH_ALLOCATIONS_H_
