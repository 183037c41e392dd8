#include "core/connection/timers/connection_timers.h"

namespace sipcm::connection {
namespace {

void Take(Instant at, TimerKind kind, Deadline* next) {
  if (at < next->at) *next = {at, kind};
}

// An incoming connection has to bring its first message before the idle limit counts; where that
// limit is off, it is idle from its beginning.
void TakeSilence(const ConnectionTimers& timers, const ConnectionSettings& settings,
                 const TimerSituation& situation, Deadline* next) {
  if (situation.direction == Direction::kIncoming && !situation.has_first_message &&
      settings.first_message_timeout != absl::InfiniteDuration()) {
    Take(timers.established + settings.first_message_timeout, TimerKind::kFirstMessage, next);
  } else if (!situation.has_live_transactions) {
    Take(timers.last_message + timers.idle_timeout, TimerKind::kIdle, next);
  }
}

}  // namespace

Deadline NextDeadline(const ConnectionTimers& timers, const ConnectionSettings& settings,
                      const TimerSituation& situation) {
  Deadline next;
  if (situation.state == ConnectionState::kClosed) return next;
  if (situation.state == ConnectionState::kHandshaking) {
    Take(timers.opened + settings.handshake_timeout, TimerKind::kHandshake, &next);
    return next;
  }
  Take(timers.resume_at, TimerKind::kResume, &next);
  if (situation.state == ConnectionState::kEstablished) {
    TakeSilence(timers, settings, situation, &next);
  }
  if (situation.is_reading) {
    Take(timers.partial_since + settings.partial_message_timeout, TimerKind::kPartialMessage,
         &next);
  }
  Take(timers.stalled_since + settings.write_stall_timeout, TimerKind::kWriteStall, &next);
  if (situation.is_reading && situation.direction == Direction::kOutgoing) {
    if (timers.ping_sent.is_infinite()) {
      Take(timers.last_receive + settings.ping_interval, TimerKind::kPing, &next);
    } else {
      Take(timers.ping_sent + settings.pong_timeout, TimerKind::kPong, &next);
    }
  }
  Take(timers.forced_close_at, TimerKind::kForcedClose, &next);
  return next;
}

}  // namespace sipcm::connection
