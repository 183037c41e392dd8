#ifndef SIPCM_CORE_NET_ADDRESS_H_
#define SIPCM_CORE_NET_ADDRESS_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sipcm::net {

enum class AddressFamily : uint8_t { kIpv4, kIpv6 };

// An IPv4 or IPv6 address without port. A value: 17 bytes, compared and hashed by content.
class IpAddress {
 public:
  IpAddress() = default;  // 0.0.0.0
  // "192.0.2.7", "2001:db8::1" or "[2001:db8::1]". No zone, no host names: INVALID_ARGUMENT.
  static absl::StatusOr<IpAddress> Parse(absl::string_view text);
  static IpAddress FromBytes(AddressFamily family, const uint8_t* bytes);  // 4 or 16 bytes

  AddressFamily family() const { return family_; }
  const uint8_t* bytes() const { return bytes_.data(); }
  size_t size() const { return family_ == AddressFamily::kIpv4 ? 4 : 16; }
  bool is_any() const;
  bool is_loopback() const;
  std::string ToString() const;   // "2001:db8::1"
  std::string ToUriHost() const;  // "[2001:db8::1]": with the brackets a URI wants

  friend bool operator==(const IpAddress& a, const IpAddress& b) = default;
  friend auto operator<=>(const IpAddress& a, const IpAddress& b) = default;
  template <typename H>
  friend H AbslHashValue(H h, const IpAddress& a) {
    return H::combine(std::move(h), a.family_, a.bytes_);
  }

 private:
  AddressFamily family_ = AddressFamily::kIpv4;
  std::array<uint8_t, 16> bytes_{};
};

// An IP address and port. "192.0.2.7:5060", "[2001:db8::1]:5061".
struct SocketAddress {
  IpAddress ip;
  uint16_t port = 0;

  // Both parts required; INVALID_ARGUMENT otherwise.
  static absl::StatusOr<SocketAddress> Parse(absl::string_view text);
  std::string ToString() const;

  friend bool operator==(const SocketAddress& a, const SocketAddress& b) = default;
  friend auto operator<=>(const SocketAddress& a, const SocketAddress& b) = default;
  template <typename H>
  friend H AbslHashValue(H h, const SocketAddress& a) {
    return H::combine(std::move(h), a.ip, a.port);
  }
};

}  // namespace sipcm::net

#endif  // SIPCM_CORE_NET_ADDRESS_H_
