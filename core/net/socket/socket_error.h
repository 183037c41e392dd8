#ifndef SIPCM_CORE_NET_SOCKET_SOCKET_ERROR_H_
#define SIPCM_CORE_NET_SOCKET_SOCKET_ERROR_H_

#include "absl/status/status.h"
#include "core/net/address.h"

namespace sipcm::net {

// What a failed socket call means, in the words of network.h and byte_stream.h. `error` is an
// errno value. The fake network uses the same, so that tests see production's messages.

// Of socket, bind or listen.
absl::Status ListenError(const SocketAddress& address, int error);
// Of accept: RESOURCE_EXHAUSTED, reason FILE_DESCRIPTORS_EXHAUSTED or MEMORY_LIMIT; anything else
// is UNAVAILABLE, reason IO_ERROR.
absl::Status AcceptError(const SocketAddress& address, int error);
// Of socket, bind or connect, at once or later. RESOURCE_EXHAUSTED as above when it is our own want
// of descriptors or memory.
absl::Status ConnectError(const SocketAddress& remote, int error);
// Of read or write: reason RESET or IO_ERROR.
absl::Status StreamError(const SocketAddress& remote, int error);

// The process or the system is short of descriptors or memory: worth another try later.
bool IsShortage(int error);

}  // namespace sipcm::net

#endif  // SIPCM_CORE_NET_SOCKET_SOCKET_ERROR_H_
