#include "core/transaction/server_transaction.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/transaction/timers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/dispatch/test_request.h"
#include "tests/fakes/manual_event_loop.h"

namespace sipcm::transaction {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using dispatch::ParsedText;
using dispatch::TestRequest;
using State = ServerTransaction::State;

constexpr uint64_t kFlow = 5;
constexpr uint64_t kOtherFlow = 6;
constexpr absl::Duration kTick = absl::Nanoseconds(1);

class ServerTransactionTest : public ::testing::Test, protected ServerTransactionTable::Owner {
 protected:
  void OnTrying(ServerTransaction& transaction) override {
    tried_.push_back(transaction.request_id);
  }

  static TestRequest Invite() { return {.method = "INVITE", .cseq = 3}; }
  // What follows an INVITE hop by hop: the same but for the method.
  static TestRequest Follower(TestRequest invite, const std::string& method) {
    invite.method = method;
    return invite;
  }
  ServerTransaction* Add(const TestRequest& request, uint64_t id = 1, uint64_t flow = kFlow,
                         const std::string& endpoint = "alice") {
    return table_.Add(ParsedText(request).view, flow, endpoint, id);
  }
  ServerTransaction* Match(const TestRequest& request, uint64_t flow = kFlow) {
    return table_.Match(ParsedText(request).view, flow);
  }
  ServerTransaction* MatchCancelled(const TestRequest& request, uint64_t flow = kFlow) {
    return table_.MatchCancelled(ParsedText(Follower(request, "CANCEL")).view, flow);
  }
  void Finish(const TestRequest& request, int status) { table_.Finish(Match(request), status); }
  static TestRequest Nth(size_t i, const std::string& method = "INVITE") {
    TestRequest request{.method = method};
    request.call_id = absl::StrCat("c", i);
    request.via = absl::StrCat("SIP/2.0/TCP p;branch=z9hG4bK", i);
    return request;
  }

  fakes::ManualEventLoop loop_;
  SeededRandomSource random_{1};
  OngoingRequests ongoing_{2};
  ServerTransactionTable table_{&loop_, &random_, &ongoing_, this};
  std::vector<uint64_t> tried_;
};

// --- Which transaction a request belongs to (RFC 3261 17.2.3) -----------------------------------

TEST_F(ServerTransactionTest, ACopyAndAnAckAndACancelFindTheirInvite) {
  ServerTransaction* const invite = Add(Invite(), 77);
  ASSERT_NE(invite, nullptr);
  EXPECT_EQ(invite->request_id, 77u);
  EXPECT_EQ(invite->state, State::kTrying);
  EXPECT_EQ(Match(Invite()), invite);
  EXPECT_EQ(Match(Follower(Invite(), "ACK")), invite);
  EXPECT_EQ(MatchCancelled(Invite()), invite);
}

TEST_F(ServerTransactionTest, AnotherMethodWithTheSameBranchIsAnotherTransaction) {
  const TestRequest message = Follower(Invite(), "MESSAGE");
  ServerTransaction* const invite = Add(Invite(), 1);
  EXPECT_EQ(Match(message), nullptr);
  ServerTransaction* const other = Add(message, 2);
  ASSERT_NE(other, nullptr);
  EXPECT_EQ(Match(message), other);
  EXPECT_EQ(Match(Invite()), invite);
  EXPECT_EQ(Match(Follower(Invite(), "PUBLISH")), nullptr);
}

TEST_F(ServerTransactionTest, ACancelFindsARequestOfAnyMethod) {
  const TestRequest subscribe = Follower(Invite(), "SUBSCRIBE");
  ServerTransaction* const added = Add(subscribe, 4);
  EXPECT_EQ(MatchCancelled(subscribe), added);
  EXPECT_FALSE(added->is_invite);
}

TEST_F(ServerTransactionTest, TheKeyIsFlowBranchAndSentBy) {
  Add(Invite());
  TestRequest other = Invite();
  other.via = "SIP/2.0/TCP peer.example.net:5070;branch=z9hG4bKelse";
  EXPECT_EQ(MatchCancelled(other), nullptr);
  other.via = "SIP/2.0/TCP peer.example.net:5071;branch=z9hG4bKpeer";
  EXPECT_EQ(MatchCancelled(other), nullptr);
  other.via = "SIP/2.0/TCP stranger.example.net:5070;branch=z9hG4bKpeer";
  EXPECT_EQ(MatchCancelled(other), nullptr);
  // Host names are compared without case; Call-ID and tags play no part.
  other.via = "SIP/2.0/TCP PEER.example.net:5070;rport;branch=z9hG4bKpeer";
  other.call_id = "else@else";
  EXPECT_NE(MatchCancelled(other), nullptr);
}

TEST_F(ServerTransactionTest, NobodyElsesConnectionReachesIt) {
  Add(Invite(), 1);
  EXPECT_EQ(MatchCancelled(Invite(), kOtherFlow), nullptr);
  EXPECT_EQ(Match(Invite(), kOtherFlow), nullptr);
  // An RFC 2543 peer's neither.
  TestRequest old = Invite();
  old.via = "SIP/2.0/TCP old.example.net";
  old.call_id = "old@call";
  Add(old, 2);
  EXPECT_EQ(MatchCancelled(old, kOtherFlow), nullptr);
  EXPECT_NE(MatchCancelled(old), nullptr);
}

TEST_F(ServerTransactionTest, APeerOfRfc2543IsMatchedByWhatItsMessagesShare) {
  TestRequest old = Invite();
  for (const char* via :
       {"SIP/2.0/TCP old.example.net:5070", "SIP/2.0/TCP old.example.net:5070;branch=1",
        "SIP/2.0/TCP old.example.net:5070;branch=z9hG4bK"}) {
    old.via = via;
    ASSERT_NE(Add(old, 9), nullptr) << via;
    TestRequest ack = Follower(old, "ACK");
    ack.to = "<sip:alice@example.com>;tag=ours";  // of our answer
    ASSERT_NE(Match(ack), nullptr) << via;
    EXPECT_EQ(Match(ack)->request_id, 9u);
    TestRequest other = ack;
    other.call_id = "else@else";
    EXPECT_EQ(Match(other), nullptr);
    other = ack;
    other.cseq = 4;
    EXPECT_EQ(Match(other), nullptr);
    other = ack;
    other.from = "<sip:bob@example.net>;tag=f9";
    EXPECT_EQ(Match(other), nullptr);
    other = ack;
    other.uri = "sip:else@example.com";
    EXPECT_EQ(Match(other), nullptr);
    other = ack;
    other.via = "SIP/2.0/TCP new.example.net:5070;branch=1";
    EXPECT_EQ(Match(other), nullptr);
    table_.Remove(Match(ack));
  }
}

// --- Merged requests (RFC 3261 8.2.2.2) ---------------------------------------------------------

TEST_F(ServerTransactionTest, ACopyThatCameAnotherWayIsMerged) {
  EXPECT_NE(Add(Invite(), 1), nullptr);
  TestRequest copy = Invite();
  copy.via = "SIP/2.0/TCP other-proxy.example.net;branch=z9hG4bKother";
  EXPECT_EQ(Add(copy, 2), nullptr);
  EXPECT_EQ(Add(copy, 2, kOtherFlow), nullptr);
  EXPECT_EQ(Add(Invite(), 2, kOtherFlow), nullptr);
  EXPECT_EQ(table_.size(), 1u);
  EXPECT_EQ(Match(copy), nullptr);
}

TEST_F(ServerTransactionTest, ACopyThatCameToAnotherWorkerIsMergedToo) {
  ServerTransactionTable other(&loop_, &random_, &ongoing_, this);
  const TestRequest message{.method = "MESSAGE"};
  EXPECT_NE(Add(message, 1), nullptr);
  EXPECT_EQ(other.Add(ParsedText(message).view, kOtherFlow, "alice", 2), nullptr);
  Finish(message, 200);
  EXPECT_NE(other.Add(ParsedText(message).view, kOtherFlow, "alice", 2), nullptr);
}

TEST_F(ServerTransactionTest, ForksToTwoEndpointsAreTwoRequests) {
  EXPECT_NE(Add(Invite(), 1, kFlow, "alice"), nullptr);
  TestRequest fork = Invite();
  fork.via = "SIP/2.0/TCP peer.example.net:5070;branch=z9hG4bKfork";
  EXPECT_NE(Add(fork, 2, kFlow, "bob"), nullptr);
}

TEST_F(ServerTransactionTest, AnotherCallCSeqOrFromTagIsNoCopy) {
  Add(Invite(), 1);
  TestRequest request = Invite();
  request.via = "SIP/2.0/TCP p;branch=z9hG4bK1";
  request.call_id = "another@call";
  EXPECT_NE(Add(request), nullptr);
  request = Invite();
  request.via = "SIP/2.0/TCP p;branch=z9hG4bK2";
  request.cseq = 4;
  EXPECT_NE(Add(request), nullptr);
  request = Invite();
  request.via = "SIP/2.0/TCP p;branch=z9hG4bK3";
  request.from = "<sip:bob@example.net>;tag=f2";
  EXPECT_NE(Add(request), nullptr);
}

TEST_F(ServerTransactionTest, ACopyInADialogIsMergedTooAndTheNextRequestIsNoCopy) {
  TestRequest request = Invite();
  request.to = "<sip:alice@example.com>;tag=ours";
  EXPECT_NE(Add(request, 1), nullptr);
  request.via = "SIP/2.0/TCP p;branch=z9hG4bK1";
  EXPECT_EQ(Add(request, 2), nullptr);
  ++request.cseq;
  EXPECT_NE(Add(request, 3), nullptr);
}

TEST_F(ServerTransactionTest, AProxyMayTryAgainAnotherWayAfterAFailureButNotAfterASuccess) {
  TestRequest retry = Invite();
  retry.via = "SIP/2.0/TCP other-proxy.example.net;branch=z9hG4bKother";
  Add(Invite(), 1);
  Finish(Invite(), 503);
  ASSERT_NE(Add(retry, 2), nullptr);
  // The first one's end does not take the second one's place.
  table_.Remove(Match(Invite()));
  TestRequest copy = Invite();
  copy.via = "SIP/2.0/TCP third.example.net;branch=z9hG4bKthird";
  EXPECT_EQ(Add(copy, 3), nullptr);
  Finish(retry, 200);
  EXPECT_EQ(Add(copy, 3), nullptr);
  loop_.AdvanceBy(kTimerL);
  EXPECT_NE(Add(copy, 3), nullptr);
}

// --- States and timers ---------------------------------------------------------------------------

TEST_F(ServerTransactionTest, AnInviteIsToldToTryAfter200Milliseconds) {
  Add(Invite(), 7);
  loop_.AdvanceBy(kInviteTryingDelay - kTick);
  EXPECT_THAT(tried_, IsEmpty());
  loop_.AdvanceBy(kTick);
  EXPECT_THAT(tried_, ElementsAre(7));
  loop_.AdvanceBy(absl::Hours(1));
  EXPECT_THAT(tried_, ElementsAre(7));
  EXPECT_NE(Match(Invite()), nullptr);  // there is no timer before the final answer
}

TEST_F(ServerTransactionTest, AnotherRequestIsToldToTryOnlyWhenTimerEWouldBeAtT2) {
  Add({.method = "MESSAGE"}, 7);
  loop_.AdvanceBy(kOtherTryingDelay - kTick);
  EXPECT_THAT(tried_, IsEmpty());
  loop_.AdvanceBy(kTick);
  EXPECT_THAT(tried_, ElementsAre(7));
}

TEST_F(ServerTransactionTest, AProvisionalOrCancelMakesTryingNeedless) {
  table_.OnProvisional(Add(Invite(), 1), "SIP/2.0 180 Ringing");
  EXPECT_EQ(Match(Invite())->state, State::kProceeding);
  EXPECT_EQ(Match(Invite())->last_provisional, "SIP/2.0 180 Ringing");
  table_.OnProvisional(Match(Invite()), "SIP/2.0 183 Progress");
  EXPECT_EQ(Match(Invite())->last_provisional, "SIP/2.0 183 Progress");
  table_.StopTrying(Add(Nth(2), 2));
  loop_.AdvanceBy(absl::Hours(1));
  EXPECT_THAT(tried_, IsEmpty());
}

TEST_F(ServerTransactionTest, WhatIsNoInviteIsForgottenWithItsFinalAnswer) {
  const TestRequest message{.method = "MESSAGE"};
  for (const int status : {200, 404}) {
    Add(message);
    Finish(message, status);
    EXPECT_EQ(table_.size(), 0u);
    EXPECT_EQ(Match(message), nullptr);
  }
}

TEST_F(ServerTransactionTest, AFailureWaitsForItsAckUntilTimerH) {
  Add(Invite(), 77);
  Finish(Invite(), 486);
  const TestRequest ack = Follower(Invite(), "ACK");
  ASSERT_NE(Match(ack), nullptr);
  EXPECT_EQ(Match(ack)->state, State::kCompleted);
  EXPECT_EQ(Match(ack)->request_id, 0u);
  EXPECT_NE(Match(Invite()), nullptr);
  loop_.AdvanceBy(kTimerH - kTick);
  EXPECT_NE(Match(ack), nullptr);
  loop_.AdvanceBy(kTick);
  EXPECT_EQ(table_.size(), 0u);
}

TEST_F(ServerTransactionTest, ASuccessAbsorbsCopiesUntilTimerL) {
  Add(Invite(), 77);
  Finish(Invite(), 200);
  ASSERT_NE(Match(Invite()), nullptr);
  EXPECT_EQ(Match(Invite())->state, State::kAccepted);
  loop_.AdvanceBy(kTimerL - kTick);
  EXPECT_NE(Match(Invite()), nullptr);
  loop_.AdvanceBy(kTick);
  EXPECT_EQ(table_.size(), 0u);
}

TEST_F(ServerTransactionTest, The300BoundaryIsExact) {
  Add(Nth(1));
  Finish(Nth(1), 299);
  EXPECT_EQ(Match(Nth(1))->state, State::kAccepted);
  Add(Nth(2));
  Finish(Nth(2), 300);
  EXPECT_EQ(Match(Nth(2))->state, State::kCompleted);
}

TEST_F(ServerTransactionTest, TheAckRemovesItAndItsTimer) {
  Add(Invite());
  Finish(Invite(), 486);
  table_.Remove(Match(Follower(Invite(), "ACK")));
  EXPECT_EQ(table_.size(), 0u);
  Add(Invite(), 5);
  loop_.AdvanceBy(kTimerH);
  EXPECT_NE(Match(Invite()), nullptr);  // no timer of the former one hits it
}

TEST_F(ServerTransactionTest, NoMoreThanSoManyLinger) {
  for (size_t i = 0; i <= ServerTransactionTable::kMaxLingering; ++i) {
    ASSERT_NE(Add(Nth(i)), nullptr);
    Finish(Nth(i), i % 2 == 0 ? 486 : 200);
  }
  EXPECT_EQ(table_.size(), ServerTransactionTable::kMaxLingering);
  EXPECT_EQ(Match(Nth(ServerTransactionTable::kMaxLingering)), nullptr);
  // What is not answered yet is not counted, and room comes back.
  EXPECT_NE(Add(Nth(1'000'000)), nullptr);
  loop_.AdvanceBy(kTimerH);
  EXPECT_EQ(table_.size(), 1u);
  Finish(Nth(1'000'000), 486);
  EXPECT_EQ(table_.size(), 1u);
}

TEST_F(ServerTransactionTest, ManyComeAndGo) {
  for (int i = 0; i < 2000; ++i) {
    ASSERT_NE(Add(Nth(i, i % 2 == 0 ? "INVITE" : "OPTIONS"), i + 1), nullptr);
    if (i % 4 < 2) Finish(Nth(i, i % 2 == 0 ? "INVITE" : "OPTIONS"), 200);
  }
  EXPECT_EQ(table_.size(), 1500u);
  loop_.AdvanceBy(kTimerL);
  EXPECT_EQ(table_.size(), 1000u);
  EXPECT_EQ(tried_.size(), 1000u);
}

TEST(ServerTransactionEndTest, GoesWithTransactionsInEveryStateAndLeavesNothingOngoing) {
  struct Nobody final : ServerTransactionTable::Owner {
    void OnTrying(ServerTransaction&) override { FAIL(); }
  } nobody;
  fakes::ManualEventLoop loop;
  SeededRandomSource random(1);
  OngoingRequests ongoing(2);
  TestRequest request{.method = "INVITE"};
  const ParsedText open(request);
  request.call_id = "c2";
  request.via = "SIP/2.0/TCP p;branch=z9hG4bK2";
  const ParsedText completed(request);
  for (int round = 0; round < 2; ++round) {
    ServerTransactionTable table(&loop, &random, &ongoing, &nobody);
    EXPECT_NE(table.Add(open.view, kFlow, "alice", 1), nullptr);
    table.Finish(table.Add(completed.view, kFlow, "alice", 2), 486);
  }
  loop.AdvanceBy(kTimerH);
  EXPECT_EQ(loop.alarm_count(), 0u);
}

}  // namespace
}  // namespace sipcm::transaction
