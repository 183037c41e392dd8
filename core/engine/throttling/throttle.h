#ifndef SIPCM_CORE_ENGINE_THROTTLING_THROTTLE_H_
#define SIPCM_CORE_ENGINE_THROTTLING_THROTTLE_H_

#include <cstdint>

namespace sipcm::engine {

// Above `high` throttling starts, below `low` it ends. 0 <= low <= high; high 0: off.
struct ThrottleMarks {
  int high = 0;
  int low = 0;

  bool is_off() const { return high == 0; }
  friend bool operator==(const ThrottleMarks&, const ThrottleMarks&) = default;
};

enum class ThrottleChange : uint8_t { kNone, kStarted, kEnded };

// The mechanisms of semantics.md 8, in its order.
enum class ThrottleMechanism : uint8_t { kConnection, kManager, kClientConnection, kEndpoint };
inline constexpr int kThrottleMechanismCount = 4;

// "connection", ...: the metric's label.
constexpr const char* NameOf(ThrottleMechanism mechanism) {
  constexpr const char* kNames[kThrottleMechanismCount] = {"connection", "manager",
                                                           "client_connection", "endpoint"};
  return kNames[static_cast<int>(mechanism)];
}

// What a count does to something that is (or is not) throttled. Pure.
inline ThrottleChange Judge(const ThrottleMarks& marks, bool throttled, int count) {
  if (throttled) {
    return marks.is_off() || count < marks.low ? ThrottleChange::kEnded : ThrottleChange::kNone;
  }
  return !marks.is_off() && count > marks.high ? ThrottleChange::kStarted : ThrottleChange::kNone;
}

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_THROTTLING_THROTTLE_H_
