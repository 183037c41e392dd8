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
  const EngineEvent& closed = fixture.events.events.back();
  ASSERT_EQ(closed.kind, EngineEvent::Kind::kConnectionClosed);
  EXPECT_EQ(closed.close_reason, connection::CloseReason::kLimit);
  EXPECT_EQ(ReasonOf(closed.detail), "CONNECTION_LIMIT");
  EXPECT_EQ(closed.connection->remote_address, fourth->stream()->local_address());
  EXPECT_EQ(fixture.events.Count(EngineEvent::Kind::kConnectionOpened), 4);
  EXPECT_EQ(fixture.events.Count(EngineEvent::Kind::kAcceptFailed), 0);
  const EngineTotals totals = fixture.engine->GetTotals();
  EXPECT_EQ(totals.connections_opened[0][0], 4u);
  EXPECT_EQ(totals.connections_closed[0][0][static_cast<int>(connection::CloseReason::kLimit)], 1u);
  EXPECT_EQ(totals.accept_failures, 0u);
  EXPECT_EQ(StatusOf(fixture).accepted_connection_count, 3);
  EXPECT_EQ(StatusOf(fixture).refused_connection_count, 1);
  EXPECT_EQ(StatusOf(fixture).incoming_connection_count, 3);

  peers.pop_back();
  fixture.RunUntilIdle();
  auto fifth = fixture.ConnectPeer();
  fixture.RunUntilIdle();
  EXPECT_FALSE(fifth->is_over());
}

TEST(AcceptanceTest, AManagerHasNoMoreConnectionsThanItMayAndThenSaysWhoWasTurnedAway) {
  MutualTlsFixture fixture;
  ManagerConfig config = fixture.Config({"peer.example.net"});
  config.max_connection_count = 1;
  fixture.Start(config);
  auto first = fixture.ConnectPeer();
  fixture.RunUntilIdle();
  auto second = fixture.ConnectPeer();
  fixture.RunUntilIdle();
  EXPECT_FALSE(first->is_over());
  EXPECT_TRUE(second->is_over());
  const EngineEvent* closed = fixture.LastEvent(EngineEvent::Kind::kConnectionClosed);
  ASSERT_NE(closed, nullptr);
  EXPECT_EQ(closed->close_reason, connection::CloseReason::kLimit);
  EXPECT_EQ(closed->connection->transport, connection::Transport::kTls);
  EXPECT_EQ(closed->connection->remote_address, second->stream()->local_address());
  EXPECT_EQ(fixture.engine->GetTotals()
                .connections_closed[0][1][static_cast<int>(connection::CloseReason::kLimit)],
            1u);
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
