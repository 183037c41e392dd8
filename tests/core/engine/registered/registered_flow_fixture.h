#ifndef SIPCM_TESTS_CORE_ENGINE_REGISTERED_REGISTERED_FLOW_FIXTURE_H_
#define SIPCM_TESTS_CORE_ENGINE_REGISTERED_REGISTERED_FLOW_FIXTURE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/core/engine/engine_fixture.h"
#include "tests/core/engine/registered/test_registrar.h"

namespace sipcm::engine {

// An engine in virtual time with one manager, "client", and a registrar at 192.0.2.50.
class RegisteredFlowFixture : public ::testing::Test {
 protected:
  using RegistrationState = registration::RegistrationState;

  static constexpr char kInstance[] = "urn:uuid:00000000-0000-1000-8000-000A95A0E128";

  RegisteredFlowFixture() : RegisteredFlowFixture(1) {}
  explicit RegisteredFlowFixture(int worker_count)
      : fixture_(worker_count), registrar_(&fixture_) {}

  void AddManager(ManagerKind kind = ManagerKind::kClient) {
    ManagerConfig config;
    config.id = "client";
    config.kind = kind;
    config.sharing = kind == ManagerKind::kClient ? Sharing::kDedicated : Sharing::kShared;
    if (kind == ManagerKind::kServerTcp) {
      config.listen_addresses.push_back(*net::SocketAddress::Parse("192.0.2.1:5060"));
    }
    ASSERT_TRUE(fixture_.engine->ApplyManager(config).ok());
    if (kind == ManagerKind::kServerTcp) {
      ASSERT_TRUE(fixture_.engine->StartListening("client").ok());
    }
  }
  // Without an instance, and so without outbound.
  static dispatch::RegistrationSettings Settings(const std::string& username) {
    dispatch::RegistrationSettings settings;
    settings.registrar = "sip:192.0.2.50";
    settings.username = username;
    settings.password = "secret";
    return settings;
  }
  static dispatch::RegistrationSettings OutboundSettings(const std::string& username) {
    dispatch::RegistrationSettings settings = Settings(username);
    settings.instance_id = kInstance;
    return settings;
  }
  static dispatch::Endpoint Registered(const std::string& id,
                                       const dispatch::RegistrationSettings& settings) {
    dispatch::Endpoint endpoint;
    endpoint.id = id;
    endpoint.kind = dispatch::EndpointKind::kRegistered;
    endpoint.address = "sip:" + id + "@example.com";
    endpoint.manager_id = "client";
    endpoint.registration = std::make_shared<const dispatch::RegistrationSettings>(settings);
    return endpoint;
  }
  static dispatch::Endpoint Registered(const std::string& id) {
    return Registered(id, Settings(id));
  }
  void Apply(const dispatch::Endpoint& endpoint) {
    const absl::Status applied = fixture_.engine->ApplyEndpoint(endpoint);
    ASSERT_TRUE(applied.ok()) << applied;
    fixture_.RunUntilIdle();
  }
  void AddEndpoint(const std::string& id = "alice") { Apply(Registered(id)); }
  void AddOutboundEndpoint(const std::string& id = "alice") {
    Apply(Registered(id, OutboundSettings(id)));
  }
  EndpointStatus Status(const std::string& id = "alice") {
    auto status = fixture_.engine->GetEndpointStatus(id);
    EXPECT_TRUE(status.ok());
    return *status;
  }
  RegistrationState State(const std::string& id = "alice") { return Status(id).registration.state; }
  void Send(const std::string& uri = "sip:bob@example.org", const std::string& method = "OPTIONS",
            MessageParts message = {}) {
    SendOrder order;
    order.endpoint_id = "alice";
    order.method = method;
    order.request_uri = uri;
    order.message = std::move(message);
    order.cookie = ++last_cookie_;
    std::vector<SendOrder> orders;
    orders.push_back(std::move(order));
    fixture_.engine->Send(std::move(orders), sent_);
    fixture_.RunUntilIdle();
  }
  std::vector<connection::CloseReason> Closings() {
    std::vector<connection::CloseReason> reasons;
    for (const EngineEvent& event : fixture_.events.events) {
      if (event.kind == EngineEvent::Kind::kConnectionClosed) reasons.push_back(event.close_reason);
    }
    return reasons;
  }

  EngineFixture fixture_;
  TestRegistrar registrar_;
  std::shared_ptr<RecordingSendSink> sent_ = std::make_shared<RecordingSendSink>();
  uint64_t last_cookie_ = 0;
};

}  // namespace sipcm::engine

#endif  // SIPCM_TESTS_CORE_ENGINE_REGISTERED_REGISTERED_FLOW_FIXTURE_H_
