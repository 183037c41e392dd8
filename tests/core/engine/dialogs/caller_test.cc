// Dialogs that applications begin.
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

class CallerTest : public DialogTest {
 protected:
  // The peer's request in the dialog that `invite` and a reply with `tag` made.
  static std::string FromCalled(const std::string& invite, const std::string& method, int cseq,
                                const std::string& tag = "peertag") {
    return absl::StrCat(
        method,
        " sip:alice@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.9;branch=", "z9hG4bKcalled",
        method, cseq, "\r\nFrom: <sip:bob@192.0.2.9:5070>;tag=", tag,
        "\r\nTo: ", HeaderOf(invite, "From"), "\r\nCall-ID: ", HeaderOf(invite, "Call-ID"),
        "\r\nCSeq: ", cseq, " ", method, "\r\nMax-Forwards: 70\r\nEvent: presence\r\n",
        "Subscription-State: active\r\nContent-Length: 0\r\n\r\n");
  }
  // A call that was answered and acknowledged.
  dialog::DialogId Talk() {
    const auto call = Call();
    Give(Called(), Reply(Only(Called()), 200));
    Received(Called());
    return call->events.back().dialog;
  }
};

TEST_F(CallerTest, InviteAckByeWithoutALookAtATag) {
  const auto call = Call();
  const std::string invite = Only(Called());
  Give(Called(), Reply(invite, 180));
  Give(Called(), Reply(invite, 200));
  ASSERT_THAT(call->events, SizeIs(3));
  const dialog::DialogId dialog = call->events[1].dialog;
  EXPECT_TRUE(dialog.is_valid());
  EXPECT_EQ(call->events[2].dialog, dialog);
  const std::string ack = Only(Called());
  EXPECT_THAT(ack, StartsWith("ACK sip:bob-peertag@192.0.2.9:5070 SIP/2.0\r\n"));
  EXPECT_EQ(HeaderOf(ack, "CSeq"), "1 ACK");
  EXPECT_EQ(HeaderOf(ack, "From"), HeaderOf(invite, "From"));
  EXPECT_THAT(HeaderOf(ack, "To"), HasSubstr(";tag=peertag"));
  EXPECT_NE(HeaderOf(ack, "Via"), HeaderOf(invite, "Via")) << "the ACK of a 2xx is its own";
  const auto bye = Send("BYE", dialog);
  const std::string sent = Only(Called());
  EXPECT_THAT(sent, StartsWith("BYE sip:bob-peertag@192.0.2.9:5070 SIP/2.0\r\n"));
  EXPECT_EQ(HeaderOf(sent, "CSeq"), "2 BYE");
  Give(Called(), Reply(sent, 200));
  EXPECT_EQ(bye->events.back().view->status_code(), 200);
  EXPECT_EQ(DialogCount(), 0);
}

TEST_F(CallerTest, TheCalledOneHangsUp) {
  const auto call = Call();
  const std::string invite = Only(Called());
  Give(Called(), Reply(invite, 200));
  Give(Called(), FromCalled(invite, "BYE", 1));
  EXPECT_EQ(Last().request->view.method(), "BYE");
  EXPECT_EQ(Last().dialog, call->events.back().dialog);
  Answer(Last(), 200);
  EXPECT_EQ(DialogCount(), 0);
}

TEST_F(CallerTest, ARefusedCallLeavesNothing) {
  const auto call = Call();
  const std::string invite = Only(Called());
  EXPECT_EQ(DialogCount(), 1);
  Give(Called(), Reply(invite, 180));
  Give(Called(), Reply(invite, 486));
  EXPECT_FALSE(call->events.back().dialog.is_valid());
  EXPECT_EQ(DialogCount(), 0);
}

TEST_F(CallerTest, ACallWithoutOfferWaitsForTheApplicationsAck) {
  const auto call = Call("");
  const std::string invite = Only(Called());
  Give(Called(), Reply(invite, 200));
  EXPECT_THAT(Received(Called()), IsEmpty());
  const auto events = Send("ACK", call->events.back().dialog, kSdp);
  const std::string ack = Only(Called());
  EXPECT_THAT(ack, StartsWith("ACK sip:bob-peertag@192.0.2.9:5070 SIP/2.0\r\n"));
  EXPECT_EQ(HeaderOf(ack, "CSeq"), "1 ACK");
  EXPECT_THAT(ack, HasSubstr(kSdp));
  ASSERT_THAT(events->events, SizeIs(1));
  EXPECT_TRUE(events->events[0].is_final);
  fixture_.AdvanceBy(absl::Minutes(1));
  EXPECT_THAT(Received(Called()), IsEmpty());
  EXPECT_EQ(DialogCount(), 1);
}

TEST_F(CallerTest, ACallWhoseAckTheApplicationOwesTooLongIsEnded) {
  Call("");
  Give(Called(), Reply(Only(Called()), 200));
  fixture_.AdvanceBy(absl::Seconds(32) - absl::Milliseconds(1));
  EXPECT_THAT(Received(Called()), IsEmpty());
  fixture_.AdvanceBy(absl::Milliseconds(1));
  const std::vector<std::string> ends = Received(Called());
  ASSERT_THAT(ends, SizeIs(2));
  EXPECT_THAT(ends[0], StartsWith("ACK "));
  EXPECT_THAT(ends[1], StartsWith("BYE "));
  EXPECT_EQ(DialogCount(), 0);
}

TEST_F(CallerTest, AnAckThatTheApplicationWroteItselfIsNotOwedAnyMore) {
  Call("");
  const std::string invite = Only(Called());
  Give(Called(), Reply(invite, 200));
  SendOrder ack;
  ack.method = "ACK";
  ack.request_uri = "sip:bob@192.0.2.9:5070";
  ack.message.headers = {{"From", HeaderOf(invite, "From")},
                         {"To", "<sip:bob@192.0.2.9:5070>;tag=peertag"},
                         {"Call-ID", HeaderOf(invite, "Call-ID")},
                         {"CSeq", "1 ACK"}};
  Send(std::move(ack));
  fixture_.AdvanceBy(absl::Minutes(1));
  EXPECT_EQ(DialogCount(), 1);
}

TEST_F(CallerTest, EachBranchOfAForkIsAnEarlyDialogAndOneIsAnswered) {
  const auto call = Call();
  const std::string invite = Only(Called());
  for (const char* tag : {"one", "two", "three"}) Give(Called(), Reply(invite, 180, tag));
  ASSERT_THAT(call->events, SizeIs(4));
  EXPECT_NE(call->events[1].dialog, call->events[2].dialog);
  EXPECT_NE(call->events[2].dialog, call->events[3].dialog);
  EXPECT_EQ(DialogCount(), 3);
  // A request in an early dialog.
  Send("UPDATE", call->events[2].dialog);
  const std::string update = Only(Called());
  EXPECT_THAT(update, StartsWith("UPDATE sip:bob-two@192.0.2.9:5070 SIP/2.0\r\n"));
  EXPECT_THAT(HeaderOf(update, "Contact"), HasSubstr("alice@"));
  Give(Called(), Reply(update, 200, "two"));
  Give(Called(), Reply(invite, 200, "two"));
  EXPECT_EQ(call->events.back().dialog, call->events[2].dialog);
  const std::string ack = Only(Called());
  EXPECT_EQ(HeaderOf(ack, "CSeq"), "1 ACK");
  EXPECT_EQ(ReasonOf(Send("INFO", call->events[1].dialog)->events.back().failure),
            "DIALOG_NOT_FOUND");
  Send("BYE", call->events[2].dialog);
  EXPECT_EQ(HeaderOf(Only(Called()), "CSeq"), "3 BYE");
}

TEST_F(CallerTest, RecordRoutesComeBackReversedAndAReInviteMovesTheTarget) {
  const auto call = Call();
  const std::string invite = Only(Called());
  Give(Called(), Reply(invite, 200, "t", "Record-Route: <sip:near;lr>, <sip:far;lr>\r\n"));
  const std::string ack = Only(Called());
  EXPECT_EQ(HeaderOf(ack, "Route"), "<sip:far;lr>, <sip:near;lr>");
  const dialog::DialogId dialog = call->events.back().dialog;
  const auto again = Send("INVITE", dialog, kSdp);
  const std::string reinvite = Only(Called());
  EXPECT_EQ(HeaderOf(reinvite, "CSeq"), "2 INVITE");
  Give(Called(), absl::StrReplaceAll(Reply(reinvite, 200, "t"), {{"bob-t@", "moved@"}}));
  EXPECT_EQ(again->events.back().dialog, dialog);
  const std::string second_ack = Only(Called());
  EXPECT_THAT(second_ack, StartsWith("ACK sip:moved@192.0.2.9:5070 SIP/2.0\r\n"));
  EXPECT_EQ(HeaderOf(second_ack, "CSeq"), "2 ACK");
  EXPECT_EQ(DialogCount(), 1);
}

TEST_F(CallerTest, A481OrSilenceEndsTheDialog) {
  for (const bool is_silent : {false, true}) {
    const auto call = Call();
    Give(Called(), Reply(Only(Called()), 200));
    Received(Called());
    Send("INFO", call->events.back().dialog);
    const std::string info = Only(Called());
    if (is_silent) {
      fixture_.AdvanceBy(absl::Seconds(32) - absl::Milliseconds(1));
      EXPECT_EQ(DialogCount(), 1);
      fixture_.AdvanceBy(absl::Milliseconds(1));
      EXPECT_THAT(Only(Called()), StartsWith("BYE ")) << "it may have the call still";
    } else {
      Give(Called(), MakeResponse(info, 481));
      EXPECT_THAT(Received(Called()), IsEmpty());
    }
    EXPECT_EQ(DialogCount(), 0);
  }
}

TEST_F(CallerTest, A408EndsTheCallByBye) {
  const dialog::DialogId dialog = Talk();
  Send("INFO", dialog);
  Give(Called(), MakeResponse(Only(Called()), 408));
  EXPECT_THAT(Only(Called()), StartsWith("BYE "));
  EXPECT_EQ(DialogCount(), 0);
}

TEST_F(CallerTest, WhoWaitsForLessThanATransactionTakesKeepsTheDialog) {
  const dialog::DialogId dialog = Talk();
  SendOrder order;
  order.method = "INFO";
  order.dialog = dialog;
  order.timeout = absl::Milliseconds(300);
  const auto info = Send(std::move(order));
  fixture_.AdvanceBy(absl::Milliseconds(300));
  EXPECT_EQ(ReasonOf(info->events.back().failure), "REQUEST_TIMEOUT");
  EXPECT_EQ(DialogCount(), 1);
  Received(Called());
  Send("BYE", dialog);
  EXPECT_THAT(Only(Called()), StartsWith("BYE "));
}

TEST_F(CallerTest, AReInviteThatRingsForTooLongKeepsTheCall) {
  const dialog::DialogId dialog = Talk();
  SendOrder order;
  order.method = "INVITE";
  order.dialog = dialog;
  order.timeout = absl::Seconds(35);  // longer than a transaction takes
  const auto again = Send(std::move(order));
  Give(Called(), Reply(Only(Called()), 180));
  fixture_.AdvanceBy(absl::Seconds(35));
  EXPECT_EQ(ReasonOf(again->events.back().failure), "REQUEST_TIMEOUT");
  EXPECT_THAT(Only(Called()), StartsWith("CANCEL "));
  EXPECT_EQ(DialogCount(), 1);
}

TEST_F(CallerTest, AReInviteThatIsCancelledTooLateIsAcknowledgedAndTheCallGoesOn) {
  const dialog::DialogId dialog = Talk();
  const auto again = Send("INVITE", dialog, kSdp);
  const std::string reinvite = Only(Called());
  fixture_.engine->CancelSends({0}, again);
  fixture_.RunUntilIdle();
  EXPECT_EQ(again->events.back().failure.code(), absl::StatusCode::kCancelled);
  for (int copy = 0; copy < 2; ++copy) {
    Give(Called(), absl::StrReplaceAll(Reply(reinvite, 200), {{"bob-peertag@", "moved@"}}));
    const std::string ack = Only(Called());
    EXPECT_THAT(ack, StartsWith("ACK sip:moved@192.0.2.9:5070 SIP/2.0\r\n"));
    EXPECT_EQ(HeaderOf(ack, "CSeq"), "2 ACK");
  }
  fixture_.AdvanceBy(absl::Minutes(1));
  EXPECT_THAT(Received(Called()), IsEmpty());
  EXPECT_EQ(DialogCount(), 1);
  Send("BYE", dialog);
  const std::string bye = Only(Called());
  EXPECT_THAT(bye, StartsWith("BYE sip:moved@192.0.2.9:5070 SIP/2.0\r\n"));
  EXPECT_EQ(HeaderOf(bye, "CSeq"), "3 BYE");
}

TEST_F(CallerTest, MoreForksThanSixteenMakeNoDialogsAndTheAnsweredOneDoes) {
  const auto call = Call();
  const std::string invite = Only(Called());
  for (int fork = 0; fork < 40; ++fork) {
    Give(Called(), Reply(invite, 180, absl::StrCat("t", fork)));
    EXPECT_EQ(call->events.back().dialog.is_valid(), fork < 16) << fork;
  }
  EXPECT_EQ(DialogCount(), 16);
  Give(Called(), Reply(invite, 200, "t39"));
  EXPECT_TRUE(call->events.back().dialog.is_valid());
  EXPECT_THAT(Only(Called()), StartsWith("ACK sip:bob-t39@"));
  Send("BYE", call->events.back().dialog);
  Give(Called(), Reply(Only(Called()), 200, "t39"));
  EXPECT_EQ(DialogCount(), 0);
}

TEST_F(CallerTest, AnswersThatNameAnotherCallMakeNoDialog) {
  const auto call = Call();
  const std::string invite = Only(Called());
  const std::string tag = HeaderOf(invite, "From");
  for (const auto& [ours, theirs] :
       {std::make_pair(HeaderOf(invite, "Call-ID"), std::string("another")),
        std::make_pair(tag.substr(tag.find(";tag=")), std::string(";tag=another"))}) {
    Give(Called(), absl::StrReplaceAll(Reply(invite, 180), {{ours, theirs}}));
    EXPECT_FALSE(call->events.back().dialog.is_valid());
  }
  Give(Called(), Reply(invite, 200));
  EXPECT_TRUE(call->events.back().dialog.is_valid());
  EXPECT_EQ(DialogCount(), 1);
}

TEST_F(CallerTest, ANotifyBeforeTheAnswerMakesTheDialog) {
  SendOrder order;
  order.method = "SUBSCRIBE";
  order.request_uri = "sip:bob@192.0.2.9:5070";
  order.message.headers = {{"Event", "presence"}, {"Expires", "60"}};
  const auto subscribe = Send(std::move(order));
  const std::string request = Only(Called());
  Give(Called(), absl::StrReplaceAll(FromCalled(request, "NOTIFY", 1),
                                     {{HeaderOf(request, "Call-ID"), "another"}}));
  EXPECT_THAT(Only(Called()), StartsWith("SIP/2.0 481 "));
  Give(Called(), absl::StrReplaceAll(FromCalled(request, "NOTIFY", 2), {{"CSeq: 2 ", "CSeq: 1 "}}));
  ASSERT_THAT(sink_->deliveries, SizeIs(1));
  EXPECT_EQ(Last().reason, dispatch::DispatchReason::kDialog);
  Answer(Last(), 200);
  Received(Called());
  Give(Called(), Reply(request, 200));
  EXPECT_EQ(subscribe->events.back().dialog, Last().dialog);
  EXPECT_EQ(DialogCount(), 1);
}

TEST_F(CallerTest, TheStreamThatSentTheInviteGetsTheRequestsOfItsDialog) {
  auto sends = std::make_shared<RecordingSendSink>();
  auto sink = std::make_shared<RecordingSink>();
  SubscriptionOptions options;
  options.endpoint_id = "alice";
  options.sender = sends.get();
  const auto mine = fixture_.engine->Subscribe(options, sink);
  SendOrder order;
  order.endpoint_id = "alice";
  order.method = "INVITE";
  order.request_uri = "sip:bob@192.0.2.9:5070";
  fixture_.engine->Send({order}, sends);
  fixture_.RunUntilIdle();
  const std::string invite = Only(Called());
  Give(Called(), Reply(invite, 200));
  for (int cseq = 1; cseq < 6; ++cseq) Give(Called(), FromCalled(invite, "INFO", cseq));
  EXPECT_THAT(sink->deliveries, SizeIs(5));
  EXPECT_THAT(sink_->deliveries, IsEmpty());
}

TEST_F(CallerTest, WhoWritesItsOwnRequestsWritesItsAcksToo) {
  SendOrder order;
  order.message.raw = MakeRequest("INVITE", "sip:bob@192.0.2.9:5070", 1, "", "v=0");
  const auto call = Send(std::move(order));
  const std::string invite = Only(Called());
  Give(Called(), Reply(invite, 200));
  EXPECT_THAT(Received(Called()), IsEmpty());
  const dialog::DialogId dialog = call->events.back().dialog;
  EXPECT_TRUE(dialog.is_valid());
  Give(Called(), FromCalled(invite, "BYE", 1));
  EXPECT_EQ(Last().dialog, dialog);
  EXPECT_EQ(Last().reason, dispatch::DispatchReason::kDialog);
}

TEST_F(CallerTest, WhileTheServerDrainsDialogsGoOn) {
  const auto call = Call();
  Give(Called(), Reply(Only(Called()), 200));
  Received(Called());
  Give(*peer_, MakeRequest("OPTIONS", kAlice, 1));
  fixture_.engine->Shutdown(absl::Seconds(10), [] {});
  fixture_.RunUntilIdle();
  Send("BYE", call->events.back().dialog);
  EXPECT_THAT(Only(Called()), StartsWith("BYE "));
}

}  // namespace
}  // namespace sipcm::engine
