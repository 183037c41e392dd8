#ifndef SIPCM_CORE_CONNECTION_TIMERS_CONNECTION_TIMERS_H_
#define SIPCM_CORE_CONNECTION_TIMERS_CONNECTION_TIMERS_H_

#include <cstdint>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/connection/connection_settings.h"
#include "core/connection/connection_state.h"

namespace sipcm::connection {

// From when each of a connection's timers runs. Infinite: it does not. A message only stores an
// instant here; no alarm is touched until one fires (performance.md, design 10).
struct ConnectionTimers {
  Instant opened;
  Instant established = Instant::Infinite();
  Instant last_message = Instant::Infinite();     // a complete SIP message, either way
  Instant last_receive = Instant::Infinite();     // any byte
  Instant partial_since = Instant::Infinite();    // first byte of the unfinished message
  Instant stalled_since = Instant::Infinite();    // bytes wait and the peer takes none
  Instant ping_sent = Instant::Infinite();        // and nothing came since
  Instant forced_close_at = Instant::Infinite();  // end of draining or lingering
  Instant resume_at = Instant::Infinite();        // input that was kept while paused is due
  absl::Duration idle_timeout = absl::InfiniteDuration();
};

enum class TimerKind : uint8_t {
  kNone,
  kResume,
  kHandshake,
  kFirstMessage,
  kIdle,
  kPartialMessage,
  kWriteStall,
  kPing,
  kPong,
  kForcedClose,
};

// What decides which timers count.
struct TimerSituation {
  ConnectionState state = ConnectionState::kHandshaking;
  Direction direction = Direction::kIncoming;
  bool has_first_message = false;
  bool has_live_transactions = false;
  // While we do not read, neither an unfinished message nor a missing pong is the peer's fault.
  bool is_reading = true;
};

struct Deadline {
  Instant at = Instant::Infinite();
  TimerKind kind = TimerKind::kNone;
};

// The earliest deadline and whose it is; of equal ones the first in TimerKind's order. It is due
// when at <= now. Pure.
Deadline NextDeadline(const ConnectionTimers& timers, const ConnectionSettings& settings,
                      const TimerSituation& situation);

}  // namespace sipcm::connection

#endif  // SIPCM_CORE_CONNECTION_TIMERS_CONNECTION_TIMERS_H_
