#ifndef SIPCM_TESTS_FAKES_FAKE_NETWORK_H_
#define SIPCM_TESTS_FAKES_FAKE_NETWORK_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/random_source.h"
#include "core/event/event_loop.h"
#include "core/net/address.h"
#include "core/net/network.h"
#include "tests/fakes/memory_stream.h"

namespace sipcm::fakes {

// What the network does to connections. By default: nothing wrong, no delay.
struct FakeNetworkOptions {
  // Of every connection; its random source is the network's.
  MemoryStreamOptions stream;
  // From Connect() to its answer, uniform between the two.
  absl::Duration min_connect_delay;
  absl::Duration max_connect_delay;
  // Chance that a Connect() is refused, or never answered.
  double refuse_probability = 0;
  double black_hole_probability = 0;
  // Listening below it is PORT_NOT_PERMITTED.
  uint16_t first_permitted_port = 1;
};

// A network within one process, in virtual time: everyone on it reaches everyone. All addresses
// are of this host, except 203.0.113.0/24, which nobody can listen on or reach. Same seed and
// same calls, same behaviour. One thread; outlives all it made.
class FakeNetwork final : public net::Network {
 public:
  explicit FakeNetwork(uint64_t seed = 1, const FakeNetworkOptions& options = {});
  ~FakeNetwork() override;

  // Network.
  absl::StatusOr<std::unique_ptr<net::BoundListener>> Listen(
      const net::SocketAddress& address, const net::ListenOptions& options) override;
  std::unique_ptr<net::Acceptor> Accept(event::EventLoop* loop,
                                        std::unique_ptr<net::BoundListener> bound,
                                        net::Acceptor::Listener* listener) override;
  std::unique_ptr<net::ConnectAttempt> Connect(event::EventLoop* loop,
                                               const net::SocketAddress& remote,
                                               const std::optional<net::IpAddress>& local,
                                               ConnectCallback done) override;

  // A test's own connection to a listener, made at once and without chance: the error of Connect()
  // when nobody listens there. `from`: the local address, else one like `remote`'s.
  absl::StatusOr<std::unique_ptr<MemoryStream>> ConnectPeer(
      event::EventLoop* loop, const net::SocketAddress& remote,
      const std::optional<net::SocketAddress>& from = std::nullopt);

  // For connections made from now on.
  void set_options(const FakeNetworkOptions& options);
  const FakeNetworkOptions& options() const { return options_; }

  // Faults of one remote address, for Connect() from now on, until Heal().
  enum class Fault { kRefused, kBlackHole, kUnreachable };
  void SetFault(const net::SocketAddress& remote, Fault fault) { faults_[remote] = fault; }
  void Heal(const net::SocketAddress& remote) { faults_.erase(remote); }
  // The next `count` accepts on this address fail: for want of descriptors, and go on after a
  // pause, or for good, each that of a listening socket that accepts no more.
  enum class AcceptFault { kNoDescriptors, kForGood };
  void FailAccepts(const net::SocketAddress& address, int count,
                   AcceptFault fault = AcceptFault::kNoDescriptors) {
    bad_accepts_[address] = {count, fault};
  }

  // Port 0 becomes this one next, if it is free at that address.
  void PickNext(uint16_t port) { next_listen_port_ = port; }

  // Live ends of connections, oldest first; of one address: those whose local address it is, so a
  // listener's side of its connections. To Reset() or SetStalled() them, or to see none is left.
  std::vector<MemoryStream*> streams() const;
  std::vector<MemoryStream*> StreamsAt(const net::SocketAddress& local) const;
  size_t listener_count() const { return sockets_.size(); }
  // Calls of Connect() so far, and answers under way.
  uint64_t connect_count() const { return connect_count_; }
  size_t attempt_count() const { return attempt_count_; }

 private:
  class Socket;
  class Bound;
  class Accepting;
  class Attempt;

  absl::Duration Draw(absl::Duration least, absl::Duration most);
  bool Happens(double probability) {
    return probability > 0 && random_.NextFraction() < probability;
  }
  bool IsTaken(const net::SocketAddress& address, uint64_t allowed_group) const;
  // The listening socket that a connection to `remote` reaches; null when none.
  Socket* Find(const net::SocketAddress& remote);
  net::SocketAddress LocalAddress(const net::SocketAddress& remote,
                                  const std::optional<net::IpAddress>& local);
  std::unique_ptr<MemoryStream> MakeConnection(Socket* socket, event::EventLoop* loop,
                                               const net::SocketAddress& local,
                                               const net::SocketAddress& remote);

  SeededRandomSource random_;
  FakeNetworkOptions options_;
  MemoryStream::LiveStreams live_;
  std::vector<Socket*> sockets_;
  std::map<net::SocketAddress, Fault> faults_;
  struct BadAccepts {
    int count = 0;
    AcceptFault fault = AcceptFault::kNoDescriptors;
  };
  std::map<net::SocketAddress, BadAccepts> bad_accepts_;
  uint64_t last_group_ = 0;
  uint64_t connect_count_ = 0;
  size_t attempt_count_ = 0;
  uint16_t next_listen_port_;
  uint16_t next_local_port_;
};

}  // namespace sipcm::fakes

#endif  // SIPCM_TESTS_FAKES_FAKE_NETWORK_H_
