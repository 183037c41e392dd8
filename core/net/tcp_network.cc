#include "core/net/tcp_network.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "core/base/check.h"
#include "core/event/fd_loop.h"
#include "core/net/socket/file_descriptor.h"
#include "core/net/socket/native_address.h"
#include "core/net/socket/socket_error.h"
#include "core/net/tcp_acceptor.h"
#include "core/net/tcp_connect_attempt.h"
#include "core/net/tcp_stream.h"

namespace sipcm::net {
namespace {

class TcpBoundListener final : public BoundListener {
 public:
  TcpBoundListener(FileDescriptor socket, const SocketAddress& address)
      : socket_(std::move(socket)), address_(address) {}
  const SocketAddress& address() const override { return address_; }
  FileDescriptor TakeSocket() { return std::move(socket_); }

 private:
  FileDescriptor socket_;
  const SocketAddress address_;
};

event::FdLoop* AsFdLoop(event::EventLoop* loop) {
  event::FdLoop* const fd_loop = dynamic_cast<event::FdLoop*>(loop);
  SIPCM_CHECK_MESSAGE(fd_loop != nullptr, "sockets need a loop that watches descriptors");
  return fd_loop;
}

bool TurnOn(int fd, int level, int name) {
  const int on = 1;
  return setsockopt(fd, level, name, &on, sizeof(on)) == 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<BoundListener>> TcpNetwork::Listen(const SocketAddress& address,
                                                                  const ListenOptions& options) {
  const bool joins = options.share_with != nullptr;
  SIPCM_CHECK_MESSAGE(!joins || (options.share_port && options.share_with->address() == address),
                      "the sockets of a group listen on one address");
  const NativeAddress native(address);
  FileDescriptor listening(
      socket(native.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!listening.is_open()) return ListenError(address, errno);
  const int fd = listening.get();
  TcpStream::SetStreamOptions(fd);  // accepted sockets inherit them
  if (!TurnOn(fd, SOL_SOCKET, SO_REUSEADDR) ||
      (native.family() == AF_INET6 && !TurnOn(fd, IPPROTO_IPV6, IPV6_V6ONLY)) ||
      (joins && !TurnOn(fd, SOL_SOCKET, SO_REUSEPORT)) ||
      bind(fd, native.data(), native.size()) != 0 || listen(fd, options.backlog) != 0 ||
      (options.share_port && !joins && !TurnOn(fd, SOL_SOCKET, SO_REUSEPORT))) {
    return ListenError(address, errno);
  }
  const std::optional<SocketAddress> bound = NativeAddress::OfSocket(fd);
  if (!bound.has_value()) return ListenError(address, errno);
  return std::make_unique<TcpBoundListener>(std::move(listening), *bound);
}

std::unique_ptr<Acceptor> TcpNetwork::Accept(event::EventLoop* loop,
                                             std::unique_ptr<BoundListener> bound,
                                             Acceptor::Listener* listener) {
  TcpBoundListener* const ours = dynamic_cast<TcpBoundListener*>(bound.get());
  SIPCM_CHECK_MESSAGE(ours != nullptr, "bound by another network");
  return std::make_unique<TcpAcceptor>(AsFdLoop(loop), ours->TakeSocket(), ours->address(),
                                       listener);
}

std::unique_ptr<ConnectAttempt> TcpNetwork::Connect(event::EventLoop* loop,
                                                    const SocketAddress& remote,
                                                    const std::optional<IpAddress>& local,
                                                    ConnectCallback done) {
  return std::make_unique<TcpConnectAttempt>(AsFdLoop(loop), remote, local, std::move(done));
}

}  // namespace sipcm::net
