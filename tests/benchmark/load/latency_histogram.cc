#include "tests/benchmark/load/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace sipcm::load {

// Values below 2 << kSubBucketBits have a bucket each; above, every power of two has
// 1 << kSubBucketBits of them.
size_t LatencyHistogram::BucketOf(uint64_t value) {
  const int shift = std::max(0, static_cast<int>(std::bit_width(value)) - kSubBucketBits - 1);
  return (static_cast<size_t>(shift) << kSubBucketBits) + (value >> shift);
}

uint64_t LatencyHistogram::UpperBound(size_t bucket) {
  constexpr size_t kPerPower = size_t{1} << kSubBucketBits;
  const size_t shift = bucket < 2 * kPerPower ? 0 : bucket / kPerPower - 1;
  return ((bucket - shift * kPerPower + 1) << shift) - 1;
}

void LatencyHistogram::Add(int64_t nanoseconds) {
  nanoseconds = std::max<int64_t>(nanoseconds, 0);
  ++counts_[BucketOf(static_cast<uint64_t>(nanoseconds))];
  ++count_;
  max_ = std::max(max_, nanoseconds);
}

int64_t LatencyHistogram::Percentile(double share) const {
  const auto wanted = static_cast<int64_t>(std::ceil(share * static_cast<double>(count_)));
  int64_t seen = 0;
  for (size_t bucket = 0; bucket < kBucketCount; ++bucket) {
    seen += counts_[bucket];
    if (counts_[bucket] != 0 && seen >= wanted) {
      return static_cast<int64_t>(std::min(UpperBound(bucket), static_cast<uint64_t>(max_)));
    }
  }
  return max_;
}

}  // namespace sipcm::load
