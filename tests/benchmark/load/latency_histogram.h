#ifndef SIPCM_TESTS_BENCHMARK_LOAD_LATENCY_HISTOGRAM_H_
#define SIPCM_TESTS_BENCHMARK_LOAD_LATENCY_HISTOGRAM_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace sipcm::load {

// Counts of latencies in buckets of at most 1/64 of their value (1.6 %), from 0 to 2^63 - 1 ns.
// Constant memory; Add() allocates nothing. Thread: one at a time.
class LatencyHistogram {
 public:
  // Negative values count as 0.
  void Add(int64_t nanoseconds);
  int64_t count() const { return count_; }
  // The largest value added; 0 when there is none.
  int64_t max() const { return max_; }
  // The upper bound of the bucket below which `share` (0 to 1) of all values lie, at most max();
  // 0 when there is none.
  int64_t Percentile(double share) const;

 private:
  static constexpr int kSubBucketBits = 6;
  static constexpr size_t kBucketCount = (64 - kSubBucketBits + 1) << kSubBucketBits;
  static size_t BucketOf(uint64_t value);
  static uint64_t UpperBound(size_t bucket);

  std::array<int64_t, kBucketCount> counts_ = {};
  int64_t count_ = 0;
  int64_t max_ = 0;
};

}  // namespace sipcm::load

#endif  // SIPCM_TESTS_BENCHMARK_LOAD_LATENCY_HISTOGRAM_H_
