#include "core/engine/acceptance.h"

#include <memory>
#include <vector>

#include "core/base/error.h"
#include "gtest/gtest.h"
#include "tests/core/engine/engine_fixture.h"
#include "tests/core/engine/mutual_tls_fixture.h"

namespace sipcm::engine {
namespace {

ManagerStatus StatusOf(const EngineFixture& fixture) {
  return *fixture.engine->GetManagerStatus("edge");
}

TEST(AcceptanceTest, OneAddressHasNoMoreConnectionsThanItMay) {
  EngineFixture fixture(/*worker_count=*/2);
  ManagerConfig config = EngineFixture::TcpManager("edge");
  config.max_connection_count_per_address = 3;
  ASSERT_TRUE(fixture.engine->ApplyManager(config).ok());
  ASSERT_TRUE(fixture.engine->StartListening("edge").ok());
  std::vector<std::unique_ptr<fakes::TestPeer>> peers;
  for (int i = 0; i < 3; ++i) peers.push_back(fixture.ConnectPeer());
  fixture.RunUntilIdle();
  auto fourth = fixture.ConnectPeer();
  fixture.RunUntilIdle();
  EXPECT_TRUE(fourth->is_over());
  EXPECT_EQ(fixture.events.events.back().kind, EngineEvent::Kind::kAcceptFailed);
  EXPECT_EQ(ReasonOf(fixture.events.events.back().detail), "CONNECTION_LIMIT");
  EXPECT_EQ(StatusOf(fixture).accepted_connection_count, 3);
  EXPECT_EQ(StatusOf(fixture).refused_connection_count, 1);
  EXPECT_EQ(StatusOf(fixture).incoming_connection_count, 3);

  peers.pop_back();
  fixture.RunUntilIdle();
  auto fifth = fixture.ConnectPeer();
  fixture.RunUntilIdle();
  EXPECT_FALSE(fifth->is_over());
}

TEST(AcceptanceTest, HandshakesBeyondTheLimitWaitUntilOneEnds) {
  MutualTlsFixture fixture;
  ManagerConfig config = fixture.Config({"peer.example.net"});
  config.max_handshake_count = 2;
  fixture.Start(config);
  // They connect, and never say a word of TLS.
  auto first = fixture.ConnectPeer();
  auto second = fixture.ConnectPeer();
  auto third = fixture.ConnectPeer();
  fixture.RunUntilIdle();
  EXPECT_EQ(StatusOf(fixture).handshake_count, 2);
  EXPECT_EQ(StatusOf(fixture).incoming_connection_count, 2);
  EXPECT_FALSE(third->is_over());

  first.reset();
  fixture.RunUntilIdle();
  EXPECT_EQ(StatusOf(fixture).handshake_count, 2);
  EXPECT_EQ(StatusOf(fixture).accepted_connection_count, 3);
  EXPECT_EQ(StatusOf(fixture).refused_connection_count, 1);

  // At the handshake limit all of them end, and who comes then is served at once.
  fixture.AdvanceBy(absl::Seconds(5));
  EXPECT_EQ(StatusOf(fixture).handshake_count, 0);
  pki::CertificateOptions options;
  options.dns_names = {"peer.example.net"};
  auto good = fixture.ConnectTlsPeer(options);
  EXPECT_FALSE(good->is_over());
  EXPECT_EQ(StatusOf(fixture).handshake_count, 0);
  EXPECT_EQ(StatusOf(fixture).incoming_connection_count, 1);
}

TEST(AcceptanceTest, EachWorkerHasItsShareOfTheHandshakes) {
  MutualTlsFixture fixture(/*worker_count=*/2);
  ManagerConfig config = fixture.Config({"peer.example.net"});
  config.max_handshake_count = 4;
  fixture.Start(config);
  std::vector<std::unique_ptr<fakes::TestPeer>> peers;
  for (int i = 0; i < 20; ++i) peers.push_back(fixture.ConnectPeer());
  fixture.RunUntilIdle();
  EXPECT_EQ(StatusOf(fixture).handshake_count, 4);
  EXPECT_EQ(StatusOf(fixture).accepted_connection_count, 4);
  fixture.AdvanceBy(absl::Seconds(30));
  EXPECT_EQ(StatusOf(fixture).accepted_connection_count, 20);
  EXPECT_EQ(StatusOf(fixture).incoming_connection_count, 0);
}

TEST(AcceptanceTest, WhatAManagerReceivesAndAnswersByItselfIsCounted) {
  EngineFixture fixture;
  fixture.StartTcpManager();
  auto peer = fixture.ConnectPeer();
  peer->Send(MakeRequest("OPTIONS", "sip:nobody@example.org", 1));
  fixture.RunUntilIdle();
  EXPECT_EQ(StatusOf(fixture).received_request_count, 1);
  EXPECT_EQ(StatusOf(fixture).automatic_answer_count, 1);
}

}  // namespace
}  // namespace sipcm::engine
