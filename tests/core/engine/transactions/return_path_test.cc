// Where an answer goes whose connection is gone (RFC 3261 18.2.2).

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_replace.h"
#include "core/base/error.h"
#include "core/engine/transactions/answer_courier.h"
#include "core/tls/peer_identity.h"
#include "core/transaction/timers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/dispatch/test_request.h"
#include "tests/core/engine/remote_listener.h"
#include "tests/core/engine/transactions/call_fixture.h"

namespace sipcm::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ReturnPathTest : public CallFixture {
 protected:
  explicit ReturnPathTest(int worker_count = 1) : CallFixture(worker_count) {}

  // Peers come from here; their Vias say port 5060.
  void Listen() {
    listener_ = std::make_unique<RemoteListener>(&fixture_.network, fixture_.loops[0].get(),
                                                 "198.51.100.1:5060");
  }
  void Break(fakes::TestPeer& peer) {
    static_cast<fakes::MemoryStream*>(peer.stream())->Reset();
    fixture_.RunUntilIdle();
  }
  ResponseResult Respond(int status_code) {
    ResponseOrder order;
    order.request_id = LastId();
    order.status_code = status_code;
    auto results = std::make_shared<RecordingResponseSink>();
    fixture_.engine->Respond({order}, results);
    fixture_.RunUntilIdle();
    EXPECT_THAT(results->results, SizeIs(1));
    return results->results.empty() ? ResponseResult() : results->results.front();
  }

  std::unique_ptr<RemoteListener> listener_;
};

TEST_F(ReturnPathTest, WhileTheConnectionLivesItIsUsedAndNamed) {
  Ask(MakeRequest("MESSAGE", kAlice, 1));
  const ResponseResult result = Respond(200);
  EXPECT_EQ(result.route, ResponseRoute::kSameConnection);
  EXPECT_EQ(result.connection, sink_->deliveries[0].request->connection);
  EXPECT_EQ(result.manager_id, "edge");
}

TEST_F(ReturnPathTest, AConnectionIsOpenedToWhereTheRequestCameFromAtThePortOfVia) {
  Listen();
  auto bystander = fixture_.ConnectPeer();
  Ask(MakeRequest("MESSAGE", kAlice, 1));
  Break(*peer_);
  const ResponseResult result = Respond(200);
  ASSERT_TRUE(result.status.ok()) << result.status;
  EXPECT_EQ(result.route, ResponseRoute::kOpenedConnection);
  EXPECT_NE(result.connection, sink_->deliveries[0].request->connection);
  ASSERT_THAT(listener_->peers, SizeIs(1));
  const std::string answer = listener_->peers[0]->TakeReceived();
  EXPECT_THAT(StatusCodes(answer), ElementsAre(200));
  EXPECT_THAT(HeaderOf(answer, "Via"), HasSubstr("received=198.51.100.1"));
  EXPECT_THAT(bystander->received(), IsEmpty());
  EXPECT_EQ(ReasonOf(fixture_.Respond(LastId(), 200)), "REQUEST_ALREADY_ANSWERED");
}

TEST_F(ReturnPathTest, ASecondAnswerUsesTheConnectionThatTheFirstOneOpened) {
  Listen();
  PoolConfig pool;
  pool.manager_id = "edge";
  pool.destination.host = "198.51.100.1";
  pool.destination.port = 5060;
  pool.setting.max_connection_count = 1;
  ASSERT_TRUE(fixture_.engine->ApplyPool(pool).ok());
  Ask(MakeRequest("INVITE", kAlice, 1));
  Break(*peer_);
  EXPECT_EQ(Respond(180).route, ResponseRoute::kOpenedConnection);
  EXPECT_EQ(Respond(486).route, ResponseRoute::kOtherConnection);
  ASSERT_THAT(listener_->peers, SizeIs(1));
  EXPECT_THAT(StatusCodes(listener_->peers[0]->TakeReceived()), ElementsAre(180, 486));
}

TEST_F(ReturnPathTest, A2xxIsRepeatedThatWayToo) {
  Listen();
  Ask(Invite());
  Break(*peer_);
  EXPECT_TRUE(Respond(200).status.ok());
  fixture_.AdvanceBy(transaction::kT1);
  std::vector<int> codes;
  for (auto& peer : listener_->peers) {
    for (const int code : StatusCodes(peer->TakeReceived())) codes.push_back(code);
  }
  EXPECT_THAT(codes, ElementsAre(200, 200));
}

TEST_F(ReturnPathTest, NobodyThereIsToldWithTheCause) {
  Ask(MakeRequest("MESSAGE", kAlice, 1));
  Break(*peer_);
  const ResponseResult result = Respond(200);
  EXPECT_EQ(ReasonOf(result.status), "CONNECTION_GONE");
  EXPECT_THAT(result.status.message(), HasSubstr("no other way back"));
  EXPECT_EQ(result.route, ResponseRoute::kNone);
  EXPECT_EQ(fixture_.engine->GetTotals().open_requests, 0);
}

TEST_F(ReturnPathTest, ARemovedManagerTakesItsAnswersWithIt) {
  fixture_.network.SetFault(*net::SocketAddress::Parse("198.51.100.1:5060"),
                            fakes::FakeNetwork::Fault::kBlackHole);
  Ask(MakeRequest("MESSAGE", kAlice, 1));
  Break(*peer_);
  ResponseOrder order;
  order.request_id = LastId();
  order.status_code = 200;
  auto results = std::make_shared<RecordingResponseSink>();
  fixture_.engine->Respond({order}, results);
  fixture_.RunUntilIdle();
  EXPECT_THAT(results->results, IsEmpty());
  ASSERT_TRUE(fixture_.engine->RemoveManager("edge").ok());
  fixture_.RunUntilIdle();
  ASSERT_THAT(results->results, SizeIs(1));
  EXPECT_EQ(ReasonOf(results->results[0].status), "CONNECTION_GONE");
}

class ReturnPathOnWorkersTest : public ReturnPathTest {
 protected:
  ReturnPathOnWorkersTest() : ReturnPathTest(3) {}
};

TEST_F(ReturnPathOnWorkersTest, TheAnswerGoesByTheHomeWorkerOfItsDestination) {
  Listen();
  for (int i = 1; i <= 6; ++i) {
    auto peer = fixture_.ConnectPeer();
    Ask(*peer, MakeRequest("MESSAGE", kAlice, i));
    Break(*peer);
    EXPECT_TRUE(Respond(200).status.ok());
  }
  // One pool, of at most five connections, whichever worker had the request.
  EXPECT_THAT(listener_->peers, SizeIs(5));
}

// --- The pure part -------------------------------------------------------------------------------

absl::StatusOr<pool::Destination> DestinationOf(const std::string& via, bool over_tls) {
  const auto record = dispatch::MakeRecord({.via = via});
  dispatch::RequestRecord request;
  request.bytes = record->bytes;
  request.view.CopyIndexFrom(record->view, request.bytes.data());
  request.peer_address = *net::SocketAddress::Parse("192.0.2.7:40001");
  if (over_tls) request.peer = std::make_shared<tls::PeerIdentity>();
  return ReturnDestination(request);
}

TEST(ReturnDestinationTest, IsTheSourceAddressAtThePortOfSentBy) {
  const auto id = [](const std::string& via, bool over_tls) {
    const auto destination = DestinationOf(via, over_tls);
    return destination.ok() ? destination->PoolId() : destination.status().ToString();
  };
  EXPECT_EQ(id("SIP/2.0/TCP victim.example.org:5070;branch=z9hG4bKa;rport", false),
            "tcp:192.0.2.7:5070");
  EXPECT_EQ(id("SIP/2.0/TCP 10.0.0.1;branch=z9hG4bKa", false), "tcp:192.0.2.7:5060");
  EXPECT_EQ(id("SIP/2.0/TLS edge.example.org;branch=z9hG4bKa", true),
            "tls:192.0.2.7:5061;tls_name=edge.example.org");
  EXPECT_EQ(id("SIP/2.0/TLS 192.0.2.7:5071;branch=z9hG4bKa", true), "tls:192.0.2.7:5071");
  // What Via says of the transport is a peer's word.
  EXPECT_EQ(id("SIP/2.0/TCP 192.0.2.7:5071;branch=z9hG4bKa", true), "tls:192.0.2.7:5071");
}

}  // namespace
}  // namespace sipcm::engine
