#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/engine/engine_fixture.h"

namespace sipcm::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(ManagersTest, Scenario1PortZeroReportsTheRealPortAndAllAddressesShareIt) {
  EngineFixture fixture(/*worker_count=*/3);
  ManagerConfig config = EngineFixture::TcpManager("edge");
  config.listen_addresses = {*net::SocketAddress::Parse("192.0.2.1:0"),
                             *net::SocketAddress::Parse("[2001:db8::1]:0")};
  ASSERT_TRUE(fixture.engine->ApplyManager(config).ok());
  const auto status = fixture.engine->StartListening("edge");
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_EQ(status->state, ManagerStatus::State::kListening);
  ASSERT_THAT(status->bound_addresses, SizeIs(2));
  EXPECT_NE(status->bound_addresses[0].port, 0);
  EXPECT_EQ(status->bound_addresses[0].port, status->bound_addresses[1].port);
}

TEST(ManagersTest, Scenario1SecondStartAndSecondStopAreFailedPreconditions) {
  EngineFixture fixture;
  fixture.StartTcpManager();
  EXPECT_EQ(ReasonOf(fixture.engine->StartListening("edge").status()), "ALREADY_LISTENING");
  for (const bool expected : {true, false}) {
    absl::StatusOr<ManagerStatus> stopped = absl::UnknownError("not called");
    fixture.engine->StopListening(
        "edge", [&](absl::StatusOr<ManagerStatus> status) { stopped = std::move(status); });
    fixture.RunUntilIdle();
    EXPECT_EQ(stopped.ok(), expected);
    EXPECT_EQ(ReasonOf(stopped.status()), expected ? "" : "NOT_LISTENING");
  }
}

TEST(ManagersTest, Scenario1AddressInUseFailsTheManagerWithItsReasonAndItCanBeStartedAgain) {
  EngineFixture fixture;
  fixture.StartTcpManager("first");
  ASSERT_TRUE(fixture.engine->ApplyManager(EngineFixture::TcpManager("second")).ok());
  const auto refused = fixture.engine->StartListening("second");
  EXPECT_EQ(ReasonOf(refused.status()), "ADDRESS_IN_USE");
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("192.0.2.1:5060"));
  EXPECT_EQ(fixture.engine->GetManagerStatus("second")->state, ManagerStatus::State::kFailed);
  ASSERT_TRUE(fixture.engine->RemoveManager("first").ok());
  fixture.RunUntilIdle();
  EXPECT_TRUE(fixture.engine->StartListening("second").ok());
}

TEST(ManagersTest, AnAcceptThatFailsForGoodFailsTheManagerOnceForAllWorkersAndItCanBeStartedAgain) {
  EngineFixture fixture(/*worker_count=*/2);
  fixture.StartTcpManager();
  auto established = fixture.ConnectPeer();
  fixture.RunUntilIdle();
  const net::SocketAddress edge = *net::SocketAddress::Parse("192.0.2.1:5060");
  fixture.network.FailAccepts(edge, 1, fakes::FakeNetwork::AcceptFault::kForGood);
  auto unlucky = fixture.ConnectPeer();
  fixture.RunUntilIdle();
  const ManagerStatus failed = *fixture.engine->GetManagerStatus("edge");
  EXPECT_EQ(failed.state, ManagerStatus::State::kFailed);
  EXPECT_THAT(failed.reason, HasSubstr("cannot accept on \"192.0.2.1:5060\""));
  EXPECT_THAT(failed.bound_addresses, SizeIs(0));
  EXPECT_EQ(fixture.events.Count(EngineEvent::Kind::kManagerFailed), 1);
  EXPECT_EQ(fixture.network.listener_count(), 0u) << "those of the other worker too";
  EXPECT_TRUE(unlucky->is_over());
  established->Send(MakeRequest("OPTIONS", "sip:alice@example.com", 1));
  fixture.RunUntilIdle();
  EXPECT_THAT(StatusCodes(established->TakeReceived()), ElementsAre(500));
  ASSERT_TRUE(fixture.engine->StartListening("edge").ok());
  auto later = fixture.ConnectPeer();
  later->Send(MakeRequest("OPTIONS", "sip:alice@example.com", 2));
  fixture.RunUntilIdle();
  EXPECT_THAT(StatusCodes(later->TakeReceived()), ElementsAre(500));
}

TEST(ManagersTest, AnAcceptFailureOfAListeningThatIsOverChangesNothing) {
  EngineFixture fixture(/*worker_count=*/2);
  fixture.StartTcpManager();
  const net::SocketAddress edge = *net::SocketAddress::Parse("192.0.2.1:5060");
  fixture.network.FailAccepts(edge, 2, fakes::FakeNetwork::AcceptFault::kForGood);
  std::vector<std::unique_ptr<fakes::TestPeer>> peers;
  // To both workers; it is stopped, and fails, before they look.
  for (int i = 0; i < 20; ++i) peers.push_back(fixture.ConnectPeer());
  absl::StatusOr<ManagerStatus> stopped = absl::UnknownError("not called");
  fixture.engine->StopListening(
      "edge", [&](absl::StatusOr<ManagerStatus> status) { stopped = std::move(status); });
  fixture.RunUntilIdle();
  ASSERT_TRUE(stopped.ok());
  EXPECT_EQ(stopped->state, ManagerStatus::State::kIdle);
  EXPECT_EQ(fixture.engine->GetManagerStatus("edge")->state, ManagerStatus::State::kIdle);
  EXPECT_EQ(fixture.events.Count(EngineEvent::Kind::kManagerFailed), 0);
}

TEST(ManagersTest, APortThatIsTakenAtAnotherAddressIsNotTheLastOnePicked) {
  EngineFixture fixture(/*worker_count=*/2);
  ManagerConfig other = EngineFixture::TcpManager("other");
  other.listen_addresses = {*net::SocketAddress::Parse("192.0.2.1:0"),
                            *net::SocketAddress::Parse("[2001:db8::1]:0")};
  ManagerConfig edge = EngineFixture::TcpManager("edge");
  edge.listen_addresses = {*net::SocketAddress::Parse("192.0.2.2:0"),
                           *net::SocketAddress::Parse("[2001:db8::1]:0")};
  ASSERT_TRUE(fixture.engine->ApplyManager(other).ok());
  ASSERT_TRUE(fixture.engine->ApplyManager(edge).ok());
  const auto first = fixture.engine->StartListening("other");
  ASSERT_TRUE(first.ok()) << first.status();
  // What is picked next is what is taken already, but for the address that picks.
  fixture.network.PickNext(first->bound_addresses[0].port);
  const auto second = fixture.engine->StartListening("edge");
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_NE(second->bound_addresses[0].port, first->bound_addresses[0].port);
  EXPECT_EQ(second->bound_addresses[0].port, second->bound_addresses[1].port);
}

TEST(ManagersTest, Scenario1StopLeavesEstablishedConnectionsUp) {
  EngineFixture fixture;
  fixture.StartTcpManager();
  auto peer = fixture.ConnectPeer();
  fixture.RunUntilIdle();
  fixture.engine->StopListening("edge", [](absl::StatusOr<ManagerStatus>) {});
  fixture.RunUntilIdle();
  peer->Send(MakeRequest("OPTIONS", "sip:alice@example.com", 1));
  fixture.RunUntilIdle();
  EXPECT_THAT(StatusCodes(peer->TakeReceived()), ElementsAre(500));
}

TEST(ManagersTest, ClientManagerNeverListens) {
  EngineFixture fixture;
  ManagerConfig config = EngineFixture::TcpManager("phone");
  config.kind = ManagerKind::kClient;
  ASSERT_TRUE(fixture.engine->ApplyManager(config).ok());
  EXPECT_EQ(ReasonOf(fixture.engine->StartListening("phone").status()),
            "CLIENT_MANAGER_NEVER_LISTENS");
  EXPECT_EQ(
      fixture.engine
          ->ApplyEndpoint(EngineFixture::PeerToPeer("alice", "sip:alice@example.com", "phone"))
          .code(),
      absl::StatusCode::kFailedPrecondition);
}

TEST(ManagersTest, TcpManagerSaysWhyTlsIsRecommended) {
  EngineFixture fixture;
  fixture.StartTcpManager();
  EXPECT_THAT(fixture.engine->GetManagerStatus("edge")->warnings,
              ElementsAre(HasSubstr("SERVER_TLS")));
}

TEST(ManagersTest, ListenAddressCannotChangeWhileListening) {
  EngineFixture fixture;
  fixture.StartTcpManager();
  ManagerConfig moved = EngineFixture::TcpManager("edge");
  moved.listen_addresses[0].port = 5062;
  EXPECT_EQ(ReasonOf(fixture.engine->ApplyManager(moved)), "MANAGER_LISTENING");
}

TEST(ManagersTest, RemovedManagerClosesItsConnectionsAndEndsItsSubscriptions) {
  EngineFixture fixture;
  fixture.StartTcpManager();
  ASSERT_TRUE(
      fixture.engine->ApplyEndpoint(EngineFixture::PeerToPeer("alice", "sip:alice@example.com"))
          .ok());
  auto sink = std::make_shared<RecordingSink>();
  auto subscription = fixture.Subscribe("alice", sink);
  auto peer = fixture.ConnectPeer();
  peer->Send(MakeRequest("OPTIONS", "sip:alice@example.com", 1));
  fixture.RunUntilIdle();
  ASSERT_TRUE(fixture.engine->RemoveManager("edge").ok());
  fixture.RunUntilIdle();
  EXPECT_TRUE(peer->is_over());
  EXPECT_THAT(StatusCodes(peer->TakeReceived()), ElementsAre(500));
  EXPECT_EQ(sink->ended.code(), absl::StatusCode::kNotFound);
  ASSERT_EQ(fixture.events.Count(EngineEvent::Kind::kConnectionClosed), 1);
  EXPECT_EQ(fixture.events.events.back().close_reason, connection::CloseReason::kManagerDeleted);
  EXPECT_EQ(fixture.engine->GetTotals().connections[0][0], 0);
}

TEST(ManagersTest, RemovingAManagerWithAnEmptyPoolAndThenEndingIsOrderly) {
  EngineFixture fixture(/*worker_count=*/2);
  for (const std::string id : {"first", "second"}) {
    ManagerConfig config = EngineFixture::TcpManager(id);
    ASSERT_TRUE(fixture.engine->ApplyManager(config).ok());
    ASSERT_TRUE(
        fixture.engine
            ->ApplyEndpoint(EngineFixture::PeerToPeer("alice-" + id, "sip:alice@example.com", id))
            .ok());
    SendOrder order;
    order.endpoint_id = "alice-" + id;
    order.method = "OPTIONS";
    order.request_uri = "sip:nobody@192.0.2.77:5060";  // refused: its pool stays, empty
    std::vector<SendOrder> orders;
    orders.push_back(std::move(order));
    fixture.engine->Send(std::move(orders), std::make_shared<RecordingSendSink>());
    fixture.RunUntilIdle();
  }
  EXPECT_EQ(fixture.engine->GetTotals().pools, 2);
  ASSERT_TRUE(fixture.engine->RemoveManager("first").ok());
  fixture.RunUntilIdle();
  EXPECT_EQ(fixture.engine->GetTotals().pools, 1);
  bool done = false;
  fixture.engine->Shutdown(absl::Seconds(1), [&] { done = true; });
  fixture.RunUntilIdle();
  EXPECT_TRUE(done);
  EXPECT_EQ(fixture.engine->GetTotals().pools, 0);
}

TEST(ManagersTest, ChangedIdleDefaultLeavesOldConnectionsAlone) {
  EngineFixture fixture;
  ManagerConfig config = EngineFixture::TcpManager("edge");
  config.connection.incoming_idle_timeout = absl::Seconds(100);
  ASSERT_TRUE(fixture.engine->ApplyManager(config).ok());
  ASSERT_TRUE(fixture.engine->StartListening("edge").ok());
  fixture.RunUntilIdle();
  auto old_peer = fixture.ConnectPeer();
  fixture.RunUntilIdle();
  config.connection.incoming_idle_timeout = absl::Seconds(10);
  ASSERT_TRUE(fixture.engine->ApplyManager(config).ok());
  auto new_peer = fixture.ConnectPeer();
  for (auto* peer : {old_peer.get(), new_peer.get()}) {
    peer->Send(MakeRequest("OPTIONS", "sip:alice@example.com", 1));
  }
  fixture.RunUntilIdle();
  fixture.AdvanceBy(absl::Seconds(10));
  EXPECT_TRUE(new_peer->is_over());
  EXPECT_FALSE(old_peer->is_over());
  fixture.AdvanceBy(absl::Seconds(90));
  EXPECT_TRUE(old_peer->is_over());
  EXPECT_EQ(fixture.events.events.back().close_reason, connection::CloseReason::kIdle);
}

TEST(ManagersTest, SilentCrlfAndGarbageAreClosedAtTheFirstMessageLimit) {
  EngineFixture fixture;
  fixture.StartTcpManager();
  auto silent = fixture.ConnectPeer();
  auto crlf = fixture.ConnectPeer();
  fixture.RunUntilIdle();
  for (int second = 0; second < 59; ++second) {
    crlf->Send("\r\n\r\n");
    fixture.AdvanceBy(absl::Seconds(1));
  }
  fixture.AdvanceBy(absl::Milliseconds(999));
  EXPECT_FALSE(silent->is_over());
  EXPECT_FALSE(crlf->is_over());
  fixture.AdvanceBy(absl::Milliseconds(1));
  EXPECT_TRUE(silent->is_over());
  EXPECT_TRUE(crlf->is_over());
}

TEST(ManagersTest, ConnectionsAreListedClosedAndGivenAnIdleLimit) {
  EngineFixture fixture(/*worker_count=*/2);
  fixture.StartTcpManager();
  std::vector<std::unique_ptr<fakes::TestPeer>> peers;
  for (int i = 0; i < 6; ++i) peers.push_back(fixture.ConnectPeer());
  fixture.RunUntilIdle();
  std::vector<ConnectionSnapshot> listed;
  fixture.engine->ListConnections(
      "edge", [&](absl::StatusOr<std::vector<ConnectionSnapshot>> all) { listed = *all; });
  fixture.RunUntilIdle();
  ASSERT_THAT(listed, SizeIs(6));
  fixture.engine->CloseConnection(listed[0].id, absl::nullopt,
                                  [](absl::StatusOr<ConnectionSnapshot>) {});
  fixture.RunUntilIdle();
  absl::StatusOr<ConnectionSnapshot> gone = absl::UnknownError("not called");
  fixture.engine->GetConnection(
      listed[0].id, [&](absl::StatusOr<ConnectionSnapshot> got) { gone = std::move(got); });
  fixture.RunUntilIdle();
  EXPECT_EQ(ReasonOf(gone.status()), "RESOURCE_NOT_FOUND");
  EXPECT_EQ(fixture.events.events.back().close_reason, connection::CloseReason::kAdmin);
}

TEST(ManagersTest, ConnectionThatIsClosedWhenIdleWaitsForItsRequestUntilItsOwnLimit) {
  EngineFixture fixture;
  fixture.StartTcpManager();
  ASSERT_TRUE(
      fixture.engine->ApplyEndpoint(EngineFixture::PeerToPeer("alice", "sip:alice@example.com"))
          .ok());
  auto sink = std::make_shared<RecordingSink>();
  auto subscription = fixture.Subscribe("alice", sink);
  auto peer = fixture.ConnectPeer();
  peer->Send(MakeRequest("OPTIONS", "sip:alice@example.com", 1));
  fixture.RunUntilIdle();
  std::vector<ConnectionSnapshot> listed;
  fixture.engine->ListConnections(
      "edge", [&](absl::StatusOr<std::vector<ConnectionSnapshot>> all) { listed = *all; });
  fixture.RunUntilIdle();
  ASSERT_THAT(listed, SizeIs(1));
  fixture.engine->CloseConnection(listed[0].id, absl::Seconds(3),
                                  [](absl::StatusOr<ConnectionSnapshot>) {});
  fixture.AdvanceBy(absl::Milliseconds(2999));
  EXPECT_FALSE(peer->is_over());
  fixture.AdvanceBy(absl::Milliseconds(1));
  EXPECT_TRUE(peer->is_over());
}

TEST(ManagersTest, ExplainDispatchTellsTheAnswerThatTheServerWouldGive) {
  EngineFixture fixture;
  fixture.StartTcpManager();
  const std::string alice = "sip:alice@example.com";
  const auto answer = [&fixture, &alice](const std::string& method) {
    return fixture.Explain(MakeRequest(method, alice, 1))->status_code;
  };
  EXPECT_EQ(answer("OPTIONS"), 500);
  EXPECT_EQ(answer("CANCEL"), 481);
  EXPECT_EQ(answer("ACK"), 0);
  ASSERT_TRUE(fixture.engine->ApplyEndpoint(EngineFixture::PeerToPeer("alice", alice)).ok());
  EXPECT_EQ(answer("OPTIONS"), 480);
  SubscriptionOptions options;
  options.endpoint_id = "alice";
  options.methods = {"MESSAGE"};
  const auto subscription = fixture.engine->Subscribe(options, std::make_shared<RecordingSink>());
  EXPECT_EQ(answer("OPTIONS"), 405);
  EXPECT_EQ(answer("MESSAGE"), 0);
}

TEST(ManagersTest, ExplainDispatchSaysWhichStepDecidesAndSendsNothing) {
  EngineFixture fixture;
  fixture.StartTcpManager();
  ASSERT_TRUE(
      fixture.engine->ApplyEndpoint(EngineFixture::PeerToPeer("alice", "sip:alice@example.com"))
          .ok());
  const auto hit =
      fixture.Explain(MakeRequest("OPTIONS", "sip:alice@EXAMPLE.com;transport=tcp", 1));
  ASSERT_TRUE(hit.ok()) << hit.status();
  EXPECT_EQ(hit->endpoint_id, "alice");
  EXPECT_EQ(hit->reason, dispatch::DispatchReason::kRequestUri);
  EXPECT_EQ(hit->steps.back().reason, dispatch::DispatchReason::kRequestUri);
  const auto miss = fixture.Explain(MakeRequest("OPTIONS", "sip:bob@example.com", 1));
  EXPECT_EQ(miss->status_code, 500);
  EXPECT_EQ(miss->steps.back().reason, dispatch::DispatchReason::kAutomaticAnswer);
  EXPECT_EQ(fixture.Explain("nonsense").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(
      fixture.Explain(MakeRequest("OPTIONS", "sip:bob@example.com", 1), "none").status().code(),
      absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace sipcm::engine
