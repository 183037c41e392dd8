#include "core/net/tcp_connect_attempt.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "core/net/socket/native_address.h"
#include "core/net/socket/socket_error.h"
#include "core/net/tcp_stream.h"

namespace sipcm::net {

TcpConnectAttempt::TcpConnectAttempt(event::FdLoop* loop, const SocketAddress& remote,
                                     const std::optional<IpAddress>& local,
                                     Network::ConnectCallback done)
    : loop_(loop), remote_(remote), done_(std::move(done)) {
  const int error = Begin(local);
  if (error == EINPROGRESS) {
    watch_ = loop_->WatchFd(socket_.get(), this);
    watch_->SetInterest(false, true);
    return;
  }
  at_once_ = loop_->NewAlarm([this, error] { Finish(error); });
  at_once_->Set(loop_->Now());
}

int TcpConnectAttempt::Begin(const std::optional<IpAddress>& local) {
  const NativeAddress remote(remote_);
  socket_ = FileDescriptor(
      socket(remote.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!socket_.is_open()) return errno;
  TcpStream::SetStreamOptions(socket_.get());
  if (local.has_value()) {
    // The port is chosen at connect, when the remote address is known: many connections to
    // different remotes can have the same local port.
    const int on = 1;
    static_cast<void>(
        setsockopt(socket_.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on)));
    const NativeAddress from(SocketAddress{*local, 0});
    if (bind(socket_.get(), from.data(), from.size()) != 0) return errno;
  }
  if (connect(socket_.get(), remote.data(), remote.size()) == 0) return 0;
  return errno == EINTR ? EINPROGRESS : errno;
}

void TcpConnectAttempt::OnFdWritable() {
  int error = 0;
  socklen_t size = sizeof(error);
  if (getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  Finish(error);
}

void TcpConnectAttempt::Finish(int error) {
  watch_ = nullptr;
  // The callback may destroy this.
  Network::ConnectCallback done = std::move(done_);
  const SocketAddress local = NativeAddress::OfSocket(socket_.get()).value_or(SocketAddress());
  // A connect to a port of this host's dynamic range can meet itself; nobody listens there.
  if (error == 0 && local == remote_) error = ECONNREFUSED;
  if (error != 0) {
    socket_.Close();
    done(ConnectError(remote_, error));
    return;
  }
  done(std::make_unique<TcpStream>(loop_, std::move(socket_), local, remote_));
}

}  // namespace sipcm::net
