#ifndef SIPCM_CORE_NET_TCP_STREAM_H_
#define SIPCM_CORE_NET_TCP_STREAM_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/event/fd_loop.h"
#include "core/net/address.h"
#include "core/net/byte_stream.h"
#include "core/net/socket/file_descriptor.h"

namespace sipcm::net {

// A connected TCP socket. Ready at once; holds no buffer. About 260 bytes with its watch, because
// tens of thousands of them sit idle (performance.md P8).
class TcpStream final : public ByteStream, private event::FdListener {
 public:
  // `socket`: connected, non-blocking, TCP_NODELAY and keep-alive set (see SetStreamOptions).
  // `loop` must outlive this.
  TcpStream(event::FdLoop* loop, FileDescriptor socket, const SocketAddress& local,
            const SocketAddress& remote);

  // No delay, because a SIP message is written whole; keep-alive, so that a peer that vanished
  // without a word is found within about four minutes even where nobody sends. Accepted sockets
  // inherit these from the listening one.
  static void SetStreamOptions(int fd);

  void Start(Listener* listener) override;
  bool is_ready() const override { return true; }
  IoResult Read(absl::Span<char> into) override;
  IoResult Write(absl::string_view bytes) override { return Send(bytes, 0); }
  IoResult WriteBeforeMore(absl::string_view bytes) override;
  void SetReading(bool on) override;
  void CloseWrite() override;
  absl::Status error() const override;
  const SocketAddress& local_address() const override { return local_; }
  const SocketAddress& remote_address() const override { return remote_; }

 private:
  void OnFdReadable() override;
  void OnFdWritable() override;

  IoResult Send(absl::string_view bytes, int flags);
  IoResult Fail(int error);
  void UpdateInterest();

  const FileDescriptor socket_;
  int error_ = 0;  // errno of the first failure
  const SocketAddress local_;
  const SocketAddress remote_;
  bool reading_ = true;
  bool ended_ = false;  // FIN was read: an end is "readable" for ever, so reading stops
  bool wants_write_ = false;
  Listener* listener_ = nullptr;                 // null: not started
  const std::unique_ptr<event::FdWatch> watch_;  // destroyed before the socket is closed
};

}  // namespace sipcm::net

#endif  // SIPCM_CORE_NET_TCP_STREAM_H_
