#ifndef SIPCM_CORE_CONNECTION_CONNECTION_SETTINGS_H_
#define SIPCM_CORE_CONNECTION_CONNECTION_SETTINGS_H_

#include <cstdint>

#include "absl/time/time.h"
#include "core/sip/framer.h"

namespace sipcm::connection {

enum class Direction : uint8_t { kIncoming, kOutgoing };
enum class Transport : uint8_t { kTcp, kTls };

// Timers and limits of one manager's connections (semantics.md 5). Immutable and shared: a changed
// default makes a new one for later connections and leaves existing ones alone. A timer of
// absl::InfiniteDuration() never fires.
struct ConnectionSettings {
  sip::FramerLimits framer;
  absl::Duration handshake_timeout = absl::Seconds(5);
  absl::Duration first_message_timeout = absl::Seconds(60);  // incoming only
  absl::Duration incoming_idle_timeout = absl::Minutes(15);
  absl::Duration outgoing_idle_timeout = absl::Minutes(15);
  absl::Duration partial_message_timeout = absl::Seconds(10);
  absl::Duration write_stall_timeout = absl::Seconds(10);
  absl::Duration connect_timeout = absl::Seconds(4);  // per address
  absl::Duration ping_interval = absl::Seconds(30);   // of silence; outgoing only
  absl::Duration pong_timeout = absl::Seconds(10);
  uint32_t max_write_queue_bytes = 256 * 1024;
};

}  // namespace sipcm::connection

#endif  // SIPCM_CORE_CONNECTION_CONNECTION_SETTINGS_H_
