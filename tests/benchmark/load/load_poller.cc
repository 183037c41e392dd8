#include "tests/benchmark/load/load_poller.h"

#include <time.h>
#include <unistd.h>

#include "core/base/check.h"

namespace sipcm::load {

int64_t MonotonicNow() {
  timespec time = {};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * int64_t{1'000'000'000} + time.tv_nsec;
}

LoadPoller::LoadPoller() : descriptor_(::epoll_create1(EPOLL_CLOEXEC)) {
  SIPCM_CHECK(descriptor_ >= 0);
}

LoadPoller::~LoadPoller() { ::close(descriptor_); }

void LoadPoller::Add(int descriptor, uint32_t index) {
  epoll_event event = {};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u32 = index;
  SIPCM_CHECK(::epoll_ctl(descriptor_, EPOLL_CTL_ADD, descriptor, &event) == 0);
}

absl::Span<const uint32_t> LoadPoller::Wait(absl::Duration timeout) {
  const timespec limit = absl::ToTimespec(timeout);
  const int count = ::epoll_pwait2(descriptor_, events_.data(), static_cast<int>(events_.size()),
                                   &limit, nullptr);
  indices_.clear();
  for (int i = 0; i < count; ++i) indices_.push_back(events_[i].data.u32);
  return indices_;
}

}  // namespace sipcm::load
