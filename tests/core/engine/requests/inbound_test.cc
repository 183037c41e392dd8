#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/engine/engine_fixture.h"

namespace sipcm::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kAlice[] = "sip:alice@example.com";

class InboundTest : public ::testing::Test {
 protected:
  void SetUp() override { fixture_.StartTcpManager(); }

  void AddAlice() {
    ASSERT_TRUE(fixture_.engine->ApplyEndpoint(EngineFixture::PeerToPeer("alice", kAlice)).ok());
  }
  std::vector<int> Ask(fakes::TestPeer& peer, const std::string& request) {
    peer.Send(request);
    fixture_.RunUntilIdle();
    return StatusCodes(peer.TakeReceived());
  }

  EngineFixture fixture_;
};

TEST_F(InboundTest, RequestReachesTheApplicationAndItsAnswerGoesBackOnTheSameConnection) {
  AddAlice();
  auto sink = std::make_shared<RecordingSink>();
  auto subscription = fixture_.Subscribe("alice", sink);
  auto peer = fixture_.ConnectPeer();
  EXPECT_THAT(Ask(*peer, MakeRequest("MESSAGE", kAlice, 1, "", "hello")), IsEmpty());
  ASSERT_THAT(sink->deliveries, SizeIs(1));
  const dispatch::Delivery& delivery = sink->deliveries[0];
  EXPECT_EQ(delivery.request->view.body(), "hello");
  EXPECT_EQ(delivery.endpoint->id, "alice");
  EXPECT_EQ(delivery.reason, dispatch::DispatchReason::kRequestUri);
  EXPECT_EQ(delivery.attempt, 1);
  EXPECT_TRUE(fixture_.Respond(delivery.request_id, 200).ok());
  const std::string answer = peer->TakeReceived();
  EXPECT_THAT(StatusCodes(answer), ElementsAre(200));
  EXPECT_EQ(HeaderOf(answer, "Call-ID"), "call-1@example.net");
  EXPECT_EQ(HeaderOf(answer, "CSeq"), "1 MESSAGE");
  EXPECT_THAT(HeaderOf(answer, "To"), HasSubstr(";tag="));
}

TEST_F(InboundTest, WithoutEndpointItIsAnsweredAtOnceWith500AndAWarning) {
  auto peer = fixture_.ConnectPeer();
  peer->Send(MakeRequest("OPTIONS", kAlice, 1));
  fixture_.RunUntilIdle();
  const std::string answer = peer->TakeReceived();
  EXPECT_THAT(StatusCodes(answer), ElementsAre(500));
  EXPECT_THAT(HeaderOf(answer, "Warning"), HasSubstr("399 192.0.2.1 \"no endpoint"));
}

TEST_F(InboundTest, MatchedWithoutSubscriptionIs480WithRetryAfter) {
  AddAlice();
  auto peer = fixture_.ConnectPeer();
  peer->Send(MakeRequest("OPTIONS", kAlice, 1));
  fixture_.RunUntilIdle();
  const std::string answer = peer->TakeReceived();
  EXPECT_THAT(StatusCodes(answer), ElementsAre(480));
  EXPECT_EQ(HeaderOf(answer, "Retry-After"), "5");
}

TEST_F(InboundTest, InDialogRequestThatNobodyOwnsIs481) {
  AddAlice();
  auto peer = fixture_.ConnectPeer();
  std::string bye = MakeRequest("BYE", "sip:nobody@example.org", 1);
  bye.replace(bye.find("To: <sip:nobody@example.org>"), 28, "To: <sip:nobody@example.org>;tag=x");
  EXPECT_THAT(Ask(*peer, bye), ElementsAre(481));
}

TEST_F(InboundTest, AckIsNeverAnswered) {
  auto peer = fixture_.ConnectPeer();
  EXPECT_THAT(Ask(*peer, MakeRequest("ACK", kAlice, 1)), IsEmpty());
  AddAlice();
  EXPECT_THAT(Ask(*peer, MakeRequest("ACK", kAlice, 2)), IsEmpty());
}

TEST_F(InboundTest, AnswerDeadlineIsEightSecondsAndTheApplicationIsTold) {
  AddAlice();
  auto sink = std::make_shared<RecordingSink>();
  auto subscription = fixture_.Subscribe("alice", sink);
  auto peer = fixture_.ConnectPeer();
  EXPECT_THAT(Ask(*peer, MakeRequest("OPTIONS", kAlice, 1)), IsEmpty());
  fixture_.AdvanceBy(absl::Seconds(8) - absl::Milliseconds(1));
  EXPECT_THAT(StatusCodes(peer->TakeReceived()), ElementsAre(100));
  fixture_.AdvanceBy(absl::Milliseconds(1));
  EXPECT_THAT(StatusCodes(peer->TakeReceived()), ElementsAre(500));
  ASSERT_THAT(sink->deliveries, SizeIs(2));
  EXPECT_EQ(sink->deliveries[1].kind, dispatch::Delivery::Kind::kExpired);
  EXPECT_EQ(sink->deliveries[1].status_code, 500);
  const absl::Status late = fixture_.Respond(sink->deliveries[0].request_id, 200);
  EXPECT_EQ(late.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(late), "REQUEST_EXPIRED");
  EXPECT_THAT(peer->received(), IsEmpty());
}

TEST_F(InboundTest, InviteHasThirtySecondsAfterItsLastProvisional) {
  AddAlice();
  auto sink = std::make_shared<RecordingSink>();
  auto subscription = fixture_.Subscribe("alice", sink);
  auto peer = fixture_.ConnectPeer();
  EXPECT_THAT(Ask(*peer, MakeRequest("INVITE", kAlice, 1)), IsEmpty());
  fixture_.AdvanceBy(absl::Seconds(29));
  EXPECT_TRUE(fixture_.Respond(sink->deliveries[0].request_id, 180).ok());
  fixture_.AdvanceBy(absl::Seconds(29));
  EXPECT_THAT(StatusCodes(peer->TakeReceived()), ElementsAre(100, 180));
  fixture_.AdvanceBy(absl::Seconds(1));
  EXPECT_THAT(StatusCodes(peer->TakeReceived()), ElementsAre(500));
}

TEST_F(InboundTest, AnsweringTwiceOrForAnUnknownRequestIsRefusedAndSendsNothing) {
  AddAlice();
  auto sink = std::make_shared<RecordingSink>();
  auto subscription = fixture_.Subscribe("alice", sink);
  auto peer = fixture_.ConnectPeer();
  EXPECT_THAT(Ask(*peer, MakeRequest("OPTIONS", kAlice, 1)), IsEmpty());
  const dispatch::RequestId id = sink->deliveries[0].request_id;
  EXPECT_TRUE(fixture_.Respond(id, 200).ok());
  const absl::Status twice = fixture_.Respond(id, 200);
  EXPECT_EQ(ReasonOf(twice), "REQUEST_ALREADY_ANSWERED");
  const absl::Status unknown =
      fixture_.Respond(dispatch::RequestId::FromValue(id.value() ^ 2), 200);
  EXPECT_EQ(unknown.code(), absl::StatusCode::kNotFound);
  const absl::Status foreign = fixture_.Respond(dispatch::RequestId(/*worker=*/63, 1, 1), 200);
  EXPECT_EQ(foreign.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(StatusCodes(peer->TakeReceived()), ElementsAre(200));
}

TEST_F(InboundTest, ABadHeaderInTheAnswerIsNamedAndTheRequestStaysOpen) {
  AddAlice();
  auto sink = std::make_shared<RecordingSink>();
  auto subscription = fixture_.Subscribe("alice", sink);
  auto peer = fixture_.ConnectPeer();
  EXPECT_THAT(Ask(*peer, MakeRequest("OPTIONS", kAlice, 1)), IsEmpty());
  ResponseOrder order;
  order.request_id = sink->deliveries[0].request_id;
  order.status_code = 200;
  order.message.headers.emplace_back("X-Evil", "a\r\nVia: SIP/2.0/TCP evil");
  auto results = std::make_shared<RecordingResponseSink>();
  fixture_.engine->Respond({order}, results);
  fixture_.RunUntilIdle();
  ASSERT_THAT(results->results, SizeIs(1));
  EXPECT_EQ(results->results[0].status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FieldOf(results->results[0].status), "response.headers[0].value");
  EXPECT_THAT(peer->received(), IsEmpty());
  EXPECT_TRUE(fixture_.Respond(order.request_id, 200).ok());
  EXPECT_THAT(StatusCodes(peer->TakeReceived()), ElementsAre(200));
}

TEST_F(InboundTest, LostSubscriptionHandsItsRequestsToAnotherWithTheNextAttempt) {
  AddAlice();
  auto first = std::make_shared<RecordingSink>();
  auto second = std::make_shared<RecordingSink>();
  auto lost = fixture_.Subscribe("alice", first);
  auto peer = fixture_.ConnectPeer();
  EXPECT_THAT(Ask(*peer, MakeRequest("OPTIONS", kAlice, 1)), IsEmpty());
  auto kept = fixture_.Subscribe("alice", second);
  lost.reset();
  fixture_.RunUntilIdle();
  ASSERT_THAT(second->deliveries, SizeIs(1));
  EXPECT_EQ(second->deliveries[0].attempt, 2);
  EXPECT_NE(second->deliveries[0].request_id, first->deliveries[0].request_id);
  EXPECT_TRUE(fixture_.Respond(second->deliveries[0].request_id, 200).ok());
  EXPECT_THAT(StatusCodes(peer->TakeReceived()), ElementsAre(200));
}

TEST_F(InboundTest, WhoLostARequestCannotAnswerItForItsHeir) {
  AddAlice();
  auto first = std::make_shared<RecordingSink>();
  auto second = std::make_shared<RecordingSink>();
  auto lost = fixture_.Subscribe("alice", first);
  auto peer = fixture_.ConnectPeer();
  EXPECT_THAT(Ask(*peer, MakeRequest("INVITE", kAlice, 1)), IsEmpty());
  auto kept = fixture_.Subscribe("alice", second);
  lost.reset();
  fixture_.RunUntilIdle();
  ASSERT_THAT(second->deliveries, SizeIs(1));
  const absl::Status refused = fixture_.Respond(first->deliveries[0].request_id, 200);
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(refused), "REQUEST_NOT_YOURS");
  EXPECT_THAT(peer->received(), IsEmpty());
  // A CANCEL finds the heir all the same.
  EXPECT_THAT(Ask(*peer, MakeRequest("CANCEL", kAlice, 1)), ElementsAre(200));
  ASSERT_THAT(second->deliveries, SizeIs(2));
  EXPECT_EQ(second->deliveries[1].kind, dispatch::Delivery::Kind::kCancelled);
  EXPECT_EQ(second->deliveries[1].request_id, second->deliveries[0].request_id);
  EXPECT_TRUE(fixture_.Respond(second->deliveries[0].request_id, 487).ok());
  EXPECT_THAT(StatusCodes(peer->TakeReceived()), ElementsAre(487));
}

TEST_F(InboundTest, LastSubscriptionLostGivesTheSenderItsAnswerAtOnce) {
  AddAlice();
  auto sink = std::make_shared<RecordingSink>();
  auto subscription = fixture_.Subscribe("alice", sink);
  auto peer = fixture_.ConnectPeer();
  EXPECT_THAT(Ask(*peer, MakeRequest("OPTIONS", kAlice, 1)), IsEmpty());
  subscription.reset();
  fixture_.RunUntilIdle();
  EXPECT_THAT(StatusCodes(peer->TakeReceived()), ElementsAre(500));
}

TEST_F(InboundTest, RequestsBeyondCreditWaitInOrderAndBeyondTheLineGet503) {
  dispatch::Endpoint alice = EngineFixture::PeerToPeer("alice", kAlice);
  alice.max_waiting_delivery_count = 2;
  ASSERT_TRUE(fixture_.engine->ApplyEndpoint(alice).ok());
  auto sink = std::make_shared<RecordingSink>();
  auto subscription = fixture_.Subscribe("alice", sink, /*credit=*/1);
  auto peer = fixture_.ConnectPeer();
  std::string burst;
  for (int i = 1; i <= 4; ++i) absl::StrAppend(&burst, MakeRequest("OPTIONS", kAlice, i));
  EXPECT_THAT(Ask(*peer, burst), ElementsAre(503));
  ASSERT_THAT(sink->deliveries, SizeIs(1));
  EXPECT_TRUE(fixture_.Respond(sink->deliveries[0].request_id, 200).ok());
  ASSERT_THAT(sink->deliveries, SizeIs(2));
  EXPECT_EQ(sink->deliveries[1].request->view.cseq_number(), 2u);
  subscription->AddCredit(5);
  fixture_.RunUntilIdle();
  ASSERT_THAT(sink->deliveries, SizeIs(3));
  EXPECT_EQ(sink->deliveries[2].request->view.cseq_number(), 3u);
}

TEST_F(InboundTest, CancelGets200AtOnceAndTheInvite487WhenTheApplicationIsSilent) {
  AddAlice();
  auto sink = std::make_shared<RecordingSink>();
  auto subscription = fixture_.Subscribe("alice", sink);
  auto peer = fixture_.ConnectPeer();
  EXPECT_THAT(Ask(*peer, MakeRequest("INVITE", kAlice, 1)), IsEmpty());
  std::string cancel = MakeRequest("CANCEL", kAlice, 1);
  EXPECT_THAT(Ask(*peer, cancel), ElementsAre(200));
  ASSERT_THAT(sink->deliveries, SizeIs(2));
  EXPECT_EQ(sink->deliveries[1].kind, dispatch::Delivery::Kind::kCancelled);
  fixture_.AdvanceBy(absl::Milliseconds(500));
  EXPECT_THAT(StatusCodes(peer->TakeReceived()), ElementsAre(487));
  // The ACK of the 487 ends here.
  EXPECT_THAT(Ask(*peer, MakeRequest("ACK", kAlice, 1)), IsEmpty());
  EXPECT_THAT(sink->deliveries, SizeIs(2));
  EXPECT_EQ(ReasonOf(fixture_.Respond(sink->deliveries[0].request_id, 200)), "REQUEST_CANCELLED");
}

TEST_F(InboundTest, AllAnswersToAnInviteAndItsCancelHaveOneToTag) {
  AddAlice();
  auto sink = std::make_shared<RecordingSink>();
  auto subscription = fixture_.Subscribe("alice", sink);
  auto peer = fixture_.ConnectPeer();
  Ask(*peer, MakeRequest("INVITE", kAlice, 1));
  peer->Send(MakeRequest("CANCEL", kAlice, 1));
  fixture_.AdvanceBy(absl::Milliseconds(500));
  const std::vector<std::string> answers = Messages(peer->TakeReceived());
  ASSERT_THAT(answers, SizeIs(2));
  EXPECT_THAT(HeaderOf(answers[0], "To"), HasSubstr(";tag="));
  EXPECT_EQ(HeaderOf(answers[0], "To"), HeaderOf(answers[1], "To"));
}

TEST_F(InboundTest, AStrangerCannotCancelAnothersInvite) {
  AddAlice();
  auto sink = std::make_shared<RecordingSink>();
  auto subscription = fixture_.Subscribe("alice", sink);
  auto peer = fixture_.ConnectPeer();
  auto stranger = fixture_.ConnectPeer();
  EXPECT_THAT(Ask(*peer, MakeRequest("INVITE", kAlice, 1)), IsEmpty());
  EXPECT_THAT(Ask(*stranger, MakeRequest("CANCEL", kAlice, 1)), ElementsAre(481));
  EXPECT_TRUE(fixture_.Respond(sink->deliveries[0].request_id, 200).ok());
  EXPECT_THAT(StatusCodes(peer->TakeReceived()), ElementsAre(200));
}

TEST_F(InboundTest, ACancelledRequestWhoseApplicationVanishesGets487NotAnotherApplication) {
  AddAlice();
  auto first = std::make_shared<RecordingSink>();
  auto second = std::make_shared<RecordingSink>();
  auto lost = fixture_.Subscribe("alice", first);
  auto peer = fixture_.ConnectPeer();
  EXPECT_THAT(Ask(*peer, MakeRequest("INVITE", kAlice, 1)), IsEmpty());
  auto kept = fixture_.Subscribe("alice", second);
  EXPECT_THAT(Ask(*peer, MakeRequest("CANCEL", kAlice, 1)), ElementsAre(200));
  lost.reset();
  fixture_.RunUntilIdle();
  EXPECT_THAT(second->deliveries, IsEmpty());
  EXPECT_THAT(StatusCodes(peer->TakeReceived()), ElementsAre(487));
}

TEST_F(InboundTest, AnAnswerAfterFramingWasLostIsToldAndNotWritten) {
  AddAlice();
  auto sink = std::make_shared<RecordingSink>();
  auto subscription = fixture_.Subscribe("alice", sink);
  auto peer = fixture_.ConnectPeer();
  std::string broken = MakeRequest("OPTIONS", kAlice, 2);
  broken.replace(broken.find("Content-Length: 0"), 17, "Content-Length: x");
  EXPECT_THAT(Ask(*peer, absl::StrCat(MakeRequest("OPTIONS", kAlice, 1), broken)),
              ElementsAre(400));
  // Our side has ended, the peer may still be sending: nothing can be written any more.
  EXPECT_EQ(ReasonOf(fixture_.Respond(sink->deliveries[0].request_id, 200)), "CONNECTION_GONE");
  EXPECT_THAT(peer->received(), IsEmpty());
}

TEST_F(InboundTest, LargeBodiesThatWaitAreBoundedInBytes) {
  AddAlice();
  auto sink = std::make_shared<RecordingSink>();
  auto subscription = fixture_.Subscribe("alice", sink, 1000);
  auto peer = fixture_.ConnectPeer();
  const std::string body(1 << 20, 'x');
  for (int i = 1; i <= 70; ++i) {
    peer->Send(MakeRequest("MESSAGE", kAlice, i, "", body));
    fixture_.RunUntilIdle();
  }
  EXPECT_EQ(sink->deliveries.size(), 63u);
  fixture_.AdvanceBy(absl::Milliseconds(100));  // the last of them gathered (ReadingPause)
  EXPECT_THAT(StatusCodes(peer->TakeReceived()), SizeIs(7));
}

TEST_F(InboundTest, CancelWithoutInviteIs481) {
  AddAlice();
  auto peer = fixture_.ConnectPeer();
  EXPECT_THAT(Ask(*peer, MakeRequest("CANCEL", kAlice, 1)), ElementsAre(481));
}

TEST_F(InboundTest, AnAnswerForAClosedConnectionIsToldAndGoesNowhere) {
  AddAlice();
  auto sink = std::make_shared<RecordingSink>();
  auto subscription = fixture_.Subscribe("alice", sink);
  auto peer = fixture_.ConnectPeer();
  auto bystander = fixture_.ConnectPeer();
  EXPECT_THAT(Ask(*peer, MakeRequest("OPTIONS", kAlice, 1)), IsEmpty());
  static_cast<fakes::MemoryStream*>(peer->stream())->Reset();
  fixture_.RunUntilIdle();
  const absl::Status gone = fixture_.Respond(sink->deliveries[0].request_id, 200);
  EXPECT_EQ(ReasonOf(gone), "CONNECTION_GONE");
  EXPECT_THAT(gone.message(), HasSubstr("no other way back"));
  EXPECT_THAT(bystander->received(), IsEmpty());
}

TEST_F(InboundTest, MethodThatNoSubscriptionTakesIs405WithAllow) {
  AddAlice();
  SubscriptionOptions options;
  options.endpoint_id = "alice";
  options.methods = {"MESSAGE", "OPTIONS"};
  auto sink = std::make_shared<RecordingSink>();
  auto subscription = fixture_.engine->Subscribe(options, sink);
  ASSERT_TRUE(subscription.ok());
  auto peer = fixture_.ConnectPeer();
  peer->Send(MakeRequest("INVITE", kAlice, 1));
  fixture_.RunUntilIdle();
  const std::string answer = peer->TakeReceived();
  EXPECT_THAT(StatusCodes(answer), ElementsAre(405));
  EXPECT_EQ(HeaderOf(answer, "Allow"), "MESSAGE, OPTIONS");
}

TEST_F(InboundTest, FiveHundredMessagesInOneWriteAreDispatchedOnceEachInOrder) {
  AddAlice();
  auto sink = std::make_shared<RecordingSink>();
  auto subscription = fixture_.Subscribe("alice", sink, 1000);
  auto peer = fixture_.ConnectPeer();
  std::string burst;
  for (int i = 1; i <= 500; ++i) absl::StrAppend(&burst, MakeRequest("MESSAGE", kAlice, i));
  peer->Send(burst);
  fixture_.RunUntilIdle();
  ASSERT_THAT(sink->deliveries, SizeIs(500));
  for (int i = 0; i < 500; ++i) {
    EXPECT_EQ(sink->deliveries[i].request->view.cseq_number(), static_cast<uint32_t>(i + 1));
  }
  // What one turn brings goes to the sink at once.
  EXPECT_LE(sink->batch_sizes.size(), 10u);
}

TEST_F(InboundTest, DrainingRefusesNewRequestsAnswersOpenOnesAndCloses) {
  AddAlice();
  auto sink = std::make_shared<RecordingSink>();
  auto subscription = fixture_.Subscribe("alice", sink);
  auto peer = fixture_.ConnectPeer();
  EXPECT_THAT(Ask(*peer, MakeRequest("OPTIONS", kAlice, 1)), IsEmpty());
  bool done = false;
  fixture_.engine->Shutdown(absl::Seconds(5), [&] { done = true; });
  EXPECT_THAT(Ask(*peer, MakeRequest("OPTIONS", kAlice, 2)), ElementsAre(503));
  EXPECT_FALSE(done);
  EXPECT_TRUE(fixture_.Respond(sink->deliveries[0].request_id, 200).ok());
  EXPECT_THAT(StatusCodes(peer->TakeReceived()), ElementsAre(200));
  EXPECT_TRUE(done);
  EXPECT_TRUE(peer->is_over());
}

TEST_F(InboundTest, ASecondShutdownMayBringTheDeadlineForwardButNotBack) {
  AddAlice();
  auto sink = std::make_shared<RecordingSink>();
  auto subscription = fixture_.Subscribe("alice", sink);
  auto peer = fixture_.ConnectPeer();
  EXPECT_THAT(Ask(*peer, MakeRequest("OPTIONS", kAlice, 1)), IsEmpty());
  std::vector<int> done;
  fixture_.engine->Shutdown(absl::Seconds(5), [&] { done.push_back(1); });
  fixture_.engine->Shutdown(absl::Seconds(2), [&] { done.push_back(2); });
  fixture_.engine->Shutdown(absl::Seconds(7), [&] { done.push_back(3); });
  fixture_.AdvanceBy(absl::Seconds(2) - absl::Milliseconds(1));
  EXPECT_THAT(done, IsEmpty());
  fixture_.AdvanceBy(absl::Milliseconds(1));
  EXPECT_THAT(StatusCodes(peer->TakeReceived()), ElementsAre(503));
  EXPECT_THAT(done, ElementsAre(1, 2, 3));
  fixture_.engine->Shutdown(absl::Seconds(2), [&] { done.push_back(4); });
  fixture_.RunUntilIdle();
  EXPECT_THAT(done, ElementsAre(1, 2, 3, 4));
}

}  // namespace
}  // namespace sipcm::engine
