#ifndef SIPCM_CORE_NET_TCP_CONNECT_ATTEMPT_H_
#define SIPCM_CORE_NET_TCP_CONNECT_ATTEMPT_H_

#include <memory>
#include <optional>

#include "core/event/fd_loop.h"
#include "core/net/address.h"
#include "core/net/network.h"
#include "core/net/socket/file_descriptor.h"

namespace sipcm::net {

// One non-blocking connect(2). Thread: its loop's. Destroyed by its owner whenever it likes, also
// from the callback.
class TcpConnectAttempt final : public ConnectAttempt, private event::FdListener {
 public:
  // Begins to connect; what fails or succeeds at once is told in the next turn.
  TcpConnectAttempt(event::FdLoop* loop, const SocketAddress& remote,
                    const std::optional<IpAddress>& local, Network::ConnectCallback done);

 private:
  void OnFdReadable() override {}
  void OnFdWritable() override;

  // errno, or 0; EINPROGRESS: OnFdWritable follows.
  int Begin(const std::optional<IpAddress>& local);
  void Finish(int error);

  event::FdLoop* const loop_;
  const SocketAddress remote_;
  Network::ConnectCallback done_;
  FileDescriptor socket_;
  std::unique_ptr<event::FdWatch> watch_;
  std::unique_ptr<event::Alarm> at_once_;
};

}  // namespace sipcm::net

#endif  // SIPCM_CORE_NET_TCP_CONNECT_ATTEMPT_H_
