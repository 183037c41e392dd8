// What the engine tells, and in which order.

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/engine/engine_fixture.h"

namespace sipcm::engine {
namespace {

using Kind = EngineEvent::Kind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class EventsTest : public ::testing::Test {
 protected:
  std::vector<Kind> TakeKinds() {
    std::vector<Kind> kinds;
    for (const EngineEvent& event : fixture_.events.events) kinds.push_back(event.kind);
    fixture_.events.events.clear();
    return kinds;
  }
  // The round's only answer.
  std::shared_ptr<const WorkerState> AskForState(uint64_t round) {
    fixture_.engine->TellState(round);
    fixture_.RunUntilIdle();
    const EngineEvent& last = fixture_.events.events.back();
    EXPECT_EQ(last.kind, Kind::kWorkerState);
    return last.worker;
  }

  EngineFixture fixture_;
};

TEST_F(EventsTest, AManagersStatesAreToldInOrderWithTheirAddresses) {
  fixture_.StartTcpManager();
  fixture_.engine->StopListening("edge", [](absl::StatusOr<ManagerStatus>) {});
  fixture_.RunUntilIdle();
  const std::vector<EngineEvent> events = fixture_.events.events;
  EXPECT_THAT(TakeKinds(),
              ElementsAre(Kind::kManagerListening, Kind::kManagerStopping, Kind::kManagerIdle));
  EXPECT_EQ(events[0].manager->bound_addresses.front().ToString(), "192.0.2.1:5060");
  EXPECT_EQ(events[0].manager->state, ManagerStatus::State::kListening);
  EXPECT_THAT(events[2].manager->bound_addresses, IsEmpty());
}

TEST_F(EventsTest, AConnectionIsToldFromItsOpeningToItsEnd) {
  fixture_.StartTcpManager();
  TakeKinds();
  auto peer = fixture_.ConnectPeer();
  fixture_.RunUntilIdle();
  peer->stream()->CloseWrite();
  fixture_.RunUntilIdle();
  const std::vector<EngineEvent> events = fixture_.events.events;
  EXPECT_THAT(TakeKinds(), ElementsAre(Kind::kConnectionOpened, Kind::kConnectionEstablished,
                                       Kind::kConnectionClosed));
  EXPECT_EQ(events[1].connection->state, connection::ConnectionState::kEstablished);
  EXPECT_EQ(events[2].connection->id, events[0].connection->id);
  EXPECT_EQ(events[2].close_reason, connection::CloseReason::kPeerClosed);
}

// As for a watcher that came in the middle: what a worker tells, and the events after it, are all.
TEST_F(EventsTest, AWorkersStateComesInOrderWithItsEvents) {
  fixture_.StartTcpManager();
  auto first = fixture_.ConnectPeer();
  auto second = fixture_.ConnectPeer();
  fixture_.RunUntilIdle();
  const auto two = AskForState(1);
  EXPECT_EQ(two->round, 1u);
  EXPECT_EQ(two->worker_count, 1);
  ASSERT_EQ(two->connections.size(), 2u);
  EXPECT_EQ(two->connections[0].manager_id, "edge");
  first->stream()->CloseWrite();
  fixture_.RunUntilIdle();
  EXPECT_EQ(fixture_.events.events.back().kind, Kind::kConnectionClosed);
  EXPECT_EQ(AskForState(2)->connections.size(), 1u);
}

TEST_F(EventsTest, EveryWorkerAnswers) {
  EngineFixture fixture(/*worker_count=*/3);
  fixture.engine->TellState(9);
  fixture.RunUntilIdle();
  ASSERT_EQ(fixture.events.Count(Kind::kWorkerState), 3);
  for (const EngineEvent& event : fixture.events.events) EXPECT_EQ(event.worker->worker_count, 3);
}

TEST_F(EventsTest, SettingsOfAPoolThatIsYetToComeAreToldAndGoWithTheManager) {
  fixture_.StartTcpManager();
  TakeKinds();
  PoolConfig config;
  config.manager_id = "edge";
  config.destination.host = "198.51.100.9";
  config.destination.port = 5070;
  config.setting.max_connection_count = 3;
  ASSERT_TRUE(fixture_.engine->ApplyPool(config).ok());
  fixture_.RunUntilIdle();
  ASSERT_EQ(fixture_.events.events.size(), 1u);
  EXPECT_FALSE(fixture_.events.events[0].pool->live);
  EXPECT_EQ(fixture_.events.events[0].pool->limits.max_connection_count, 3);
  EXPECT_THAT(TakeKinds(), ElementsAre(Kind::kPoolChanged));
  ASSERT_TRUE(fixture_.engine->RemoveManager("edge").ok());
  fixture_.RunUntilIdle();
  EXPECT_THAT(TakeKinds(), ElementsAre(Kind::kPoolRemoved));
}

}  // namespace
}  // namespace sipcm::engine
