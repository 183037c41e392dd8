// A REGISTERED endpoint's requests that are asked for credentials (RFC 3261 22.2, 22.3).
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/engine/registered/registered_flow_fixture.h"

namespace sipcm::engine {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kChallenge[] =
    "Proxy-Authenticate: Digest realm=\"example.com\", nonce=\"n1\", qop=\"auth\"\r\n";

class AuthorizedSendsTest : public RegisteredFlowFixture {
 protected:
  void SetUp() override { Start(ManagerKind::kClient); }
  void Start(ManagerKind kind) {
    AddManager(kind);
    AddEndpoint();
    registrar_.Accept();
  }
  // The only message that came.
  std::string Take() {
    const std::vector<std::string> messages = registrar_.Take();
    EXPECT_THAT(messages, SizeIs(1));
    return messages.empty() ? "" : messages[0];
  }
  // The status code that ended the last send; 0: it goes on.
  int FinalCode() const {
    const SendEvent& last = sent_->events.back();
    if (!last.is_final) return 0;
    return last.kind == SendEvent::Kind::kResponse ? last.view->status_code() : -1;
  }
};

TEST_F(AuthorizedSendsTest, AProxysChallengeIsAnsweredAndTheApplicationSeesTheOutcomeOnly) {
  Send("sip:bob@example.com", "MESSAGE");
  const std::string first = Take();
  EXPECT_EQ(HeaderOf(first, "Proxy-Authorization"), "");
  registrar_.Reply(first, 407, kChallenge);
  const std::string second = Take();
  EXPECT_THAT(second, StartsWith("MESSAGE sip:bob@example.com SIP/2.0\r\n"));
  EXPECT_THAT(HeaderOf(second, "Proxy-Authorization"),
              AllOf(HasSubstr("username=\"alice\""), HasSubstr("uri=\"sip:bob@example.com\""),
                    HasSubstr("nc=00000001")));
  EXPECT_EQ(HeaderOf(second, "Call-ID"), HeaderOf(first, "Call-ID"));
  EXPECT_EQ(HeaderOf(second, "From"), HeaderOf(first, "From"));
  EXPECT_EQ(HeaderOf(first, "CSeq"), "1 MESSAGE");
  EXPECT_EQ(HeaderOf(second, "CSeq"), "2 MESSAGE");
  EXPECT_NE(HeaderOf(second, "Via"), HeaderOf(first, "Via"));
  registrar_.Reply(second, 200);
  EXPECT_EQ(FinalCode(), 200);
  for (const SendEvent& event : sent_->events) {
    if (event.kind != SendEvent::Kind::kResponse) continue;
    EXPECT_NE(event.view->status_code(), 407);
  }
}

TEST_F(AuthorizedSendsTest, TheNextRequestBringsItsAnswerAndCountsTheNonce) {
  Send("sip:bob@example.com", "MESSAGE");
  registrar_.Reply(Take(), 407, kChallenge);
  registrar_.Reply(Take(), 200);
  Send("sip:carol@example.com", "MESSAGE");
  const std::string next = Take();
  EXPECT_THAT(HeaderOf(next, "Proxy-Authorization"),
              AllOf(HasSubstr("uri=\"sip:carol@example.com\""), HasSubstr("nc=00000002")));
  EXPECT_EQ(HeaderOf(next, "CSeq"), "1 MESSAGE");
}

TEST_F(AuthorizedSendsTest, AStaleNonceIsReplaced) {
  Send("sip:bob@example.com", "MESSAGE");
  registrar_.Reply(Take(), 407, kChallenge);
  registrar_.Reply(Take(), 407,
                   "Proxy-Authenticate: Digest realm=\"example.com\", nonce=\"n2\", qop=\"auth\", "
                   "stale=true\r\n");
  const std::string third = Take();
  EXPECT_THAT(HeaderOf(third, "Proxy-Authorization"),
              AllOf(HasSubstr("nonce=\"n2\""), HasSubstr("nc=00000001")));
  EXPECT_EQ(HeaderOf(third, "CSeq"), "3 MESSAGE");
  registrar_.Reply(third, 200);
  EXPECT_EQ(FinalCode(), 200);
}

TEST_F(AuthorizedSendsTest, WrongCredentialsAreTheApplicationsToHear) {
  Send("sip:bob@example.com", "MESSAGE");
  registrar_.Reply(Take(), 407, kChallenge);
  registrar_.Reply(Take(), 407,
                   "Proxy-Authenticate: Digest realm=\"example.com\", nonce=\"n2\"\r\n");
  EXPECT_EQ(FinalCode(), 407);
  EXPECT_THAT(registrar_.Take(), IsEmpty());
}

TEST_F(AuthorizedSendsTest, EndlesslyStaleEndsWithTheApplication) {
  Send("sip:bob@example.com", "MESSAGE");
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(FinalCode(), 0);
    registrar_.Reply(Take(), 407,
                     "Proxy-Authenticate: Digest realm=\"example.com\", nonce=\"n" +
                         std::to_string(i) + "\", stale=true\r\n");
  }
  EXPECT_EQ(FinalCode(), 407);
  EXPECT_THAT(registrar_.Take(), IsEmpty());
}

TEST_F(AuthorizedSendsTest, InADialogTheNextNumberIsOneThatNoOtherRequestHas) {
  Send("sip:bob@example.com", "INVITE");
  registrar_.Reply(Take(), 200);
  const dialog::DialogId dialog = sent_->events.back().dialog;
  ASSERT_TRUE(dialog.is_valid());
  registrar_.Take();
  std::vector<std::string> sent;
  for (const char* method : {"INVITE", "INFO"}) {
    SendOrder order;
    order.endpoint_id = "alice";
    order.method = method;
    order.dialog = dialog;
    order.message.headers = {{"Content-Type", "application/sdp"}};
    order.message.body = "v=0\r\n";
    order.cookie = ++last_cookie_;
    fixture_.engine->Send({std::move(order)}, sent_);
    fixture_.RunUntilIdle();
    sent.push_back(Take());
  }
  EXPECT_EQ(HeaderOf(sent[0], "CSeq"), "2 INVITE");
  EXPECT_EQ(HeaderOf(sent[1], "CSeq"), "3 INFO");
  registrar_.Reply(sent[0], 407, kChallenge);
  const std::vector<std::string> messages = registrar_.Take();
  ASSERT_THAT(messages, SizeIs(2));
  EXPECT_EQ(HeaderOf(messages[1], "CSeq"), "4 INVITE");
  registrar_.Reply(messages[1], 200);
  EXPECT_EQ(HeaderOf(Take(), "CSeq"), "4 ACK");
}

TEST_F(AuthorizedSendsTest, AnInviteAcknowledgesTheChallengeAndGoesOn) {
  Send("sip:bob@example.com", "INVITE");
  const std::string first = Take();
  registrar_.Reply(first, 407, kChallenge);
  const std::vector<std::string> messages = registrar_.Take();
  ASSERT_THAT(messages, SizeIs(2));
  EXPECT_THAT(messages[0], StartsWith("ACK "));
  EXPECT_EQ(HeaderOf(messages[0], "CSeq"), "1 ACK");
  EXPECT_EQ(HeaderOf(messages[0], "Via"), HeaderOf(first, "Via"));
  EXPECT_EQ(HeaderOf(messages[1], "CSeq"), "2 INVITE");
  registrar_.Reply(messages[1], 180);
  // What is given up now is the second one.
  fixture_.engine->CancelSends({last_cookie_}, sent_);
  fixture_.RunUntilIdle();
  const std::string cancel = Take();
  EXPECT_THAT(cancel, StartsWith("CANCEL "));
  EXPECT_EQ(HeaderOf(cancel, "CSeq"), "2 CANCEL");
  EXPECT_EQ(HeaderOf(cancel, "Via"), HeaderOf(messages[1], "Via"));
  registrar_.Reply(messages[1], 487);
  EXPECT_THAT(Take(), StartsWith("ACK "));
}

TEST_F(AuthorizedSendsTest, TheAckOfA2xxHasTheCredentialsOfItsInvite) {
  MessageParts offer;
  offer.headers = {{"Content-Type", "application/sdp"}};
  offer.body = "v=0";
  Send("sip:bob@example.com", "INVITE", offer);
  registrar_.Reply(Take(), 407, kChallenge);
  const std::string invite = registrar_.Take().back();
  registrar_.Reply(invite, 200);
  const std::string ack = Take();
  EXPECT_THAT(ack, StartsWith("ACK "));
  EXPECT_THAT(HeaderOf(ack, "Proxy-Authorization"), StartsWith("Digest "));
  EXPECT_EQ(HeaderOf(ack, "Proxy-Authorization"), HeaderOf(invite, "Proxy-Authorization"));
}

TEST_F(AuthorizedSendsTest, AckAndByeOfTheServerGoToTheRegistrarAlsoWhenTheFlowIsAnother) {
  fixture_.AdvanceBy(FlowRecovery::kLasting);
  Send("sip:bob@example.com", "INVITE");
  registrar_.Reply(Take(), 200, "Contact: <sip:bob@192.0.2.77>\r\n");
  registrar_.peer().Close();
  fixture_.RunUntilIdle();
  ASSERT_THAT(registrar_.peers, SizeIs(2));
  registrar_.Accept();
  fixture_.AdvanceBy(absl::Seconds(32));
  EXPECT_THAT(registrar_.Take(), ElementsAre(StartsWith("ACK "), StartsWith("BYE ")));
}

TEST_F(AuthorizedSendsTest, TheBodyCountsWhereIntegrityIsAskedFor) {
  MessageParts message;
  message.headers = {{"Content-Type", "text/plain"}};
  message.body = "hello";
  Send("sip:bob@example.com", "MESSAGE", message);
  registrar_.Reply(
      Take(), 401,
      "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"n1\", qop=\"auth-int\"\r\n");
  const std::string second = Take();
  EXPECT_THAT(HeaderOf(second, "Authorization"), HasSubstr("qop=auth-int"));
  EXPECT_THAT(second, HasSubstr("\r\n\r\nhello"));
}

TEST_F(AuthorizedSendsTest, AStrangersChallengeIsTheApplications) {
  Send("sip:bob@elsewhere.example", "MESSAGE");
  registrar_.Reply(Take(), 401,
                   "WWW-Authenticate: Digest realm=\"elsewhere.example\", nonce=\"n\"\r\n");
  EXPECT_EQ(FinalCode(), 401);
  EXPECT_THAT(registrar_.Take(), IsEmpty());
}

TEST_F(AuthorizedSendsTest, WhatAnApplicationAuthorisesItselfIsItsOwn) {
  MessageParts message;
  message.headers = {{"Proxy-Authorization", "Digest username=\"mine\""}};
  Send("sip:bob@example.com", "MESSAGE", message);
  const std::string first = Take();
  EXPECT_EQ(HeaderOf(first, "Proxy-Authorization"), "Digest username=\"mine\"");
  registrar_.Reply(first, 407, kChallenge);
  EXPECT_EQ(FinalCode(), 407);
}

TEST_F(AuthorizedSendsTest, ARawRequestIsAuthorisedToo) {
  MessageParts message;
  message.raw =
      "MESSAGE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/TCP mine.example;branch=z9hG4bKmine\r\n"
      "Max-Forwards: 70\r\nFrom: "
      "<sip:alice@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\nCall-ID: raw\r\nCSeq: 41 "
      "MESSAGE\r\nContent-Length: 0\r\n\r\n";
  Send("sip:bob@example.com", "MESSAGE", message);
  registrar_.Reply(Take(), 407, kChallenge);
  const std::string second = Take();
  EXPECT_EQ(HeaderOf(second, "CSeq"), "42 MESSAGE");
  EXPECT_EQ(HeaderOf(second, "Call-ID"), "raw");
  EXPECT_THAT(HeaderOf(second, "Proxy-Authorization"), HasSubstr("nc=00000001"));
}

TEST_F(AuthorizedSendsTest, WhereTheConnectionIsLostAfterTheChallengeTheSendFailsOnce) {
  Send("sip:bob@example.com", "MESSAGE");
  registrar_.Reply(Take(), 407, kChallenge);
  registrar_.peer().Close();
  fixture_.RunUntilIdle();
  EXPECT_EQ(FinalCode(), -1);
  EXPECT_EQ(sent_->events.back().written, SendEvent::Written::kWhole);
}

class AuthorizedSendsOfServerTest : public AuthorizedSendsTest {
 protected:
  void SetUp() override { Start(ManagerKind::kServerTcp); }
};

TEST_F(AuthorizedSendsOfServerTest, WhoIsNotTheFirstHopIsShownNoCredentials) {
  Send("sip:bob@example.com", "MESSAGE");
  registrar_.Reply(Take(), 407, kChallenge);
  registrar_.Reply(Take(), 200);
  auto stranger = fixture_.ConnectPeer("client");
  fixture_.RunUntilIdle();
  SendOrder order;
  order.endpoint_id = "alice";
  order.method = "MESSAGE";
  order.request_uri = "sip:bob@example.com";
  order.cookie = ++last_cookie_;
  for (const EngineEvent& event : fixture_.events.events) {
    if (event.kind == EngineEvent::Kind::kConnectionOpened) order.connection = event.connection->id;
  }
  std::vector<SendOrder> orders;
  orders.push_back(std::move(order));
  fixture_.engine->Send(std::move(orders), sent_);
  fixture_.RunUntilIdle();
  const std::vector<std::string> requests = Messages(stranger->TakeReceived());
  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_EQ(HeaderOf(requests[0], "Proxy-Authorization"), "") << "though the proxy's is known";
  std::string challenge = MakeResponse(requests[0], 407);
  challenge.insert(challenge.find("\r\n") + 2, kChallenge);
  stranger->Send(challenge);
  fixture_.RunUntilIdle();
  EXPECT_EQ(FinalCode(), 407);
  EXPECT_THAT(stranger->received(), IsEmpty());
}

TEST_F(AuthorizedSendsTest, NoEventShowsThePassword) {
  Send("sip:bob@example.com", "MESSAGE");
  registrar_.Reply(Take(), 407, kChallenge);
  EXPECT_THAT(Take(), Not(HasSubstr("secret")));
  for (const EngineEvent& event : fixture_.events.events) {
    EXPECT_THAT(std::string(event.detail.message()), Not(HasSubstr("secret")));
    if (event.endpoint != nullptr) {
      EXPECT_THAT(event.endpoint->registration.reason, Not(HasSubstr("secret")));
    }
  }
}

}  // namespace
}  // namespace sipcm::engine
