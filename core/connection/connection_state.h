#ifndef SIPCM_CORE_CONNECTION_CONNECTION_STATE_H_
#define SIPCM_CORE_CONNECTION_CONNECTION_STATE_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace sipcm::connection {

// kHandshaking -> kEstablished -> kDraining -> kClosed, or to kClosed from each. TCP is
// kEstablished from the first turn after Start().
enum class ConnectionState : uint8_t {
  kHandshaking,  // started; over TLS, the handshake and the verdict on the peer are under way
  kEstablished,  // takes new work
  kDraining,     // no new work; closes when what is live is done, or at a deadline
  kClosed,       // nothing goes or comes; OnClosed was told or is about to be
};
inline constexpr int kConnectionStateCount = static_cast<int>(ConnectionState::kClosed) + 1;

// "handshaking", "established", "draining", "closed".
absl::string_view ConnectionStateName(ConnectionState state);

// The one table of what may follow what. A state does not follow itself.
bool IsLegalTransition(ConnectionState from, ConnectionState to);

}  // namespace sipcm::connection

#endif  // SIPCM_CORE_CONNECTION_CONNECTION_STATE_H_
