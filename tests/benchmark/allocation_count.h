#ifndef SIPCM_TESTS_BENCHMARK_ALLOCATION_COUNT_H_
#define SIPCM_TESTS_BENCHMARK_ALLOCATION_COUNT_H_

#include <cstdint>

namespace sipcm {

// How often this program has called operator new, all threads together. Linking this library
// replaces the global operators, so it belongs into benchmarks and tests only.
uint64_t AllocationCount();

}  // namespace sipcm

#endif  // SIPCM_TESTS_BENCHMARK_ALLOCATION_COUNT_H_
