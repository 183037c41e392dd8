#include "core/net/socket/native_address.h"

#include <arpa/inet.h>

#include <cstring>

namespace sipcm::net {

NativeAddress::NativeAddress(const SocketAddress& address) {
  if (address.ip.family() == AddressFamily::kIpv4) {
    storage_.ipv4 = {};
    storage_.ipv4.sin_family = AF_INET;
    storage_.ipv4.sin_port = htons(address.port);
    std::memcpy(&storage_.ipv4.sin_addr, address.ip.bytes(), address.ip.size());
    size_ = sizeof(storage_.ipv4);
  } else {
    storage_.ipv6 = {};
    storage_.ipv6.sin6_family = AF_INET6;
    storage_.ipv6.sin6_port = htons(address.port);
    std::memcpy(&storage_.ipv6.sin6_addr, address.ip.bytes(), address.ip.size());
    size_ = sizeof(storage_.ipv6);
  }
}

SocketAddress NativeAddress::ToSocketAddress() const {
  switch (family()) {
    case AF_INET:
      return {IpAddress::FromBytes(AddressFamily::kIpv4,
                                   reinterpret_cast<const uint8_t*>(&storage_.ipv4.sin_addr)),
              ntohs(storage_.ipv4.sin_port)};
    case AF_INET6:
      return {IpAddress::FromBytes(AddressFamily::kIpv6,
                                   reinterpret_cast<const uint8_t*>(&storage_.ipv6.sin6_addr)),
              ntohs(storage_.ipv6.sin6_port)};
    default:
      return {};
  }
}

std::optional<SocketAddress> NativeAddress::OfSocket(int fd) {
  NativeAddress address;
  if (getsockname(fd, address.data(), address.size_pointer()) != 0) return std::nullopt;
  return address.ToSocketAddress();
}

}  // namespace sipcm::net
