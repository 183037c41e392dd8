// What the server refuses by itself, whatever its applications want (RFC 3261 8.2).

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/engine/transactions/call_fixture.h"

namespace sipcm::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RefusedRequestsTest : public CallFixture {
 protected:
  std::string Answer(const std::string& request) {
    peer_->Send(request);
    fixture_.RunUntilIdle();
    return peer_->TakeReceived();
  }
};

TEST_F(RefusedRequestsTest, AnUnknownSchemeIs416) {
  const std::string answer = Answer(MakeRequest("OPTIONS", "soap.beep://192.0.2.103:3002", 1));
  EXPECT_THAT(StatusCodes(answer), ElementsAre(416));
  EXPECT_THAT(HeaderOf(answer, "Warning"), HasSubstr("Request-URI"));
}

TEST_F(RefusedRequestsTest, AnUnknownRequirementIs420AndNamed) {
  const std::string answer = Answer(MakeRequest(
      "OPTIONS", kAlice, 1, "Require: nothingSupportsThis, 100rel\r\nRequire: nor\r\n"));
  EXPECT_THAT(StatusCodes(answer), ElementsAre(420));
  EXPECT_EQ(HeaderOf(answer, "Unsupported"), "nothingSupportsThis, nor");
  EXPECT_THAT(sink_->deliveries, IsEmpty());
}

TEST_F(RefusedRequestsTest, AKnownRequirementIsForTheApplication) {
  EXPECT_THAT(Answer(MakeRequest("INVITE", kAlice, 1, "Require: 100rel\r\n")), IsEmpty());
  EXPECT_EQ(CountDelivered("INVITE"), 1);
}

TEST_F(RefusedRequestsTest, ARequirementThatItsApplicationsSupportIsForThemAndNobodyElse) {
  dispatch::Endpoint alice = EngineFixture::PeerToPeer("alice", kAlice);
  alice.supported_options = {"acme.recording"};
  ASSERT_TRUE(fixture_.engine->ApplyEndpoint(alice).ok());
  EXPECT_THAT(Answer(MakeRequest("MESSAGE", kAlice, 1, "Require: acme.recording\r\n")), IsEmpty());
  EXPECT_EQ(CountDelivered("MESSAGE"), 1);
  const std::string answer =
      Answer(MakeRequest("MESSAGE", "sip:nobody@example.org", 2, "Require: acme.recording\r\n"));
  EXPECT_THAT(StatusCodes(answer), ElementsAre(420)) << "of no endpoint that supports it";
}

TEST_F(RefusedRequestsTest, AnotherVersionIs505) {
  const std::string answer = Answer(absl::StrReplaceAll(MakeRequest("OPTIONS", kAlice, 1),
                                                        {{"SIP/2.0\r\nVia", "SIP/7.0\r\nVia"}}));
  EXPECT_THAT(StatusCodes(answer), ElementsAre(505));
  EXPECT_THAT(HeaderOf(answer, "Warning"), HasSubstr("SIP-Version"));
}

TEST_F(RefusedRequestsTest, NoHopsLeftIs483OnlyForWhatIsNotOurs) {
  const auto without_hops = [](const std::string& uri, int number) {
    return absl::StrReplaceAll(MakeRequest("OPTIONS", uri, number),
                               {{"Max-Forwards: 70", "Max-Forwards: 0"}});
  };
  EXPECT_THAT(StatusCodes(Answer(without_hops("sip:nobody@example.org", 1))), ElementsAre(483));
  EXPECT_THAT(Answer(without_hops(kAlice, 2)), IsEmpty());
  EXPECT_EQ(CountDelivered("OPTIONS"), 1);
}

TEST_F(RefusedRequestsTest, AMethodThatNobodyTakesIs405AndAnUnknownOneIn501InTheRfcProfile) {
  subscription_.reset();
  SubscriptionOptions options;
  options.endpoint_id = "alice";
  options.methods = {"MESSAGE"};
  auto subscription = fixture_.engine->Subscribe(options, sink_);
  ASSERT_TRUE(subscription.ok());
  fixture_.RunUntilIdle();
  EXPECT_THAT(StatusCodes(Answer(MakeRequest("INFO", kAlice, 1))), ElementsAre(405));
  EXPECT_THAT(StatusCodes(Answer(MakeRequest("NEWMETHOD", kAlice, 2))), ElementsAre(405));
  ManagerConfig config = EngineFixture::TcpManager("edge");
  config.dispatch.profile = dispatch::DispatchProfile::kRfc;
  ASSERT_TRUE(fixture_.engine->ApplyManager(config).ok());
  EXPECT_THAT(StatusCodes(Answer(MakeRequest("INFO", kAlice, 3))), ElementsAre(405));
  const std::string answer = Answer(MakeRequest("NEWMETHOD", kAlice, 4));
  EXPECT_THAT(StatusCodes(answer), ElementsAre(501));
  EXPECT_EQ(HeaderOf(answer, "Allow"), "MESSAGE");
}

TEST_F(RefusedRequestsTest, WhatIsMalformedIs400WithTheFieldInTheWarning) {
  const struct {
    const char* good;
    const char* bad;
    const char* field;
  } rows[] = {
      {"Max-Forwards: 70", "Max-Forwards: 300", "Max-Forwards"},
      {"CSeq: 1 OPTIONS", "CSeq: 1 MESSAGE", "CSeq"},
      {"OPTIONS sip:alice@example.com SIP", "OPTIONS sip:alice@example.com?x=y SIP", "Request-URI"},
  };
  for (const auto& row : rows) {
    const std::string answer =
        Answer(absl::StrReplaceAll(MakeRequest("OPTIONS", kAlice, 1), {{row.good, row.bad}}));
    EXPECT_THAT(StatusCodes(answer), ElementsAre(400)) << row.bad;
    EXPECT_THAT(HeaderOf(answer, "Warning"), HasSubstr(absl::StrCat("\"", row.field, ": ")));
  }
  EXPECT_THAT(sink_->deliveries, IsEmpty());
}

TEST_F(RefusedRequestsTest, AnAckIsNeverAnsweredWhateverIsWrongWithIt) {
  for (const char* rows : {"Require: foo\r\n", "Max-Forwards: 300\r\n"}) {
    EXPECT_THAT(Answer(MakeRequest("ACK", kAlice, 1, rows)), IsEmpty());
  }
  EXPECT_THAT(Answer(MakeRequest("ACK", "soap.beep://192.0.2.103:3002", 2)), IsEmpty());
}

TEST_F(RefusedRequestsTest, ExplainDispatchSaysTheSame) {
  const auto status_of = [&](const std::string& request) {
    const auto explanation = fixture_.Explain(request);
    return explanation.ok() ? explanation->status_code : -1;
  };
  EXPECT_EQ(status_of(MakeRequest("OPTIONS", "soap.beep://192.0.2.103:3002", 1)), 416);
  EXPECT_EQ(status_of(MakeRequest("OPTIONS", kAlice, 1, "Require: foo\r\n")), 420);
}

}  // namespace
}  // namespace sipcm::engine
