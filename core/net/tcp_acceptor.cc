#include "core/net/tcp_acceptor.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "core/net/socket/native_address.h"
#include "core/net/socket/socket_error.h"
#include "core/net/tcp_stream.h"

namespace sipcm::net {
namespace {

FileDescriptor OpenSpare() { return FileDescriptor(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

bool IsQueueEmpty(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

// Of the one connection that was to be accepted, not of accepting (accept(2), "Error handling").
bool IsOfOneConnection(int error) {
  switch (error) {
    case ECONNABORTED:
    case EINTR:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
      return true;
    default:
      return false;
  }
}

}  // namespace

TcpAcceptor::TcpAcceptor(event::FdLoop* loop, FileDescriptor socket, const SocketAddress& address,
                         Listener* listener)
    : loop_(loop),
      socket_(std::move(socket)),
      address_(address),
      listener_(listener),
      spare_(OpenSpare()),
      resume_(loop->NewAlarm([this] { watch_->SetInterest(accepting_, false); })),
      watch_(loop->WatchFd(socket_.get(), this)) {
  watch_->SetInterest(true, false);
}

TcpAcceptor::~TcpAcceptor() { *destroyed_ = true; }

void TcpAcceptor::SetAccepting(bool on) {
  accepting_ = on;
  if (!resume_->armed()) watch_->SetInterest(on, false);
}

void TcpAcceptor::OnFdReadable() {
  const std::shared_ptr<bool> destroyed = destroyed_;
  for (int i = 0; i < kAcceptsPerTurn && accepting_; ++i) {
    const int error = AcceptOne();
    if (*destroyed) return;
    if (error == 0 || IsOfOneConnection(error)) continue;
    if (!IsQueueEmpty(error)) HandleError(error);
    break;
  }
}

int TcpAcceptor::AcceptOne() {
  NativeAddress remote;
  FileDescriptor accepted(
      accept4(socket_.get(), remote.data(), remote.size_pointer(), SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!accepted.is_open()) return errno;
  SocketAddress local = address_;
  if (local.ip.is_any()) local = NativeAddress::OfSocket(accepted.get()).value_or(address_);
  listener_->OnAccepted(
      std::make_unique<TcpStream>(loop_, std::move(accepted), local, remote.ToSocketAddress()));
  return 0;
}

void TcpAcceptor::HandleError(int error) {
  const bool fatal = !IsShortage(error);
  watch_->SetInterest(false, false);
  if (!fatal) {
    if (error == EMFILE || error == ENFILE) Shed();
    resume_->Set(loop_->Now() + kPause);
  }
  listener_->OnAcceptFailed(AcceptError(address_, error), fatal);
}

void TcpAcceptor::Shed() {
  spare_.Close();
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    const FileDescriptor refused(accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!refused.is_open() && !IsOfOneConnection(errno)) break;
  }
  spare_ = OpenSpare();
}

}  // namespace sipcm::net
