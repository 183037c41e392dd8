#include "server/log/rate_limit.h"

namespace sipcm::server {

bool RateLimit::IsOver(const Window& window, absl::Time now) {
  return now < window.begin || now >= window.begin + absl::Seconds(1);
}

bool RateLimit::Admit(absl::string_view event, absl::Time now) {
  Window& window = windows_[std::string(event)];
  if (IsOver(window, now)) {
    window.dropped_before += window.dropped;
    window.begin = now;
    window.written = 0;
    window.dropped = 0;
  }
  if (window.written < most_) {
    ++window.written;
    return true;
  }
  ++window.dropped;
  return false;
}

std::vector<RateLimit::Dropped> RateLimit::TakeDropped(absl::Time now) {
  std::vector<Dropped> all;
  for (auto& [event, window] : windows_) {
    uint64_t count = window.dropped_before;
    window.dropped_before = 0;
    if (IsOver(window, now)) {
      count += window.dropped;
      window.dropped = 0;
    }
    if (count > 0) all.push_back({event, count});
  }
  return all;
}

}  // namespace sipcm::server
