// How long connections live: semantics.md 5 and scenario 3 of section 11, with the
// whole engine. Each timer by itself is tested in tests/core/connection.
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/engine/engine_fixture.h"
#include "tests/core/engine/remote_listener.h"

namespace sipcm::engine {
namespace {

using connection::CloseReason;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kAlice[] = "sip:alice@example.com";
constexpr absl::Duration kTick = absl::Milliseconds(1);

class LifetimesTest : public ::testing::Test {
 protected:
  void Start(const ManagerConfig& config = EngineFixture::TcpManager("edge")) {
    ASSERT_TRUE(fixture_.engine->ApplyManager(config).ok());
    ASSERT_TRUE(fixture_.engine->StartListening("edge").ok());
    ASSERT_TRUE(fixture_.engine->ApplyEndpoint(EngineFixture::PeerToPeer("alice", kAlice)).ok());
    peer_ = Connect();
  }
  std::unique_ptr<fakes::TestPeer> Connect() {
    fixture_.RunUntilIdle();
    auto peer = fixture_.ConnectPeer();
    fixture_.RunUntilIdle();
    return peer;
  }
  // It is up just before that time and closed at it.
  void ExpectClosedAfter(fakes::TestPeer& peer, absl::Duration time, CloseReason reason) {
    const size_t before = Closings().size();
    fixture_.AdvanceBy(time - kTick);
    EXPECT_EQ(Closings().size(), before) << "too early";
    fixture_.AdvanceBy(kTick);
    EXPECT_TRUE(peer.is_over());
    ASSERT_EQ(Closings().size(), before + 1);
    EXPECT_EQ(Closings().back(), reason);
  }
  void Ask(fakes::TestPeer& peer) {
    peer.Send(MakeRequest("OPTIONS", kAlice, ++asked_));  // answered at once: nobody subscribes
    fixture_.RunUntilIdle();
  }
  std::vector<CloseReason> Closings() {
    std::vector<CloseReason> reasons;
    for (const EngineEvent& event : fixture_.events.events) {
      if (event.kind == EngineEvent::Kind::kConnectionClosed) reasons.push_back(event.close_reason);
    }
    return reasons;
  }

  EngineFixture fixture_;
  std::unique_ptr<fakes::TestPeer> peer_;
  int asked_ = 0;
};

TEST_F(LifetimesTest, Scenario3AcceptedAndSilentIsClosedAtSixtySeconds) {
  Start();
  ExpectClosedAfter(*peer_, absl::Seconds(60), CloseReason::kFirstMessageTimeout);
}

TEST_F(LifetimesTest, Scenario3OnlyCrlfIsClosedAtSixtySecondsAndAnswered) {
  Start();
  for (int i = 0; i < 59; ++i) {
    peer_->Send("\r\n\r\n");
    fixture_.AdvanceBy(absl::Seconds(1));
    EXPECT_EQ(peer_->TakeReceived(), "\r\n") << "RFC 5626 4.4.1";
  }
  ExpectClosedAfter(*peer_, absl::Seconds(1), CloseReason::kFirstMessageTimeout);
}

TEST_F(LifetimesTest, Scenario3MalformedMessagesAreClosedAtSixtySeconds) {
  Start();
  std::string malformed = MakeRequest("OPTIONS", kAlice, 1);
  malformed.replace(malformed.find("Max-Forwards: 70"), 16, "Max-Forwards: xx");
  for (int i = 0; i < 59; ++i) {
    peer_->Send(malformed);
    fixture_.AdvanceBy(absl::Seconds(1));
    EXPECT_THAT(StatusCodes(peer_->TakeReceived()), ElementsAre(400));
  }
  ExpectClosedAfter(*peer_, absl::Seconds(1), CloseReason::kFirstMessageTimeout);
}

TEST_F(LifetimesTest, Scenario3WhatIsNoSipAtAllIsClosedAtOnce) {
  Start();
  peer_->Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  fixture_.AdvanceBy(absl::Seconds(1));
  EXPECT_THAT(Closings(), ElementsAre(CloseReason::kProtocolError));
}

TEST_F(LifetimesTest, Scenario3OneOptionsMovesItToTheIdleLimit) {
  Start();
  fixture_.AdvanceBy(absl::Seconds(60) - kTick);
  Ask(*peer_);
  ExpectClosedAfter(*peer_, absl::Minutes(15), CloseReason::kIdle);
}

TEST_F(LifetimesTest, Scenario3ZeroNeverCloses) {
  ManagerConfig config = EngineFixture::TcpManager("edge");
  config.connection.incoming_idle_timeout = absl::InfiniteDuration();  // 0 of the API
  Start(config);
  Ask(*peer_);
  fixture_.AdvanceBy(absl::Hours(24 * 30));
  EXPECT_THAT(Closings(), IsEmpty());
}

TEST_F(LifetimesTest, Scenario3AChangedDefaultLeavesOldConnectionsAlone) {
  Start();
  Ask(*peer_);
  ManagerConfig config = EngineFixture::TcpManager("edge");
  config.connection.incoming_idle_timeout = absl::Seconds(10);
  ASSERT_TRUE(fixture_.engine->ApplyManager(config).ok());
  auto later = Connect();
  Ask(*later);
  ExpectClosedAfter(*later, absl::Seconds(10), CloseReason::kIdle);
  ExpectClosedAfter(*peer_, absl::Minutes(15) - absl::Seconds(10), CloseReason::kIdle);
}

TEST_F(LifetimesTest, TheLimitOfOneConnectionIsItsOwn) {
  Start();
  Ask(*peer_);
  auto other = Connect();
  Ask(*other);
  std::vector<ConnectionSnapshot> all;
  fixture_.engine->ListConnections("edge", [&](auto result) { all = *std::move(result); });
  fixture_.RunUntilIdle();
  fixture_.engine->SetConnectionIdleTimeout(all[0].id, absl::Seconds(5), [](auto) {});
  fixture_.RunUntilIdle();
  ExpectClosedAfter(*peer_, absl::Seconds(5), CloseReason::kIdle);
  fixture_.AdvanceBy(absl::Minutes(10));
  EXPECT_FALSE(other->is_over());
}

TEST_F(LifetimesTest, APooledConnectionIsPingedAndAMutePeerIsClosed) {
  Start();
  RemoteListener remote(&fixture_.network, fixture_.loops[0].get(), "192.0.2.9:5070");
  SendOrder order;
  order.endpoint_id = "alice";
  order.method = "OPTIONS";
  order.request_uri = "sip:bob@192.0.2.9:5070";
  std::vector<SendOrder> orders;
  orders.push_back(order);
  fixture_.engine->Send(std::move(orders), std::make_shared<RecordingSendSink>());
  fixture_.RunUntilIdle();
  ASSERT_EQ(remote.peers.size(), 1u);
  remote.peers[0]->Send(MakeResponse(Messages(remote.peers[0]->TakeReceived())[0], 200));
  fixture_.AdvanceBy(absl::Seconds(30) - kTick);
  EXPECT_EQ(remote.peers[0]->received(), "");
  fixture_.AdvanceBy(kTick);
  EXPECT_EQ(remote.peers[0]->TakeReceived(), "\r\n\r\n");
  remote.peers[0]->Send("\r\n");
  fixture_.AdvanceBy(absl::Seconds(30));
  EXPECT_EQ(remote.peers[0]->TakeReceived(), "\r\n\r\n") << "after 30 s of silence again";
  // Half open: nothing comes back any more (reliability 13). The incoming one is not pinged.
  ExpectClosedAfter(*remote.peers[0], absl::Seconds(10), CloseReason::kPongTimeout);
  std::vector<PoolSnapshot> pools;
  fixture_.engine->ListPools("edge", [&](auto result) { pools = *std::move(result); });
  fixture_.RunUntilIdle();
  ASSERT_EQ(pools.size(), 1u);
  EXPECT_EQ(pools[0].statistics.live_count, 0) << "its slot is free";
}

}  // namespace
}  // namespace sipcm::engine
