// Dialogs that peers begin.
#include "absl/strings/match.h"
#include "core/base/error.h"
#include "gmock/gmock.h"
#include "tests/core/engine/dialogs/dialog_fixture.h"

namespace sipcm::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

using CalleeTest = DialogTest;

TEST_F(CalleeTest, APeersByeReachesTheApplicationWithTheDialogThatItsAnswerMade) {
  const dialog::DialogId dialog = BeCalled();
  ASSERT_TRUE(dialog.is_valid());
  EXPECT_EQ(DialogCount(), 1);
  Give(*peer_, InDialog("BYE", 2));
  EXPECT_EQ(Last().request->view.method(), "BYE");
  EXPECT_EQ(Last().dialog, dialog);
  EXPECT_EQ(Last().reason, dispatch::DispatchReason::kDialog);
  EXPECT_EQ(Last().attempt_reason, dispatch::AttemptReason::kFirstAttempt);
  const ResponseResult result = Answer(Last(), 200);
  EXPECT_EQ(result.dialog, dialog);
  EXPECT_THAT(StatusCodes(peer_->TakeReceived()), ElementsAre(200));
  EXPECT_EQ(DialogCount(), 0);
}

TEST_F(CalleeTest, TheApplicationEndsTheCallByNamingTheDialog) {
  const dialog::DialogId dialog = BeCalled();
  const auto events = Send("BYE", dialog);
  const std::string bye = Only(*peer_);
  EXPECT_THAT(bye, StartsWith("BYE sip:peer@192.0.2.9:5070 SIP/2.0\r\n"));
  EXPECT_EQ(HeaderOf(bye, "From"), to_);
  EXPECT_EQ(HeaderOf(bye, "To"), "<sip:peer@example.net>;tag=from1");
  EXPECT_EQ(HeaderOf(bye, "Call-ID"), "call-1@example.net");
  EXPECT_EQ(HeaderOf(bye, "CSeq"), "1 BYE");
  EXPECT_THAT(remote_->peers, IsEmpty()) << "it stays on the flow that is alive";
  Give(*peer_, MakeResponse(bye, 200));
  ASSERT_THAT(events->events, SizeIs(2));
  EXPECT_EQ(events->events[1].dialog, dialog);
  EXPECT_EQ(DialogCount(), 0);
  const auto again = Send("BYE", dialog);
  EXPECT_EQ(ReasonOf(again->events.back().failure), "DIALOG_NOT_FOUND");
  EXPECT_EQ(FieldOf(again->events.back().failure), "dialog");
}

TEST_F(CalleeTest, AnAnswerThatMakesADialogHasAContact) {
  Give(*peer_, MakeRequest("INVITE", kAlice, 1));
  Answer(Last(), 180);
  Answer(Last(), 200, {{"Contact", "<sip:me@192.0.2.1>"}});
  const std::vector<std::string> answers = Received(*peer_);
  ASSERT_THAT(answers, SizeIs(2));
  EXPECT_EQ(HeaderOf(answers[0], "Contact"),
            "<sip:alice@192.0.2.1:5060;transport=tcp;ms-opaque=alice>");
  EXPECT_EQ(HeaderOf(answers[1], "Contact"), "<sip:me@192.0.2.1>");
  EXPECT_EQ(HeaderOf(answers[0], "To"), HeaderOf(answers[1], "To"));
}

TEST_F(CalleeTest, WhoSendsToTheContactThatItGotReachesThatEndpoint) {
  ASSERT_TRUE(
      fixture_.engine->ApplyEndpoint(EngineFixture::PeerToPeer("bob", "sip:bob@example.com")).ok());
  Give(*peer_, MakeRequest("INVITE", kAlice, 1));
  Answer(Last(), 200);
  std::string contact = HeaderOf(Only(*peer_), "Contact");
  contact = contact.substr(1, contact.size() - 2);
  // Outside the dialog, and to a name that is nobody's or another's.
  for (const char* to : {"sip:nobody@example.net", "sip:bob@example.com"}) {
    auto stranger = fixture_.ConnectPeer();
    Give(*stranger, absl::StrReplaceAll(
                        MakeRequest("MESSAGE", contact, to[4] == 'b' ? 2 : 3),
                        {{absl::StrCat("To: <", contact, ">"), absl::StrCat("To: <", to, ">")}}));
    EXPECT_EQ(Last().endpoint->id, "alice");
    EXPECT_EQ(Last().reason, dispatch::DispatchReason::kUniqueContext);
    Answer(Last(), 200);
    EXPECT_THAT(StatusCodes(stranger->TakeReceived()), ElementsAre(200));
  }
  EXPECT_THAT(sink_->deliveries, SizeIs(3));
}

TEST_F(CalleeTest, RecordRoutesComeBackAsRoutes) {
  Give(*peer_, MakeRequest("INVITE", kAlice, 1,
                           "Record-Route: <sip:p1.example.net;lr>, <sip:p2.example.net;lr>\r\n"
                           "Contact: <sip:peer@192.0.2.77>\r\n"));
  const dialog::DialogId dialog = Answer(Last(), 200).dialog;
  Received(*peer_);
  Send("INFO", dialog);
  const std::string info = Only(*peer_);
  EXPECT_THAT(info, StartsWith("INFO sip:peer@192.0.2.77 SIP/2.0\r\n"));
  EXPECT_EQ(HeaderOf(info, "Route"), "<sip:p1.example.net;lr>, <sip:p2.example.net;lr>");
}

TEST_F(CalleeTest, ARequestBehindALaterOneIsOutOfOrder) {
  BeCalled();
  Give(*peer_, InDialog("INFO", 5));
  Answer(Last(), 200);
  Received(*peer_);
  Give(*peer_, InDialog("INFO", 4));
  const std::string answer = Only(*peer_);
  EXPECT_THAT(answer, StartsWith("SIP/2.0 500 "));
  EXPECT_THAT(HeaderOf(answer, "Warning"), HasSubstr("CSeq: "));
  EXPECT_THAT(sink_->deliveries, SizeIs(2));
  Give(*peer_, InDialog("INFO", 6));
  EXPECT_THAT(sink_->deliveries, SizeIs(3));
}

// As who lost its connection sends again by another (RFC 3263 4.3).
TEST_F(CalleeTest, ACopyByAnotherConnectionIsNeverDeliveredAgain) {
  BeCalled();
  auto other = fixture_.ConnectPeer();
  const auto copy = [this](const std::string& method) {
    return absl::StrReplaceAll(InDialog(method, 2), {{"z9hG4bKin", "z9hG4bKcopy"}});
  };
  Give(*peer_, InDialog("INFO", 2));
  Give(*other, copy("INFO"));
  EXPECT_THAT(StatusCodes(other->TakeReceived()), ElementsAre(500)) << "it is open";
  Answer(Last(), 200);
  EXPECT_THAT(StatusCodes(peer_->TakeReceived()), ElementsAre(200));
  Give(*other, copy("INFO"));
  EXPECT_THAT(StatusCodes(other->TakeReceived()), ElementsAre(500)) << "it was answered";
  EXPECT_THAT(sink_->deliveries, SizeIs(2));
}

TEST_F(CalleeTest, ACopyOfAnInviteWithAnUnknownTagIsMerged) {
  auto other = fixture_.ConnectPeer();
  to_ = "<sip:alice@example.com>;tag=of-another-life";
  Give(*peer_, absl::StrReplaceAll(InDialog("INVITE", 2),
                                   {{"alice@192.0.2.1 SIP", "alice@example.com SIP"}}));
  Give(*other,
       absl::StrReplaceAll(InDialog("INVITE", 2), {{"alice@192.0.2.1 SIP", "alice@example.com SIP"},
                                                   {"z9hG4bKin", "z9hG4bKcopy"}}));
  EXPECT_THAT(StatusCodes(other->TakeReceived()), ElementsAre(482));
  EXPECT_THAT(sink_->deliveries, SizeIs(1));
}

TEST_F(CalleeTest, WhatNobodyHasIs481AndAnInviteOfALostDialogBeginsAnew) {
  BeCalled();
  const std::string known = to_;
  Give(*peer_, InDialog("BYE", 2));
  Answer(Last(), 200);
  Received(*peer_);
  for (const char* method : {"BYE", "INFO", "INVITE", "OPTIONS", "MESSAGE"}) {
    Give(*peer_, InDialog(method, 3));
    EXPECT_THAT(StatusCodes(peer_->TakeReceived()), ElementsAre(481)) << method;
  }
  to_ = "<sip:alice@192.0.2.1>;tag=of-another-life";
  for (const char* method : {"BYE", "INFO", "OPTIONS", "MESSAGE", "NOTIFY", "UPDATE"}) {
    Give(*peer_, absl::StrReplaceAll(InDialog(method, 4),
                                     {{"sip:alice@192.0.2.1 SIP", "sip:alice@example.com SIP"}}));
    EXPECT_THAT(StatusCodes(peer_->TakeReceived()), ElementsAre(481)) << method;
  }
  EXPECT_THAT(sink_->deliveries, SizeIs(2));
  Give(*peer_, absl::StrReplaceAll(InDialog("INVITE", 5),
                                   {{"sip:alice@192.0.2.1 SIP", "sip:alice@example.com SIP"}}));
  ASSERT_THAT(sink_->deliveries, SizeIs(3));
  EXPECT_EQ(Last().reason, dispatch::DispatchReason::kRequestUri);
  // Its answer makes the dialog, with the tag that it came with.
  EXPECT_TRUE(Answer(Last(), 200).dialog.is_valid());
  Received(*peer_);
  Give(*peer_, InDialog("BYE", 6));
  ASSERT_THAT(sink_->deliveries, SizeIs(4));
  EXPECT_EQ(Last().reason, dispatch::DispatchReason::kDialog);
}

TEST_F(CalleeTest, AnInviteWithATagThatNobodyMadeIsNewWorkAndRefusedWhileTheServerDrains) {
  BeCalled();
  Give(*peer_, MakeRequest("OPTIONS", kAlice, 7));
  fixture_.engine->Shutdown(absl::Seconds(10), [] {});
  fixture_.RunUntilIdle();
  to_ = "<sip:alice@192.0.2.1>;tag=of-another-life";
  Give(*peer_, absl::StrReplaceAll(InDialog("INVITE", 5),
                                   {{"sip:alice@192.0.2.1 SIP", "sip:alice@example.com SIP"}}));
  EXPECT_THAT(StatusCodes(peer_->TakeReceived()), ElementsAre(503));
  EXPECT_THAT(sink_->deliveries, SizeIs(2));
}

TEST_F(CalleeTest, ACallThatWouldFillTheMemoryOfItsDialogIsRefused) {
  Give(*peer_,
       MakeRequest("INVITE", kAlice, 1,
                   absl::StrCat("Record-Route: <sip:", std::string(9000, 'p'), ";lr>\r\n")));
  EXPECT_THAT(StatusCodes(peer_->TakeReceived()), ElementsAre(503));
  EXPECT_EQ(DialogCount(), 0);
}

TEST_F(CalleeTest, OnlyBothTagsAndTheCallIdMakeADialog) {
  BeCalled();
  for (const auto& [from, to] :
       {std::make_pair("tag=from1", "tag=from2"), std::make_pair("call-1@", "call-2@")}) {
    Give(*peer_, absl::StrReplaceAll(InDialog("BYE", 2), {{from, to}}));
    EXPECT_THAT(StatusCodes(peer_->TakeReceived()), ElementsAre(481));
  }
  EXPECT_THAT(sink_->deliveries, SizeIs(1));
}

TEST_F(CalleeTest, ARefusedCallLeavesNothing) {
  Give(*peer_, MakeRequest("INVITE", kAlice, 1));
  const dialog::DialogId early = Answer(Last(), 180).dialog;
  EXPECT_TRUE(early.is_valid());
  EXPECT_EQ(DialogCount(), 1);
  const std::string to = HeaderOf(Only(*peer_), "To");
  EXPECT_FALSE(Answer(Last(), 486).dialog.is_valid());
  EXPECT_EQ(HeaderOf(Only(*peer_), "To"), to);
  EXPECT_EQ(DialogCount(), 0);
}

TEST_F(CalleeTest, ACancelledCallLeavesNothing) {
  Give(*peer_, MakeRequest("INVITE", kAlice, 1));
  Answer(Last(), 183);
  Give(*peer_, MakeRequest("CANCEL", kAlice, 1));
  fixture_.AdvanceBy(absl::Seconds(1));
  EXPECT_THAT(StatusCodes(peer_->TakeReceived()), ElementsAre(183, 200, 487));
  EXPECT_EQ(DialogCount(), 0);
}

TEST_F(CalleeTest, AnExpiredByeEndsTheDialogAllTheSame) {
  BeCalled();
  Give(*peer_, InDialog("BYE", 2));
  fixture_.AdvanceBy(absl::Seconds(8));
  EXPECT_EQ(StatusCodes(peer_->TakeReceived()).back(), 500);
  EXPECT_EQ(DialogCount(), 0);
}

TEST_F(CalleeTest, AReInviteIsOfTheSameDialogAndMovesTheTarget) {
  const dialog::DialogId dialog = BeCalled();
  Give(*peer_, InDialog("INVITE", 2, "Contact: <sip:peer@192.0.2.99>\r\n"));
  EXPECT_EQ(Last().dialog, dialog);
  EXPECT_EQ(Answer(Last(), 200).dialog, dialog);
  Received(*peer_);
  Send("INFO", dialog);
  EXPECT_THAT(Only(*peer_), StartsWith("INFO sip:peer@192.0.2.99 SIP/2.0\r\n"));
  EXPECT_EQ(DialogCount(), 1);
}

TEST_F(CalleeTest, AnotherConnectionOfThePeerCarriesTheDialogOn) {
  const dialog::DialogId dialog = BeCalled();
  peer_->Close();
  fixture_.RunUntilIdle();
  auto again = fixture_.ConnectPeer();
  Give(*again, InDialog("INFO", 2));
  EXPECT_EQ(Last().dialog, dialog);
  Answer(Last(), 200);
  Received(*again);
  Send("BYE", dialog);
  EXPECT_THAT(Only(*again), StartsWith("BYE "));
  EXPECT_THAT(remote_->peers, IsEmpty());
}

TEST_F(CalleeTest, WithoutAConnectionOneIsOpenedToTheTarget) {
  const dialog::DialogId dialog = BeCalled();
  peer_->Close();
  fixture_.RunUntilIdle();
  const auto events = Send("BYE", dialog);
  ASSERT_THAT(remote_->peers, SizeIs(1));
  const std::string bye = Only(Called());
  EXPECT_THAT(bye, StartsWith("BYE sip:peer@192.0.2.9:5070 SIP/2.0\r\n"));
  Give(Called(), MakeResponse(bye, 200));
  EXPECT_EQ(events->events.back().view->status_code(), 200);
  EXPECT_EQ(DialogCount(), 0);
}

TEST_F(CalleeTest, ASubscriptionLivesUntilItsLastNotify) {
  Give(*peer_, MakeRequest("SUBSCRIBE", kAlice, 1,
                           "Event: presence\r\nExpires: 60\r\nContact: <sip:peer@192.0.2.9>\r\n"));
  const dialog::DialogId dialog = Answer(Last(), 200, {{"Expires", "60"}}).dialog;
  Received(*peer_);
  for (const char* state : {"active;expires=60", "terminated;reason=noresource"}) {
    SendOrder order;
    order.method = "NOTIFY";
    order.dialog = dialog;
    order.message.headers = {{"Event", "presence"}, {"Subscription-State", state}};
    Send(std::move(order));
    const std::string notify = Only(*peer_);
    EXPECT_THAT(notify, StartsWith("NOTIFY sip:peer@192.0.2.9 SIP/2.0\r\n"));
    EXPECT_THAT(HeaderOf(notify, "Contact"), HasSubstr("alice@"));
    EXPECT_EQ(DialogCount(), 1);
    Give(*peer_, MakeResponse(notify, 200));
  }
  EXPECT_EQ(DialogCount(), 0);
}

TEST_F(CalleeTest, ASubscriptionThatIsNotRefreshedEndsWithItsTime) {
  Give(*peer_, MakeRequest("SUBSCRIBE", kAlice, 1, "Event: presence\r\nExpires: 60\r\n"));
  Answer(Last(), 200, {{"Expires", "60"}});
  fixture_.AdvanceBy(absl::Seconds(60 + 32));
  EXPECT_EQ(DialogCount(), 1);
  fixture_.AdvanceBy(absl::Seconds(8));
  EXPECT_EQ(DialogCount(), 0);
}

TEST_F(CalleeTest, ADeletedEndpointTakesItsDialogsWithIt) {
  BeCalled();
  ASSERT_TRUE(fixture_.engine->RemoveEndpoint("alice").ok());
  fixture_.RunUntilIdle();
  EXPECT_EQ(DialogCount(), 0);
  Give(*peer_, InDialog("BYE", 2));
  EXPECT_THAT(StatusCodes(peer_->TakeReceived()), ElementsAre(481));
}

TEST_F(CalleeTest, WhatTheDialogSaysTheApplicationMustNot) {
  const dialog::DialogId dialog = BeCalled();
  for (const char* name : {"From", "t", "Call-ID", "CSeq", "Route"}) {
    SendOrder order;
    order.method = "INFO";
    order.dialog = dialog;
    order.message.headers = {{"Subject", "x"}, {name, "1 INFO"}};
    const auto events = Send(std::move(order));
    EXPECT_EQ(events->events.back().failure.code(), absl::StatusCode::kInvalidArgument) << name;
  }
  for (const char* method : {"CANCEL", "ACK"}) {
    EXPECT_EQ(FieldOf(Send(method, dialog)->events.back().failure), "request.method") << method;
  }
  EXPECT_THAT(Received(*peer_), IsEmpty());
}

TEST_F(CalleeTest, ADialogIsOfOneEndpointOnly) {
  ASSERT_TRUE(
      fixture_.engine->ApplyEndpoint(EngineFixture::PeerToPeer("eve", "sip:eve@example.com")).ok());
  SendOrder order;
  order.endpoint_id = "eve";
  order.method = "BYE";
  order.dialog = BeCalled();
  auto events = std::make_shared<RecordingSendSink>();
  fixture_.engine->Send({order}, events);
  fixture_.RunUntilIdle();
  EXPECT_EQ(ReasonOf(events->events.back().failure), "DIALOG_NOT_FOUND");
  EXPECT_THAT(Received(*peer_), IsEmpty());
}

// --- Whose it is ---------------------------------------------------------------------------------

TEST_F(CalleeTest, AllRequestsOfADialogGoToTheSubscriptionThatHasIt) {
  BeCalled();
  auto other = std::make_shared<RecordingSink>();
  auto second = fixture_.Subscribe("alice", other);
  for (int cseq = 2; cseq < 8; ++cseq) {
    Give(*peer_, InDialog("INFO", cseq));
    Answer(Last(), 200);
  }
  EXPECT_THAT(sink_->deliveries, SizeIs(7));
  EXPECT_THAT(other->deliveries, IsEmpty());
}

TEST_F(CalleeTest, WhenTheOwnerIsGoneAnotherSubscriptionGetsTheDialogAndTheReason) {
  const dialog::DialogId dialog = BeCalled();
  auto other = std::make_shared<RecordingSink>();
  auto second = fixture_.Subscribe("alice", other);
  subscription_.reset();
  fixture_.RunUntilIdle();
  std::unique_ptr<Subscription> third;
  for (int cseq = 2; cseq < 5; ++cseq) {
    Give(*peer_, InDialog("INFO", cseq));
    third = fixture_.Subscribe("alice", std::make_shared<RecordingSink>());
    ASSERT_THAT(other->deliveries, SizeIs(cseq - 1)) << "it stays with who got it";
    EXPECT_EQ(other->deliveries.back().dialog, dialog);
    EXPECT_EQ(other->deliveries.back().attempt, 1);
    EXPECT_EQ(other->deliveries.back().attempt_reason,
              cseq == 2 ? dispatch::AttemptReason::kDialogOwnerLost
                        : dispatch::AttemptReason::kFirstAttempt);
  }
}

TEST_F(CalleeTest, WithoutCreditARequestWaitsForTheOwnerAndNobodyElse) {
  subscription_.reset();
  sink_->deliveries.clear();
  subscription_ = fixture_.Subscribe("alice", sink_, /*credit=*/1);
  BeCalled();
  auto other = std::make_shared<RecordingSink>();
  auto second = fixture_.Subscribe("alice", other);
  Give(*peer_, InDialog("INFO", 2));
  Give(*peer_, InDialog("INFO", 3));
  EXPECT_THAT(sink_->deliveries, SizeIs(2));
  EXPECT_THAT(other->deliveries, IsEmpty());
  Answer(Last(), 200);
  EXPECT_THAT(sink_->deliveries, SizeIs(3));
  // What still waits when the owner goes is another's.
  Give(*peer_, InDialog("INFO", 4));
  subscription_.reset();
  fixture_.RunUntilIdle();
  ASSERT_THAT(other->deliveries, SizeIs(2));
  EXPECT_EQ(other->deliveries[0].attempt_reason, dispatch::AttemptReason::kSubscriptionLost);
  EXPECT_EQ(other->deliveries[1].attempt_reason, dispatch::AttemptReason::kDialogOwnerLost);
}

// --- Tags of the application's own ---------------------------------------------------------------

TEST_F(CalleeTest, ATagThatTheApplicationChoseIsADialogToo) {
  Give(*peer_, MakeRequest("INVITE", kAlice, 1));
  const dialog::DialogId dialog =
      Answer(Last(), 200, {{"To", "<sip:alice@example.com>;tag=mine"}}).dialog;
  EXPECT_TRUE(dialog.is_valid());
  to_ = "<sip:alice@example.com>;tag=mine";
  Received(*peer_);
  Give(*peer_, InDialog("BYE", 2));
  EXPECT_EQ(Last().dialog, dialog);
  Answer(Last(), 200);
  Received(*peer_);
  EXPECT_EQ(DialogCount(), 0);
  Give(*peer_, InDialog("BYE", 3));
  EXPECT_THAT(StatusCodes(peer_->TakeReceived()), ElementsAre(481));
}

}  // namespace
}  // namespace sipcm::engine
