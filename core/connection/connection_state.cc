#include "core/connection/connection_state.h"

namespace sipcm::connection {

absl::string_view ConnectionStateName(ConnectionState state) {
  switch (state) {
    case ConnectionState::kHandshaking:
      return "handshaking";
    case ConnectionState::kEstablished:
      return "established";
    case ConnectionState::kDraining:
      return "draining";
    case ConnectionState::kClosed:
      return "closed";
  }
  return "unknown";
}

bool IsLegalTransition(ConnectionState from, ConnectionState to) {
  static constexpr bool kLegal[kConnectionStateCount][kConnectionStateCount] = {
      // to: handshaking, established, draining, closed
      {false, true, false, true},    // from handshaking
      {false, false, true, true},    // from established
      {false, false, false, true},   // from draining
      {false, false, false, false},  // from closed
  };
  return kLegal[static_cast<int>(from)][static_cast<int>(to)];
}

}  // namespace sipcm::connection
