#include "core/dialog/exchange.h"

#include "gtest/gtest.h"
#include "tests/core/dispatch/test_request.h"

namespace sipcm::dialog {
namespace {

using dispatch::ParsedText;
using dispatch::TestRequest;
using Side = Exchange::Side;

const Instant kNow = Instant::FromNanoseconds(1'000'000'000);

Exchange Ended(Side side, const TestRequest& request, int status_code,
               absl::string_view more_headers = "") {
  const ParsedText asked(request);
  Exchange exchange = Exchange::Of(side, asked.view);
  if (status_code == Exchange::kNoAnswer) return exchange;
  const ParsedText answer(absl::StrCat(
      "SIP/2.0 ", status_code, " X\r\nVia: ", request.via, "\r\nFrom: ", request.from,
      "\r\nTo: ", request.to, ";tag=t\r\nCall-ID: ", request.call_id, "\r\nCSeq: ", request.cseq,
      " ", request.method, "\r\n", more_headers, "Content-Length: 0\r\n\r\n"));
  exchange.Finish(answer.view);
  return exchange;
}

class ExchangeTest : public ::testing::Test {
 protected:
  void BeginCall() {
    dialog_.state = DialogState::kConfirmed;
    dialog_.has_call = true;
    dialog_.remote_target = "sip:b@old";
    dialog_.subscriptions.clear();
  }
  void BeginSubscription(const std::string& event) {
    dialog_.state = DialogState::kConfirmed;
    dialog_.has_call = false;
    dialog_.subscriptions = {{event, kNow + absl::Seconds(60)}};
  }
  Outcome After(const Exchange& exchange) { return Settle(exchange, kNow, &dialog_); }

  Dialog dialog_;
};

TEST_F(ExchangeTest, A2xxToInviteConfirms) {
  dialog_.state = DialogState::kEarly;
  EXPECT_EQ(After(Ended(Side::kOurs, {.method = "INVITE"}, 200)), Outcome::kLives);
  EXPECT_EQ(dialog_.state, DialogState::kConfirmed);
  EXPECT_TRUE(dialog_.has_call);
}

TEST_F(ExchangeTest, ByeEndsTheCallWhoeverSentItAndWhateverTheAnswer) {
  for (const Side side : {Side::kOurs, Side::kTheirs}) {
    for (const int status_code : {200, 481, 500, 408, Exchange::kNoAnswer}) {
      BeginCall();
      EXPECT_EQ(After(Ended(side, {.method = "BYE"}, status_code)), Outcome::kEnds) << status_code;
    }
  }
}

TEST_F(ExchangeTest, AByeThatIsChallengedEndsNothing) {
  for (const int status_code : {401, 407}) {
    BeginCall();
    EXPECT_EQ(After(Ended(Side::kOurs, {.method = "BYE"}, status_code)), Outcome::kLives);
  }
}

TEST_F(ExchangeTest, ADialogThatThePeerDoesNotKnowOrIsSilentInEnds) {
  BeginCall();
  EXPECT_EQ(After(Ended(Side::kOurs, {.method = "INFO"}, 481)), Outcome::kEnds);
  for (const int status_code : {408, Exchange::kNoAnswer}) {
    BeginCall();
    EXPECT_EQ(After(Ended(Side::kOurs, {.method = "INFO"}, status_code)), Outcome::kHangsUp)
        << status_code;
    BeginSubscription("presence");
    EXPECT_EQ(After(Ended(Side::kOurs, {.method = "INFO"}, status_code)), Outcome::kEnds)
        << status_code << ": there is no call to end";
  }
  for (const int status_code : {200, 404, 488, 500, 503}) {
    BeginCall();
    EXPECT_EQ(After(Ended(Side::kOurs, {.method = "INVITE"}, status_code)), Outcome::kLives)
        << status_code;
  }
}

TEST_F(ExchangeTest, AnApplicationThatIsSlowDoesNotEndTheDialogAndOneThatDisownsItDoes) {
  BeginCall();
  EXPECT_EQ(After(Ended(Side::kTheirs, {.method = "INFO"}, 408)), Outcome::kLives);
  EXPECT_EQ(After(Ended(Side::kTheirs, {.method = "INFO"}, 481)), Outcome::kEnds);
}

TEST_F(ExchangeTest, TargetsAreRefreshedByWhatSucceeds) {
  BeginCall();
  After(Ended(Side::kOurs, {.method = "INVITE"}, 488, "Contact: <sip:b@no>\r\n"));
  EXPECT_EQ(dialog_.remote_target, "sip:b@old");
  After(Ended(Side::kOurs, {.method = "INVITE"}, 200, "Contact: <sip:b@new>\r\n"));
  EXPECT_EQ(dialog_.remote_target, "sip:b@new");
  After(Ended(Side::kTheirs, {.method = "UPDATE", .more_headers = "Contact: <sip:b@theirs>\r\n"},
              200));
  EXPECT_EQ(dialog_.remote_target, "sip:b@theirs");
  After(Ended(Side::kTheirs, {.method = "INFO", .more_headers = "Contact: <sip:b@no>\r\n"}, 200));
  EXPECT_EQ(dialog_.remote_target, "sip:b@theirs");
}

TEST_F(ExchangeTest, AnInviteWithABodyIsAcknowledgedByTheServer) {
  EXPECT_EQ(Ended(Side::kOurs, {.method = "INVITE", .body = "v=0"}, 200).acknowledgement,
            Exchange::Acknowledgement::kServer);
  EXPECT_EQ(Ended(Side::kOurs, {.method = "INVITE"}, 200).acknowledgement,
            Exchange::Acknowledgement::kApplication);
}

TEST_F(ExchangeTest, ASubscriptionLastsAsLongAsWasGrantedAndTheGrace) {
  const std::string wanted = "Event: Presence;id=4\r\nExpires: 600\r\n";
  EXPECT_EQ(After(Ended(Side::kOurs, {.method = "SUBSCRIBE", .more_headers = wanted}, 200,
                        "Expires: 300\r\n")),
            Outcome::kLives);
  ASSERT_EQ(dialog_.subscriptions.size(), 1u);
  EXPECT_EQ(dialog_.subscriptions[0].event, "presence;id=4");
  EXPECT_EQ(dialog_.subscriptions[0].end, kNow + absl::Seconds(300) + kSubscriptionGrace);
  // A refresh is the same one.
  After(Ended(Side::kOurs, {.method = "SUBSCRIBE", .more_headers = "o: presence;id=4\r\n"}, 202,
              "Expires: 900\r\n"));
  ASSERT_EQ(dialog_.subscriptions.size(), 1u);
  EXPECT_EQ(dialog_.subscriptions[0].end, kNow + absl::Seconds(900) + kSubscriptionGrace);
}

TEST_F(ExchangeTest, ASubscriptionEndsWithTheNotifyThatTerminatesIt) {
  const std::string active = "Event: presence\r\nSubscription-State: active;expires=9\r\n";
  const std::string ended = "Event: presence\r\nSubscription-State: TERMINATED ; reason=x\r\n";
  for (const Side side : {Side::kOurs, Side::kTheirs}) {
    BeginSubscription("presence");
    EXPECT_EQ(After(Ended(side, {.method = "NOTIFY", .more_headers = active}, 200)),
              Outcome::kLives);
    EXPECT_EQ(dialog_.subscriptions[0].end, kNow + absl::Seconds(9) + kSubscriptionGrace);
    EXPECT_EQ(After(Ended(side, {.method = "NOTIFY", .more_headers = ended}, 200)), Outcome::kEnds);
  }
}

TEST_F(ExchangeTest, ANotifyThatNobodyAskedForBeginsNothing) {
  BeginCall();
  EXPECT_EQ(After(Ended(Side::kTheirs, {.method = "NOTIFY", .more_headers = "Event: x\r\n"}, 200)),
            Outcome::kLives);
  EXPECT_TRUE(dialog_.subscriptions.empty());
}

TEST_F(ExchangeTest, ADialogHasSixteenSubscriptionsOfADayAtMost) {
  BeginCall();
  for (size_t i = 0; i < kMaxSubscriptions + 1; ++i) {
    const std::string wanted = absl::StrCat("Event: x;id=", i, "\r\nExpires: 4294967295\r\n");
    After(Ended(Side::kTheirs, {.method = "SUBSCRIBE", .more_headers = wanted}, 200));
  }
  ASSERT_EQ(dialog_.subscriptions.size(), kMaxSubscriptions);
  EXPECT_EQ(dialog_.subscriptions[0].end, kNow + kMaxSubscription + kSubscriptionGrace);
}

TEST_F(ExchangeTest, AnEventOfMoreThan256BytesIsNoSubscriptionThatIsKept) {
  for (const size_t length : {kMaxSubscriptionKey, kMaxSubscriptionKey + 1}) {
    BeginCall();
    const std::string wanted = absl::StrCat("Event: ", std::string(length, 'x'), "\r\n");
    After(Ended(Side::kTheirs, {.method = "SUBSCRIBE", .more_headers = wanted}, 200));
    EXPECT_EQ(dialog_.subscriptions.size(), length == kMaxSubscriptionKey ? 1u : 0u);
  }
}

TEST_F(ExchangeTest, TheCredentialsOfOurInviteAreKeptForItsAck) {
  BeginCall();
  const std::string credentials = "Proxy-Authorization: Digest a\r\nAuthorization: Digest b\r\n";
  After(Ended(Side::kTheirs, {.method = "INVITE", .more_headers = credentials}, 200));
  EXPECT_TRUE(dialog_.credentials.empty());
  After(Ended(Side::kOurs, {.method = "INVITE", .more_headers = credentials}, 200));
  ASSERT_EQ(dialog_.credentials.size(), 2u);
  EXPECT_EQ(dialog_.credentials[0].first, "Proxy-Authorization");
  EXPECT_EQ(dialog_.credentials[1].second, "Digest b");
}

TEST_F(ExchangeTest, ALostSubscriptionLeavesTheCall) {
  BeginCall();
  EXPECT_EQ(After(Ended(Side::kOurs, {.method = "REFER"}, 202)), Outcome::kLives);
  ASSERT_EQ(dialog_.subscriptions.size(), 1u);
  const std::string event = "Event: refer;id=2\r\n";
  EXPECT_EQ(After(Ended(Side::kOurs, {.method = "NOTIFY", .more_headers = event}, 481)),
            Outcome::kLives);
  EXPECT_TRUE(dialog_.subscriptions.empty());
  EXPECT_EQ(After(Ended(Side::kOurs, {.method = "BYE"}, 200)), Outcome::kEnds);
}

TEST_F(ExchangeTest, ByeLeavesASubscription) {
  BeginSubscription("refer");
  dialog_.has_call = true;
  EXPECT_EQ(After(Ended(Side::kTheirs, {.method = "BYE"}, 200)), Outcome::kLives);
  EXPECT_FALSE(dialog_.has_call);
}

TEST_F(ExchangeTest, ATimeThatIsNoNumberIsNotBelieved) {
  const std::string wild = "Event: a\r\nExpires: 99999999999999999999\r\n";
  After(Ended(Side::kTheirs, {.method = "SUBSCRIBE", .more_headers = wild}, 200));
  ASSERT_EQ(dialog_.subscriptions.size(), 1u);
  EXPECT_EQ(dialog_.subscriptions[0].end, kNow + kDefaultSubscription + kSubscriptionGrace);
}

}  // namespace
}  // namespace sipcm::dialog
