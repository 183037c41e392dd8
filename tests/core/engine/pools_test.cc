// Pools as the engine keeps them: settings, warm ones, removal, and what a lost connection costs.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/engine/engine_fixture.h"
#include "tests/fakes/test_listener.h"

namespace sipcm::engine {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using Kind = EngineEvent::Kind;

// Streams so small that a peer which does not read holds a request back.
fakes::FakeNetworkOptions SmallStreams() {
  fakes::FakeNetworkOptions options;
  options.stream.capacity = 200;
  return options;
}

class PoolsTest : public ::testing::Test {
 protected:
  explicit PoolsTest(const fakes::FakeNetworkOptions& options = {}) : fixture_(1, 1, options) {
    fixture_.StartTcpManager();
    EXPECT_TRUE(
        fixture_.engine->ApplyEndpoint(EngineFixture::PeerToPeer("alice", "sip:alice@example.com"))
            .ok());
    destination_.host = "192.0.2.9";
    destination_.port = 5070;
  }

  void Set(const pool::PoolSetting& setting) {
    ASSERT_TRUE(fixture_.engine->ApplyPool({"edge", destination_, setting}).ok());
    fixture_.RunUntilIdle();
  }
  void SetMaximum(int max) {
    pool::PoolSetting setting;
    setting.max_connection_count = max;
    Set(setting);
  }
  void SetMinimum(int min) {
    pool::PoolSetting setting;
    setting.min_connection_count = min;
    Set(setting);
  }
  void SetDefaults(const pool::PoolLimits& limits) {
    ManagerConfig config = EngineFixture::TcpManager("edge");
    config.default_pool_limits = limits;
    ASSERT_TRUE(fixture_.engine->ApplyManager(config).ok());
  }
  std::vector<PoolSnapshot> Pools() {
    std::vector<PoolSnapshot> pools;
    fixture_.engine->ListPools("edge", [&](absl::StatusOr<std::vector<PoolSnapshot>> listed) {
      pools = *std::move(listed);
    });
    fixture_.RunUntilIdle();
    return pools;
  }
  PoolSnapshot Pool() {
    const std::vector<PoolSnapshot> pools = Pools();
    EXPECT_THAT(pools, SizeIs(1));
    return pools.empty() ? PoolSnapshot() : pools[0];
  }
  absl::Status Remove(PoolRemoval removal) {
    absl::Status answer = absl::UnknownError("not answered");
    fixture_.engine->RemovePool("edge", destination_, removal,
                                [&](absl::StatusOr<PoolSnapshot> last) { answer = last.status(); });
    fixture_.RunUntilIdle();
    return answer;
  }
  void Send(uint64_t cookie) {
    SendOrder order;
    order.endpoint_id = "alice";
    order.method = "OPTIONS";
    order.request_uri = "sip:bob@example.org";
    order.cookie = cookie;
    order.destination = destination_;
    std::vector<SendOrder> orders;
    orders.push_back(std::move(order));
    fixture_.engine->Send(std::move(orders), sink_);
    fixture_.RunUntilIdle();
  }
  // Answers all that came on a connection; how many requests that were.
  int Answer(size_t peer) {
    int count = 0;
    for (const std::string& request : Messages(remote_.peers()[peer]->TakeReceived())) {
      remote_.peers()[peer]->Send(MakeResponse(request, 200));
      ++count;
    }
    fixture_.RunUntilIdle();
    return count;
  }
  std::vector<SendEvent> EventsOf(uint64_t cookie) {
    std::vector<SendEvent> events;
    for (const SendEvent& event : sink_->events) {
      if (event.cookie == cookie) events.push_back(event);
    }
    return events;
  }
  int64_t retried() { return static_cast<int64_t>(fixture_.engine->GetTotals().requests_retried); }

  EngineFixture fixture_;
  pool::Destination destination_;
  const net::SocketAddress address_{*net::IpAddress::Parse("192.0.2.9"), 5070};
  fakes::TestListener remote_{&fixture_.network, fixture_.loops[0].get(), address_};
  std::shared_ptr<RecordingSendSink> sink_ = std::make_shared<RecordingSendSink>();
};

TEST_F(PoolsTest, ASendThatNeedsOnePoolTooManyIsRefused) {
  ManagerConfig config = EngineFixture::TcpManager("edge");
  config.max_pool_count = 1;
  ASSERT_TRUE(fixture_.engine->ApplyManager(config).ok());
  Send(1);
  destination_.port = 5071;
  Send(2);
  ASSERT_THAT(EventsOf(2), SizeIs(1));
  EXPECT_EQ(EventsOf(2)[0].failure.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(EventsOf(2)[0].failure), "RESOURCE_LIMIT");
  EXPECT_THAT(std::string(EventsOf(2)[0].failure.message()), HasSubstr("limits.max_pool_count"));
  // The pool that there is goes on.
  destination_.port = 5070;
  Send(3);
  EXPECT_EQ(Answer(0) + (remote_.peers().size() > 1 ? Answer(1) : 0), 2);
}

// ---- Settings ----

TEST_F(PoolsTest, ASettingHoldsForAPoolThatComesLater) {
  SetMaximum(2);
  EXPECT_FALSE(Pool().live);
  EXPECT_EQ(Pool().target_connection_count, 2);
  for (uint64_t i = 1; i <= 5; ++i) Send(i);
  EXPECT_TRUE(Pool().live);
  EXPECT_THAT(remote_.peers(), SizeIs(2));
  EXPECT_LE(Pool().create_time, fixture_.clock.wall_now());
}

TEST_F(PoolsTest, AChangedDefaultIsForPoolsMadeLater) {
  Send(1);
  pool::PoolLimits limits;
  limits.max_connection_count = 1;
  limits.selection = pool::SelectionPolicy::kLeastOutstanding;
  SetDefaults(limits);
  Send(2);
  EXPECT_THAT(remote_.peers(), SizeIs(2)) << "still GROW_FIRST up to 5";
  pool::PoolSetting setting;
  setting.selection = pool::SelectionPolicy::kReuseFirst;
  Set(setting);
  EXPECT_EQ(Pool().limits.max_connection_count, 5) << "what was not set stays";
  ASSERT_TRUE(Remove(PoolRemoval::kForced).ok());
  Send(3);
  EXPECT_EQ(Pool().limits.max_connection_count, 1);
  EXPECT_EQ(Pool().limits.selection, pool::SelectionPolicy::kLeastOutstanding);
}

TEST_F(PoolsTest, TheManagersLimitsOfWaitingHoldForLaterRequestsOfAPoolThatIsThere) {
  fixture_.network.SetFault(address_, fakes::FakeNetwork::Fault::kBlackHole);
  Send(1);
  pool::PoolLimits limits;
  limits.max_waiting_count = 0;
  SetDefaults(limits);
  pool::PoolSetting setting;
  setting.max_connection_count = 1;
  Set(setting);
  Send(2);
  ASSERT_THAT(EventsOf(2), SizeIs(1));
  EXPECT_EQ(ReasonOf(EventsOf(2)[0].failure), "POOL_WAIT_QUEUE_FULL");
}

// ---- Warm pools ----

TEST_F(PoolsTest, AMinimumOpensConnectionsAtOnceAndKeepsThePool) {
  SetMinimum(2);
  EXPECT_THAT(remote_.peers(), SizeIs(2));
  EXPECT_EQ(fixture_.events.Count(Kind::kPoolAdded), 1);
  fixture_.AdvanceBy(absl::Minutes(5));
  EXPECT_TRUE(Pool().live);
  EXPECT_EQ(Pool().statistics.live_count, 2);
  EXPECT_EQ(fixture_.events.Count(Kind::kPoolRemoved), 0);
}

TEST_F(PoolsTest, ALostWarmConnectionIsReplacedAtOnce) {
  SetMinimum(2);
  remote_.peers()[0]->Close();
  fixture_.RunUntilIdle();
  EXPECT_EQ(Pool().statistics.live_count, 2);
}

TEST_F(PoolsTest, WithoutItsMinimumAnEmptyPoolGoesAfterAMinute) {
  SetMinimum(1);
  SetMinimum(0);
  remote_.peers()[0]->Close();
  fixture_.RunUntilIdle();
  fixture_.AdvanceBy(absl::Seconds(60) - absl::Nanoseconds(1));
  EXPECT_TRUE(Pool().live);
  fixture_.AdvanceBy(absl::Nanoseconds(1));
  EXPECT_FALSE(Pool().live) << "only its setting is left";
}

TEST_F(PoolsTest, ADefaultMinimumIsKeptOpenOnceThePoolIsThere) {
  pool::PoolLimits limits;
  limits.min_connection_count = 3;
  SetDefaults(limits);
  fixture_.RunUntilIdle();
  EXPECT_THAT(remote_.peers(), SizeIs(0));
  Send(1);
  EXPECT_EQ(Pool().statistics.live_count, 3);
}

// ---- Removal ----

TEST_F(PoolsTest, ABusyPoolIsRemovedByForceAloneAndItsRequestsFail) {
  Send(1);
  EXPECT_EQ(ReasonOf(Remove(PoolRemoval::kUnlessBusy)), "RESOURCE_IN_USE");
  EXPECT_THAT(EventsOf(1), SizeIs(1));
  EXPECT_TRUE(Remove(PoolRemoval::kForced).ok());
  ASSERT_THAT(EventsOf(1), SizeIs(2));
  EXPECT_EQ(ReasonOf(EventsOf(1)[1].failure), "CONNECTION_CLOSED");
  EXPECT_THAT(Pools(), SizeIs(0));
  EXPECT_EQ(ReasonOf(Remove(PoolRemoval::kForced)), "RESOURCE_NOT_FOUND");
}

TEST_F(PoolsTest, AWarmPoolThatIsRemovedStaysAwayUntilItIsUsed) {
  SetMinimum(2);
  EXPECT_TRUE(Remove(PoolRemoval::kUnlessBusy).ok());
  fixture_.AdvanceBy(absl::Minutes(1));
  EXPECT_THAT(Pools(), SizeIs(0));
  EXPECT_EQ(fixture_.network.connect_count(), 2u);
  Send(1);
  EXPECT_EQ(Pool().statistics.live_count, 1) << "its setting is forgotten";
}

TEST_F(PoolsTest, ItsRemovalIsToldAfterThatOfItsLastConnection) {
  Send(1);
  Answer(0);
  EXPECT_TRUE(Remove(PoolRemoval::kUnlessBusy).ok());
  int closed_at = -1;
  int removed_at = -1;
  for (size_t i = 0; i < fixture_.events.events.size(); ++i) {
    if (fixture_.events.events[i].kind == Kind::kConnectionClosed) closed_at = static_cast<int>(i);
    if (fixture_.events.events[i].kind == Kind::kPoolRemoved) removed_at = static_cast<int>(i);
  }
  ASSERT_GE(closed_at, 0);
  EXPECT_GT(removed_at, closed_at);
}

TEST_F(PoolsTest, ARemovedManagerTakesItsWarmPoolsWithIt) {
  SetMinimum(2);
  ASSERT_TRUE(fixture_.engine->RemoveEndpoint("alice").ok());
  ASSERT_TRUE(fixture_.engine->RemoveManager("edge").ok());
  fixture_.AdvanceBy(absl::Minutes(2));
  EXPECT_EQ(fixture_.engine->GetTotals().pools, 0);
  EXPECT_EQ(fixture_.network.connect_count(), 2u);
  EXPECT_EQ(fixture_.engine->GetTotals().pool_sums.established, 0);
}

// ---- A connection that is lost (reliability.md 32) ----

class LostConnectionTest : public PoolsTest {
 protected:
  LostConnectionTest() : PoolsTest(SmallStreams()) { SetMaximum(1); }
  fakes::MemoryStream* Remote(size_t n) { return fixture_.network.StreamsAt(address_)[n]; }
};

TEST_F(LostConnectionTest, ARequestOfWhichNoByteWentOutIsSentOnAnother) {
  Send(1);
  EXPECT_EQ(Answer(0), 1);
  remote_.peers()[0]->SetReading(false);
  Send(2);  // fills what the stream takes
  Send(3);  // waits behind it
  Remote(0)->Reset();
  fixture_.RunUntilIdle();
  ASSERT_THAT(EventsOf(2), SizeIs(2));
  EXPECT_EQ(ReasonOf(EventsOf(2)[1].failure), "CONNECTION_CLOSED");
  EXPECT_EQ(EventsOf(2)[1].written, SendEvent::Written::kSome);
  EXPECT_THAT(std::string(EventsOf(2)[1].failure.message()), HasSubstr("may have acted on it"));
  ASSERT_THAT(remote_.peers(), SizeIs(2)) << "replaced at once";
  EXPECT_EQ(Answer(1), 1);
  const std::vector<SendEvent> third = EventsOf(3);
  ASSERT_THAT(third, SizeIs(3));
  EXPECT_EQ(third[0].kind, SendEvent::Kind::kSent);
  EXPECT_EQ(third[1].kind, SendEvent::Kind::kSent);
  EXPECT_NE(third[1].connection, third[0].connection);
  EXPECT_EQ(third[2].view->status_code(), 200);
  EXPECT_EQ(retried(), 1);
}

TEST_F(LostConnectionTest, ItIsTriedOnceMoreAndThenReported) {
  Send(1);
  remote_.peers()[0]->SetReading(false);
  Answer(0);
  Send(2);
  Send(3);
  fixture_.network.SetFault(address_, fakes::FakeNetwork::Fault::kRefused);
  Remote(0)->Reset();
  fixture_.RunUntilIdle();
  ASSERT_THAT(EventsOf(3), SizeIs(2));
  EXPECT_TRUE(EventsOf(3)[1].is_final);
  EXPECT_EQ(ReasonOf(EventsOf(3)[1].failure), "CONNECT_REFUSED");
  EXPECT_EQ(EventsOf(3)[1].written, SendEvent::Written::kNothing);
  EXPECT_EQ(retried(), 1);
}

TEST_F(LostConnectionTest, ASecondLossIsReportedWithItsCause) {
  Send(1);
  Answer(0);
  remote_.peers()[0]->SetReading(false);
  Send(2);
  Send(3);
  Send(4);
  Remote(0)->Reset();
  fixture_.RunUntilIdle();
  ASSERT_THAT(remote_.peers(), SizeIs(2));
  EXPECT_EQ(retried(), 2);
  // The same again, before the peer took either: 3 has begun to go out by now, 4 has too.
  for (fakes::MemoryStream* const stream : fixture_.network.StreamsAt(address_)) stream->Reset();
  fixture_.RunUntilIdle();
  for (const uint64_t cookie : {3u, 4u}) {
    const std::vector<SendEvent> events = EventsOf(cookie);
    ASSERT_FALSE(events.empty());
    EXPECT_TRUE(events.back().is_final) << cookie;
    EXPECT_EQ(events.back().kind, SendEvent::Kind::kFailure) << cookie;
  }
  EXPECT_EQ(retried(), 2) << "once each";
}

TEST_F(LostConnectionTest, ARequestThatWentOutWholeIsReportedAndNotSentAgain) {
  Send(1);
  remote_.peers()[0]->Close();
  fixture_.RunUntilIdle();
  ASSERT_THAT(EventsOf(1), SizeIs(2));
  EXPECT_EQ(EventsOf(1)[1].written, SendEvent::Written::kWhole);
  EXPECT_EQ(retried(), 0);
  EXPECT_THAT(remote_.peers(), SizeIs(1));
}

TEST_F(LostConnectionTest, ARequestForANamedConnectionIsNotMovedToAnother) {
  Send(1);
  Answer(0);
  remote_.peers()[0]->SetReading(false);
  Send(2);
  SendOrder order;
  order.endpoint_id = "alice";
  order.method = "OPTIONS";
  order.request_uri = "sip:bob@example.org";
  order.cookie = 3;
  order.connection = EventsOf(1)[0].connection;
  std::vector<SendOrder> orders;
  orders.push_back(std::move(order));
  fixture_.engine->Send(std::move(orders), sink_);
  fixture_.RunUntilIdle();
  Remote(0)->Reset();
  fixture_.RunUntilIdle();
  ASSERT_THAT(EventsOf(3), SizeIs(2));
  EXPECT_EQ(EventsOf(3)[1].written, SendEvent::Written::kNothing);
  EXPECT_THAT(std::string(EventsOf(3)[1].failure.message()), HasSubstr("may be sent again"));
  EXPECT_EQ(retried(), 0);
}

TEST_F(PoolsTest, ASettingMakesNoPoolBeyondTheLimit) {
  ManagerConfig config = EngineFixture::TcpManager("edge");
  config.max_pool_count = 1;
  ASSERT_TRUE(fixture_.engine->ApplyManager(config).ok());
  SetMinimum(1);
  EXPECT_EQ(fixture_.engine->GetTotals().pools, 1);
  destination_.port = 5071;
  SetMinimum(1);
  EXPECT_EQ(fixture_.engine->GetTotals().pools, 1);
  EXPECT_THAT(Pools(), SizeIs(2)) << "the setting is there all the same";
}

}  // namespace
}  // namespace sipcm::engine
