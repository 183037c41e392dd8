// Where requests go when names lead to several addresses and some of them are dead (semantics.md 4,
// reliability.md 33, 34), through the whole engine in virtual time.

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/engine/engine_fixture.h"
#include "tests/fakes/test_listener.h"

namespace sipcm::engine {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Fault = fakes::FakeNetwork::Fault;

constexpr absl::Duration kTick = absl::Nanoseconds(1);

net::SocketAddress Address(const std::string& text) { return *net::SocketAddress::Parse(text); }

class FailoverTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fixture_.StartTcpManager();
    ASSERT_TRUE(
        fixture_.engine->ApplyEndpoint(EngineFixture::PeerToPeer("alice", "sip:alice@example.com"))
            .ok());
  }

  void Serve(const std::string& address) {
    servers_.emplace_back(&fixture_.network, fixture_.loops[0].get(), Address(address));
  }
  void Send(const std::string& host, int port, int count = 1) {
    std::vector<SendOrder> orders;
    for (int i = 0; i < count; ++i) {
      SendOrder& order = orders.emplace_back();
      order.endpoint_id = "alice";
      order.method = "OPTIONS";
      order.request_uri = "sip:bob@example.org";
      order.cookie = ++last_cookie_;
      order.destination.emplace();
      order.destination->host = host;
      order.destination->port = static_cast<uint16_t>(port);
    }
    fixture_.engine->Send(std::move(orders), sink_);
    fixture_.RunUntilIdle();
  }
  // Where the requests of this sink went: addresses, or reasons of failures.
  std::vector<std::string> Told() const {
    std::vector<std::string> told;
    for (const SendEvent& event : sink_->events) {
      if (event.kind == SendEvent::Kind::kSent) {
        told.push_back(event.target.ToString());
      } else if (event.kind == SendEvent::Kind::kFailure) {
        told.push_back(ReasonOf(event.failure));
      }
    }
    return told;
  }
  void Forget() { sink_->events.clear(); }
  PoolSnapshot Pool(const std::string& pool_id) {
    PoolSnapshot found;
    fixture_.engine->ListPools("edge", [&](absl::StatusOr<std::vector<PoolSnapshot>> pools) {
      for (const PoolSnapshot& pool : *pools) {
        if (pool.destination.PoolId() == pool_id) found = pool;
      }
    });
    fixture_.RunUntilIdle();
    return found;
  }
  std::vector<std::string> HealthEvents() const {
    std::vector<std::string> told;
    for (const EngineEvent& event : fixture_.events.events) {
      if (event.kind != EngineEvent::Kind::kTargetHealth) continue;
      told.push_back(
          absl::StrCat(event.pool->destination.PoolId(), event.detail.ok() ? " up" : " down"));
    }
    return told;
  }
  fakes::FakeResolver& dns() { return *fixture_.resolvers[0]; }
  fakes::FakeNetwork& network() { return fixture_.network; }

  EngineFixture fixture_;
  std::deque<fakes::TestListener> servers_;
  std::shared_ptr<RecordingSendSink> sink_ = std::make_shared<RecordingSendSink>();
  uint64_t last_cookie_ = 0;
};

TEST_F(FailoverTest, Scenario8ADeadFirstAddressDelaysACallByAQuarterOfASecond) {
  dns().SetAddresses("sip.example.net", {"192.0.2.21", "192.0.2.22"});
  network().SetFault(Address("192.0.2.21:5070"), Fault::kBlackHole);
  Serve("192.0.2.22:5070");
  Send("sip.example.net", 5070);
  fixture_.AdvanceBy(absl::Milliseconds(250) - kTick);
  EXPECT_THAT(Told(), IsEmpty());
  fixture_.AdvanceBy(kTick);
  EXPECT_THAT(Told(), ElementsAre("192.0.2.22:5070"));
  Forget();
  Send("sip.example.net", 5070);
  EXPECT_THAT(Told(), ElementsAre("192.0.2.22:5070")) << "the one that answered goes first now";
}

TEST_F(FailoverTest, ANameAloneIsFoundByItsServiceRecords) {
  dns().SetServices("_sip._tcp.example.net",
                    {{10, 0, 5071, "main.example.net"}, {20, 0, 5072, "backup.example.net"}});
  dns().SetAddresses("main.example.net", {"192.0.2.21"});
  dns().SetAddresses("backup.example.net", {"192.0.2.22"});
  dns().SetAddresses("example.net", {"192.0.2.29"});
  Serve("192.0.2.21:5071");
  Serve("192.0.2.29:5060");
  Send("example.net", 0);
  Send("example.net", 5060);
  EXPECT_THAT(Told(), ElementsAre("192.0.2.21:5071", "192.0.2.29:5060"));
  EXPECT_EQ(Pool("tcp:example.net:5060;srv").statistics.live_count, 1);
  EXPECT_EQ(Pool("tcp:example.net:5060").statistics.live_count, 1);
}

TEST_F(FailoverTest, APoolShowsItsTargetsAndTheirHealthAndTellsWhenOneDies) {
  dns().SetServices("_sip._tcp.example.net",
                    {{10, 3, 5071, "main.example.net"}, {20, 4, 5072, "backup.example.net"}});
  dns().SetAddresses("main.example.net", {"192.0.2.21"});
  dns().SetAddresses("backup.example.net", {"192.0.2.22"});
  Serve("192.0.2.22:5072");
  Send("example.net", 0);
  EXPECT_THAT(Told(), ElementsAre("192.0.2.22:5072"));
  const PoolSnapshot pool = Pool("tcp:example.net:5060;srv");
  ASSERT_THAT(pool.targets, SizeIs(2));
  EXPECT_EQ(pool.targets[0].address, Address("192.0.2.21:5071"));
  EXPECT_EQ(pool.targets[0].priority, 10);
  EXPECT_EQ(pool.targets[0].weight, 3);
  EXPECT_EQ(pool.targets[0].health, connection::Health::kDead);
  EXPECT_EQ(pool.targets[0].retry_time, fixture_.loops[0]->WallNow() + absl::Seconds(5));
  EXPECT_EQ(ReasonOf(pool.targets[0].last_failure), "CONNECT_REFUSED");
  EXPECT_EQ(pool.targets[1].health, connection::Health::kHealthy);
  EXPECT_THAT(HealthEvents(), ElementsAre("tcp:example.net:5060;srv down"));
}

TEST_F(FailoverTest, TheBetterPriorityIsTakenAgainOnceItsProbeSucceeds) {
  dns().SetServices("_sip._tcp.example.net",
                    {{10, 0, 5071, "main.example.net"}, {20, 0, 5072, "backup.example.net"}});
  dns().SetAddresses("main.example.net", {"192.0.2.21"});
  dns().SetAddresses("backup.example.net", {"192.0.2.22"});
  Serve("192.0.2.22:5072");
  Send("example.net", 0);
  Serve("192.0.2.21:5071");
  fixture_.AdvanceBy(absl::Seconds(5) - kTick);
  Send("example.net", 0);
  EXPECT_THAT(Told(), ElementsAre("192.0.2.22:5072", "192.0.2.22:5072"));
  fixture_.AdvanceBy(kTick);
  Send("example.net", 0);
  EXPECT_EQ(Told().back(), "192.0.2.21:5071");
  EXPECT_THAT(HealthEvents(),
              ElementsAre("tcp:example.net:5060;srv down", "tcp:example.net:5060;srv up"));
}

TEST_F(FailoverTest, HealthIsOfTheAddressWhateverNameLedToIt) {
  dns().SetAddresses("a.example.net", {"192.0.2.21", "192.0.2.22"});
  dns().SetAddresses("b.example.net", {"192.0.2.21", "192.0.2.22"});
  Serve("192.0.2.22:5070");
  Send("a.example.net", 5070);
  const uint64_t before = network().connect_count();
  Send("b.example.net", 5070);
  EXPECT_EQ(network().connect_count(), before + 1) << "192.0.2.21 is known to be dead";
}

TEST_F(FailoverTest, WithADeadSiblingADestinationStillGrowsAtOnce) {
  dns().SetAddresses("sip.example.net", {"192.0.2.21", "192.0.2.22"});
  Serve("192.0.2.22:5070");
  Send("sip.example.net", 5070, 5);
  EXPECT_EQ(Pool("tcp:sip.example.net:5070").statistics.live_count, 5);
  EXPECT_THAT(Told(), ::testing::Each("192.0.2.22:5070"));
}

TEST_F(FailoverTest, WhatWasTriedIsInTheFailure) {
  dns().SetAddresses("sip.example.net", {"192.0.2.21", "203.0.113.9"});
  Send("sip.example.net", 5070);
  ASSERT_THAT(sink_->events, SizeIs(1));
  EXPECT_THAT(std::string(sink_->events[0].failure.message()),
              HasSubstr("2 addresses tried: 192.0.2.21:5070 CONNECT_REFUSED, 203.0.113.9:5070 "
                        "CONNECT_UNREACHABLE"));
}

TEST_F(FailoverTest, AFailureNamesTheAddressThatWasTriedLast) {
  dns().SetAddresses("sip.example.net", {"192.0.2.21", "192.0.2.23"});
  Send("sip.example.net", 5070);
  ASSERT_THAT(sink_->events, SizeIs(1));
  EXPECT_EQ(sink_->events[0].target.ToString(), "192.0.2.23:5070");
  Send("no.example.net", 5070);
  EXPECT_EQ(sink_->events[1].target.port, 0) << "none was tried";
}

TEST_F(FailoverTest, AFailureOnAConnectionNamesIt) {
  Serve("192.0.2.22:5070");
  Send("192.0.2.22", 5070);
  servers_.back().peers().back()->Close();
  fixture_.RunUntilIdle();
  const SendEvent& sent = sink_->events.front();
  const SendEvent& failure = sink_->events.back();
  ASSERT_EQ(failure.kind, SendEvent::Kind::kFailure);
  EXPECT_EQ(failure.connection, sent.connection);
  EXPECT_EQ(failure.manager_id, "edge");
  EXPECT_EQ(failure.target.ToString(), "192.0.2.22:5070");
}

// Each one is told, with the address and why; how often is bounded by the back-off of attempts.
TEST_F(FailoverTest, AnAttemptThatFailsIsAnEvent) {
  const auto failures = [&] {
    std::vector<EngineEvent> told;
    for (const EngineEvent& event : fixture_.events.events) {
      if (event.kind == EngineEvent::Kind::kConnectFailed) told.push_back(event);
    }
    return told;
  };
  Send("192.0.2.21", 5070);  // nobody listens there
  ASSERT_THAT(failures(), SizeIs(1));
  const EngineEvent refused = failures()[0];
  EXPECT_EQ(refused.manager_id, "edge");
  EXPECT_EQ(refused.close_reason, connection::CloseReason::kConnectFailed);
  EXPECT_EQ(refused.connection->remote_address.ToString(), "192.0.2.21:5070");
  EXPECT_EQ(refused.connection->pool_id, "tcp:192.0.2.21:5070");
  EXPECT_EQ(refused.connection->direction, connection::Direction::kOutgoing);
  EXPECT_THAT(std::string(refused.detail.message()), HasSubstr("cannot connect to"));
  Send("no.example.net", 5070);
  ASSERT_THAT(failures(), SizeIs(2));
  EXPECT_EQ(failures()[1].close_reason, connection::CloseReason::kResolutionFailed);
  EXPECT_EQ(failures()[1].connection->remote_address.port, 0);
  network().SetFault(Address("192.0.2.24:5070"), Fault::kBlackHole);
  Send("192.0.2.24", 5070);
  fixture_.AdvanceBy(absl::Seconds(4) - kTick);
  EXPECT_THAT(failures(), SizeIs(2));
  fixture_.AdvanceBy(kTick);
  ASSERT_THAT(failures(), SizeIs(3));
  EXPECT_EQ(failures()[2].close_reason, connection::CloseReason::kConnectTimeout);
  // A crowd that asks at once: what was refused for it is no attempt.
  Send("192.0.2.21", 5070, 100);
  EXPECT_THAT(failures().size(), ::testing::Le(4u));
}

TEST_F(FailoverTest, DnsThatIsSilentFailsTheRequestWithinFiveSecondsAndHoldsUpNobodyElse) {
  dns().SetSilent("silent.example.net");
  Serve("192.0.2.22:5070");
  Send("silent.example.net", 5070);
  Send("192.0.2.22", 5070);
  EXPECT_THAT(Told(), ElementsAre("192.0.2.22:5070"));
  fixture_.AdvanceBy(absl::Milliseconds(4500) - kTick);
  EXPECT_THAT(Told(), SizeIs(1));
  fixture_.AdvanceBy(kTick);
  EXPECT_THAT(Told(), ElementsAre("192.0.2.22:5070", "DNS_TIMEOUT"));
}

TEST_F(FailoverTest, ABlackHoleHoldsUpNoOtherDestination) {
  network().SetFault(Address("192.0.2.21:5070"), Fault::kBlackHole);
  Serve("192.0.2.22:5070");
  Send("192.0.2.21", 5070, 20);
  Send("192.0.2.22", 5070);
  EXPECT_THAT(Told(), ElementsAre("192.0.2.22:5070"));
  fixture_.AdvanceBy(absl::Seconds(4) - kTick);
  EXPECT_THAT(Told(), SizeIs(1));
  fixture_.AdvanceBy(kTick);
  EXPECT_THAT(Told(), SizeIs(21));
}

// reliability.md 33: a thousand requests at once and a hundred a second for a minute, to a
// destination that refuses.
class RefusingTargetTest : public FailoverTest, public ::testing::WithParamInterface<int> {};

TEST_P(RefusingTargetTest, IsKnockedAtTenTimesASecondAtMostAndItsRequestsFailFast) {
  PoolConfig pool;
  pool.manager_id = "edge";
  pool.destination.host = "sip.example.net";
  pool.destination.port = 5070;
  pool.setting.max_connection_count = GetParam();
  ASSERT_TRUE(fixture_.engine->ApplyPool(pool).ok());
  dns().SetAddresses("sip.example.net", {"192.0.2.21", "192.0.2.22", "192.0.2.23"});
  constexpr absl::Duration kStep = absl::Milliseconds(20);
  // Connects so far, as seen within the last second.
  std::deque<std::pair<absl::Duration, uint64_t>> seen = {{-kStep, 0}};
  for (absl::Duration at; at < absl::Seconds(60); at += kStep) {
    Send("sip.example.net", 5070, at == absl::ZeroDuration() ? 1000 : 2);
    seen.emplace_back(at, network().connect_count());
    while (at - seen.front().first > absl::Seconds(1) - kStep) seen.pop_front();
    EXPECT_LE(seen.back().second - seen.front().second, 10u) << "in the second before " << at;
    fixture_.AdvanceBy(kStep);
  }
  EXPECT_LE(network().connect_count(), 200u);
  fixture_.AdvanceBy(absl::Seconds(1));
  EXPECT_THAT(Told(), SizeIs(1000 + 2 * 2999));
  // The line is bounded: who finds it full in the first second is told so at once.
  EXPECT_THAT(Told(), ::testing::Each(AnyOf("CONNECT_REFUSED", "POOL_WAIT_QUEUE_FULL")));
  // It comes back: within the longest back-off it is used again.
  Serve("192.0.2.23:5070");
  for (int i = 0; i < 10; ++i) {
    fixture_.AdvanceBy(absl::Seconds(1));
    Send("sip.example.net", 5070);
  }
  EXPECT_EQ(Told().back(), "192.0.2.23:5070");
}

TEST_P(RefusingTargetTest, EvenWhenItAnsweredBefore) {
  PoolConfig pool;
  pool.manager_id = "edge";
  pool.destination.host = "192.0.2.21";
  pool.destination.port = 5070;
  pool.setting.max_connection_count = GetParam();
  ASSERT_TRUE(fixture_.engine->ApplyPool(pool).ok());
  Serve("192.0.2.21:5070");
  Send("192.0.2.21", 5070, 3);
  fixture_.AdvanceBy(absl::Seconds(5));
  servers_.clear();  // its connections break too
  fixture_.RunUntilIdle();
  Forget();
  const uint64_t before = network().connect_count();
  Send("192.0.2.21", 5070, 1000);
  EXPECT_LE(network().connect_count(), before + 10);
  fixture_.AdvanceBy(absl::Seconds(5));
  EXPECT_THAT(Told(), SizeIs(1000));
  EXPECT_THAT(Told(), ::testing::Each("CONNECT_REFUSED"));
}

INSTANTIATE_TEST_SUITE_P(PoolOf, RefusingTargetTest,
                         ::testing::Values(1, 5, 100, pool::kNoSharing));

}  // namespace
}  // namespace sipcm::engine
