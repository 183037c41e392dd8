#include "server/event/event_hub.h"

#include <string>
#include <vector>

#include "core/base/error.h"
#include "gmock/gmock.h"
#include "tests/server/event/hub_fixture.h"

namespace sipcm::server {
namespace {

using engine::EngineEvent;
using sipcm::v1::ConnectionManager;
using sipcm::v1::Event;
using sipcm::v1::WatchRequest;
using testing::ElementsAre;

class EventHubTest : public HubTest {};

TEST_F(EventHubTest, AWatchBeginsWithWhatIsThenSyncedThenChanges) {
  endpoints_ = {"endpoints/alice"};
  TestReader* reader = Watch();
  Settle(reader);
  TellEndpoint(Event::ENDPOINT_ADDED, "endpoints/bob");
  Settle(reader);
  EXPECT_THAT(reader->Lines(),
              ElementsAre("EXISTING endpoints/alice", "SYNCED", "ENDPOINT_ADDED endpoints/bob"));
  EXPECT_EQ(reader->event(2).endpoint().name(), "endpoints/bob");
  EXPECT_EQ(reader->event(2).event_time().seconds(), 1'780'000'000);
  EXPECT_EQ(reader->event(2).explanation(), "the endpoint was created");
}

TEST_F(EventHubTest, SequenceCountsUpByOneAlsoOverWhatNobodyWatched) {
  TellEndpoint(Event::ENDPOINT_ADDED, "endpoints/a");
  TellConnection(EngineEvent::Kind::kConnectionOpened, 1);
  hub_.Step();
  TestReader* reader = Watch();
  Settle(reader);
  TellConnection(EngineEvent::Kind::kConnectionOpened, 2);
  TellConnection(EngineEvent::Kind::kMalformed, 2);  // for the log only
  TellConnection(EngineEvent::Kind::kConnectionClosed, 2);
  Settle(reader);
  EXPECT_EQ(reader->event(0).kind(), Event::SYNCED);
  EXPECT_EQ(reader->event(0).sequence(), 2);
  EXPECT_EQ(reader->event(1).sequence(), 3);
  EXPECT_EQ(reader->event(2).sequence(), 4);
  EXPECT_EQ(reader->event(2).connection().close_reason(), sipcm::v1::Connection::PEER_CLOSED);
  EXPECT_EQ(reader->event(2).connection().state(), sipcm::v1::Connection::CLOSED);
}

TEST_F(EventHubTest, DeltasOnlyBeginsWithSyncedAndAsksNobody) {
  endpoints_ = {"endpoints/alice"};
  WatchRequest request;
  request.set_start(WatchRequest::DELTAS_ONLY);
  TestReader* reader = Watch(request);
  Settle(reader);
  TellEndpoint(Event::ENDPOINT_CHANGED, "endpoints/alice");
  Settle(reader);
  EXPECT_THAT(reader->Lines(), ElementsAre("SYNCED", "ENDPOINT_CHANGED endpoints/alice"));
  EXPECT_EQ(ask_count_, 0);
}

// A change may come before or after its owner tells what it has: the last word counts, once.
TEST_F(EventHubTest, SnapshotAndChangesJoinWithoutLossOrRepetition) {
  answers_at_once_ = false;
  TestReader* reader = Watch();
  hub_.Step();
  TellConnection(EngineEvent::Kind::kConnectionOpened, 1);  // gone before its worker speaks
  TellConnection(EngineEvent::Kind::kConnectionClosed, 1);
  TellConnection(EngineEvent::Kind::kConnectionOpened, 2);  // told by the worker too
  AnswerWorker({2, 3}, /*worker_count=*/2);
  TellConnection(EngineEvent::Kind::kConnectionClosed, 3);  // gone after its worker spoke
  TellConnection(EngineEvent::Kind::kConnectionOpened, 4);  // came after
  endpoints_ = {"endpoints/alice"};
  AnswerCatalogues();
  TellEndpoint(Event::ENDPOINT_REMOVED, "endpoints/alice");
  hub_.Step();
  reader->ReadAll();
  EXPECT_TRUE(reader->read.empty()) << "one worker has not spoken";
  AnswerWorker({}, /*worker_count=*/2);
  TellConnection(EngineEvent::Kind::kConnectionClosed, 4);
  Settle(reader);
  EXPECT_THAT(reader->Lines(),
              ElementsAre("EXISTING connectionManagers/edge/connections/2",
                          "EXISTING connectionManagers/edge/connections/4", "SYNCED",
                          "CONNECTION_CLOSED "
                          "connectionManagers/edge/connections/4"));
  EXPECT_EQ(reader->event(2).sequence() + 1, reader->event(3).sequence());
}

// Throttling that begins while a snapshot is made is in it, though its own event is not.
TEST_F(EventHubTest, ThrottlingThatBeginsDuringASnapshotIsInIt) {
  answers_at_once_ = false;
  sipcm::v1::WatchRequest request;
  request.add_kinds(Event::THROTTLING_STARTED);
  TestReader* reader = Watch(request);
  hub_.Step();
  AnswerCatalogues();
  AnswerWorker({1, 2}, /*worker_count=*/2);
  EngineEvent began;
  began.kind = EngineEvent::Kind::kThrottlingStarted;
  began.manager_id = "edge";
  began.connection = ConnectionOf(2);
  began.throttling = std::make_shared<engine::ThrottlingChange>();
  hub_.OnEvent(began);
  AnswerWorker({}, /*worker_count=*/2);
  Settle(reader);
  EXPECT_THAT(reader->Lines(),
              ElementsAre("EXISTING connectionManagers/edge/connections/2", "SYNCED"));
  EXPECT_TRUE(reader->event(0).connection().throttled());
}

TEST_F(EventHubTest, AFailedAttemptIsToldWithoutAConnectionsName) {
  TestReader* reader = Watch();
  Settle(reader);
  EngineEvent failed;
  failed.kind = EngineEvent::Kind::kConnectFailed;
  failed.manager_id = "edge";
  auto attempt = std::make_shared<engine::ConnectionSnapshot>();
  attempt->manager_id = "edge";
  attempt->direction = connection::Direction::kOutgoing;
  attempt->remote_address = *net::SocketAddress::Parse("192.0.2.1:5060");
  attempt->pool_id = "tcp:a.example:5060";
  failed.connection = attempt;
  failed.close_reason = connection::CloseReason::kConnectTimeout;
  failed.detail = absl::UnavailableError("no answer");
  hub_.OnEvent(failed);
  Settle(reader);
  const Event told = reader->event(reader->read.size() - 1);
  EXPECT_EQ(told.kind(), Event::CONNECTION_FAILED);
  EXPECT_EQ(told.name(), "connectionManagers/edge/pools/tcp:a.example:5060");
  EXPECT_EQ(told.explanation(), "an attempt to connect failed: connect_timeout");
  EXPECT_EQ(told.connection().close_explanation(), "no answer");
  EXPECT_EQ(told.connection().name(), "");
  EXPECT_EQ(told.connection().pool(), told.name());
  EXPECT_EQ(told.connection().remote_address().host(), "192.0.2.1");
  EXPECT_EQ(told.connection().close_reason(), sipcm::v1::Connection::CONNECT_TIMEOUT);
  EXPECT_EQ(told.connection().state(), sipcm::v1::Connection::CLOSED);
}

TEST_F(EventHubTest, ACrowdOfNewWatchersIsOneQuestionAtATime) {
  answers_at_once_ = false;
  TestReader* first = Watch();
  hub_.Step();
  TestReader* second = Watch();
  TestReader* third = Watch();
  hub_.Step();
  EXPECT_EQ(ask_count_, 1);
  AnswerAll();
  hub_.Step();
  EXPECT_EQ(ask_count_, 2) << "the two that came meanwhile share the next";
  AnswerAll();
  for (TestReader* reader : {first, second, third}) {
    Settle(reader);
    EXPECT_THAT(reader->Lines(), ElementsAre("SYNCED"));
  }
  EXPECT_EQ(ask_count_, 2);
}

TEST_F(EventHubTest, OnlyTheOwnersOfWhatIsWantedAreAsked) {
  answers_at_once_ = false;
  WatchRequest request;
  request.add_kinds(Event::ENDPOINT_ADDED);
  TestReader* reader = Watch(request);
  hub_.Step();
  EXPECT_EQ(asked_, Only(ObjectClass::kEndpoint));
  AnswerCatalogues();
  Settle(reader);
  TellConnection(EngineEvent::Kind::kConnectionOpened, 1);
  TellEndpoint(Event::ENDPOINT_REMOVED, "endpoints/a");
  TellEndpoint(Event::ENDPOINT_ADDED, "endpoints/b");
  Settle(reader);
  EXPECT_THAT(reader->Lines(), ElementsAre("SYNCED", "ENDPOINT_ADDED endpoints/b"));
}

// Settings come from the catalogue, states from the engine, each with the other's last word.
TEST_F(EventHubTest, AManagersStateAndSettingsNeverTakeEachOtherBack) {
  TestReader* reader = Watch();
  Settle(reader);
  ConnectionManager manager;
  manager.set_name("connectionManagers/edge");
  manager.set_display_name("first");
  manager.set_state(ConnectionManager::IDLE);
  hub_.OnResourceEvent(MakeEvent(Event::CONNECTION_MANAGER_ADDED, manager));
  EngineEvent listening;
  listening.kind = EngineEvent::Kind::kManagerListening;
  listening.manager_id = "edge";
  auto status = std::make_shared<engine::ManagerStatus>();
  status->state = engine::ManagerStatus::State::kListening;
  status->bound_addresses = {*net::SocketAddress::Parse("127.0.0.1:5060")};
  listening.manager = status;
  hub_.OnEvent(listening);
  manager.set_display_name("second");  // made before the catalogue saw the state
  hub_.OnResourceEvent(MakeEvent(Event::CONNECTION_MANAGER_CHANGED, manager));
  Settle(reader);
  ASSERT_EQ(reader->read.size(), 4u);
  EXPECT_EQ(reader->event(2).kind(), Event::CONNECTION_MANAGER_STATE);
  EXPECT_EQ(reader->event(2).connection_manager().state(), ConnectionManager::LISTENING);
  EXPECT_EQ(reader->event(2).connection_manager().display_name(), "first");
  EXPECT_EQ(reader->event(2).explanation(), "listens on 127.0.0.1:5060");
  EXPECT_EQ(reader->event(3).connection_manager().state(), ConnectionManager::LISTENING);
  EXPECT_EQ(reader->event(3).connection_manager().bound_addresses(0).port(), 5060);
  EXPECT_EQ(reader->event(3).connection_manager().display_name(), "second");
}

TEST_F(EventHubTest, ARegistrationsStateMeetsItsEndpointAlsoWhenItWasTheFirstToBeTold) {
  TestReader* reader = Watch();
  Settle(reader);
  const auto tell = [this](registration::RegistrationState state) {
    EngineEvent event;
    event.kind = EngineEvent::Kind::kEndpointState;
    event.manager_id = "default-client";
    event.endpoint_id = "alice";
    auto status = std::make_shared<engine::EndpointStatus>();
    status->registration.state = state;
    event.endpoint = status;
    hub_.OnEvent(event);
  };
  tell(registration::RegistrationState::kRegistering);  // before the catalogue told of it
  sipcm::v1::Endpoint alice = EndpointOf("endpoints/alice");
  alice.set_kind(sipcm::v1::Endpoint::REGISTERED);
  alice.set_display_name("Alice");
  hub_.OnResourceEvent(MakeEvent(Event::ENDPOINT_ADDED, alice));
  tell(registration::RegistrationState::kRegistered);
  hub_.OnResourceEvent(MakeEvent(Event::ENDPOINT_REMOVED, alice));
  tell(registration::RegistrationState::kUnregistering);  // of none any more
  Settle(reader);
  EXPECT_THAT(reader->Lines(),
              ElementsAre("SYNCED", "ENDPOINT_ADDED endpoints/alice",
                          "ENDPOINT_STATE endpoints/alice", "ENDPOINT_REMOVED endpoints/alice"));
  using sipcm::v1::Registration;
  EXPECT_EQ(reader->event(1).endpoint().registration().state(), Registration::REGISTERING);
  EXPECT_EQ(reader->event(2).endpoint().registration().state(), Registration::REGISTERED);
  EXPECT_EQ(reader->event(2).endpoint().state(), sipcm::v1::Endpoint::READY);
  EXPECT_EQ(reader->event(2).endpoint().display_name(), "Alice");
  EXPECT_EQ(reader->event(2).explanation(), "the registration is REGISTERED");
}

TEST_F(EventHubTest, APoolThatGoesIsASettingStillWhenItHasSome) {
  answers_at_once_ = false;
  TestReader* reader = Watch();
  hub_.Step();
  for (const bool has_settings : {true, false}) {
    auto pool = std::make_shared<engine::PoolSnapshot>();
    pool->manager_id = "edge";
    pool->destination.host = has_settings ? "192.0.2.1" : "192.0.2.2";
    pool->destination.port = 5060;
    pool->live = !has_settings;
    EngineEvent removed;
    removed.kind = EngineEvent::Kind::kPoolRemoved;
    removed.manager_id = "edge";
    removed.pool = pool;
    hub_.OnEvent(removed);
  }
  AnswerAll();
  Settle(reader);
  EXPECT_THAT(reader->Lines(),
              ElementsAre("EXISTING connectionManagers/edge/pools/tcp:192.0.2.1:5060", "SYNCED"));
}

TEST_F(EventHubTest, WhenItsInboxOverflowsEveryWatcherGetsAGapAndAFreshSnapshot) {
  TestReader* reader = Watch();
  Settle(reader);
  constexpr size_t kLost = 3;
  for (size_t i = 0; i < EventInbox::kMaxWaitingCount + kLost; ++i) {
    TellConnection(EngineEvent::Kind::kConnectionOpened, i + 1);
  }
  endpoints_ = {"endpoints/alice"};
  reader->ReadAll();  // it reads on meanwhile
  Settle(reader);
  size_t gap = 0;
  while (gap < reader->read.size() && reader->read[gap]->kind != Event::GAP) ++gap;
  ASSERT_LT(gap + 2, reader->read.size());
  // Those that it did not read itself in time are lost to it as well.
  EXPECT_EQ(gap - 1 + reader->event(gap).gap().lost_count(), EventInbox::kMaxWaitingCount + kLost);
  EXPECT_EQ(reader->event(gap + 1).name(), "endpoints/alice");
  EXPECT_EQ(reader->event(gap + 2).kind(), Event::SYNCED);
  EXPECT_EQ(reader->event(gap + 2).sequence(),
            static_cast<int64_t>(EventInbox::kMaxWaitingCount + kLost));
}

TEST_F(EventHubTest, AnOverflowDuringASnapshotBeginsItAfresh) {
  answers_at_once_ = false;
  TestReader* reader = Watch();
  hub_.Step();
  const uint64_t first = round_;
  for (size_t i = 0; i <= EventInbox::kMaxWaitingCount; ++i) {
    TellConnection(EngineEvent::Kind::kConnectionOpened, i + 1);
  }
  hub_.Step();
  EXPECT_EQ(round_, first + 1);
  AnswerAll();
  Settle(reader);
  EXPECT_THAT(reader->Lines(), ElementsAre("SYNCED"));
}

TEST_F(EventHubTest, AtTheEndAllIsReadAndThenWhy) {
  TestReader* reader = Watch();
  Settle(reader);
  TellEndpoint(Event::ENDPOINT_ADDED, "endpoints/bob");
  hub_.End(MakeError(absl::StatusCode::kUnavailable, "SHUTTING_DOWN", "the server ends"));
  Settle(reader);
  EXPECT_THAT(reader->Lines(), ElementsAre("SYNCED", "ENDPOINT_ADDED endpoints/bob"));
  EXPECT_EQ(ReasonOf(reader->end), "SHUTTING_DOWN");
  TestReader late;
  EXPECT_EQ(ReasonOf(hub_.Watch({}, &late).status()), "SHUTTING_DOWN");
}

TEST_F(EventHubTest, TheNumberOfWatchersIsBounded) {
  for (int i = 0; i < EventInbox::kMaxWatcherCount; ++i) Watch();
  TestReader one_more;
  const absl::Status refused = hub_.Watch({}, &one_more).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(refused), "RESOURCE_LIMIT");
  readers_.back()->watcher->Leave();
  readers_.pop_back();
  Watch();
}

}  // namespace
}  // namespace sipcm::server
