#include "tests/fakes/test_listener.h"

#include <utility>

#include "absl/status/statusor.h"
#include "core/base/check.h"

namespace sipcm::fakes {
namespace {

std::unique_ptr<net::BoundListener> Bind(net::Network* network, const net::SocketAddress& address) {
  absl::StatusOr<std::unique_ptr<net::BoundListener>> bound = network->Listen(address, {});
  SIPCM_CHECK_MESSAGE(bound.ok(), bound.status().ToString().c_str());
  return *std::move(bound);
}

}  // namespace

TestListener::TestListener(net::Network* network, event::EventLoop* loop,
                           const net::SocketAddress& address, Wrap wrap)
    : TestListener(network, loop, Bind(network, address), std::move(wrap)) {}

TestListener::TestListener(net::Network* network, event::EventLoop* loop,
                           std::unique_ptr<net::BoundListener> bound, Wrap wrap)
    : wrap_(std::move(wrap)), address_(bound->address()) {
  acceptor_ = network->Accept(loop, std::move(bound), this);
}

void TestListener::OnAccepted(std::unique_ptr<net::ByteStream> stream) {
  if (wrap_ != nullptr) stream = wrap_(std::move(stream));
  peers_.push_back(std::make_unique<TestPeer>(std::move(stream)));
}

void TestListener::OnAcceptFailed(const absl::Status& status, bool /*fatal*/) {
  failures_.push_back(status);
}

}  // namespace sipcm::fakes
