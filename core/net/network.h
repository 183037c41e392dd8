#ifndef SIPCM_CORE_NET_NETWORK_H_
#define SIPCM_CORE_NET_NETWORK_H_

#include <memory>
#include <optional>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "core/net/address.h"
#include "core/net/byte_stream.h"

namespace sipcm::event {
class EventLoop;
}

namespace sipcm::net {

// A bound, listening address that does not accept yet: the control side binds (and learns the real
// port or the reason why not), a worker's loop accepts. Movable between threads until Accept().
class BoundListener {
 public:
  virtual ~BoundListener() = default;  // closes
  virtual const SocketAddress& address() const = 0;
};

// Accepts on one BoundListener. Thread: its loop's. Destroying it stops and closes the listener;
// streams already handed over live on.
class Acceptor {
 public:
  class Listener {
   public:
    virtual void OnAccepted(std::unique_ptr<ByteStream> stream) = 0;
    // Accepting failed for want of descriptors or memory (EMFILE, ENOBUFS, ...). The acceptor
    // pauses itself and tries again after 100 ms: no spin (reliability.md 16). `fatal`: it will not
    // accept again.
    virtual void OnAcceptFailed(const absl::Status& status, bool fatal) = 0;

   protected:
    ~Listener() = default;
  };
  virtual ~Acceptor() = default;
  // While off, connections wait in the system's queue. At any time, from inside OnAccepted() too.
  virtual void SetAccepting(bool on) = 0;
};

// One try to connect to one address. Destroying it gives up without a call.
class ConnectAttempt {
 public:
  virtual ~ConnectAttempt() = default;
};

struct ListenOptions {
  // Several workers of one manager bind the same address and port, and the kernel spreads the
  // connections. The first socket of such a group is exclusive: ADDRESS_IN_USE when anyone else
  // listens there, another manager of this process too.
  bool share_port = false;
  // With share_port, for the others of the group: its first socket, whose address() is the one to
  // listen on. It must not have been given to Accept() yet: bind all, then accept on each loop.
  const BoundListener* share_with = nullptr;
  int backlog = 4096;
};

// Makes streams: TcpNetwork on sockets, FakeNetwork (tests/fakes) in virtual time.
class Network {
 public:
  using ConnectCallback = absl::AnyInvocable<void(absl::StatusOr<std::unique_ptr<ByteStream>>)>;

  virtual ~Network() = default;

  // Binds and listens; any thread. Port 0 picks a free one. IPv6 sockets are v6-only.
  // UNAVAILABLE with reason ADDRESS_IN_USE, ADDRESS_NOT_AVAILABLE (not an address of this host),
  // PERMISSION_DENIED with reason PORT_NOT_PERMITTED; each names the address.
  virtual absl::StatusOr<std::unique_ptr<BoundListener>> Listen(const SocketAddress& address,
                                                                const ListenOptions& options) = 0;
  // Starts accepting on `loop`, on whose thread this is called.
  virtual std::unique_ptr<Acceptor> Accept(event::EventLoop* loop,
                                           std::unique_ptr<BoundListener> bound,
                                           Acceptor::Listener* listener) = 0;
  // Connects from `loop`'s thread; `done` is called once, never from inside this call: a stream
  // (not started), or UNAVAILABLE with reason CONNECT_REFUSED, CONNECT_UNREACHABLE, CONNECT_FAILED;
  // the time limit is the caller's. `local`: bind to this address first, when given.
  virtual std::unique_ptr<ConnectAttempt> Connect(event::EventLoop* loop,
                                                  const SocketAddress& remote,
                                                  const std::optional<IpAddress>& local,
                                                  ConnectCallback done) = 0;
};

}  // namespace sipcm::net

#endif  // SIPCM_CORE_NET_NETWORK_H_
