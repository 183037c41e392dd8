// What a peer sees of the server transactions of the engine (RFC 3261 17.2, 9.2, RFC 6026, RFC
// 4320).

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/transaction/timers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/engine/transactions/call_fixture.h"

namespace sipcm::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Kind = dispatch::Delivery::Kind;

constexpr absl::Duration kTick = absl::Milliseconds(1);

class ServerTransactionsTest : public CallFixture {};

// --- Copies --------------------------------------------------------------------------------------

TEST_F(ServerTransactionsTest, ACopyOfAnOpenRequestIsNeitherDeliveredNorAnsweredAgain) {
  for (const char* method : {"INVITE", "MESSAGE"}) {
    const std::string request = MakeRequest(method, kAlice, 1);
    EXPECT_THAT(Ask(request), IsEmpty());
    EXPECT_THAT(Ask(request), IsEmpty());
    EXPECT_EQ(CountDelivered(method), 1);
    EXPECT_TRUE(fixture_.Respond(LastId(), 404).ok());
    EXPECT_THAT(Received(), ElementsAre(404));
  }
}

TEST_F(ServerTransactionsTest, ACopyGetsTheLastProvisionalAgain) {
  Ask(Invite());
  EXPECT_TRUE(fixture_.Respond(LastId(), 180).ok());
  EXPECT_TRUE(fixture_.Respond(LastId(), 183).ok());
  EXPECT_THAT(Received(), ElementsAre(180, 183));
  EXPECT_THAT(Ask(Invite()), ElementsAre(183));
  EXPECT_EQ(CountDelivered("INVITE"), 1);
}

TEST_F(ServerTransactionsTest, ACopyOfAnAnsweredInviteIsAbsorbedAndNotAnsweredTwice) {
  for (const int status : {200, 486}) {
    const std::string invite = Invite(status);
    Ask(invite);
    EXPECT_TRUE(fixture_.Respond(LastId(), status).ok());
    EXPECT_THAT(Received(), ElementsAre(status));
    EXPECT_THAT(Ask(invite), IsEmpty());
  }
  EXPECT_EQ(CountDelivered("INVITE"), 2);
}

TEST_F(ServerTransactionsTest, AMergedRequestGets482OfWhateverMethod) {
  auto other = fixture_.ConnectPeer();
  for (const char* method : {"INVITE", "MESSAGE"}) {
    const std::string request = MakeRequest(method, kAlice, 1);
    EXPECT_THAT(Ask(request), IsEmpty());
    EXPECT_THAT(Ask(*other, ByAnotherWay(request)), ElementsAre(482));
    EXPECT_EQ(CountDelivered(method), 1);
  }
}

TEST_F(ServerTransactionsTest, ForksToTwoEndpointsHereAreBothDelivered) {
  ASSERT_TRUE(
      fixture_.engine->ApplyEndpoint(EngineFixture::PeerToPeer("bob", "sip:bob@example.com")).ok());
  auto bobs = std::make_shared<RecordingSink>();
  auto subscription = fixture_.Subscribe("bob", bobs);
  Ask(Invite());
  Ask(absl::StrReplaceAll(ByAnotherWay(Invite()), {{"INVITE sip:alice@", "INVITE sip:bob@"}}));
  EXPECT_THAT(sink_->deliveries, SizeIs(1));
  EXPECT_THAT(bobs->deliveries, SizeIs(1));
}

// --- 100 Trying ----------------------------------------------------------------------------------

TEST_F(ServerTransactionsTest, AnInviteWithoutAnAnswerGets100After200Milliseconds) {
  Ask(Invite());
  fixture_.AdvanceBy(transaction::kInviteTryingDelay - kTick);
  EXPECT_THAT(peer_->received(), IsEmpty());
  fixture_.AdvanceBy(kTick);
  const std::string trying = peer_->TakeReceived();
  EXPECT_THAT(StatusCodes(trying), ElementsAre(100));
  EXPECT_EQ(HeaderOf(trying, "To"), absl::StrCat("<", kAlice, ">"));
  fixture_.AdvanceBy(absl::Seconds(10));
  EXPECT_THAT(Received(), IsEmpty());
  EXPECT_TRUE(fixture_.Respond(LastId(), 486).ok());
  EXPECT_THAT(Received(), ElementsAre(486));
}

TEST_F(ServerTransactionsTest, AnotherRequestGets100OnlyAfter3500Milliseconds) {
  Ask(MakeRequest("MESSAGE", kAlice, 1));
  fixture_.AdvanceBy(transaction::kOtherTryingDelay - kTick);
  EXPECT_THAT(peer_->received(), IsEmpty());
  fixture_.AdvanceBy(kTick);
  EXPECT_THAT(Received(), ElementsAre(100));
}

TEST_F(ServerTransactionsTest, WhoAnsweredOrWasCancelledGetsNo100) {
  Ask(Invite(1));
  EXPECT_TRUE(fixture_.Respond(LastId(), 180).ok());
  Ask(Invite(2));
  EXPECT_TRUE(fixture_.Respond(LastId(), 486).ok());
  Ask(Invite(3));
  EXPECT_THAT(Ask(MakeRequest("CANCEL", kAlice, 3)), ElementsAre(200));
  fixture_.AdvanceBy(absl::Milliseconds(499));
  EXPECT_THAT(Received(), IsEmpty());
}

// --- CANCEL --------------------------------------------------------------------------------------

TEST_F(ServerTransactionsTest, ACancelAfterTheFinalAnswerIsAcceptedAndChangesNothing) {
  const std::string answer = Accept();
  EXPECT_THAT(Ask(MakeRequest("CANCEL", kAlice, 1)), ElementsAre(200));
  EXPECT_EQ(Count(Kind::kCancelled), 0);
}

TEST_F(ServerTransactionsTest, NothingButInviteCanBeCancelled) {
  Ask(MakeRequest("MESSAGE", kAlice, 1));
  EXPECT_THAT(Ask(MakeRequest("CANCEL", kAlice, 1)), ElementsAre(200));
  EXPECT_EQ(Count(Kind::kCancelled), 0);
  EXPECT_TRUE(fixture_.Respond(LastId(), 200).ok());
  EXPECT_THAT(Received(), ElementsAre(200));
}

TEST_F(ServerTransactionsTest, ACancelledInviteGetsItsOwn487After500MillisecondsOfSilence) {
  Ask(Invite());
  EXPECT_THAT(Ask(MakeRequest("CANCEL", kAlice, 1)), ElementsAre(200));
  fixture_.AdvanceBy(absl::Milliseconds(500) - kTick);
  EXPECT_THAT(peer_->received(), IsEmpty());
  fixture_.AdvanceBy(kTick);
  EXPECT_THAT(Received(), ElementsAre(487));
}

// 9.1 has a CANCEL follow its request hop by hop. A connection of one's own is the proof that the
// INVITE was: branch and sent-by can be read along the way.
TEST_F(ServerTransactionsTest, ACancelByAnotherConnectionOfThePeerGets481AndTheInviteGoesOn) {
  auto second = fixture_.ConnectPeer();
  Ask(Invite());
  EXPECT_THAT(Ask(*second, MakeRequest("CANCEL", kAlice, 1)), ElementsAre(481));
  EXPECT_EQ(Count(Kind::kCancelled), 0);
  EXPECT_THAT(Ask(MakeRequest("CANCEL", kAlice, 1)), ElementsAre(200));
  EXPECT_EQ(Count(Kind::kCancelled), 1);
}

// --- What applications may not say (RFC 4320)
// ------------------------------------------------------

TEST_F(ServerTransactionsTest, ARequestOtherThanInviteHasNo408AndNoProvisionalBut100) {
  Ask(MakeRequest("MESSAGE", kAlice, 1));
  for (const int status : {101, 180, 199, 408}) {
    const absl::Status refused = fixture_.Respond(LastId(), status);
    EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_EQ(FieldOf(refused), "response.status_code");
  }
  EXPECT_THAT(Received(), IsEmpty());
  EXPECT_TRUE(fixture_.Respond(LastId(), 100).ok());
  EXPECT_TRUE(fixture_.Respond(LastId(), 407).ok());
  EXPECT_THAT(Received(), ElementsAre(100, 407));
  Ask(Invite());
  EXPECT_TRUE(fixture_.Respond(LastId(), 408).ok());
  EXPECT_THAT(Received(), ElementsAre(408));
}

// --- 2xx and its ACK (RFC 3261 13.3.1.4)
// -----------------------------------------------------------

TEST_F(ServerTransactionsTest, A2xxIsRepeatedUntilItsAckWhichIsDeliveredOnce) {
  const std::string answer = Accept();
  fixture_.AdvanceBy(transaction::kT1 - kTick);
  EXPECT_THAT(peer_->received(), IsEmpty());
  fixture_.AdvanceBy(kTick);
  EXPECT_EQ(peer_->TakeReceived(), answer);
  fixture_.AdvanceBy(2 * transaction::kT1);
  EXPECT_EQ(peer_->TakeReceived(), answer);
  const std::string ack = InDialog("ACK", answer, 1);
  for (int i = 0; i < 3; ++i) EXPECT_THAT(Ask(ack), IsEmpty());
  EXPECT_EQ(CountDelivered("ACK"), 1);
  EXPECT_EQ(sink_->deliveries.back().reason, dispatch::DispatchReason::kTransaction);
  fixture_.AdvanceBy(absl::Minutes(1));
  EXPECT_THAT(Received(), IsEmpty());
  EXPECT_EQ(Count(Kind::kAckMissing), 0);
}

TEST_F(ServerTransactionsTest, TheApplicationIsToldWhenNoAckCameIn32Seconds) {
  Accept();
  const dispatch::RequestId invite = LastId();
  fixture_.AdvanceBy(transaction::kAckLimit - kTick);
  EXPECT_EQ(Count(Kind::kAckMissing), 0);
  EXPECT_THAT(Received(), SizeIs(10));
  fixture_.AdvanceBy(kTick);
  ASSERT_EQ(Count(Kind::kAckMissing), 1);
  EXPECT_EQ(sink_->deliveries.back().request_id, invite);
  EXPECT_EQ(sink_->deliveries.back().endpoint->id, "alice");
  fixture_.AdvanceBy(absl::Minutes(1));
  EXPECT_THAT(Received(), IsEmpty());
}

TEST_F(ServerTransactionsTest, AnAckOfAnotherCallOrOfNoneCountsForNothing) {
  EXPECT_THAT(Ask(MakeRequest("ACK", kAlice, 9)), IsEmpty());
  const std::string answer = Accept();
  Ask(MakeRequest("ACK", kAlice, 9));  // no To tag
  Ask(InDialog("ACK", answer, 2));     // another call
  Ask(absl::StrReplaceAll(InDialog("ACK", answer, 1), {{"tag=from1", "tag=x"}}));
  EXPECT_EQ(CountDelivered("ACK"), 0);
  EXPECT_THAT(Received(), IsEmpty());
}

TEST_F(ServerTransactionsTest, OfAnAnsweredInviteTheMessageIsNotKept) {
  Ask(MakeRequest("INVITE", kAlice, 1, "", std::string(100000, 'x')));
  const std::weak_ptr<const dispatch::RequestRecord> invite = sink_->deliveries[0].request;
  EXPECT_TRUE(fixture_.Respond(LastId(), 200).ok());
  const std::string answer = peer_->TakeReceived();
  sink_->deliveries.clear();
  EXPECT_TRUE(invite.expired());
  fixture_.AdvanceBy(transaction::kT1);
  EXPECT_EQ(peer_->TakeReceived(), answer);
}

TEST_F(ServerTransactionsTest, AnAckThatComesToAnotherManagerIsOfAnotherCall) {
  ManagerConfig config = EngineFixture::TcpManager("other");
  config.listen_addresses[0].port = 5090;
  ASSERT_TRUE(fixture_.engine->ApplyManager(config).ok());
  ASSERT_TRUE(fixture_.engine->StartListening("other").ok());
  fixture_.RunUntilIdle();
  auto stranger = fixture_.ConnectPeer("other");
  const std::string answer = Accept();
  EXPECT_THAT(Ask(*stranger, InDialog("ACK", answer, 1)), IsEmpty());
  EXPECT_EQ(CountDelivered("ACK"), 0);
  fixture_.AdvanceBy(transaction::kT1);
  EXPECT_EQ(peer_->TakeReceived(), answer);
  EXPECT_THAT(Ask(InDialog("ACK", answer, 1)), IsEmpty());
  EXPECT_EQ(CountDelivered("ACK"), 1);
}

TEST_F(ServerTransactionsTest, TheAckOfAFailureEndsHere) {
  Ask(Invite());
  EXPECT_TRUE(fixture_.Respond(LastId(), 486).ok());
  EXPECT_THAT(Received(), ElementsAre(486));
  const std::string ack = MakeRequest("ACK", kAlice, 1);
  EXPECT_THAT(Ask(ack), IsEmpty());
  EXPECT_THAT(Ask(ack), IsEmpty());
  EXPECT_EQ(CountDelivered("ACK"), 0);
}

TEST_F(ServerTransactionsTest, TheAckGoesToAnotherApplicationWhenTheOneThatAnsweredIsGone) {
  const std::string answer = Accept();
  auto heir = std::make_shared<RecordingSink>();
  auto subscription = fixture_.Subscribe("alice", heir);
  subscription_.reset();
  fixture_.RunUntilIdle();
  Ask(InDialog("ACK", answer, 1));
  ASSERT_THAT(heir->deliveries, SizeIs(1));
  EXPECT_EQ(heir->deliveries[0].request->view.method(), "ACK");
}

// --- Several workers
// -------------------------------------------------------------------------------

class ServerTransactionsOnWorkersTest : public CallFixture {
 protected:
  ServerTransactionsOnWorkersTest() : CallFixture(3) {}

  // The worker that has the connection; asks it.
  int WorkerOf(fakes::TestPeer& peer) {
    Ask(peer, MakeRequest("OPTIONS", kAlice, ++last_number_));
    const int worker = sink_->deliveries.back().request->connection.worker();
    EXPECT_TRUE(fixture_.Respond(LastId(), 200).ok());
    peer.TakeReceived();
    return worker;
  }
  // A peer on another worker than peer_.
  std::unique_ptr<fakes::TestPeer> ConnectElsewhere() {
    const int here = WorkerOf(*peer_);
    for (int i = 0; i < 100; ++i) {
      auto peer = fixture_.ConnectPeer();
      if (WorkerOf(*peer) != here) return peer;
      others_.push_back(std::move(peer));
    }
    ADD_FAILURE() << "all connections are on one worker";
    return nullptr;
  }

  int last_number_ = 1000;
  std::vector<std::unique_ptr<fakes::TestPeer>> others_;
};

TEST_F(ServerTransactionsOnWorkersTest, AnAckThatComesToAnotherWorkerFindsItsInvite) {
  auto other = ConnectElsewhere();
  const std::string answer = Accept();
  const std::string ack = InDialog("ACK", answer, 1);
  EXPECT_THAT(Ask(*other, ack), IsEmpty());
  EXPECT_THAT(Ask(*other, ack), IsEmpty());
  EXPECT_EQ(CountDelivered("ACK"), 1);
  fixture_.AdvanceBy(absl::Minutes(1));
  EXPECT_THAT(Received(), IsEmpty());
}

TEST_F(ServerTransactionsOnWorkersTest, AnAckThatNobodyWaitsForIsCarriedToNoOtherWorker) {
  auto other = ConnectElsewhere();
  if (WorkerOf(*peer_) == 0) std::swap(peer_, other);  // the peers' own ends are on the first loop
  const auto& its_loop = fixture_.loops[WorkerOf(*other)];
  const auto& invites_loop = fixture_.loops[WorkerOf(*peer_)];
  const std::string answer = Accept();
  const auto is_carried = [&](const std::string& ack) {
    other->Send(ack);
    for (int i = 0; i < 3; ++i) {
      fixture_.loops[0]->RunTurn();
      its_loop->RunTurn();
    }
    const bool carried = invites_loop->HasWork();
    fixture_.RunUntilIdle();
    return carried;
  };
  EXPECT_FALSE(is_carried(InDialog("ACK", answer, 2)));
  EXPECT_FALSE(is_carried(MakeRequest("ACK", kAlice, 1)));
  EXPECT_TRUE(is_carried(InDialog("ACK", answer, 1)));
  EXPECT_FALSE(is_carried(InDialog("ACK", answer, 1)));
  EXPECT_EQ(CountDelivered("ACK"), 1);
}

TEST_F(ServerTransactionsOnWorkersTest, ARequestIsMergedWhicheverWorkerItsCopyComesTo) {
  auto other = ConnectElsewhere();
  EXPECT_THAT(Ask(Invite()), IsEmpty());
  EXPECT_THAT(Ask(*other, ByAnotherWay(Invite())), ElementsAre(482));
  EXPECT_EQ(CountDelivered("INVITE"), 1);
}

}  // namespace
}  // namespace sipcm::engine
