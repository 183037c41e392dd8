#ifndef SIPCM_TESTS_CORE_ENGINE_SENDING_FIXTURE_H_
#define SIPCM_TESTS_CORE_ENGINE_SENDING_FIXTURE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/core/engine/engine_fixture.h"
#include "tests/core/engine/remote_listener.h"

namespace sipcm::engine {

// Endpoint "alice", what its sends come to, and the peer at 192.0.2.9:5070 that they go to.
class SendingTest : public ::testing::Test {
 protected:
  explicit SendingTest(int worker_count = 1) : fixture_(worker_count) {
    fixture_.StartTcpManager();
    EXPECT_TRUE(
        fixture_.engine->ApplyEndpoint(EngineFixture::PeerToPeer("alice", "sip:alice@example.com"))
            .ok());
    remote_ = std::make_unique<RemoteListener>(&fixture_.network, fixture_.loops[0].get(),
                                               "192.0.2.9:5070");
  }

  // To the peer, by its Request-URI.
  static SendOrder Order(const std::string& method, uint64_t cookie) {
    SendOrder order;
    order.endpoint_id = "alice";
    order.method = method;
    order.request_uri = "sip:bob@192.0.2.9:5070";
    order.cookie = cookie;
    return order;
  }
  void Send(SendOrder order) {
    std::vector<SendOrder> orders;
    orders.push_back(std::move(order));
    fixture_.engine->Send(std::move(orders), sink_);
    fixture_.RunUntilIdle();
  }

  EngineFixture fixture_;
  std::unique_ptr<RemoteListener> remote_;
  std::shared_ptr<RecordingSendSink> sink_ = std::make_shared<RecordingSendSink>();
};

}  // namespace sipcm::engine

#endif  // SIPCM_TESTS_CORE_ENGINE_SENDING_FIXTURE_H_
