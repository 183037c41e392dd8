#ifndef SIPCM_CORE_NET_TCP_NETWORK_H_
#define SIPCM_CORE_NET_TCP_NETWORK_H_

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "core/net/address.h"
#include "core/net/network.h"

namespace sipcm::net {

// The production network: TCP sockets. Every loop given to it is a FdLoop. Has no state, so any
// number of threads may share one.
//
// How a shared port stays exclusive: the first socket of a group binds and listens with
// SO_REUSEADDR alone, which Linux refuses when any socket listens there, and of two that race lets
// only one listen. Then it gets SO_REUSEPORT, so that the group's others can bind. A stranger's
// first socket is refused for as long as one of the group listens. TIME_WAIT and established
// connections of an earlier run do not stand in the way.
class TcpNetwork final : public Network {
 public:
  absl::StatusOr<std::unique_ptr<BoundListener>> Listen(const SocketAddress& address,
                                                        const ListenOptions& options) override;
  std::unique_ptr<Acceptor> Accept(event::EventLoop* loop, std::unique_ptr<BoundListener> bound,
                                   Acceptor::Listener* listener) override;
  std::unique_ptr<ConnectAttempt> Connect(event::EventLoop* loop, const SocketAddress& remote,
                                          const std::optional<IpAddress>& local,
                                          ConnectCallback done) override;
};

}  // namespace sipcm::net

#endif  // SIPCM_CORE_NET_TCP_NETWORK_H_
