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
using Added = InviteTransactionTable::Added;
using State = InviteTransaction::State;
using Added = InviteTransactionTable::Added;

constexpr uint64_t kFlow = 7;

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
  Added AddOn(uint64_t flow, const TestRequest& request, uint64_t id = 1) {
    return table_.Add(ParsedText(request).view, flow, id);
  }
  bool Add(const TestRequest& request, uint64_t id = 1) {
    return AddOn(kFlow, request, id) == Added::kNew;
  }
  InviteTransaction* MatchOn(uint64_t flow, const TestRequest& request) {
    return table_.Match(ParsedText(request).view, flow);
  }
  InviteTransaction* Match(const TestRequest& request) { return MatchOn(kFlow, request); }
  void Finish(const TestRequest& request, int status) {
    table_.Finish(ParsedText(request).view, kFlow, status);
  }

  static constexpr uint64_t kFlow = 5;
  static constexpr uint64_t kOtherFlow = 6;

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

TEST_F(InviteTransactionTableTest, AStrangerWhoKnowsTheBranchMatchesNothing) {
  EXPECT_TRUE(Add(Invite(), 77));
  const TestRequest cancel = Follower(Invite(), "CANCEL");
  EXPECT_EQ(table_.Match(ParsedText(cancel).view, kFlow + 1), nullptr);
  EXPECT_NE(Match(cancel), nullptr);
}

TEST_F(InviteTransactionTableTest, TheSameBranchAgainIsARetransmissionAnotherOneIsMerged) {
  EXPECT_TRUE(Add(Invite()));
  EXPECT_EQ(table_.Add(ParsedText(Invite()).view, kFlow, 2), Added::kRetransmission);
  EXPECT_EQ(table_.Add(ParsedText(Invite()).view, kFlow + 1, 3), Added::kMerged);
}

TEST_F(InviteTransactionTableTest, FailuresThatNobodyAcknowledgesAreBounded) {
  const size_t most = InviteTransactionTable::kMaxCompleted;
  for (size_t i = 0; i < most + 10; ++i) {
    TestRequest request = Invite();
    request.call_id = std::to_string(i);
    request.via = "SIP/2.0/TCP p;branch=z9hG4bK" + std::to_string(i);
    ASSERT_TRUE(Add(request, i + 1));
    Finish(request, 486);
  }
  EXPECT_EQ(table_.size(), most);
}

TEST_F(InviteTransactionTableTest, TheKeyIsFlowBranchAndSentBy) {
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

TEST_F(InviteTransactionTableTest, TheSameInviteOnTheSameFlowIsARetransmission) {
  EXPECT_EQ(AddOn(kFlow, Invite(), 1), Added::kNew);
  EXPECT_EQ(AddOn(kFlow, Invite(), 2), Added::kRetransmission);
  EXPECT_EQ(table_.size(), 1u);
  EXPECT_EQ(Match(Invite())->request_id, 1u);
  // Also while it waits for its ACK.
  Finish(Invite(), 486);
  EXPECT_EQ(AddOn(kFlow, Invite(), 3), Added::kRetransmission);
  EXPECT_EQ(Match(Invite())->state, State::kCompleted);
}

TEST_F(InviteTransactionTableTest, ACopyThatCameAnotherWayIsMerged) {
  EXPECT_TRUE(Add(Invite(), 1));
  TestRequest copy = Invite();
  copy.via = "SIP/2.0/TCP other-proxy.example.net;branch=z9hG4bKother";
  EXPECT_EQ(AddOn(kFlow, copy, 2), Added::kMerged);
  EXPECT_EQ(AddOn(kOtherFlow, copy, 2), Added::kMerged);
  EXPECT_EQ(AddOn(kOtherFlow, Invite(), 2), Added::kMerged);
  EXPECT_EQ(table_.size(), 1u);
  EXPECT_EQ(Match(copy), nullptr);
}

TEST_F(InviteTransactionTableTest, NobodyElsesConnectionReachesIt) {
  EXPECT_TRUE(Add(Invite(), 1));
  EXPECT_EQ(MatchOn(kOtherFlow, Follower(Invite(), "CANCEL")), nullptr);
  // An RFC 2543 peer's neither.
  TestRequest old = Invite();
  old.via = "SIP/2.0/TCP old.example.net";
  old.call_id = "old@call";
  EXPECT_TRUE(Add(old, 2));
  EXPECT_EQ(MatchOn(kOtherFlow, Follower(old, "CANCEL")), nullptr);
  EXPECT_NE(Match(Follower(old, "CANCEL")), nullptr);
}

TEST_F(InviteTransactionTableTest, NoMoreThanSoManyWaitForTheirAcks) {
  const auto nth = [](size_t i) {
    TestRequest request = Invite();
    request.call_id = absl::StrCat("c", i);
    request.via = absl::StrCat("SIP/2.0/TCP p;branch=z9hG4bK", i);
    return request;
  };
  for (size_t i = 0; i <= InviteTransactionTable::kMaxCompleted; ++i) {
    ASSERT_TRUE(Add(nth(i)));
    Finish(nth(i), 486);
  }
  EXPECT_EQ(table_.size(), InviteTransactionTable::kMaxCompleted);
  EXPECT_NE(Match(nth(InviteTransactionTable::kMaxCompleted - 1)), nullptr);
  EXPECT_EQ(Match(nth(InviteTransactionTable::kMaxCompleted)), nullptr);
  // What is not answered yet is not counted, and room comes back.
  EXPECT_TRUE(Add(nth(1'000'000)));
  loop_.AdvanceBy(kTimerH);
  EXPECT_EQ(table_.size(), 1u);
  Finish(nth(1'000'000), 486);
  EXPECT_EQ(table_.size(), 1u);
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
  EXPECT_EQ(AddOn(kFlow, copy, 3), Added::kMerged);
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
    table.Add(ParsedText(request).view, kFlow, 1);
    request.call_id = "c2";
    request.via = "SIP/2.0/TCP p;branch=z9hG4bK2";
    table.Add(ParsedText(request).view, kFlow, 2);
    table.Finish(ParsedText(request).view, kFlow, 486);
  }
  loop.AdvanceBy(kTimerH);
  EXPECT_EQ(loop.alarm_count(), 0u);
}

}  // namespace
}  // namespace sipcm::transaction
