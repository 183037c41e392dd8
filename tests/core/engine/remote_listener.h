#ifndef SIPCM_TESTS_CORE_ENGINE_REMOTE_LISTENER_H_
#define SIPCM_TESTS_CORE_ENGINE_REMOTE_LISTENER_H_

#include <memory>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "tests/fakes/fake_network.h"
#include "tests/fakes/test_peer.h"

namespace sipcm::engine {

// A remote element that accepts connections and keeps what comes.
class RemoteListener final : public net::Acceptor::Listener {
 public:
  RemoteListener(fakes::FakeNetwork* network, event::EventLoop* loop, const std::string& address) {
    auto bound = network->Listen(*net::SocketAddress::Parse(address), {});
    SIPCM_CHECK(bound.ok());
    acceptor_ = network->Accept(loop, *std::move(bound), this);
  }
  std::vector<std::unique_ptr<fakes::TestPeer>> peers;

 private:
  void OnAccepted(std::unique_ptr<net::ByteStream> stream) override {
    peers.push_back(std::make_unique<fakes::TestPeer>(std::move(stream)));
  }
  void OnAcceptFailed(const absl::Status&, bool) override {}
  std::unique_ptr<net::Acceptor> acceptor_;
};

}  // namespace sipcm::engine

#endif  // SIPCM_TESTS_CORE_ENGINE_REMOTE_LISTENER_H_
