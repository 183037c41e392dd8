// Dialogs whose requests come to, and go from, other workers than the one that has them.
#include "gmock/gmock.h"
#include "tests/core/engine/dialogs/dialog_fixture.h"

namespace sipcm::engine {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

class WorkersTest : public DialogTest {
 protected:
  WorkersTest() : DialogTest(/*worker_count=*/4) {}

  // Connections of the peer to several workers: the fake network takes them in turn.
  std::vector<std::unique_ptr<fakes::TestPeer>> ConnectPeers() {
    std::vector<std::unique_ptr<fakes::TestPeer>> peers;
    for (int i = 0; i < 8; ++i) peers.push_back(fixture_.ConnectPeer());
    fixture_.RunUntilIdle();
    return peers;
  }
};

TEST_F(WorkersTest, ARequestOnAnotherWorkersConnectionFindsItsDialog) {
  const dialog::DialogId dialog = BeCalled();
  const auto peers = ConnectPeers();
  int cseq = 1;
  std::vector<int> workers;
  for (const auto& peer : peers) {
    Give(*peer, InDialog("INFO", ++cseq));
    ASSERT_EQ(Last().request->view.cseq_number(), static_cast<uint32_t>(cseq));
    EXPECT_EQ(Last().dialog, dialog);
    workers.push_back(Last().request->connection.worker());
    Answer(Last(), 200);
    EXPECT_THAT(StatusCodes(peer->TakeReceived()), ElementsAre(200));
  }
  EXPECT_THAT(workers, ::testing::Contains(::testing::Ne(dialog.worker())));
  // Order holds over all of them.
  for (const auto& peer : peers) {
    Give(*peer, InDialog("INFO", 2));
    EXPECT_THAT(StatusCodes(peer->TakeReceived()), ElementsAre(500));
  }
  // What the application sends goes where the dialog was seen last.
  Give(*peers[3], InDialog("INFO", ++cseq));
  Answer(Last(), 200);
  Received(*peers[3]);
  Send("INFO", dialog);
  const std::string info = Only(*peers[3]);
  EXPECT_THAT(info, StartsWith("INFO "));
  Give(*peers[3], MakeResponse(info, 481));
  EXPECT_EQ(DialogCount(), 0) << "told to the worker that has it";
  for (const auto& peer : peers) {
    Give(*peer, InDialog("BYE", 100));
    EXPECT_THAT(StatusCodes(peer->TakeReceived()), ElementsAre(481));
  }
}

TEST_F(WorkersTest, ExplainDispatchSaysWhatADialogWouldAndChangesNothing) {
  for (int number = 1; number <= 4; ++number) {
    auto peer = fixture_.ConnectPeer();
    Give(*peer, MakeRequest("INVITE", kAlice, number));
    const dialog::DialogId dialog = Answer(Last(), 200).dialog;
    const std::string to = HeaderOf(Only(*peer), "To");
    const auto request = [&](const std::string& method, const std::string& tag, int cseq) {
      return absl::StrReplaceAll(
          MakeRequest(method, kAlice, number),
          {{absl::StrCat("CSeq: ", number, " "), absl::StrCat("CSeq: ", cseq, " ")},
           {absl::StrCat("To: <", kAlice, ">"), absl::StrCat("To: ", tag)}});
    };
    for (int i = 0; i < 2; ++i) {
      const auto in_dialog = fixture_.Explain(request("BYE", to, number + 1));
      EXPECT_EQ(in_dialog->reason, dispatch::DispatchReason::kDialog);
      EXPECT_EQ(in_dialog->endpoint_id, "alice");
      EXPECT_EQ(in_dialog->status_code, 0);
      EXPECT_THAT(in_dialog->steps.back().explanation, ::testing::HasSubstr(dialog.ToString()));
    }
    EXPECT_EQ(fixture_.Explain(request("BYE", to, number))->status_code, 500);
    const std::string unknown = absl::StrCat("<", kAlice, ">;tag=of-another-life");
    EXPECT_EQ(fixture_.Explain(request("BYE", unknown, 9))->status_code, 481);
    EXPECT_EQ(fixture_.Explain(request("INVITE", unknown, 9))->endpoint_id, "alice");
    EXPECT_EQ(fixture_.Explain(request("INVITE", unknown, 9))->status_code, 0);
    Give(*peer, absl::StrReplaceAll(request("BYE", to, number + 1), {{"z9hG4bKtest", "z9hG4bKb"}}));
    EXPECT_EQ(Last().dialog, dialog) << "its number is free still";
    Answer(Last(), 200);
    EXPECT_EQ(fixture_.Explain(request("BYE", to, number + 2))->status_code, 481);
  }
}

TEST_F(WorkersTest, ACancelComesBehindItsReInviteThatAsksAnotherWorker) {
  BeCalled();
  int cseq = 1;
  for (const auto& peer : ConnectPeers()) {
    const std::string invite = InDialog("INVITE", ++cseq);
    const std::string cancel =
        absl::StrReplaceAll(invite, {{"INVITE sip", "CANCEL sip"}, {" INVITE\r", " CANCEL\r"}});
    Give(*peer, absl::StrCat(invite, cancel));
    EXPECT_EQ(Last().kind, dispatch::Delivery::Kind::kCancelled);
    fixture_.AdvanceBy(absl::Seconds(1));
    EXPECT_THAT(StatusCodes(peer->TakeReceived()), ElementsAre(200, 487));
  }
}

TEST_F(WorkersTest, AByeOnAnotherWorkersConnectionEndsTheDialog) {
  BeCalled();
  const auto peers = ConnectPeers();
  for (size_t i = 0; i < peers.size(); ++i) {
    Give(*peers[i], InDialog("BYE", 2));
    if (i > 0) {
      EXPECT_THAT(StatusCodes(peers[i]->TakeReceived()), ElementsAre(481));
      continue;
    }
    Answer(Last(), 200);
    EXPECT_EQ(DialogCount(), 0);
  }
}

TEST_F(WorkersTest, ATagOfTheApplicationIsKnownOnAllWorkers) {
  Give(*peer_, MakeRequest("INVITE", kAlice, 1));
  to_ = "<sip:alice@example.com>;tag=mine";
  const dialog::DialogId dialog = Answer(Last(), 200, {{"To", to_}}).dialog;
  Received(*peer_);
  const auto peers = ConnectPeers();
  int cseq = 1;
  for (const auto& peer : peers) {
    Give(*peer, InDialog("INFO", ++cseq));
    ASSERT_EQ(Last().request->view.cseq_number(), static_cast<uint32_t>(cseq));
    EXPECT_EQ(Last().dialog, dialog);
    Answer(Last(), 200);
  }
  Give(*peers[5], InDialog("BYE", ++cseq));
  Answer(Last(), 200);
  EXPECT_EQ(DialogCount(), 0);
  for (const auto& peer : peers) {
    Received(*peer);
    Give(*peer, InDialog("BYE", 100));
    EXPECT_THAT(StatusCodes(peer->TakeReceived()), ElementsAre(481));
  }
}

TEST_F(WorkersTest, WithoutAConnectionTheWorkerOfTheTargetsPoolSends) {
  for (int number = 1; number <= 6; ++number) {
    auto peer = fixture_.ConnectPeer();
    Give(*peer, MakeRequest("INVITE", kAlice, number,
                            absl::StrCat("Contact: <sip:peer@192.0.2.9:5070;n=", number, ">\r\n")));
    const dialog::DialogId dialog = Answer(Last(), 200).dialog;
    peer->Close();
    fixture_.RunUntilIdle();
    const auto events = Send("BYE", dialog);
    ASSERT_THAT(events->events, SizeIs(1));
    EXPECT_EQ(events->events[0].kind, SendEvent::Kind::kSent);
  }
  // One pool, whichever worker has the dialog.
  size_t received = 0;
  for (const auto& peer : remote_->peers) received += Messages(peer->TakeReceived()).size();
  EXPECT_EQ(received, 6u);
}

TEST_F(WorkersTest, ACancelFindsASendThatIsOnItsWayBetweenWorkers) {
  for (int number = 1; number <= 8; ++number) {
    auto peer = fixture_.ConnectPeer();
    Give(*peer, MakeRequest("INVITE", kAlice, number,
                            absl::StrCat("Contact: <sip:peer@192.0.2.9:5070;n=", number, ">\r\n")));
    SendOrder order;
    order.endpoint_id = "alice";
    order.method = "INFO";
    order.dialog = Answer(Last(), 200).dialog;
    order.cookie = 5;
    peer->Close();
    fixture_.RunUntilIdle();
    auto sink = std::make_shared<RecordingSendSink>();
    fixture_.engine->Send({order}, sink);
    fixture_.engine->CancelSends({4, 5, 6}, sink);
    fixture_.RunUntilIdle();
    ASSERT_FALSE(sink->events.empty());
    EXPECT_TRUE(sink->events.back().is_final) << number;
    EXPECT_EQ(sink->events.back().failure.code(), absl::StatusCode::kCancelled);
  }
}

// Many calls over connections that come and go; at the end nothing is left and nobody got
// another's.
TEST_F(WorkersTest, AThousandCallsOverAllWorkersLeaveNothing) {
  SeededRandomSource random(7);
  auto peers = ConnectPeers();
  struct Running {
    int number;
    std::string to;
    dialog::DialogId dialog;
    int cseq;
  };
  std::vector<Running> calls;
  int number = 0;
  for (int step = 0; step < 3000; ++step) {
    fakes::TestPeer& peer = *peers[random.Next() % peers.size()];
    const bool is_new = calls.empty() || (number < 1000 && random.Next() % 3 == 0);
    if (is_new) {
      if (number == 1000) break;
      Give(peer, MakeRequest("INVITE", kAlice, ++number));
      const dialog::DialogId dialog = Answer(Last(), 200).dialog;
      calls.push_back({number, HeaderOf(Only(peer), "To"), dialog, number});
      continue;
    }
    const size_t which = random.Next() % calls.size();
    Running& call = calls[which];
    const bool ends = random.Next() % 2 == 0;
    const std::string request = absl::StrReplaceAll(
        MakeRequest(ends ? "BYE" : "INFO", kAlice, call.number),
        {{"CSeq: ", absl::StrCat("X-Was: ")},
         {"Max-Forwards",
          absl::StrCat("CSeq: ", ++call.cseq, ends ? " BYE" : " INFO", "\r\nMax-Forwards")},
         {"branch=z9hG4bKtest", absl::StrCat("branch=z9hG4bKs", step, "x")},
         {absl::StrCat("To: <", kAlice, ">"), absl::StrCat("To: ", call.to)}});
    Give(peer, request);
    ASSERT_EQ(Last().dialog, call.dialog) << step;
    EXPECT_TRUE(Answer(Last(), 200).status.ok());
    EXPECT_THAT(StatusCodes(peer.TakeReceived()), ElementsAre(200));
    if (ends) calls.erase(calls.begin() + which);
  }
  EXPECT_EQ(DialogCount(), static_cast<int64_t>(calls.size()));
  fixture_.AdvanceBy(absl::Hours(24));
  EXPECT_EQ(DialogCount(), 0) << "what nobody ended is forgotten after a day";
}

}  // namespace
}  // namespace sipcm::engine
