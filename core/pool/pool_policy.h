#ifndef SIPCM_CORE_POOL_POOL_POLICY_H_
#define SIPCM_CORE_POOL_POOL_POLICY_H_

#include <cstdint>

#include "absl/time/time.h"
#include "absl/types/span.h"

namespace sipcm::pool {

// As a maximum: each request opens a connection of its own (UCMA).
inline constexpr int kNoSharing = 2147483647;

// What is opened and what is taken, of usable connections. An idle one is established and has no
// live transaction.
enum class SelectionPolicy : uint8_t {
  kGrowFirst,         // a new one until the maximum is live, then the next in round-robin (UCMA)
  kReuseFirst,        // an idle one, else a new one, else the next in round-robin
  kLeastOutstanding,  // an idle one, else a new one, else the one with the fewest transactions
};

// Who chooses how many connections there should be.
enum class Sizing : uint8_t {
  kFixed,  // max_connection_count is the bound
  kAuto,   // DecideSize(), between min_connection_count and max_connection_count
};

struct PoolLimits {
  int max_connection_count = 5;  // >= 1; kNoSharing: no sharing (kAuto: no bound)
  int min_connection_count = 0;  // kept open without requests; 0..max_connection_count
  SelectionPolicy selection = SelectionPolicy::kGrowFirst;
  Sizing sizing = Sizing::kFixed;
  // Requests that wait for a connection they did not open themselves: for a connecting one that
  // they share, or in line while none is usable. Those that opened one wait for its outcome.
  int max_waiting_count = 1000;  // >= 0
  absl::Duration max_wait_time = absl::Seconds(5);
  // How long the surplus of a lowered maximum may finish what is outstanding on it.
  absl::Duration drain_timeout = absl::Seconds(30);
};

// One member as the decision sees it.
struct MemberSnapshot {
  bool connecting = false;
  bool usable = false;  // not throttled
  int outstanding = 0;  // live transactions; of a connecting one: who waits for it
};

enum class PoolAction : uint8_t {
  kOpen,    // one more connection, and wait for it
  kUse,     // `member`; a connecting one: wait for it with those that do already
  kWait,    // in line
  kRefuse,  // too many wait
};
struct PoolDecision {
  PoolAction action = PoolAction::kRefuse;
  int member = -1;  // for kUse
};

// What to do with one request. Pure. `members`: the live ones (connecting or established, none that
// drains), in the order they were opened; all of them count against the maximum. `cursor`: index
// after the member used last, for round-robin; any number >= 0.
PoolDecision DecideAcquire(const PoolLimits& limits, absl::Span<const MemberSnapshot> members,
                           int cursor, int waiting_count);

}  // namespace sipcm::pool

#endif  // SIPCM_CORE_POOL_POOL_POLICY_H_
