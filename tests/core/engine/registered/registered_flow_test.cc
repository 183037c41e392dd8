// REGISTERED endpoints: their dedicated connections and what lives on them (semantics.md 2 and 9,
// scenario 9 of section 11).
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/engine/registered/registered_flow_fixture.h"

namespace sipcm::engine {
namespace {

using connection::CloseReason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

class RegisteredFlowTest : public RegisteredFlowFixture {
 protected:
  using RegisteredFlowFixture::RegisteredFlowFixture;
};

TEST_F(RegisteredFlowTest, AnEndpointOpensItsConnectionAndRegistersOnIt) {
  AddManager();
  AddEndpoint();
  ASSERT_THAT(registrar_.peers, SizeIs(1));
  EXPECT_EQ(State(), RegistrationState::kRegistering);
  const std::string request = registrar_.Accept();
  EXPECT_THAT(request, StartsWith("REGISTER sip:192.0.2.50 SIP/2.0\r\n"));
  EXPECT_EQ(HeaderOf(request, "To"), "<sip:alice@example.com>");
  EXPECT_THAT(HeaderOf(request, "Contact"), StartsWith("<sip:alice@"));
  EXPECT_THAT(HeaderOf(request, "Contact"), HasSubstr(";transport=tcp>"));
  EXPECT_EQ(State(), RegistrationState::kRegistered);
  EXPECT_TRUE(Status().connection.is_valid());
}

TEST_F(RegisteredFlowTest, WhoWatchesHearsEachStepOfTheRegistrationUntilTheEndpointIsDeleted) {
  AddManager();
  AddEndpoint();
  registrar_.Accept();
  ASSERT_TRUE(fixture_.engine->RemoveEndpoint("alice").ok());
  fixture_.RunUntilIdle();
  std::vector<RegistrationState> told;
  for (const EngineEvent& event : fixture_.events.events) {
    if (event.kind != EngineEvent::Kind::kEndpointState) continue;
    EXPECT_EQ(event.endpoint_id, "alice");
    EXPECT_EQ(event.manager_id, "client");
    if (told.empty() || told.back() != event.endpoint->registration.state) {
      told.push_back(event.endpoint->registration.state);
    }
  }
  ASSERT_FALSE(told.empty());
  if (told.front() == RegistrationState::kUnregistered) told.erase(told.begin());  // its flow came
  EXPECT_THAT(told, ElementsAre(RegistrationState::kRegistering, RegistrationState::kRegistered));
}

TEST_F(RegisteredFlowTest, EachEndpointHasAConnectionOfItsOwn) {
  AddManager();
  AddEndpoint("alice");
  AddEndpoint("bob");
  EXPECT_THAT(registrar_.peers, SizeIs(2));
  EXPECT_NE(Status("alice").connection, Status("bob").connection);
}

TEST_F(RegisteredFlowTest, ADedicatedConnectionIsNoPoolsAndNamesItsEndpoint) {
  AddManager();
  AddEndpoint();
  std::vector<PoolSnapshot> pools(1);
  fixture_.engine->ListPools("client", [&](auto result) { pools = *std::move(result); });
  std::vector<ConnectionSnapshot> connections;
  fixture_.engine->ListConnections("client",
                                   [&](auto result) { connections = *std::move(result); });
  fixture_.RunUntilIdle();
  EXPECT_THAT(pools, IsEmpty());
  ASSERT_THAT(connections, SizeIs(1));
  EXPECT_EQ(connections[0].endpoint_id, "alice");
  EXPECT_EQ(connections[0].pool_id, "");
  EXPECT_EQ(fixture_.events.Count(EngineEvent::Kind::kPoolAdded), 0);
}

TEST_F(RegisteredFlowTest, AllItsSendsGoOverItsConnection) {
  AddManager();
  AddEndpoint();
  registrar_.Accept();
  Send("sip:bob@198.51.100.99");
  ASSERT_THAT(registrar_.peers, SizeIs(1));
  const std::vector<std::string> requests = registrar_.Take();
  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_THAT(requests[0], StartsWith("OPTIONS sip:bob@198.51.100.99 SIP/2.0\r\n"));
}

TEST_F(RegisteredFlowTest, UntilItIsRegisteredItsSendsAreRefused) {
  AddManager();
  AddEndpoint();
  Send();
  ASSERT_THAT(sent_->events, SizeIs(1));
  EXPECT_EQ(ReasonOf(sent_->events[0].failure), "ENDPOINT_NOT_REGISTERED");
  EXPECT_THAT(sent_->events[0].failure.message(), HasSubstr("is REGISTERING"));
}

TEST_F(RegisteredFlowTest, WhatComesOnItsConnectionIsItsOwnWhateverToSays) {
  AddManager();
  AddEndpoint("alice");
  AddEndpoint("bob");
  auto alice = std::make_shared<RecordingSink>();
  auto bob = std::make_shared<RecordingSink>();
  auto first = fixture_.Subscribe("alice", alice);
  auto second = fixture_.Subscribe("bob", bob);
  registrar_.peers[0]->Send(MakeRequest("MESSAGE", "sip:bob@example.com", 1));
  fixture_.RunUntilIdle();
  ASSERT_THAT(alice->deliveries, SizeIs(1));
  EXPECT_EQ(alice->deliveries[0].reason, dispatch::DispatchReason::kUniqueContext);
  EXPECT_THAT(bob->deliveries, IsEmpty());
  registrar_.peers[0]->TakeReceived();
  EXPECT_TRUE(fixture_.Respond(alice->deliveries[0].request_id, 200).ok());
  EXPECT_THAT(StatusCodes(registrar_.peers[0]->TakeReceived()), ElementsAre(200));
}

TEST_F(RegisteredFlowTest, Scenario9AClientManagersLostConnectionIsBackAndRegisteredAtOnce) {
  AddManager();
  AddEndpoint();
  registrar_.Accept();
  fixture_.AdvanceBy(FlowRecovery::kLasting);
  registrar_.peer().Close();
  fixture_.RunUntilIdle();
  ASSERT_THAT(registrar_.peers, SizeIs(2)) << "without waiting";
  registrar_.Accept();
  EXPECT_EQ(State(), RegistrationState::kRegistered);
  Send();
  EXPECT_THAT(registrar_.Take(), SizeIs(1));
}

TEST_F(RegisteredFlowTest, WhatDoesNotLastIsReconnectedWithBackOffUpToAMinute) {
  AddManager();
  AddEndpoint();
  absl::Duration most = FlowRecovery::kFirstQuickDelay;
  for (int i = 0; i < 9; ++i) {
    const size_t before = registrar_.peers.size();
    registrar_.peer().Close();
    fixture_.AdvanceBy(most / 2 - absl::Milliseconds(1));
    EXPECT_THAT(registrar_.peers, SizeIs(before));
    // In steps, so that none lasts until its loss is noticed here.
    constexpr int kSteps = 100;
    for (int step = 0; step < kSteps && registrar_.peers.size() == before; ++step) {
      fixture_.AdvanceBy((most / 2 + absl::Milliseconds(1)) / kSteps);
    }
    EXPECT_THAT(registrar_.peers, SizeIs(before + 1));
    most = std::min(most * 2, FlowRecovery::kLongestQuickDelay);
  }
}

TEST_F(RegisteredFlowTest, WhileTheRegistrarIsAwayItIsTriedWithBackOff) {
  AddManager();
  AddEndpoint();
  registrar_.Accept();
  fixture_.AdvanceBy(FlowRecovery::kLasting);
  registrar_.StopListening();
  registrar_.peer().Close();
  fixture_.RunUntilIdle();
  EXPECT_EQ(State(), RegistrationState::kUnregistered);
  EXPECT_FALSE(Status().connection.is_valid());
  fixture_.AdvanceBy(absl::Minutes(20));
  EXPECT_THAT(registrar_.peers, SizeIs(1));
  EXPECT_THAT(Status().registration.reason, HasSubstr("192.0.2.50"));
  registrar_.Listen();
  ASSERT_TRUE(fixture_.scheduler.AdvanceUntil([&] { return registrar_.peers.size() == 2; },
                                              FlowRecovery::kLongestQuickDelay));
  fixture_.RunUntilIdle();
  registrar_.Accept();
  EXPECT_EQ(State(), RegistrationState::kRegistered);
}

TEST_F(RegisteredFlowTest, Scenario9AServerManagersLostConnectionIsBackOnTheNextSend) {
  AddManager(ManagerKind::kServerTcp);
  AddEndpoint();
  const std::string request = registrar_.Accept();
  EXPECT_THAT(HeaderOf(request, "Contact"), StartsWith("<sip:alice@192.0.2.1:5060;"));
  fixture_.AdvanceBy(FlowRecovery::kLasting);
  registrar_.peer().Close();
  fixture_.AdvanceBy(absl::Minutes(5));
  EXPECT_THAT(registrar_.peers, SizeIs(1));
  EXPECT_EQ(State(), RegistrationState::kRegistered) << "it leads to where we listen";
  Send();
  ASSERT_THAT(registrar_.peers, SizeIs(2));
  std::vector<std::string> messages = registrar_.Take();
  ASSERT_THAT(messages, SizeIs(2));
  EXPECT_THAT(messages[0], StartsWith("OPTIONS "));
  EXPECT_THAT(messages[1], StartsWith("REGISTER "));
}

TEST_F(RegisteredFlowTest, AnIdleFlowOfAClientManagerStaysAndAnswersToPings) {
  AddManager();
  AddEndpoint();
  registrar_.Accept(/*expires=*/7200);
  for (int i = 0; i < 60; ++i) {
    fixture_.AdvanceBy(absl::Seconds(30));
    EXPECT_EQ(registrar_.peer().TakeReceived(), "\r\n\r\n");
    registrar_.peer().Send("\r\n");
  }
  EXPECT_THAT(registrar_.peers, SizeIs(1));
  EXPECT_THAT(Closings(), IsEmpty());
}

TEST_F(RegisteredFlowTest, AMuteRegistrarIsFoundByThePingAndTriedAnew) {
  AddManager();
  AddEndpoint();
  registrar_.Accept(/*expires=*/7200);
  fixture_.AdvanceBy(absl::Seconds(40) - absl::Milliseconds(1));
  EXPECT_THAT(registrar_.peers, SizeIs(1));
  fixture_.AdvanceBy(absl::Milliseconds(1));
  EXPECT_THAT(registrar_.peers, SizeIs(2));
  EXPECT_THAT(Closings(), ElementsAre(CloseReason::kPongTimeout));
}

TEST_F(RegisteredFlowTest, ADeletedEndpointUnregistersAndItsConnectionSaysWhy) {
  AddManager();
  AddEndpoint();
  registrar_.Accept();
  ASSERT_TRUE(fixture_.engine->RemoveEndpoint("alice").ok());
  fixture_.RunUntilIdle();
  const std::vector<std::string> requests = registrar_.Take();
  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_EQ(HeaderOf(requests[0], "Expires"), "0");
  EXPECT_THAT(Closings(), IsEmpty());
  registrar_.Reply(requests[0], 200);
  EXPECT_THAT(Closings(), ElementsAre(CloseReason::kEndpointDeleted));
  fixture_.AdvanceBy(absl::Minutes(5));
  EXPECT_THAT(registrar_.peers, SizeIs(1));
  EXPECT_EQ(fixture_.engine->GetEndpointStatus("alice").status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(RegisteredFlowTest, AnUnansweredUnregisterWaitsTwoSecondsAndNoMore) {
  AddManager();
  AddEndpoint();
  registrar_.Accept();
  ASSERT_TRUE(fixture_.engine->RemoveEndpoint("alice").ok());
  fixture_.AdvanceBy(RegisteredFlow::kUnregisterLimit - absl::Milliseconds(1));
  EXPECT_THAT(Closings(), IsEmpty());
  fixture_.AdvanceBy(absl::Milliseconds(1));
  EXPECT_THAT(Closings(), ElementsAre(CloseReason::kEndpointDeleted));
}

TEST_F(RegisteredFlowTest, ANameThatIsUsedAgainGetsAConnectionOfItsOwn) {
  AddManager();
  AddEndpoint();
  registrar_.Accept();
  ASSERT_TRUE(fixture_.engine->RemoveEndpoint("alice").ok());
  AddEndpoint();
  EXPECT_THAT(registrar_.peers, SizeIs(2));
  registrar_.Accept();
  EXPECT_EQ(State(), RegistrationState::kRegistered);
  EXPECT_THAT(Closings(), ElementsAre(CloseReason::kEndpointDeleted));
}

TEST_F(RegisteredFlowTest, OtherCredentialsRegisterAnewOnTheSameConnection) {
  AddManager();
  AddEndpoint();
  const std::string first = registrar_.Take()[0];
  registrar_.Reply(first, 403);
  EXPECT_EQ(State(), RegistrationState::kFailed);
  dispatch::Endpoint changed = Registered("alice");
  dispatch::RegistrationSettings settings = *changed.registration;
  settings.password = "better";
  changed.registration = std::make_shared<const dispatch::RegistrationSettings>(settings);
  ASSERT_TRUE(fixture_.engine->ApplyEndpoint(changed).ok());
  fixture_.RunUntilIdle();
  EXPECT_THAT(registrar_.peers, SizeIs(1));
  registrar_.Accept();
  EXPECT_EQ(State(), RegistrationState::kRegistered);
}

TEST_F(RegisteredFlowTest, AnotherRegistrarIsAnotherConnection) {
  AddManager();
  AddEndpoint();
  registrar_.Accept();
  TestRegistrar other(&fixture_, "192.0.2.51:5060");
  dispatch::Endpoint moved = Registered("alice");
  dispatch::RegistrationSettings settings = *moved.registration;
  settings.registrar = "sip:192.0.2.51";
  moved.registration = std::make_shared<const dispatch::RegistrationSettings>(settings);
  ASSERT_TRUE(fixture_.engine->ApplyEndpoint(moved).ok());
  fixture_.RunUntilIdle();
  ASSERT_THAT(other.peers, SizeIs(1));
  other.Accept();
  EXPECT_EQ(State(), RegistrationState::kRegistered);
}

TEST_F(RegisteredFlowTest, AManagerDeletedWithItEndsItAtOnce) {
  AddManager();
  AddEndpoint();
  registrar_.Accept();
  ASSERT_TRUE(fixture_.engine->RemoveManager("client").ok());
  fixture_.AdvanceBy(absl::Minutes(5));
  EXPECT_THAT(registrar_.peers, SizeIs(1));
  EXPECT_THAT(Closings(), SizeIs(1));
  EXPECT_EQ(fixture_.engine->GetTotals().connections[1][0], 0);
}

TEST_F(RegisteredFlowTest, TheEndOfTheServerUnregistersFirst) {
  AddManager();
  AddEndpoint();
  registrar_.Accept();
  bool done = false;
  fixture_.engine->Shutdown(absl::Seconds(10), [&] { done = true; });
  fixture_.RunUntilIdle();
  const std::vector<std::string> requests = registrar_.Take();
  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_EQ(HeaderOf(requests[0], "Expires"), "0");
  EXPECT_FALSE(done);
  registrar_.Reply(requests[0], 200);
  fixture_.AdvanceBy(absl::Seconds(3));
  EXPECT_TRUE(done);
}

TEST_F(RegisteredFlowTest, ARegistrarThatTheManagersKindDoesNotReachIsRefused) {
  AddManager(ManagerKind::kServerTcp);
  dispatch::Endpoint endpoint = Registered("alice");
  dispatch::RegistrationSettings settings = *endpoint.registration;
  settings.registrar = "sips:192.0.2.50";
  endpoint.registration = std::make_shared<const dispatch::RegistrationSettings>(settings);
  const absl::Status refused = fixture_.engine->ApplyEndpoint(endpoint);
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FieldOf(refused), "registration.registrar");
}

class RegisteredFlowOnWorkersTest : public RegisteredFlowTest {
 protected:
  RegisteredFlowOnWorkersTest() : RegisteredFlowTest(4) {}
};

TEST_F(RegisteredFlowOnWorkersTest, ManyEndpointsOnManyWorkersRegisterAndEnd) {
  AddManager();
  for (int i = 0; i < 20; ++i) AddEndpoint("user" + std::to_string(i));
  ASSERT_THAT(registrar_.peers, SizeIs(20));
  for (const auto& peer : registrar_.peers) {
    const std::string request = Messages(peer->TakeReceived())[0];
    peer->Send(MakeResponse(request, 200));
  }
  fixture_.RunUntilIdle();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(State("user" + std::to_string(i)), RegistrationState::kRegistered);
  }
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(fixture_.engine->RemoveEndpoint("user" + std::to_string(i)).ok());
  }
  fixture_.AdvanceBy(RegisteredFlow::kUnregisterLimit);
  EXPECT_EQ(fixture_.engine->GetTotals().connections[1][0], 0);
}

TEST_F(RegisteredFlowTest, TwoHundredFlowsKnockTogetherAtMostTenTimesASecond) {
  AddManager();
  for (int i = 0; i < 200; ++i) AddEndpoint("user" + std::to_string(i));
  ASSERT_EQ(registrar_.peers.size(), 200u);
  fixture_.AdvanceBy(absl::Seconds(10));
  auto knocks = [this, before = fixture_.network.connect_count()]() mutable {
    const uint64_t now = fixture_.network.connect_count();
    return now - std::exchange(before, now);
  };
  registrar_.StopListening();
  registrar_.peers.clear();
  fixture_.RunUntilIdle();
  EXPECT_LE(knocks(), 10u) << "all are lost in this moment";
  uint64_t all = 0;
  for (int second = 0; second < 60; ++second) {
    fixture_.AdvanceBy(absl::Seconds(1));
    const uint64_t these = knocks();
    EXPECT_LE(these, 10u) << second;
    all += these;
  }
  EXPECT_GE(all, 60u) << "it is looked after";
  registrar_.Listen();
  fixture_.AdvanceBy(absl::Seconds(61));
  // Some came twice, since nobody answered their REGISTER.
  EXPECT_GE(registrar_.peers.size(), 200u) << "all are back";
}

}  // namespace
}  // namespace sipcm::engine
