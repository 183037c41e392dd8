#ifndef SIPCM_CORE_NET_TCP_ACCEPTOR_H_
#define SIPCM_CORE_NET_TCP_ACCEPTOR_H_

#include <memory>

#include "absl/time/time.h"
#include "core/event/fd_loop.h"
#include "core/net/address.h"
#include "core/net/network.h"
#include "core/net/socket/file_descriptor.h"

namespace sipcm::net {

// Accepts TCP connections, a bounded number per turn so that a flood of them cannot starve those
// that are established. When descriptors run out it refuses at once what waits (a peer that is
// told can go elsewhere, one in the accept queue waits for its timeout), then rests for 100 ms.
// Thread: its loop's.
class TcpAcceptor final : public Acceptor, private event::FdListener {
 public:
  static constexpr int kAcceptsPerTurn = 64;
  static constexpr absl::Duration kPause = absl::Milliseconds(100);

  // `socket`: listening on `address`, non-blocking. `loop` and `listener` outlive this.
  TcpAcceptor(event::FdLoop* loop, FileDescriptor socket, const SocketAddress& address,
              Listener* listener);
  ~TcpAcceptor() override;

  void SetAccepting(bool on) override;

 private:
  void OnFdReadable() override;
  void OnFdWritable() override {}

  // Accepts one, or gives its errno.
  int AcceptOne();
  void HandleError(int error);
  // Refuses what waits, by way of the spare descriptor.
  void Shed();

  event::FdLoop* const loop_;
  const FileDescriptor socket_;
  const SocketAddress address_;
  Listener* const listener_;
  // Given up for a moment when there is no other, so that accept can take a connection off the
  // queue and close it.
  FileDescriptor spare_;
  bool accepting_ = true;
  // Whether the listener destroyed this while it was called.
  const std::shared_ptr<bool> destroyed_ = std::make_shared<bool>(false);
  const std::unique_ptr<event::Alarm> resume_;
  const std::unique_ptr<event::FdWatch> watch_;
};

}  // namespace sipcm::net

#endif  // SIPCM_CORE_NET_TCP_ACCEPTOR_H_
