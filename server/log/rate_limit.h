#ifndef SIPCM_SERVER_LOG_RATE_LIMIT_H_
#define SIPCM_SERVER_LOG_RATE_LIMIT_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sipcm::server {

// How many lines of one event a second are written; the rest is counted and told (reliability 44).
// Not thread-safe. The clock is given; when it jumps back, the running second ends.
class RateLimit {
 public:
  explicit RateLimit(int lines_per_second) : most_(lines_per_second) {}

  // True: write it.
  bool Admit(absl::string_view event, absl::Time now);

  struct Dropped {
    std::string event;
    uint64_t count = 0;
  };
  // What was dropped in seconds that are over at `now`, each once.
  std::vector<Dropped> TakeDropped(absl::Time now);

 private:
  struct Window {
    absl::Time begin = absl::InfinitePast();
    int written = 0;
    uint64_t dropped = 0;         // in the running second
    uint64_t dropped_before = 0;  // in earlier ones, not told yet
  };
  static bool IsOver(const Window& window, absl::Time now);

  const int most_;
  std::map<std::string, Window, std::less<>> windows_;  // events are ours: a few dozen
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_LOG_RATE_LIMIT_H_
