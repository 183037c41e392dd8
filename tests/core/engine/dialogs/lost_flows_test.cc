// Requests in dialogs whose flow is lost, full or draining, and dialogs while the server ends.
#include "core/base/error.h"
#include "gmock/gmock.h"
#include "tests/core/engine/dialogs/dialog_fixture.h"
#include "tests/fakes/memory_stream.h"

namespace sipcm::engine {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

class LostFlowsTest : public DialogTest {
 protected:
  connection::ConnectionId Flow() { return Last().request->connection; }
  void Cut() {
    static_cast<fakes::MemoryStream*>(peer_->stream())->Reset();
    fixture_.RunUntilIdle();
  }
};

TEST_F(LostFlowsTest, AByeWhoseConnectionIsLostEndsTheDialog) {
  const dialog::DialogId dialog = BeCalled();
  const auto bye = Send("BYE", dialog);
  EXPECT_THAT(Only(*peer_), StartsWith("BYE "));
  Cut();
  EXPECT_EQ(bye->events.back().written, SendEvent::Written::kWhole);
  EXPECT_EQ(DialogCount(), 0);
  EXPECT_THAT(remote_->peers, IsEmpty()) << "the peer may have it";
}

TEST_F(LostFlowsTest, AnotherRequestWhoseConnectionIsLostEndsNothing) {
  const dialog::DialogId dialog = BeCalled();
  Send("INFO", dialog);
  Cut();
  EXPECT_EQ(DialogCount(), 1);
}

TEST_F(LostFlowsTest, AByeOfWhichNoByteWentOutGoesToItsDestination) {
  const dialog::DialogId dialog = BeCalled();
  peer_->SetReading(false);
  const auto info = Send("INFO", dialog, std::string(200'000, 'x'));  // fills what the stream takes
  const auto bye = Send("BYE", dialog);
  Cut();
  EXPECT_EQ(info->events.back().written, SendEvent::Written::kSome);
  ASSERT_THAT(remote_->peers, SizeIs(1));
  const std::string again = Only(Called());
  EXPECT_THAT(again, StartsWith("BYE "));
  EXPECT_EQ(HeaderOf(again, "CSeq"), "2 BYE") << "the same request";
  Give(Called(), MakeResponse(again, 200));
  EXPECT_EQ(bye->events.back().view->status_code(), 200);
  EXPECT_EQ(DialogCount(), 0);
}

TEST_F(LostFlowsTest, WhatAThrottledFlowDoesNotTakeGoesToTheDestination) {
  const dialog::DialogId dialog = BeCalled();
  fixture_.engine->SetConnectionThrottling(Flow(), ThrottleMarks{2, 1},
                                           [](absl::StatusOr<ConnectionSnapshot>) {});
  for (int i = 0; i < 3; ++i) Send("INFO", dialog);
  EXPECT_THAT(Received(*peer_), SizeIs(3));
  Send("INFO", dialog);
  ASSERT_THAT(remote_->peers, SizeIs(1));
  EXPECT_EQ(HeaderOf(Only(Called()), "CSeq"), "4 INFO");
}

TEST_F(LostFlowsTest, OverAFlowThatDrainsTheDialogGoesOn) {
  const dialog::DialogId dialog = BeCalled();
  const connection::ConnectionId flow = Flow();
  Give(*peer_, MakeRequest("OPTIONS", kAlice, 7));  // open, so that there is something to wait for
  fixture_.engine->CloseConnection(flow, absl::Seconds(30),
                                   [](absl::StatusOr<ConnectionSnapshot>) {});
  fixture_.RunUntilIdle();
  Send("BYE", dialog);
  EXPECT_THAT(Only(*peer_), StartsWith("BYE "));
  EXPECT_THAT(remote_->peers, IsEmpty());
}

TEST_F(LostFlowsTest, WhatWaitsForItsTurnWhenTheFlowIsLostGoesToTheDestination) {
  dispatch::Endpoint alice = EngineFixture::PeerToPeer("alice", kAlice);
  alice.pacing = dispatch::SendPacing::kBelowPeersLimit;
  ASSERT_TRUE(fixture_.engine->ApplyEndpoint(alice).ok());
  const dialog::DialogId dialog = BeCalled();
  for (int i = 0; i < SendPacer::kMostOutstanding; ++i) Send("INFO", dialog);
  const auto waiting = Send("INFO", dialog);
  EXPECT_THAT(waiting->events, IsEmpty());
  Cut();
  ASSERT_THAT(remote_->peers, SizeIs(1));
  const std::string info = Only(Called());
  EXPECT_THAT(info, StartsWith("INFO "));
  Give(Called(), MakeResponse(info, 200));
  EXPECT_EQ(waiting->events.back().view->status_code(), 200);
}

// --- While the server ends -----------------------------------------------------------------------

class DrainingDialogsTest : public LostFlowsTest {
 protected:
  void Shutdown() {
    fixture_.engine->Shutdown(absl::Seconds(10), [ended = ended_] { *ended = true; });
    fixture_.RunUntilIdle();
  }
  std::shared_ptr<RecordingSendSink> SendRaw(const std::string& raw) {
    SendOrder order;
    order.message.raw = raw;
    return Send(std::move(order));
  }
  // The engine may tell it when the fixture goes, which outlives this class.
  const std::shared_ptr<bool> ended_ = std::make_shared<bool>(false);
};

TEST_F(DrainingDialogsTest, WhoWritesItsOwnRequestsEndsItsCalls) {
  SendRaw(MakeRequest("INVITE", "sip:bob@192.0.2.9:5070", 1, "", "v=0"));
  Give(Called(), MakeResponse(Only(Called()), 200));
  Give(*peer_, MakeRequest("OPTIONS", kAlice, 7));
  Shutdown();
  const std::string bye = MakeRequest("BYE", "sip:bob@192.0.2.9:5070", 2);
  EXPECT_EQ(ReasonOf(SendRaw(bye)->events.back().failure), "DRAINING") << "of no dialog";
  const auto in_dialog = [](const std::string& request) {
    return absl::StrReplaceAll(request, {{"5070>\r\n", "5070>;tag=peertag\r\n"}});
  };
  SendRaw(MakeRequest("ACK", "sip:bob@192.0.2.9:5070", 1));
  EXPECT_THAT(Only(Called()), StartsWith("ACK "));
  SendRaw(in_dialog(bye));
  EXPECT_THAT(Only(Called()), StartsWith("BYE "));
}

TEST_F(DrainingDialogsTest, TheAckOfACallThatWasAnsweredIsWaitedFor) {
  BeCalled();
  Shutdown();
  EXPECT_FALSE(*ended_);
  Give(*peer_, InDialog("ACK", 1));
  EXPECT_EQ(Last().request->view.method(), "ACK");
  EXPECT_TRUE(peer_->is_over());
  peer_->Close();
  fixture_.RunUntilIdle();
  EXPECT_TRUE(*ended_);
}

TEST_F(DrainingDialogsTest, AnAckThatDoesNotComeIsNotWaitedForBeyondTheDeadline) {
  BeCalled();
  Shutdown();
  fixture_.AdvanceBy(absl::Seconds(10) - absl::Milliseconds(1));
  EXPECT_FALSE(peer_->is_over());
  fixture_.AdvanceBy(absl::Milliseconds(1));
  EXPECT_TRUE(peer_->is_over());
}

}  // namespace
}  // namespace sipcm::engine
