#ifndef SIPCM_CORE_CONNECTION_CONNECTION_ID_H_
#define SIPCM_CORE_CONNECTION_CONNECTION_ID_H_

#include <cstdint>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace sipcm::connection {

// Names one connection for the life of the process; never used again. The worker it lives on is
// part of it, so that any thread knows where to ask.
class ConnectionId {
 public:
  ConnectionId() = default;  // none
  ConnectionId(int worker, uint64_t serial)
      : value_((static_cast<uint64_t>(worker) << 48) | (serial & 0xffffffffffffULL)) {}
  static ConnectionId FromValue(uint64_t value) {
    ConnectionId id;
    id.value_ = value;
    return id;
  }
  // The last segment of the resource name: only what ToString() prints. False when it is not, and
  // then *id is as before.
  static bool Parse(absl::string_view text, ConnectionId* id) {
    ConnectionId parsed;
    if (text.empty() || text.size() > 16 || !absl::SimpleHexAtoi(text, &parsed.value_) ||
        !parsed.is_valid() || parsed.ToString() != text) {
      return false;
    }
    *id = parsed;
    return true;
  }

  bool is_valid() const { return value_ != 0; }
  uint64_t value() const { return value_; }
  int worker() const { return static_cast<int>(value_ >> 48); }
  std::string ToString() const { return absl::StrCat(absl::Hex(value_)); }

  friend bool operator==(ConnectionId a, ConnectionId b) = default;
  friend auto operator<=>(ConnectionId a, ConnectionId b) = default;
  template <typename H>
  friend H AbslHashValue(H h, ConnectionId id) {
    return H::combine(std::move(h), id.value_);
  }

 private:
  uint64_t value_ = 0;  // worker:16 serial:48, serials from 1
};

}  // namespace sipcm::connection

#endif  // SIPCM_CORE_CONNECTION_CONNECTION_ID_H_
