#ifndef SIPCM_TESTS_BENCHMARK_LOAD_LOAD_POLLER_H_
#define SIPCM_TESTS_BENCHMARK_LOAD_LOAD_POLLER_H_

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"

namespace sipcm::load {

// Nanoseconds of CLOCK_MONOTONIC.
int64_t MonotonicNow();

// An epoll of connections by index, edge-triggered. Thread: one.
class LoadPoller {
 public:
  LoadPoller();
  ~LoadPoller();
  LoadPoller(const LoadPoller&) = delete;
  LoadPoller& operator=(const LoadPoller&) = delete;

  // Closing the descriptor takes it out again.
  void Add(int descriptor, uint32_t index);
  // The indices of those that something happened to; none after `timeout`. Valid until the next
  // call.
  absl::Span<const uint32_t> Wait(absl::Duration timeout);

 private:
  const int descriptor_;
  std::array<epoll_event, 256> events_;
  std::vector<uint32_t> indices_;
};

}  // namespace sipcm::load

#endif  // SIPCM_TESTS_BENCHMARK_LOAD_LOAD_POLLER_H_
