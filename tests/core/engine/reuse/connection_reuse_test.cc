// Connection reuse (RFC 5923): both sides authenticated, and only for what the peer has proved to
// be.
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/engine/mutual_tls_fixture.h"
#include "tests/core/engine/remote_listener.h"

namespace sipcm::engine {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kPeer[] = "peer.example";
constexpr char kVictim[] = "victim.example";

class ConnectionReuseTest : public ::testing::TestWithParam<int> {
 protected:
  ConnectionReuseTest() : fixture_(GetParam()) {
    for (auto& resolver : fixture_.resolvers) {
      resolver->SetAddresses(kPeer, {"198.51.100.9"});
      resolver->SetAddresses(kVictim, {"198.51.100.10"});
    }
  }
  void Start(tls::MutualTls mutual_tls = tls::MutualTls::kRequire) {
    ManagerConfig config = fixture_.Config({kPeer, "mallory.example"});
    config.mutual_tls = mutual_tls;
    fixture_.Start(std::move(config));
  }
  // An OPTIONS of the peer with that sent-by and what follows it; its answer is taken.
  void Introduce(fakes::TestPeer& peer, const std::string& sent_by, const std::string& parameters,
                 const std::string& transport = "TLS") {
    std::string request = MakeRequest("OPTIONS", "sip:nobody@nowhere.example", ++number_);
    const size_t at = request.find("SIP/2.0/TCP 198.51.100.7:5060");
    request.replace(at, std::string("SIP/2.0/TCP 198.51.100.7:5060").size(),
                    "SIP/2.0/" + transport + " " + sent_by);
    request.insert(request.find("\r\n", at), parameters);
    peer.Send(request);
    fixture_.RunUntilIdle();
    EXPECT_THAT(StatusCodes(peer.TakeReceived()), SizeIs(1));
  }
  std::unique_ptr<fakes::TestPeer> ConnectAndIntroduce(const std::string& certified,
                                                       const std::string& sent_by,
                                                       const std::string& parameters = ";alias") {
    auto peer = fixture_.ConnectTlsPeer({.dns_names = {certified}});
    EXPECT_TRUE(peer->is_ready());
    Introduce(*peer, sent_by, parameters);
    return peer;
  }
  const SendEvent& FirstSent() const {
    for (const SendEvent& event : fixture_.sends->events) {
      if (event.kind == SendEvent::Kind::kSent) return event;
    }
    ADD_FAILURE() << "nothing was sent";
    return fixture_.sends->events.front();
  }

  MutualTlsFixture fixture_;
  int number_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Workers, ConnectionReuseTest, ::testing::Values(1, 4));

TEST_P(ConnectionReuseTest, ARequestGoesOverTheConnectionThatItsAuthenticatedPeerOpened) {
  Start();
  auto peer = ConnectAndIntroduce(kPeer, "peer.example:5061");
  fixture_.SendOptions(kPeer);
  const std::vector<std::string> requests = Messages(peer->TakeReceived());
  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_THAT(requests[0], StartsWith("OPTIONS sip:bob@example.org SIP/2.0\r\n"));
  EXPECT_TRUE(FirstSent().reused_connection);
  EXPECT_EQ(FirstSent().pool_id, "");
  peer->Send(MakeResponse(requests[0], 200));
  fixture_.RunUntilIdle();
  ASSERT_TRUE(fixture_.sends->events.back().is_final);
  EXPECT_EQ(fixture_.sends->events.back().view->status_code(), 200);
}

TEST_P(ConnectionReuseTest, WithoutAliasADestinationHasConnectionsOfItsOwn) {
  Start();
  auto server = fixture_.ServeTls("198.51.100.9:5061", {.dns_names = {kPeer}});
  auto peer = ConnectAndIntroduce(kPeer, "peer.example:5061", "");
  fixture_.SendOptions(kPeer);
  EXPECT_THAT(peer->received(), IsEmpty());
  EXPECT_THAT(server->peers(), SizeIs(1));
}

TEST_P(ConnectionReuseTest, AnotherPortOrTlsNameIsAnotherDestination) {
  Start();
  auto server = fixture_.ServeTls("198.51.100.9:5071", {.dns_names = {kPeer}});
  auto peer = ConnectAndIntroduce(kPeer, "peer.example:5061");
  fixture_.SendOptions(kPeer, 5071);
  EXPECT_THAT(peer->received(), IsEmpty());
  EXPECT_THAT(server->peers(), SizeIs(1));
}

TEST_P(ConnectionReuseTest, TheAliasOfAnUnauthenticatedPeerIsIgnored) {
  Start(tls::MutualTls::kRequest);
  auto server = fixture_.ServeTls("198.51.100.9:5061", {.dns_names = {kPeer}});
  auto stranger = fixture_.ConnectTlsPeer(nullptr);
  ASSERT_TRUE(stranger->is_ready());
  Introduce(*stranger, "peer.example:5061", ";alias");
  fixture_.SendOptions(kPeer);
  EXPECT_THAT(stranger->received(), IsEmpty());
  EXPECT_THAT(server->peers(), SizeIs(1));
}

TEST_P(ConnectionReuseTest, WithoutMutualTlsNobodyIsAuthenticated) {
  Start(tls::MutualTls::kOff);
  auto server = fixture_.ServeTls("198.51.100.9:5061", {.dns_names = {kPeer}});
  auto peer = ConnectAndIntroduce(kPeer, "peer.example:5061");
  fixture_.SendOptions(kPeer);
  EXPECT_THAT(peer->received(), IsEmpty());
  EXPECT_THAT(server->peers(), SizeIs(1));
}

TEST_P(ConnectionReuseTest, APeerCannotHijackWhatIsAnothers) {
  Start();
  auto victim = fixture_.ServeTls("198.51.100.10:5061", {.dns_names = {kVictim}});
  auto mallory = ConnectAndIntroduce("mallory.example", "victim.example:5061");
  // Nor by a second try, nor after an offer of its own.
  Introduce(*mallory, "mallory.example:5061", ";alias");
  Introduce(*mallory, "victim.example:5061", ";alias");
  fixture_.SendOptions(kVictim);
  EXPECT_THAT(mallory->received(), IsEmpty());
  ASSERT_THAT(victim->peers(), SizeIs(1));
  EXPECT_THAT(victim->peers()[0]->received(), StartsWith("OPTIONS "));
}

TEST_P(ConnectionReuseTest, WhenTheConnectionHasEndedTheDestinationHasItsPoolAgain) {
  Start();
  auto server = fixture_.ServeTls("198.51.100.9:5061", {.dns_names = {kPeer}});
  auto peer = ConnectAndIntroduce(kPeer, "peer.example:5061");
  peer->Close();
  fixture_.RunUntilIdle();
  fixture_.SendOptions(kPeer);
  EXPECT_THAT(server->peers(), SizeIs(1));
  EXPECT_EQ(FirstSent().pool_id, "tls:peer.example:5061");
}

TEST_P(ConnectionReuseTest, WhileItDrainsRequestsGoToThePool) {
  Start();
  auto server = fixture_.ServeTls("198.51.100.9:5061", {.dns_names = {kPeer}});
  auto peer = ConnectAndIntroduce(kPeer, "peer.example:5061");
  // Its own request is open, so that it stays while it drains.
  auto application = std::make_shared<RecordingSink>();
  auto subscription = fixture_.Subscribe("alice", application);
  peer->Send(MakeRequest("MESSAGE", "sip:alice@edge.net", 50));
  fixture_.RunUntilIdle();
  ASSERT_THAT(application->deliveries, SizeIs(1));
  const EngineEvent* const opened = fixture_.LastEvent(EngineEvent::Kind::kConnectionOpened);
  fixture_.engine->CloseConnection(opened->connection->id, absl::Seconds(60), [](auto) {});
  fixture_.RunUntilIdle();
  fixture_.SendOptions(kPeer);
  EXPECT_THAT(peer->received(), IsEmpty());
  EXPECT_THAT(server->peers(), SizeIs(1));
}

TEST_P(ConnectionReuseTest, OfAPeerThatCameBackTheNewConnectionIsUsed) {
  Start();
  auto former = ConnectAndIntroduce(kPeer, "peer.example:5061");
  auto again = ConnectAndIntroduce(kPeer, "peer.example:5061");
  fixture_.SendOptions(kPeer);
  EXPECT_THAT(former->received(), IsEmpty());
  EXPECT_THAT(again->received(), StartsWith("OPTIONS "));
}

TEST_P(ConnectionReuseTest, WeOfferOurOwnConnectionsWhereOurNameCanBeCompared) {
  ManagerConfig config = fixture_.Config({kPeer});
  fixture_.Start(config);
  auto server = fixture_.ServeTls("198.51.100.9:5061", {.dns_names = {kPeer}});
  fixture_.SendOptions(kPeer);
  ASSERT_THAT(server->peers(), SizeIs(1));
  EXPECT_THAT(HeaderOf(server->peers()[0]->TakeReceived(), "Via"), Not(HasSubstr(";alias")));
  config.local_host_name = "sip.edge.net";
  fixture_.Apply(config);
  fixture_.SendOptions(kPeer);
  ASSERT_THAT(server->peers(), SizeIs(2));
  EXPECT_THAT(HeaderOf(server->peers()[1]->TakeReceived(), "Via"), HasSubstr(";alias"));
  // And take what comes on them.
  auto application = std::make_shared<RecordingSink>();
  auto subscription = fixture_.Subscribe("alice", application);
  server->peers()[1]->Send(MakeRequest("MESSAGE", "sip:alice@edge.net", 51));
  fixture_.RunUntilIdle();
  EXPECT_THAT(application->deliveries, SizeIs(1));
}

TEST(ConnectionReuseOverTcpTest, AnAliasOverTcpIsIgnored) {
  EngineFixture fixture;
  fixture.StartTcpManager();
  ASSERT_TRUE(
      fixture.engine->ApplyEndpoint(EngineFixture::PeerToPeer("alice", "sip:alice@b")).ok());
  RemoteListener server(&fixture.network, fixture.loops[0].get(), "198.51.100.7:5060");
  auto peer = fixture.ConnectPeer();
  std::string request = MakeRequest("OPTIONS", "sip:nobody@nowhere.example", 1);
  request.insert(request.find(";branch"), ";alias");
  peer->Send(request);
  fixture.RunUntilIdle();
  peer->TakeReceived();
  SendOrder order;
  order.endpoint_id = "alice";
  order.method = "OPTIONS";
  order.request_uri = "sip:bob@198.51.100.7:5060";
  std::vector<SendOrder> orders;
  orders.push_back(std::move(order));
  fixture.engine->Send(std::move(orders), std::make_shared<RecordingSendSink>());
  fixture.RunUntilIdle();
  EXPECT_THAT(peer->received(), IsEmpty());
  EXPECT_THAT(server.peers, SizeIs(1));
}

}  // namespace
}  // namespace sipcm::engine
