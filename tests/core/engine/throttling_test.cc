// The four mechanisms of semantics.md 8, and scenario 7 of its section 11.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/engine/engine_fixture.h"
#include "tests/core/engine/mutual_tls_fixture.h"
#include "tests/core/engine/remote_listener.h"

namespace sipcm::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kAlice[] = "sip:alice@example.com";

class ThrottlingTest : public ::testing::Test {
 protected:
  void Start(const ManagerConfig& config) {
    ASSERT_TRUE(fixture_.engine->ApplyManager(config).ok());
    ASSERT_TRUE(fixture_.engine->StartListening("edge").ok());
    dispatch::Endpoint alice = EngineFixture::PeerToPeer("alice", kAlice);
    alice.pacing = pacing_;
    ASSERT_TRUE(fixture_.engine->ApplyEndpoint(alice).ok());
    subscription_ = fixture_.Subscribe("alice", sink_, credit_);
    peer_ = fixture_.ConnectPeer();
    remote_ = std::make_unique<RemoteListener>(&fixture_.network, fixture_.loops[0].get(),
                                               "192.0.2.9:5070");
    fixture_.RunUntilIdle();
  }
  static ManagerConfig Config() { return EngineFixture::TcpManager("edge"); }
  // From the peer, numbered on.
  void Ask(int count, const std::string& method = "MESSAGE") {
    std::string burst;
    for (int i = 0; i < count; ++i) absl::StrAppend(&burst, MakeRequest(method, kAlice, ++asked_));
    peer_->Send(burst);
    fixture_.RunUntilIdle();
  }
  void Answer(size_t delivery) {
    EXPECT_TRUE(fixture_.Respond(sink_->deliveries[delivery].request_id, 200).ok());
  }
  std::vector<int> Answers() { return StatusCodes(peer_->TakeReceived()); }
  ConnectionSnapshot PeersConnection() {
    std::vector<ConnectionSnapshot> all;
    fixture_.engine->ListConnections("edge", [&](auto result) { all = *std::move(result); });
    fixture_.RunUntilIdle();
    for (const ConnectionSnapshot& connection : all) {
      if (connection.direction == connection::Direction::kIncoming) return connection;
    }
    ADD_FAILURE() << "no incoming connection";
    return {};
  }
  void Send(connection::ConnectionId connection = {}, const std::string& method = "OPTIONS") {
    SendOrder order;
    order.endpoint_id = "alice";
    order.method = method;
    order.request_uri = "sip:bob@192.0.2.9:5070";
    order.connection = connection;
    order.cookie = ++sent_;
    std::vector<SendOrder> orders;
    orders.push_back(std::move(order));
    fixture_.engine->Send(std::move(orders), sends_);
    fixture_.RunUntilIdle();
  }
  std::vector<ThrottlingChange> Changes(EngineEvent::Kind kind) {
    std::vector<ThrottlingChange> changes;
    for (const EngineEvent& event : fixture_.events.events) {
      if (event.kind == kind) changes.push_back(*event.throttling);
    }
    return changes;
  }
  std::vector<ThrottlingChange> Started() { return Changes(EngineEvent::Kind::kThrottlingStarted); }
  std::vector<ThrottlingChange> Ended() { return Changes(EngineEvent::Kind::kThrottlingEnded); }
  int64_t ThrottledNow(ThrottleMechanism mechanism) {
    return fixture_.engine->GetTotals().throttled[static_cast<int>(mechanism)];
  }
  uint64_t HeldBack(ThrottleMechanism mechanism) {
    return fixture_.engine->GetTotals().throttled_requests[static_cast<int>(mechanism)];
  }

  EngineFixture fixture_;
  dispatch::SendPacing pacing_ = dispatch::SendPacing::kNone;
  int credit_ = 1000;
  std::shared_ptr<RecordingSink> sink_ = std::make_shared<RecordingSink>();
  std::shared_ptr<RecordingSendSink> sends_ = std::make_shared<RecordingSendSink>();
  std::unique_ptr<Subscription> subscription_;
  std::unique_ptr<fakes::TestPeer> peer_;
  std::unique_ptr<RemoteListener> remote_;
  int asked_ = 0;
  uint64_t sent_ = 0;
};

// --- 1: per connection ---------------------------------------------------------------------------

class ConnectionThrottlingTest : public ThrottlingTest {
 protected:
  void StartWithMarks() {
    ManagerConfig config = Config();
    config.connection_throttling = {4, 2};
    Start(config);
  }
};

TEST_F(ConnectionThrottlingTest, Scenario7TheFifthOutstandingThrottlesAndOneReleases) {
  StartWithMarks();
  Ask(4);
  EXPECT_THAT(Started(), IsEmpty());
  Ask(1);
  EXPECT_THAT(sink_->deliveries, SizeIs(5));
  ASSERT_THAT(Started(), SizeIs(1));
  EXPECT_EQ(Started()[0].mechanism, ThrottleMechanism::kConnection);
  EXPECT_EQ(Started()[0].outstanding_count, 5);
  EXPECT_TRUE(PeersConnection().throttled);
  EXPECT_EQ(ThrottledNow(ThrottleMechanism::kConnection), 1);
  Ask(3);
  EXPECT_THAT(sink_->deliveries, SizeIs(5)) << "no more requests";
  for (int i = 0; i < 3; ++i) Answer(i);
  EXPECT_THAT(Answers(), ElementsAre(200, 200, 200)) << "responses flow";
  EXPECT_THAT(sink_->deliveries, SizeIs(5)) << "at two it is not below the low mark";
  EXPECT_THAT(Ended(), IsEmpty());
  Answer(3);
  ASSERT_THAT(Ended(), SizeIs(1)) << "at one";
  EXPECT_EQ(Ended()[0].outstanding_count, 1);
  ASSERT_THAT(sink_->deliveries, SizeIs(8));
  for (int i = 5; i < 8; ++i) {
    EXPECT_EQ(sink_->deliveries[i].request->view.cseq_number(), static_cast<uint32_t>(i + 1));
  }
  EXPECT_EQ(HeldBack(ThrottleMechanism::kConnection), 3u);
}

TEST_F(ConnectionThrottlingTest, HeldRequestsComeInOrderAndThrottleAgain) {
  StartWithMarks();
  Ask(20);
  EXPECT_THAT(sink_->deliveries, SizeIs(5));
  for (size_t i = 0; i < 20; ++i) Answer(i);
  EXPECT_THAT(sink_->deliveries, SizeIs(20));
  for (size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(sink_->deliveries[i].request->view.cseq_number(), i + 1);
  }
  EXPECT_THAT(Answers(), SizeIs(20));
  EXPECT_EQ(ThrottledNow(ThrottleMechanism::kConnection), 0);
}

TEST_F(ConnectionThrottlingTest, HeldRequestsAreAnsweredBeforeADrainingConnectionEnds) {
  ManagerConfig config = Config();
  config.connection_throttling = {4, 1};
  Start(config);
  Ask(10);
  ASSERT_THAT(sink_->deliveries, SizeIs(5));
  EXPECT_EQ(PeersConnection().outstanding_count, 5);
  fixture_.engine->CloseConnection(PeersConnection().id, absl::Seconds(30),
                                   [](absl::StatusOr<ConnectionSnapshot>) {});
  fixture_.RunUntilIdle();
  for (size_t i = 0; i < 5; ++i) Answer(i);
  // It takes no new work: those that were held go elsewhere.
  EXPECT_THAT(Answers(), ElementsAre(200, 200, 200, 200, 200, 503, 503, 503, 503, 503));
  EXPECT_TRUE(peer_->is_over());
}

TEST_F(ConnectionThrottlingTest, WhatTheBoundDoesNotHoldGets503) {
  StartWithMarks();
  Ask(5 + static_cast<int>(ConnectionLoad::kMaxHeldRequests));
  EXPECT_THAT(Answers(), IsEmpty());
  Ask(2);
  EXPECT_THAT(Answers(), ElementsAre(503, 503));
}

// Never two answers, and never a request twice as a first attempt.
TEST_F(ConnectionThrottlingTest, ACopyOfAnOpenOrAHeldRequestIsNoRequestOfItsOwn) {
  StartWithMarks();
  Ask(6);
  ASSERT_THAT(sink_->deliveries, SizeIs(5));
  for (const int number : {1, 5, 6}) peer_->Send(MakeRequest("MESSAGE", kAlice, number));
  fixture_.RunUntilIdle();
  for (size_t i = 0; i < 4; ++i) Answer(i);
  ASSERT_THAT(sink_->deliveries, SizeIs(6));
  for (size_t i = 4; i < 6; ++i) Answer(i);
  EXPECT_THAT(sink_->deliveries, SizeIs(6));
  EXPECT_THAT(Answers(), SizeIs(6));
}

TEST_F(ConnectionThrottlingTest, ACancelPassesThoseThatAreHeld) {
  StartWithMarks();
  Ask(1, "INVITE");
  Ask(6);
  peer_->Send(MakeRequest("CANCEL", kAlice, 1));
  fixture_.RunUntilIdle();
  EXPECT_THAT(Answers(), ElementsAre(200));
  EXPECT_EQ(sink_->deliveries.back().kind, dispatch::Delivery::Kind::kCancelled);
}

TEST_F(ConnectionThrottlingTest, ACancelOfAHeldInviteFollowsIt) {
  StartWithMarks();
  Ask(5);
  Ask(1, "INVITE");
  peer_->Send(MakeRequest("CANCEL", kAlice, asked_));
  fixture_.RunUntilIdle();
  EXPECT_THAT(Answers(), IsEmpty());
  for (int i = 0; i < 4; ++i) Answer(i);
  EXPECT_THAT(Answers(), ElementsAre(200, 200, 200, 200, 200)) << "the last to the CANCEL";
  EXPECT_EQ(sink_->deliveries.back().kind, dispatch::Delivery::Kind::kCancelled);
}

TEST_F(ConnectionThrottlingTest, ResponsesToOurOwnRequestsAreStillRead) {
  StartWithMarks();
  Send(PeersConnection().id);
  const std::string ours = Messages(peer_->TakeReceived())[0];
  Ask(6);
  EXPECT_TRUE(PeersConnection().throttled);
  peer_->Send(MakeResponse(ours, 200));
  fixture_.RunUntilIdle();
  EXPECT_TRUE(sends_->events.back().is_final);
  EXPECT_EQ(sends_->events.back().view->status_code(), 200);
}

TEST_F(ConnectionThrottlingTest, ASendThatNamesAThrottledConnectionIsRefused) {
  StartWithMarks();
  Ask(5);
  Send(PeersConnection().id);
  EXPECT_EQ(ReasonOf(sends_->events.back().failure), "CONNECTION_THROTTLED");
  EXPECT_EQ(sends_->events.back().failure.code(), absl::StatusCode::kResourceExhausted);
  Send(PeersConnection().id, "BYE");
  EXPECT_EQ(sends_->events.back().kind, SendEvent::Kind::kSent) << "it ends something";
}

TEST_F(ConnectionThrottlingTest, OutgoingConnectionsGetNoNewSendsUntilBelowLow) {
  ManagerConfig config = Config();
  config.connection_throttling = {4, 2};
  config.default_pool_limits.max_connection_count = 1;
  config.default_pool_limits.max_wait_time = absl::Minutes(1);
  Start(config);
  for (int i = 0; i < 8; ++i) Send();
  ASSERT_THAT(remote_->peers, SizeIs(1));
  std::vector<std::string> requests = Messages(remote_->peers[0]->TakeReceived());
  ASSERT_THAT(requests, SizeIs(5));
  for (int i = 0; i < 3; ++i) remote_->peers[0]->Send(MakeResponse(requests[i], 200));
  fixture_.RunUntilIdle();
  EXPECT_THAT(Messages(remote_->peers[0]->TakeReceived()), IsEmpty());
  remote_->peers[0]->Send(MakeResponse(requests[3], 200));
  fixture_.RunUntilIdle();
  EXPECT_THAT(Messages(remote_->peers[0]->TakeReceived()), SizeIs(3));
}

TEST_F(ConnectionThrottlingTest, MarksOfOneConnectionAreSetAndTakenOffLive) {
  Start(Config());
  Ask(5);
  EXPECT_THAT(Started(), IsEmpty()) << "off by default";
  const connection::ConnectionId id = PeersConnection().id;
  absl::StatusOr<ConnectionSnapshot> changed;
  fixture_.engine->SetConnectionThrottling(id, ThrottleMarks{4, 2},
                                           [&](auto result) { changed = result; });
  fixture_.RunUntilIdle();
  ASSERT_TRUE(changed.ok());
  EXPECT_TRUE(changed->throttled);
  EXPECT_EQ(changed->throttling.high, 4);
  Ask(2);
  EXPECT_THAT(sink_->deliveries, SizeIs(5));
  fixture_.engine->SetConnectionThrottling(id, ThrottleMarks(),
                                           [&](auto result) { changed = result; });
  fixture_.RunUntilIdle();
  EXPECT_FALSE(changed->throttled);
  EXPECT_THAT(sink_->deliveries, SizeIs(7));
}

TEST_F(ConnectionThrottlingTest, MarksOfTheManagerAreChangedLiveWhereAConnectionHasNoneOfItsOwn) {
  Start(Config());
  Ask(7);
  auto other = fixture_.ConnectPeer();
  other->Send(MakeRequest("MESSAGE", kAlice, 100));
  fixture_.RunUntilIdle();
  ASSERT_THAT(sink_->deliveries, SizeIs(8));
  ManagerConfig narrow = Config();
  narrow.connection_throttling = {4, 2};
  ASSERT_TRUE(fixture_.engine->ApplyManager(narrow).ok());
  fixture_.RunUntilIdle();
  EXPECT_EQ(ThrottledNow(ThrottleMechanism::kConnection), 1) << "the one with seven outstanding";
  Ask(2);
  EXPECT_THAT(sink_->deliveries, SizeIs(8));
  ManagerConfig wide = Config();
  wide.connection_throttling = {20, 10};
  ASSERT_TRUE(fixture_.engine->ApplyManager(wide).ok());
  fixture_.RunUntilIdle();
  EXPECT_EQ(ThrottledNow(ThrottleMechanism::kConnection), 0);
  EXPECT_THAT(sink_->deliveries, SizeIs(10)) << "those that were held";
}

TEST_F(ConnectionThrottlingTest, AConnectionsOwnMarksStayUntilTheyAreLeftOut) {
  StartWithMarks();
  const connection::ConnectionId id = PeersConnection().id;
  fixture_.engine->SetConnectionThrottling(id, ThrottleMarks{50, 20}, [](auto) {});
  ManagerConfig narrow = Config();
  narrow.connection_throttling = {3, 1};
  ASSERT_TRUE(fixture_.engine->ApplyManager(narrow).ok());
  Ask(10);
  EXPECT_EQ(PeersConnection().throttling, (ThrottleMarks{50, 20}));
  EXPECT_FALSE(PeersConnection().throttled);
  fixture_.engine->SetConnectionThrottling(id, absl::nullopt, [](auto) {});
  fixture_.RunUntilIdle();
  EXPECT_EQ(PeersConnection().throttling, (ThrottleMarks{3, 1}));
  EXPECT_TRUE(PeersConnection().throttled);
}

TEST_F(ConnectionThrottlingTest, AThrottledConnectionThatClosesIsThrottledNoMore) {
  StartWithMarks();
  Ask(7);
  peer_->Close();
  fixture_.RunUntilIdle();
  fixture_.AdvanceBy(absl::Minutes(1));
  EXPECT_THAT(Ended(), SizeIs(1));
  EXPECT_EQ(ThrottledNow(ThrottleMechanism::kConnection), 0);
}

// --- 2: per manager ------------------------------------------------------------------------------

class MessageThrottlingTest : public ThrottlingTest {
 protected:
  void StartWithMarks() {
    credit_ = 0;
    ManagerConfig config = Config();
    config.message_throttling = {4, 2};
    Start(config);
  }
};

TEST_F(MessageThrottlingTest, AboveHighNewRequestsGet503UntilBelowLow) {
  StartWithMarks();
  Ask(5);
  EXPECT_THAT(Answers(), IsEmpty());
  Ask(2);
  EXPECT_THAT(Answers(), ElementsAre(503, 503));
  EXPECT_TRUE(fixture_.engine->GetManagerStatus("edge")->message_throttled);
  EXPECT_EQ(fixture_.engine->GetManagerStatus("edge")->queued_delivery_count, 5);
  ASSERT_THAT(Started(), SizeIs(1));
  EXPECT_EQ(Started()[0].mechanism, ThrottleMechanism::kManager);
  subscription_->AddCredit(3);
  fixture_.RunUntilIdle();
  EXPECT_THAT(sink_->deliveries, SizeIs(3));
  Ask(1);
  EXPECT_THAT(Answers(), ElementsAre(503)) << "two wait: not below the low mark";
  subscription_->AddCredit(1);
  fixture_.RunUntilIdle();
  EXPECT_THAT(Ended(), SizeIs(1));
  EXPECT_FALSE(fixture_.engine->GetManagerStatus("edge")->message_throttled);
  Ask(1);
  EXPECT_THAT(Answers(), IsEmpty());
  EXPECT_EQ(HeldBack(ThrottleMechanism::kManager), 3u);
}

TEST_F(MessageThrottlingTest, WhatBelongsToADialogGoesOn) {
  StartWithMarks();
  Ask(1, "INVITE");
  subscription_->AddCredit(1);
  fixture_.RunUntilIdle();
  Answer(0);
  const std::string to = HeaderOf(peer_->TakeReceived(), "To");
  Ask(7);
  EXPECT_THAT(Answers(), ElementsAre(503)) << "one is delivered, five wait";
  std::string in_dialog = MakeRequest("BYE", kAlice, 1);
  in_dialog.replace(in_dialog.find("CSeq: 1"), 7, "CSeq: 2");
  in_dialog.insert(in_dialog.find("\r\nCall-ID"), to.substr(to.find(";tag=")));
  peer_->Send(in_dialog);
  fixture_.RunUntilIdle();
  EXPECT_THAT(Answers(), IsEmpty()) << "it waits with the others";
  // A tag that nobody here made is no dialog.
  std::string strange = MakeRequest("INVITE", kAlice, 50);
  strange.insert(strange.find("\r\nCall-ID"), ";tag=strange");
  peer_->Send(strange);
  fixture_.RunUntilIdle();
  EXPECT_THAT(Answers(), ElementsAre(503));
}

TEST_F(MessageThrottlingTest, MarksAreChangedLive) {
  StartWithMarks();
  Ask(6);
  EXPECT_THAT(Answers(), ElementsAre(503));
  ASSERT_TRUE(fixture_.engine->ApplyManager(Config()).ok());
  fixture_.RunUntilIdle();
  EXPECT_THAT(Ended(), SizeIs(1)) << "nobody has to ask first";
  EXPECT_FALSE(fixture_.engine->GetManagerStatus("edge")->message_throttled);
  EXPECT_EQ(ThrottledNow(ThrottleMechanism::kManager), 0);
  Ask(3);
  EXPECT_THAT(Answers(), IsEmpty());
  ManagerConfig narrow = Config();
  narrow.message_throttling = {3, 1};
  ASSERT_TRUE(fixture_.engine->ApplyManager(narrow).ok());
  fixture_.RunUntilIdle();
  EXPECT_THAT(Started(), SizeIs(2));
  EXPECT_TRUE(fixture_.engine->GetManagerStatus("edge")->message_throttled);
}

TEST(MessageThrottlingOfWorkersTest, ItEndsWhicheverWorkersRequestsAreTaken) {
  EngineFixture fixture(/*worker_count=*/2);
  ManagerConfig config = EngineFixture::TcpManager("edge");
  config.message_throttling = {4, 2};
  ASSERT_TRUE(fixture.engine->ApplyManager(config).ok());
  ASSERT_TRUE(fixture.engine->StartListening("edge").ok());
  ASSERT_TRUE(fixture.engine->ApplyEndpoint(EngineFixture::PeerToPeer("alice", kAlice)).ok());
  auto sink = std::make_shared<RecordingSink>();
  const auto subscription = fixture.Subscribe("alice", sink, /*credit=*/0);
  // One peer on each worker.
  std::vector<std::unique_ptr<fakes::TestPeer>> peers;
  std::unique_ptr<fakes::TestPeer> of_worker[2];
  while (of_worker[0] == nullptr || of_worker[1] == nullptr) {
    auto peer = fixture.ConnectPeer();
    fixture.RunUntilIdle();
    std::unique_ptr<fakes::TestPeer>& place =
        of_worker[fixture.events.events.back().connection->id.worker()];
    (place == nullptr ? place : peers.emplace_back()) = std::move(peer);
  }
  for (int i = 1; i <= 5; ++i) of_worker[1]->Send(MakeRequest("MESSAGE", kAlice, i));
  fixture.RunUntilIdle();
  of_worker[0]->Send(MakeRequest("MESSAGE", kAlice, 6));
  fixture.RunUntilIdle();
  EXPECT_THAT(StatusCodes(of_worker[0]->TakeReceived()), ElementsAre(503));
  EXPECT_EQ(fixture.events.Count(EngineEvent::Kind::kThrottlingStarted), 1);
  subscription->AddCredit(5);
  fixture.RunUntilIdle();
  EXPECT_THAT(sink->deliveries, SizeIs(5));
  EXPECT_EQ(fixture.events.Count(EngineEvent::Kind::kThrottlingEnded), 1);
  EXPECT_FALSE(fixture.engine->GetManagerStatus("edge")->message_throttled);
  EXPECT_EQ(fixture.engine->GetTotals().throttled[static_cast<int>(ThrottleMechanism::kManager)],
            0);
}

// --- 3: per client connection --------------------------------------------------------------------

TEST_F(ThrottlingTest, MoreThanTheLimitOfOneClientGets503ForTheExcess) {
  ManagerConfig config = Config();
  config.max_client_request_count = 20;
  Start(config);
  Ask(20);
  EXPECT_THAT(Answers(), IsEmpty());
  Ask(3);
  EXPECT_THAT(Answers(), ElementsAre(503, 503, 503));
  ASSERT_THAT(Started(), SizeIs(1));
  EXPECT_EQ(Started()[0].mechanism, ThrottleMechanism::kClientConnection);
  EXPECT_TRUE(PeersConnection().client_throttled);
  peer_->Send(MakeRequest("MESSAGE", kAlice, 7));
  fixture_.RunUntilIdle();
  EXPECT_THAT(Answers(), IsEmpty()) << "a copy of one that is open is no more load";
  auto other = fixture_.ConnectPeer();
  other->Send(MakeRequest("MESSAGE", kAlice, 100));
  fixture_.RunUntilIdle();
  EXPECT_THAT(sink_->deliveries, SizeIs(21)) << "another client has a limit of its own";
  Answer(0);
  EXPECT_THAT(Ended(), SizeIs(1));
  Ask(1);
  EXPECT_THAT(Answers(), ElementsAre(200));
  EXPECT_THAT(sink_->deliveries, SizeIs(22));
  EXPECT_EQ(HeldBack(ThrottleMechanism::kClientConnection), 3u);
}

TEST(ClientLimitTest, IsOffForPeersInAllowedDomainsAndNotForThoseThatAnyDomainLetIn) {
  MutualTlsFixture fixture;
  ManagerConfig config = fixture.Config({"peer.example.net"});
  config.max_client_request_count = 20;
  fixture.Start(config);
  auto sink = std::make_shared<RecordingSink>();
  const auto subscription = fixture.Subscribe("alice", sink);
  int number = 0;
  const auto ask = [&](fakes::TestPeer& peer) {
    for (int i = 0; i < 25; ++i) peer.Send(MakeRequest("MESSAGE", "sip:alice@edge.net", ++number));
    fixture.RunUntilIdle();
  };
  const auto allowed = fixture.ConnectTlsPeer({.dns_names = {"peer.example.net"}});
  ask(*allowed);
  EXPECT_THAT(sink->deliveries, SizeIs(25));
  EXPECT_THAT(StatusCodes(allowed->TakeReceived()), IsEmpty());
  EXPECT_EQ(fixture.events.Count(EngineEvent::Kind::kThrottlingStarted), 0);

  config.allowed_domains.clear();
  config.allow_any_domain = true;
  fixture.Apply(config);
  const auto any = fixture.ConnectTlsPeer({.dns_names = {"peer.example.net"}});
  ask(*any);
  EXPECT_THAT(sink->deliveries, SizeIs(45));
  EXPECT_THAT(StatusCodes(any->TakeReceived()), ElementsAre(503, 503, 503, 503, 503));
  EXPECT_EQ(fixture.events.Count(EngineEvent::Kind::kThrottlingStarted), 1);
}

// --- 4: per endpoint -----------------------------------------------------------------------------

class SendPacingTest : public ThrottlingTest {
 protected:
  void SetUp() override {
    pacing_ = dispatch::SendPacing::kBelowPeersLimit;
    ManagerConfig config = Config();
    config.default_pool_limits.max_connection_count = 1;
    Start(config);
  }
  std::vector<std::string> Arrived() {
    return remote_->peers.empty() ? std::vector<std::string>()
                                  : Messages(remote_->peers[0]->TakeReceived());
  }
};

TEST_F(SendPacingTest, FewerThanTwentyAreOutstandingAndTheOthersFollow) {
  for (int i = 0; i < 30; ++i) Send();
  const std::vector<std::string> first = Arrived();
  ASSERT_THAT(first, SizeIs(SendPacer::kMostOutstanding));
  ASSERT_THAT(Started(), SizeIs(1));
  EXPECT_EQ(Started()[0].endpoint_id, "alice");
  for (const std::string& request : first) remote_->peers[0]->Send(MakeResponse(request, 200));
  fixture_.RunUntilIdle();
  const std::vector<std::string> rest = Arrived();
  EXPECT_THAT(rest, SizeIs(30 - SendPacer::kMostOutstanding));
  EXPECT_THAT(Ended(), SizeIs(1));
  for (const std::string& request : rest) remote_->peers[0]->Send(MakeResponse(request, 200));
  fixture_.RunUntilIdle();
  int finals = 0;
  for (const SendEvent& event : sends_->events) finals += event.is_final ? 1 : 0;
  EXPECT_EQ(finals, 30);
}

TEST_F(SendPacingTest, OneThatWaitsTooLongFailsWithoutHavingBeenSent) {
  for (int i = 0; i < 20; ++i) Send();
  fixture_.AdvanceBy(absl::Seconds(32) - absl::Milliseconds(1));
  EXPECT_THAT(Arrived(), SizeIs(SendPacer::kMostOutstanding));
  fixture_.AdvanceBy(absl::Milliseconds(1));
  EXPECT_EQ(ReasonOf(sends_->events.back().failure), "REQUEST_TIMEOUT");
  EXPECT_THAT(Ended(), SizeIs(1));
  EXPECT_EQ(fixture_.engine->GetTotals().open_sends, 0);
}

TEST_F(SendPacingTest, OneThatIsGivenUpWhileItWaitsIsNotSent) {
  for (int i = 0; i < 21; ++i) Send();
  fixture_.engine->CancelSends({20}, sends_);
  fixture_.RunUntilIdle();
  const std::vector<std::string> first = Arrived();
  for (const std::string& request : first) remote_->peers[0]->Send(MakeResponse(request, 200));
  fixture_.RunUntilIdle();
  EXPECT_THAT(Arrived(), SizeIs(1)) << "the 21st, not the 20th";
}

// Whatever the sends of a manager wait for when it is deleted: each ends, and nothing is sent or
// opened in its name any more.
TEST_F(SendPacingTest, ADeletedManagersSendsEndWhereverTheyWait) {
  for (int i = 0; i < 40; ++i) Send();
  ASSERT_THAT(Arrived(), SizeIs(SendPacer::kMostOutstanding));
  const uint64_t connects = fixture_.network.connect_count();
  ASSERT_TRUE(fixture_.engine->RemoveManager("edge").ok());
  fixture_.AdvanceBy(absl::Minutes(1));
  int finals = 0;
  for (const SendEvent& event : sends_->events) finals += event.is_final ? 1 : 0;
  EXPECT_EQ(finals, 40);
  EXPECT_EQ(fixture_.engine->GetTotals().open_sends, 0);
  EXPECT_EQ(fixture_.network.connect_count(), connects);
  EXPECT_EQ(fixture_.engine->GetTotals().pools, 0);
}

TEST_F(SendPacingTest, ADeletedManagersSendsEndThatWaitForAnAddressThatIsSilent) {
  fixture_.network.SetFault(*net::SocketAddress::Parse("192.0.2.9:5070"),
                            fakes::FakeNetwork::Fault::kBlackHole);
  for (int i = 0; i < 40; ++i) Send();
  ASSERT_TRUE(fixture_.engine->RemoveManager("edge").ok());
  fixture_.AdvanceBy(absl::Minutes(1));
  int finals = 0;
  for (const SendEvent& event : sends_->events) finals += event.is_final ? 1 : 0;
  EXPECT_EQ(finals, 40);
  EXPECT_EQ(fixture_.engine->GetTotals().open_sends, 0);
  EXPECT_EQ(fixture_.engine->GetTotals().pools, 0);
}

TEST_F(SendPacingTest, TheLineIsBounded) {
  for (int i = 0; i < SendPacer::kMostOutstanding + SendPacer::kMaxWaiting; ++i) Send();
  EXPECT_TRUE(sends_->events.back().failure.ok());
  Send();
  EXPECT_EQ(ReasonOf(sends_->events.back().failure), "SEND_QUEUE_FULL");
}

}  // namespace
}  // namespace sipcm::engine
