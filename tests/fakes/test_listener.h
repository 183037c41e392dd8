#ifndef SIPCM_TESTS_FAKES_TEST_LISTENER_H_
#define SIPCM_TESTS_FAKES_TEST_LISTENER_H_

#include <memory>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "core/event/event_loop.h"
#include "core/net/address.h"
#include "core/net/byte_stream.h"
#include "core/net/network.h"
#include "tests/fakes/test_peer.h"

namespace sipcm::fakes {

// A remote server, as a test plays it: each accepted connection becomes a TestPeer. Over any
// network. Thread: the loop's.
class TestListener final : private net::Acceptor::Listener {
 public:
  // Puts something over the accepted stream (TLS), before it becomes a peer.
  using Wrap =
      absl::AnyInvocable<std::unique_ptr<net::ByteStream>(std::unique_ptr<net::ByteStream>)>;

  // CHECKs that `address` can be listened on; port 0: address() tells.
  TestListener(net::Network* network, event::EventLoop* loop, const net::SocketAddress& address,
               Wrap wrap = nullptr);
  // Accepts on what was bound elsewhere.
  TestListener(net::Network* network, event::EventLoop* loop,
               std::unique_ptr<net::BoundListener> bound, Wrap wrap = nullptr);

  const net::SocketAddress& address() const { return address_; }
  // In the order they came; a test may erase some.
  std::vector<std::unique_ptr<TestPeer>>& peers() { return peers_; }
  const std::vector<absl::Status>& failures() const { return failures_; }
  // Stops listening; the peers stay.
  void Stop() { acceptor_ = nullptr; }

 private:
  void OnAccepted(std::unique_ptr<net::ByteStream> stream) override;
  void OnAcceptFailed(const absl::Status& status, bool fatal) override;

  Wrap wrap_;
  net::SocketAddress address_;
  std::vector<std::unique_ptr<TestPeer>> peers_;
  std::vector<absl::Status> failures_;
  std::unique_ptr<net::Acceptor> acceptor_;
};

}  // namespace sipcm::fakes

#endif  // SIPCM_TESTS_FAKES_TEST_LISTENER_H_
