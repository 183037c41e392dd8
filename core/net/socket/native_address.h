#ifndef SIPCM_CORE_NET_SOCKET_NATIVE_ADDRESS_H_
#define SIPCM_CORE_NET_SOCKET_NATIVE_ADDRESS_H_

#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>

#include "core/net/address.h"

namespace sipcm::net {

// A SocketAddress as the socket calls want it, and back. A value.
class NativeAddress {
 public:
  // Empty, to be filled by accept, getsockname and the like: data(), then *size_pointer() is set.
  NativeAddress() : size_(sizeof(storage_)) {}
  explicit NativeAddress(const SocketAddress& address);

  sockaddr* data() { return &storage_.any; }
  const sockaddr* data() const { return &storage_.any; }
  socklen_t size() const { return size_; }
  socklen_t* size_pointer() { return &size_; }
  int family() const { return storage_.any.sa_family; }

  // 0.0.0.0:0 for a family other than IPv4 and IPv6.
  SocketAddress ToSocketAddress() const;

  // Of a socket's own end; empty when the kernel does not tell.
  static std::optional<SocketAddress> OfSocket(int fd);

 private:
  union {
    sockaddr any;
    sockaddr_in ipv4;
    sockaddr_in6 ipv6;
  } storage_ = {};
  socklen_t size_;
};

}  // namespace sipcm::net

#endif  // SIPCM_CORE_NET_SOCKET_NATIVE_ADDRESS_H_
