#ifndef SIPCM_TESTS_CORE_ENGINE_REGISTERED_TEST_REGISTRAR_H_
#define SIPCM_TESTS_CORE_ENGINE_REGISTERED_TEST_REGISTRAR_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "tests/core/engine/engine_fixture.h"
#include "tests/fakes/fake_network.h"
#include "tests/fakes/test_peer.h"

namespace sipcm::engine {

// Where endpoints register: accepts connections at one address and keeps what comes.
class TestRegistrar final : private net::Acceptor::Listener {
 public:
  explicit TestRegistrar(EngineFixture* fixture, const std::string& address = "192.0.2.50:5060")
      : fixture_(fixture), address_(*net::SocketAddress::Parse(address)) {
    Listen();
  }

  void Listen() {
    auto bound = fixture_->network.Listen(address_, {});
    SIPCM_CHECK(bound.ok());
    acceptor_ = fixture_->network.Accept(fixture_->loops[0].get(), *std::move(bound), this);
  }
  // From now on connects are refused.
  void StopListening() { acceptor_.reset(); }

  fakes::TestPeer& peer() { return *peers.back(); }  // the last one that connected
  // The messages that the last connection brought since the last look.
  std::vector<std::string> Take() { return Messages(peer().TakeReceived()); }
  // The last REGISTER is answered so.
  void Reply(const std::string& request, int status_code, const std::string& headers = "") {
    std::string response = MakeResponse(request, status_code);
    response.insert(response.find("\r\n") + 2, headers);
    peer().Send(response);
    fixture_->RunUntilIdle();
  }
  // Takes the REGISTER that waits, which must be the only message, and accepts it.
  std::string Accept(int expires = 3600) {
    const std::vector<std::string> messages = Take();
    SIPCM_CHECK(messages.size() == 1);
    Reply(messages[0], 200, "Expires: " + std::to_string(expires) + "\r\n");
    return messages[0];
  }

  std::vector<std::unique_ptr<fakes::TestPeer>> peers;

 private:
  void OnAccepted(std::unique_ptr<net::ByteStream> stream) override {
    peers.push_back(std::make_unique<fakes::TestPeer>(std::move(stream)));
  }
  void OnAcceptFailed(const absl::Status&, bool) override {}

  EngineFixture* const fixture_;
  const net::SocketAddress address_;
  std::unique_ptr<net::Acceptor> acceptor_;
};

}  // namespace sipcm::engine

#endif  // SIPCM_TESTS_CORE_ENGINE_REGISTERED_TEST_REGISTRAR_H_
