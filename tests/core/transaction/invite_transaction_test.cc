#include "core/transaction/invite_transaction.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/core/dispatch/test_request.h"
#include "tests/fakes/manual_event_loop.h"

namespace sipcm::transaction {
namespace {

using dispatch::ParsedText;
using dispatch::TestRequest;
using State = InviteTransaction::State;

constexpr absl::Duration kTimerH = absl::Seconds(32);  // 64*T1
constexpr absl::Duration kTick = absl::Nanoseconds(1);

class InviteTransactionTableTest : public ::testing::Test {
 protected:
  static TestRequest Invite() { return {.method = "INVITE", .cseq = 3}; }
  // What follows an INVITE hop by hop: the same but for the method.
  static TestRequest Follower(TestRequest invite, const std::string& method) {
    invite.method = method;
    return invite;
  }
  bool Add(const TestRequest& request, uint64_t id = 1) {
    return table_.Add(ParsedText(request).view, id);
  }
  InviteTransaction* Match(const TestRequest& request) {
    return table_.Match(ParsedText(request).view);
  }
  void Finish(const TestRequest& request, int status) {
    table_.Finish(ParsedText(request).view, status);
  }

  fakes::ManualEventLoop loop_;
  InviteTransactionTable table_{&loop_};
};

TEST_F(InviteTransactionTableTest, CancelAndAckFindTheirInvite) {
  EXPECT_TRUE(Add(Invite(), 77));
  for (const char* method : {"CANCEL", "ACK"}) {
    InviteTransaction* found = Match(Follower(Invite(), method));
    ASSERT_NE(found, nullptr) << method;
    EXPECT_EQ(found->request_id, 77u);
    EXPECT_EQ(found->state, State::kProceeding);
  }
}

TEST_F(InviteTransactionTableTest, TheKeyIsBranchAndSentBy) {
  Add(Invite());
  TestRequest other = Follower(Invite(), "CANCEL");
  other.via = "SIP/2.0/TCP peer.example.net:5070;branch=z9hG4bKelse";
  EXPECT_EQ(Match(other), nullptr);
  other.via = "SIP/2.0/TCP peer.example.net:5071;branch=z9hG4bKpeer";
  EXPECT_EQ(Match(other), nullptr);
  other.via = "SIP/2.0/TCP stranger.example.net:5070;branch=z9hG4bKpeer";
  EXPECT_EQ(Match(other), nullptr);
  // Host names are compared without case; Call-ID and tags play no part (RFC 3261 17.2.3).
  other.via = "SIP/2.0/TCP PEER.example.net:5070;rport;branch=z9hG4bKpeer";
  other.call_id = "else@else";
  EXPECT_NE(Match(other), nullptr);
}

TEST_F(InviteTransactionTableTest, AnUnknownFollowerFindsNothing) {
  EXPECT_EQ(Match(Follower(Invite(), "CANCEL")), nullptr);
  Finish(Invite(), 486);  // of what is not there
  EXPECT_EQ(table_.size(), 0u);
}

TEST_F(InviteTransactionTableTest, AFailureWaitsForItsAckUntilTimerH) {
  Add(Invite(), 77);
  Finish(Invite(), 486);
  InviteTransaction* completed = Match(Follower(Invite(), "ACK"));
  ASSERT_NE(completed, nullptr);
  EXPECT_EQ(completed->state, State::kCompleted);
  EXPECT_EQ(completed->request_id, 0u);
  loop_.AdvanceBy(kTimerH - kTick);
  EXPECT_NE(Match(Follower(Invite(), "ACK")), nullptr);
  loop_.AdvanceBy(kTick);
  EXPECT_EQ(Match(Follower(Invite(), "ACK")), nullptr);
  EXPECT_EQ(table_.size(), 0u);
}

TEST_F(InviteTransactionTableTest, The300BoundaryIsExact) {
  Add(Invite());
  Finish(Invite(), 299);
  EXPECT_EQ(table_.size(), 0u);
  Add(Invite());
  Finish(Invite(), 300);
  EXPECT_EQ(table_.size(), 1u);
}

TEST_F(InviteTransactionTableTest, ASuccessIsForgottenAtOnceAsItsAckIsARequestOfItsOwn) {
  Add(Invite());
  Finish(Invite(), 200);
  EXPECT_EQ(Match(Follower(Invite(), "ACK")), nullptr);
  EXPECT_EQ(loop_.armed_alarm_count(), 0u);
}

TEST_F(InviteTransactionTableTest, ThereIsNoTimerBeforeTheFinalAnswer) {
  Add(Invite());
  loop_.AdvanceBy(absl::Hours(1));
  EXPECT_NE(Match(Follower(Invite(), "CANCEL")), nullptr);
}

TEST_F(InviteTransactionTableTest, TheAckRemovesItAndItsTimer) {
  Add(Invite());
  Finish(Invite(), 486);
  table_.Remove(Match(Follower(Invite(), "ACK")));
  EXPECT_EQ(table_.size(), 0u);
  EXPECT_TRUE(Add(Invite(), 5));
  loop_.AdvanceBy(kTimerH);
  EXPECT_NE(Match(Invite()), nullptr);  // no timer of the former one hits it
}

TEST_F(InviteTransactionTableTest, TheSameInviteTwiceIsRefused) {
  EXPECT_TRUE(Add(Invite(), 1));
  EXPECT_FALSE(Add(Invite(), 2));
  EXPECT_EQ(table_.size(), 1u);
  EXPECT_EQ(Match(Invite())->request_id, 1u);
  // Also while it waits for its ACK.
  Finish(Invite(), 486);
  EXPECT_FALSE(Add(Invite(), 3));
}

TEST_F(InviteTransactionTableTest, ACopyThatCameAnotherWayIsMerged) {
  EXPECT_TRUE(Add(Invite(), 1));
  TestRequest copy = Invite();
  copy.via = "SIP/2.0/TCP other-proxy.example.net;branch=z9hG4bKother";
  EXPECT_FALSE(Add(copy, 2));
  EXPECT_EQ(table_.size(), 1u);
  EXPECT_EQ(Match(copy), nullptr);
}

TEST_F(InviteTransactionTableTest, AnotherCallCSeqOrFromTagIsNoCopy) {
  EXPECT_TRUE(Add(Invite(), 1));
  TestRequest request = Invite();
  request.via = "SIP/2.0/TCP p;branch=z9hG4bK1";
  request.call_id = "another@call";
  EXPECT_TRUE(Add(request));
  request = Invite();
  request.via = "SIP/2.0/TCP p;branch=z9hG4bK2";
  request.cseq = 4;
  EXPECT_TRUE(Add(request));
  request = Invite();
  request.via = "SIP/2.0/TCP p;branch=z9hG4bK3";
  request.from = "<sip:bob@example.net>;tag=f2";
  EXPECT_TRUE(Add(request));
}

TEST_F(InviteTransactionTableTest, InsideADialogThereAreNoMergedRequests) {
  TestRequest request = Invite();
  request.to = "<sip:alice@example.com>;tag=ours";
  EXPECT_TRUE(Add(request, 1));
  request.via = "SIP/2.0/TCP p;branch=z9hG4bK1";
  EXPECT_TRUE(Add(request, 2));
  // Two calls without To tag are still two.
  TestRequest other = Invite();
  other.call_id = "x@y";
  other.via = "SIP/2.0/TCP p;branch=z9hG4bK2";
  EXPECT_TRUE(Add(other, 3));
}

TEST_F(InviteTransactionTableTest, AProxyMayTryAgainAnotherWayAfterAFailure) {
  EXPECT_TRUE(Add(Invite(), 1));
  Finish(Invite(), 503);
  TestRequest retry = Invite();
  retry.via = "SIP/2.0/TCP other-proxy.example.net;branch=z9hG4bKother";
  EXPECT_TRUE(Add(retry, 2));
  // The first one's end does not take the second one's place.
  table_.Remove(Match(Invite()));
  TestRequest copy = Invite();
  copy.via = "SIP/2.0/TCP third.example.net;branch=z9hG4bKthird";
  EXPECT_FALSE(Add(copy, 3));
}

TEST_F(InviteTransactionTableTest, APeerOfRfc2543IsMatchedByWhatItsMessagesShare) {
  TestRequest old = Invite();
  for (const char* via :
       {"SIP/2.0/TCP old.example.net:5070", "SIP/2.0/TCP old.example.net:5070;branch=1",
        "SIP/2.0/TCP old.example.net:5070;branch=z9hG4bK"}) {
    old.via = via;
    ASSERT_TRUE(Add(old, 9)) << via;
    TestRequest ack = Follower(old, "ACK");
    ack.to = "<sip:alice@example.com>;tag=ours";  // of our answer
    ASSERT_NE(Match(ack), nullptr) << via;
    EXPECT_EQ(Match(ack)->request_id, 9u);
    const auto differs = [&](const TestRequest& other) { return Match(other) == nullptr; };
    TestRequest other = ack;
    other.call_id = "else@else";
    EXPECT_TRUE(differs(other));
    other = ack;
    other.cseq = 4;
    EXPECT_TRUE(differs(other));
    other = ack;
    other.from = "<sip:bob@example.net>;tag=f9";
    EXPECT_TRUE(differs(other));
    other = ack;
    other.uri = "sip:else@example.com";
    EXPECT_TRUE(differs(other));
    other = ack;
    other.via = "SIP/2.0/TCP new.example.net:5070;branch=1";
    EXPECT_TRUE(differs(other));
    table_.Remove(Match(ack));
  }
}

TEST_F(InviteTransactionTableTest, ManyComeAndGo) {
  for (int i = 0; i < 2000; ++i) {
    TestRequest request = Invite();
    request.call_id = absl::StrCat("c", i);
    request.via = absl::StrCat("SIP/2.0/TCP p;branch=z9hG4bK", i);
    ASSERT_TRUE(Add(request, i + 1));
    if (i % 3 == 0) Finish(request, 200);
    if (i % 3 == 1) Finish(request, 404);
  }
  EXPECT_EQ(table_.size(), 1333u);
  loop_.AdvanceBy(kTimerH);
  EXPECT_EQ(table_.size(), 666u);
}

TEST(InviteTransactionTableEndTest, GoesWithTransactionsInEveryState) {
  fakes::ManualEventLoop loop;
  {
    InviteTransactionTable table(&loop);
    TestRequest request{.method = "INVITE"};
    table.Add(ParsedText(request).view, 1);
    request.call_id = "c2";
    request.via = "SIP/2.0/TCP p;branch=z9hG4bK2";
    table.Add(ParsedText(request).view, 2);
    table.Finish(ParsedText(request).view, 486);
  }
  loop.AdvanceBy(kTimerH);
  EXPECT_EQ(loop.alarm_count(), 0u);
}

}  // namespace
}  // namespace sipcm::transaction
