#ifndef SIPCM_CORE_BASE_COUNTER_H_
#define SIPCM_CORE_BASE_COUNTER_H_

#include <atomic>
#include <cstdint>

namespace sipcm {

// A number that one thread changes and any thread reads: no locked instruction on the hot path,
// summed over workers on scrape.
class Counter {
 public:
  void Add(int64_t by = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
  int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

}  // namespace sipcm

#endif  // SIPCM_CORE_BASE_COUNTER_H_
