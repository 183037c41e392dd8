// INVITEs of ours that were answered with 2xx (RFC 3261 13.2.2.4, RFC 6026 7.2), and the timers of
// client transactions.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/base/error.h"
#include "core/transaction/timers.h"
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

constexpr absl::Duration kTick = absl::Milliseconds(1);

class ClientCallsTest : public SendingTest {
 protected:
  using SendingTest::SendingTest;

  std::vector<std::string> Taken() {
    fixture_.RunUntilIdle();
    std::vector<std::string> all;
    for (auto& peer : remote_->peers) {
      for (std::string& message : Messages(peer->TakeReceived())) all.push_back(std::move(message));
    }
    return all;
  }
  std::string Call(uint64_t cookie = 1) {
    Send(Order("INVITE", cookie));
    const std::vector<std::string> taken = Taken();
    EXPECT_THAT(taken, SizeIs(1));
    return taken.empty() ? "" : taken.front();
  }
  // From the peer that was called; `tag` of its dialog.
  void Answer(const std::string& invite, int status, const std::string& tag = "peertag") {
    remote_->peers[0]->Send(absl::StrReplaceAll(
        MakeResponse(invite, status),
        {{"tag=peertag", absl::StrCat("tag=", tag)},
         {"Content-Length", "Contact: <sip:bob@192.0.2.44:5099>\r\nContent-Length"}}));
    fixture_.RunUntilIdle();
  }
  // The application's ACK for the 2xx of `invite`.
  SendOrder Ack(const std::string& invite, uint64_t cookie) {
    SendOrder order = Order("ACK", cookie);
    for (const char* name : {"From", "Call-ID"}) {
      order.message.headers.emplace_back(name, HeaderOf(invite, name));
    }
    order.message.headers.emplace_back("To", absl::StrCat(HeaderOf(invite, "To"), ";tag=peertag"));
    order.message.headers.emplace_back("CSeq", "1 ACK");
    return order;
  }
};

// --- Timers B and F ------------------------------------------------------------------------------

TEST_F(ClientCallsTest, WithoutAnyAnswerARequestEndsAfter64T1) {
  for (const char* method : {"INVITE", "OPTIONS"}) {
    sink_->events.clear();
    Send(Order(method, 1));
    fixture_.AdvanceBy(absl::Seconds(32) - kTick);
    EXPECT_THAT(sink_->events, SizeIs(1)) << method;
    fixture_.AdvanceBy(kTick);
    ASSERT_THAT(sink_->events, SizeIs(2)) << method;
    EXPECT_EQ(ReasonOf(sink_->events.back().failure), "REQUEST_TIMEOUT");
  }
}

TEST_F(ClientCallsTest, AnAnswerThatComesAfterTheTimeoutIsDropped) {
  Send(Order("OPTIONS", 1));
  const std::vector<std::string> options = Taken();
  fixture_.AdvanceBy(absl::Seconds(32));
  const size_t events = sink_->events.size();
  Answer(options[0], 200);
  EXPECT_THAT(sink_->events, SizeIs(events));
  EXPECT_EQ(fixture_.engine->GetTotals().stray_responses_in, 1);
}

TEST_F(ClientCallsTest, AnInviteThatRingsLastsThreeMinutesFromItsLastProvisional) {
  ManagerConfig config = EngineFixture::TcpManager("edge");
  config.connection.ping_interval = absl::InfiniteDuration();  // the peer here answers none
  ASSERT_TRUE(fixture_.engine->ApplyManager(config).ok());
  const std::string invite = Call();
  Answer(invite, 180);
  fixture_.AdvanceBy(absl::Minutes(3) - kTick);
  EXPECT_THAT(sink_->events, SizeIs(2));
  fixture_.AdvanceBy(kTick);
  EXPECT_EQ(ReasonOf(sink_->events.back().failure), "REQUEST_TIMEOUT");
  EXPECT_THAT(Taken(), ElementsAre(StartsWith("CANCEL ")));
}

// --- Copies of the 2xx ---------------------------------------------------------------------------

TEST_F(ClientCallsTest, ACopyOfThe2xxGetsTheApplicationsAckAgainUntilTimerM) {
  const std::string invite = Call();
  Answer(invite, 200);
  const size_t events = sink_->events.size();
  Answer(invite, 200);
  EXPECT_THAT(Taken(), IsEmpty());  // the application has sent none yet
  Send(Ack(invite, 2));
  const std::vector<std::string> acks = Taken();
  ASSERT_THAT(acks, ElementsAre(StartsWith("ACK ")));
  Answer(invite, 200);
  EXPECT_EQ(Taken(), acks);
  fixture_.AdvanceBy(transaction::kTimerM - kTick);
  Answer(invite, 200);
  EXPECT_EQ(Taken(), acks);
  fixture_.AdvanceBy(kTick);
  Answer(invite, 200);
  EXPECT_THAT(Taken(), IsEmpty());
  // One final event of the INVITE, whatever follows; one of the ACK.
  EXPECT_THAT(sink_->events, SizeIs(events + 1));
}

TEST_F(ClientCallsTest, A2xxThatComesAfterTheInviteWasGivenUpIsAcknowledgedAndEnded) {
  const std::string invite = Call();
  Answer(invite, 180);
  fixture_.engine->CancelSends({1}, sink_);
  EXPECT_THAT(Taken(), ElementsAre(StartsWith("CANCEL ")));
  const size_t events = sink_->events.size();
  Answer(invite, 200);
  const std::vector<std::string> sent = Taken();
  ASSERT_THAT(sent, ElementsAre(StartsWith("ACK sip:bob@192.0.2.44:5099 SIP/2.0"),
                                StartsWith("BYE sip:bob@192.0.2.44:5099 SIP/2.0")));
  EXPECT_EQ(HeaderOf(sent[0], "CSeq"), "1 ACK");
  EXPECT_EQ(HeaderOf(sent[1], "CSeq"), "2 BYE");
  EXPECT_THAT(HeaderOf(sent[1], "To"), HasSubstr("tag=peertag"));
  // A copy gets its ACK, and no other BYE.
  Answer(invite, 200);
  EXPECT_THAT(Taken(), ElementsAre(sent[0]));
  EXPECT_THAT(sink_->events, SizeIs(events));
}

TEST_F(ClientCallsTest, TheSecond2xxOfAForkedInviteIsAcknowledgedAndEnded) {
  const std::string invite = Call();
  Answer(invite, 200, "first");
  const size_t events = sink_->events.size();
  Answer(invite, 200, "second");
  const std::vector<std::string> sent = Taken();
  ASSERT_THAT(sent, ElementsAre(StartsWith("ACK "), StartsWith("BYE ")));
  for (const std::string& request : sent) {
    EXPECT_THAT(HeaderOf(request, "To"), HasSubstr("tag=second"));
  }
  EXPECT_THAT(sink_->events, SizeIs(events));
  EXPECT_EQ(fixture_.engine->GetTotals().stray_responses_in, 0);
}

TEST_F(ClientCallsTest, WhatACancelIsAnsweredIsNoStray) {
  const std::string invite = Call();
  Answer(invite, 180);
  fixture_.engine->CancelSends({1}, sink_);
  const std::vector<std::string> cancel = Taken();
  ASSERT_THAT(cancel, SizeIs(1));
  Answer(cancel[0], 200);
  Answer(invite, 487);
  EXPECT_THAT(Taken(), ElementsAre(StartsWith("ACK ")));
  EXPECT_EQ(fixture_.engine->GetTotals().stray_responses_in, 0);
}

TEST_F(ClientCallsTest, A2xxFromAnotherConnectionEndsNothing) {
  const std::string invite = Call();
  Answer(invite, 200);
  auto stranger = fixture_.ConnectPeer();
  stranger->Send(absl::StrReplaceAll(MakeResponse(invite, 200), {{"peertag", "evil"}}));
  EXPECT_THAT(Taken(), IsEmpty());
  EXPECT_THAT(stranger->received(), IsEmpty());
}

class ClientCallsOnWorkersTest : public ClientCallsTest {
 protected:
  ClientCallsOnWorkersTest() : ClientCallsTest(3) {}
};

TEST_F(ClientCallsOnWorkersTest, TheAckIsFoundWhicheverWorkerSentIt) {
  // Enough destinations for each worker to be the home of one.
  std::vector<std::unique_ptr<RemoteListener>> others;
  const std::string invite = Call();
  Answer(invite, 200);
  for (int i = 0; i < 8; ++i) {
    const std::string address = absl::StrCat("192.0.2.", 100 + i, ":5070");
    others.push_back(
        std::make_unique<RemoteListener>(&fixture_.network, fixture_.loops[0].get(), address));
    SendOrder ack = Ack(invite, 10 + i);
    ack.request_uri = absl::StrCat("sip:bob@", address);
    Send(std::move(ack));
    const auto& peers = others.back()->peers;
    ASSERT_THAT(peers, SizeIs(1));
    const std::string sent = peers[0]->TakeReceived();
    EXPECT_THAT(sent, StartsWith("ACK "));
    Answer(invite, 200);
    // Whoever has an ACK of that call sends it again.
    size_t repeated = 0;
    for (const auto& other : others) repeated += Messages(other->peers[0]->TakeReceived()).size();
    EXPECT_GE(repeated, 1u);
  }
}

}  // namespace
}  // namespace sipcm::engine
