#include "core/net/tcp_stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "core/base/check.h"
#include "core/net/socket/socket_error.h"

namespace sipcm::net {
namespace {

// 120 s of silence, then a probe each 30 s, given up after four.
constexpr int kKeepAliveIdleSeconds = 120;
constexpr int kKeepAliveIntervalSeconds = 30;
constexpr int kKeepAliveProbes = 4;

bool WouldBlock(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

void SetOption(int fd, int level, int name, int value) {
  // These never fail on a TCP socket, and a stream works without them.
  static_cast<void>(setsockopt(fd, level, name, &value, sizeof(value)));
}

}  // namespace

using Outcome = IoResult::Outcome;

TcpStream::TcpStream(event::FdLoop* loop, FileDescriptor socket, const SocketAddress& local,
                     const SocketAddress& remote)
    : socket_(std::move(socket)),
      local_(local),
      remote_(remote),
      watch_(loop->WatchFd(socket_.get(), this)) {
  SIPCM_CHECK(socket_.is_open());
}

void TcpStream::SetStreamOptions(int fd) {
  SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdleSeconds);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveIntervalSeconds);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveProbes);
}

void TcpStream::Start(Listener* listener) {
  SIPCM_CHECK_MESSAGE(listener_ == nullptr && listener != nullptr, "started twice");
  listener_ = listener;
  UpdateInterest();
}

IoResult TcpStream::Read(absl::Span<char> into) {
  SIPCM_CHECK_MESSAGE(!into.empty(), "read of nothing");
  if (error_ != 0) return {Outcome::kFailed, 0};
  if (ended_) return {Outcome::kEnd, 0};
  ssize_t count;
  do {
    count = recv(socket_.get(), into.data(), into.size(), 0);
  } while (count < 0 && errno == EINTR);
  if (count > 0) return {Outcome::kDone, static_cast<size_t>(count)};
  if (count < 0) return WouldBlock(errno) ? IoResult{Outcome::kWouldBlock, 0} : Fail(errno);
  ended_ = true;
  UpdateInterest();
  return {Outcome::kEnd, 0};
}

IoResult TcpStream::WriteBeforeMore(absl::string_view bytes) { return Send(bytes, MSG_MORE); }

IoResult TcpStream::Send(absl::string_view bytes, int flags) {
  SIPCM_CHECK_MESSAGE(!bytes.empty(), "write of nothing");
  if (error_ != 0) return {Outcome::kFailed, 0};
  ssize_t count;
  do {
    count = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | flags);
  } while (count < 0 && errno == EINTR);
  if (count < 0 && !WouldBlock(errno)) return Fail(errno);
  const size_t moved = count < 0 ? 0 : static_cast<size_t>(count);
  if (moved < bytes.size() && !wants_write_) {
    wants_write_ = true;
    UpdateInterest();
  }
  return moved == 0 ? IoResult{Outcome::kWouldBlock, 0} : IoResult{Outcome::kDone, moved};
}

void TcpStream::SetReading(bool on) {
  reading_ = on;
  UpdateInterest();
}

void TcpStream::CloseWrite() {
  // Fails only when the connection is gone, and then Read and Write tell.
  static_cast<void>(shutdown(socket_.get(), SHUT_WR));
}

absl::Status TcpStream::error() const {
  return error_ == 0 ? absl::OkStatus() : StreamError(remote_, error_);
}

void TcpStream::OnFdReadable() { listener_->OnReadable(); }

void TcpStream::OnFdWritable() {
  wants_write_ = false;
  UpdateInterest();
  listener_->OnWritable();
}

IoResult TcpStream::Fail(int error) {
  error_ = error;
  UpdateInterest();
  return {Outcome::kFailed, 0};
}

void TcpStream::UpdateInterest() {
  if (listener_ == nullptr) return;
  watch_->SetInterest(reading_ && !ended_ && error_ == 0, wants_write_ && error_ == 0);
}

}  // namespace sipcm::net
