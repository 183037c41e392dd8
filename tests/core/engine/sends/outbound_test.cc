#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/engine/sending_fixture.h"

namespace sipcm::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

class OutboundTest : public SendingTest {
 protected:
  // By a destination of its own.
  static SendOrder Order(const std::string& method, uint64_t cookie) {
    SendOrder order = SendingTest::Order(method, cookie);
    order.request_uri = "sip:bob@example.org";
    pool::Destination destination;
    destination.host = "192.0.2.9";
    destination.port = 5070;
    order.destination = destination;
    return order;
  }
  // The single request that the n-th connection brought since the last look.
  std::string Taken(size_t peer) {
    const std::vector<std::string> messages = Messages(remote_->peers[peer]->TakeReceived());
    return messages.empty() ? "" : messages.front();
  }
};

TEST_F(OutboundTest, SendOpensAConnectionFillsTheHeadersAndMatchesTheResponse) {
  Send(Order("OPTIONS", 7));
  ASSERT_THAT(remote_->peers, SizeIs(1));
  const std::string request = Taken(0);
  EXPECT_THAT(request, StartsWith("OPTIONS sip:bob@example.org SIP/2.0\r\n"));
  EXPECT_THAT(HeaderOf(request, "Via"), StartsWith("SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bK"));
  EXPECT_THAT(HeaderOf(request, "From"), StartsWith("<sip:alice@example.com>;tag="));
  EXPECT_EQ(HeaderOf(request, "To"), "<sip:bob@example.org>");
  EXPECT_EQ(HeaderOf(request, "CSeq"), "1 OPTIONS");
  EXPECT_EQ(HeaderOf(request, "Max-Forwards"), "70");
  remote_->peers[0]->Send(MakeResponse(request, 200));
  fixture_.RunUntilIdle();
  ASSERT_THAT(sink_->events, SizeIs(2));
  EXPECT_EQ(sink_->events[0].kind, SendEvent::Kind::kSent);
  EXPECT_FALSE(sink_->events[0].reused_connection);
  EXPECT_EQ(sink_->events[1].kind, SendEvent::Kind::kResponse);
  EXPECT_EQ(sink_->events[1].view->status_code(), 200);
  EXPECT_TRUE(sink_->events[1].is_final);
  EXPECT_EQ(sink_->events[1].cookie, 7u);
}

TEST_F(OutboundTest, PoolOfThreeOpensThreeSocketsThenUsesThemInTurn) {
  PoolConfig pool;
  pool.manager_id = "edge";
  pool.destination = *pool::Destination::Normalized(*Order("OPTIONS", 0).destination);
  pool.setting.max_connection_count = 3;
  ASSERT_TRUE(fixture_.engine->ApplyPool(pool).ok());
  std::vector<std::string> order;
  for (uint64_t i = 1; i <= 9; ++i) {
    Send(Order("OPTIONS", i));
    for (size_t peer = 0; peer < remote_->peers.size(); ++peer) {
      const std::string request = Taken(peer);
      if (request.empty()) continue;
      order.push_back(std::to_string(peer + 1));
      remote_->peers[peer]->Send(MakeResponse(request, 200));
    }
    fixture_.RunUntilIdle();
  }
  EXPECT_THAT(order, ElementsAre("1", "2", "3", "1", "2", "3", "1", "2", "3"));
  EXPECT_THAT(remote_->peers, SizeIs(3));
}

TEST_F(OutboundTest, TwoNamesOfOneAddressAreTwoPools) {
  fixture_.resolvers[0]->SetAddresses("a.example.org", {"192.0.2.9"});
  fixture_.resolvers[0]->SetAddresses("b.example.org", {"192.0.2.9"});
  for (const char* host : {"a.example.org", "B.example.org", "b.EXAMPLE.org"}) {
    SendOrder order = Order("OPTIONS", 1);
    order.destination->host = host;
    Send(std::move(order));
  }
  std::vector<PoolSnapshot> pools;
  fixture_.engine->ListPools("edge", [&](absl::StatusOr<std::vector<PoolSnapshot>> listed) {
    pools = *std::move(listed);
  });
  fixture_.RunUntilIdle();
  ASSERT_THAT(pools, SizeIs(2));
  EXPECT_EQ(pools[0].destination.PoolId(), "tcp:a.example.org:5070");
  EXPECT_EQ(pools[1].destination.PoolId(), "tcp:b.example.org:5070");
}

TEST_F(OutboundTest, NoSharingOpensAConnectionForEachRequest) {
  PoolConfig pool;
  pool.manager_id = "edge";
  pool.destination = *pool::Destination::Normalized(*Order("OPTIONS", 0).destination);
  pool.setting.max_connection_count = pool::kNoSharing;
  ASSERT_TRUE(fixture_.engine->ApplyPool(pool).ok());
  for (uint64_t i = 1; i <= 4; ++i) {
    Send(Order("OPTIONS", i));
    ASSERT_THAT(remote_->peers, SizeIs(i));
    remote_->peers[i - 1]->Send(MakeResponse(Taken(i - 1), 200));
    fixture_.RunUntilIdle();
    EXPECT_TRUE(remote_->peers[i - 1]->is_over());
  }
}

TEST_F(OutboundTest, SentTellsThePoolTheIdentifiersAndTheWait) {
  Send(Order("OPTIONS", 1));
  ASSERT_THAT(sink_->events, SizeIs(1));
  const SendEvent& sent = sink_->events[0];
  const std::string request = Taken(0);
  EXPECT_EQ(sent.pool_id, "tcp:192.0.2.9:5070");
  EXPECT_EQ(sent.call_id, HeaderOf(request, "Call-ID"));
  EXPECT_THAT(HeaderOf(request, "Via"), HasSubstr(";branch=" + sent.branch));
  EXPECT_GE(sent.waited, absl::ZeroDuration());

  SendOrder named = Order("OPTIONS", 2);
  named.message.headers.emplace_back("i", "mine@example.com");
  Send(std::move(named));
  EXPECT_EQ(sink_->events.back().call_id, "mine@example.com");
}

TEST_F(OutboundTest, APeerHasAsLongToAnswerAsItsManagerSays) {
  ManagerConfig config = EngineFixture::TcpManager("edge");
  config.response_timeout = absl::Seconds(5);
  ASSERT_TRUE(fixture_.engine->ApplyManager(config).ok());
  Send(Order("OPTIONS", 1));
  fixture_.AdvanceBy(absl::Milliseconds(4999));
  EXPECT_FALSE(sink_->events.back().is_final);
  fixture_.AdvanceBy(absl::Milliseconds(1));
  EXPECT_TRUE(sink_->events.back().is_final);
  EXPECT_EQ(sink_->events.back().failure.code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(OutboundTest, NoAnswerIsATimeoutThatSaysWhetherItWasSent) {
  SendOrder order = Order("OPTIONS", 1);
  order.timeout = absl::Seconds(4);
  Send(std::move(order));
  fixture_.AdvanceBy(absl::Seconds(4) - absl::Milliseconds(1));
  EXPECT_THAT(sink_->events, SizeIs(1));
  fixture_.AdvanceBy(absl::Milliseconds(1));
  ASSERT_THAT(sink_->events, SizeIs(2));
  EXPECT_EQ(ReasonOf(sink_->events[1].failure), "REQUEST_TIMEOUT");
  EXPECT_EQ(sink_->events[1].failure.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(sink_->events[1].written, SendEvent::Written::kWhole);
}

TEST_F(OutboundTest, RefusedConnectionFailsWithItsCauseAndNothingSent) {
  fixture_.network.SetFault(*net::SocketAddress::Parse("192.0.2.9:5070"),
                            fakes::FakeNetwork::Fault::kRefused);
  Send(Order("OPTIONS", 1));
  ASSERT_THAT(sink_->events, SizeIs(1));
  EXPECT_EQ(sink_->events[0].kind, SendEvent::Kind::kFailure);
  EXPECT_EQ(ReasonOf(sink_->events[0].failure), "CONNECT_REFUSED");
  EXPECT_EQ(sink_->events[0].written, SendEvent::Written::kNothing);
}

TEST_F(OutboundTest, ConnectionLostBeforeTheAnswerFailsTheSend) {
  Send(Order("OPTIONS", 1));
  ASSERT_THAT(remote_->peers, SizeIs(1));
  static_cast<fakes::MemoryStream*>(remote_->peers[0]->stream())->Reset();
  fixture_.RunUntilIdle();
  ASSERT_THAT(sink_->events, SizeIs(2));
  EXPECT_EQ(ReasonOf(sink_->events[1].failure), "CONNECTION_CLOSED");
  EXPECT_EQ(sink_->events[1].written, SendEvent::Written::kWhole);
}

TEST_F(OutboundTest, InviteStreamsProvisionalsAndAcksAFailureItself) {
  Send(Order("INVITE", 1));
  const std::string invite = Taken(0);
  EXPECT_THAT(HeaderOf(invite, "Contact"), HasSubstr("transport=tcp"));
  remote_->peers[0]->Send(MakeResponse(invite, 180));
  fixture_.RunUntilIdle();
  remote_->peers[0]->Send(MakeResponse(invite, 486));
  fixture_.RunUntilIdle();
  ASSERT_THAT(sink_->events, SizeIs(3));
  EXPECT_FALSE(sink_->events[1].is_final);
  EXPECT_EQ(sink_->events[2].view->status_code(), 486);
  const std::string ack = Taken(0);
  EXPECT_THAT(ack, StartsWith("ACK sip:bob@example.org SIP/2.0\r\n"));
  EXPECT_EQ(HeaderOf(ack, "Via"), HeaderOf(invite, "Via"));
  EXPECT_EQ(HeaderOf(ack, "CSeq"), "1 ACK");
  EXPECT_THAT(HeaderOf(ack, "To"), HasSubstr("tag=peertag"));
}

TEST_F(OutboundTest, GivingUpARingingInviteSendsCancel) {
  Send(Order("INVITE", 1));
  const std::string invite = Taken(0);
  remote_->peers[0]->Send(MakeResponse(invite, 180));
  fixture_.RunUntilIdle();
  fixture_.engine->CancelSends({1}, sink_);
  fixture_.RunUntilIdle();
  const std::string cancel = Taken(0);
  EXPECT_THAT(cancel, StartsWith("CANCEL sip:bob@example.org SIP/2.0\r\n"));
  EXPECT_EQ(HeaderOf(cancel, "Via"), HeaderOf(invite, "Via"));
  EXPECT_EQ(sink_->events.back().failure.code(), absl::StatusCode::kCancelled);
}

TEST_F(OutboundTest, AnInviteGivenUpBeforeItRingsIsCancelledWhenItDoesAndItsFailureAcknowledged) {
  Send(Order("INVITE", 1));
  const std::string invite = Taken(0);
  fixture_.engine->CancelSends({1}, sink_);
  fixture_.RunUntilIdle();
  EXPECT_EQ(sink_->events.back().failure.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(fixture_.engine->GetTotals().open_sends, 0);
  EXPECT_THAT(Taken(0), IsEmpty());
  remote_->peers[0]->Send(MakeResponse(invite, 180));
  fixture_.RunUntilIdle();
  EXPECT_THAT(Taken(0), StartsWith("CANCEL "));
  remote_->peers[0]->Send(MakeResponse(invite, 487));
  fixture_.RunUntilIdle();
  EXPECT_THAT(Taken(0), StartsWith("ACK "));
  EXPECT_THAT(sink_->events, SizeIs(2));  // sent, cancelled: nothing after the final one
}

TEST_F(OutboundTest, AnInviteGivenUpThatRingsAtTheLastMomentIsStillAcknowledged) {
  Send(Order("INVITE", 1));
  const std::string invite = Taken(0);
  fixture_.engine->CancelSends({1}, sink_);
  fixture_.AdvanceBy(absl::Seconds(32) - absl::Milliseconds(1));
  remote_->peers[0]->Send(MakeResponse(invite, 180));
  fixture_.RunUntilIdle();
  EXPECT_THAT(Taken(0), StartsWith("CANCEL "));
  fixture_.AdvanceBy(absl::Seconds(32) - absl::Milliseconds(1));
  remote_->peers[0]->Send(MakeResponse(invite, 487));
  fixture_.RunUntilIdle();
  EXPECT_THAT(Taken(0), StartsWith("ACK "));
}

TEST_F(OutboundTest, TheTimeoutOfAnInviteCountsAgainFromItsLastProvisional) {
  SendOrder order = Order("INVITE", 1);
  order.timeout = absl::Seconds(10);
  Send(std::move(order));
  fixture_.AdvanceBy(absl::Seconds(9));
  remote_->peers[0]->Send(MakeResponse(Taken(0), 180));
  fixture_.AdvanceBy(absl::Seconds(10) - absl::Milliseconds(1));
  EXPECT_THAT(sink_->events, SizeIs(2));
  fixture_.AdvanceBy(absl::Milliseconds(1));
  EXPECT_EQ(ReasonOf(sink_->events.back().failure), "REQUEST_TIMEOUT");
}

TEST_F(OutboundTest, TooManyHeadersAreRefusedBeforeAnythingIsOpened) {
  SendOrder order = Order("INVITE", 1);
  for (int i = 0; i < 70000; ++i) order.message.headers.emplace_back("X", "1");
  Send(std::move(order));
  ASSERT_THAT(sink_->events, SizeIs(1));
  EXPECT_EQ(sink_->events[0].failure.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(remote_->peers, IsEmpty());
}

TEST_F(OutboundTest, AConnectionOfAnotherManagerIsNotLent) {
  ManagerConfig other = EngineFixture::TcpManager("other");
  other.listen_addresses[0].port = 5062;
  ASSERT_TRUE(fixture_.engine->ApplyManager(other).ok());
  ASSERT_TRUE(fixture_.engine->StartListening("other").ok());
  fixture_.RunUntilIdle();
  auto peer = fixture_.ConnectPeer("other");
  fixture_.RunUntilIdle();
  std::vector<ConnectionSnapshot> listed;
  fixture_.engine->ListConnections(
      "other", [&](absl::StatusOr<std::vector<ConnectionSnapshot>> all) { listed = *all; });
  fixture_.RunUntilIdle();
  ASSERT_THAT(listed, SizeIs(1));
  SendOrder order = Order("OPTIONS", 1);
  order.connection = listed[0].id;
  Send(std::move(order));
  EXPECT_EQ(ReasonOf(sink_->events.back().failure), "CONNECTION_OF_ANOTHER_MANAGER");
  EXPECT_EQ(FieldOf(sink_->events.back().failure), "connection");
  EXPECT_THAT(peer->received(), IsEmpty());
}

TEST_F(OutboundTest, AConnectionThatIsNotThereIsRefusedByItsField) {
  for (const int worker : {0, 60}) {  // of a worker that is there, and of none
    SendOrder order = Order("OPTIONS", 1);
    order.connection = connection::ConnectionId(worker, 4711);
    Send(std::move(order));
    EXPECT_EQ(ReasonOf(sink_->events.back().failure), "RESOURCE_NOT_FOUND");
    EXPECT_EQ(FieldOf(sink_->events.back().failure), "connection");
  }
}

TEST_F(OutboundTest, AResponseOnAnotherConnectionIsNotBelieved) {
  Send(Order("OPTIONS", 1));
  const std::string request = Taken(0);
  auto stranger = fixture_.ConnectPeer();
  stranger->Send(MakeResponse(request, 200));
  fixture_.RunUntilIdle();
  EXPECT_THAT(sink_->events, SizeIs(1));
  EXPECT_EQ(fixture_.engine->GetTotals().stray_responses_in, 1u);
}

TEST_F(OutboundTest, UnknownEndpointAndWrongTransportAreRefusedWithTheRemedy) {
  SendOrder unknown = Order("OPTIONS", 1);
  unknown.endpoint_id = "nobody";
  Send(std::move(unknown));
  SendOrder tls = Order("OPTIONS", 2);
  tls.destination->transport = connection::Transport::kTls;
  Send(std::move(tls));
  ASSERT_THAT(sink_->events, SizeIs(2));
  EXPECT_EQ(ReasonOf(sink_->events[0].failure), "RESOURCE_NOT_FOUND");
  EXPECT_EQ(FieldOf(sink_->events[0].failure), "endpoint");
  EXPECT_EQ(FieldOf(sink_->events[1].failure), "destination.transport");
}

TEST_F(OutboundTest, BadHeaderIsNamedAndNothingGoesOut) {
  SendOrder order = Order("OPTIONS", 1);
  order.message.headers.emplace_back("Bad Name", "x");
  Send(std::move(order));
  ASSERT_THAT(sink_->events, SizeIs(1));
  EXPECT_EQ(sink_->events[0].failure.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FieldOf(sink_->events[0].failure), "request.headers[0].name");
}

TEST_F(OutboundTest, EmptyPoolDisappearsAfterAMinute) {
  Send(Order("OPTIONS", 1));
  remote_->peers[0]->Send(MakeResponse(Taken(0), 200));
  fixture_.RunUntilIdle();
  remote_->peers[0]->CloseWrite();
  fixture_.RunUntilIdle();
  EXPECT_EQ(fixture_.engine->GetTotals().pools, 1);
  fixture_.AdvanceBy(absl::Seconds(59));
  EXPECT_EQ(fixture_.engine->GetTotals().pools, 1);
  fixture_.AdvanceBy(absl::Seconds(2));
  EXPECT_EQ(fixture_.engine->GetTotals().pools, 0);
}

}  // namespace
}  // namespace sipcm::engine
