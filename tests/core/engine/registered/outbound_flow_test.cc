// Flows that the first hop keeps, and what a registration gives its endpoint (RFC 5626, RFC 5627,
// RFC 3608).
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/engine/registered/registered_flow_fixture.h"

namespace sipcm::engine {
namespace {

using connection::CloseReason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class OutboundFlowTest : public RegisteredFlowFixture {
 protected:
  // Takes the REGISTER that waits and accepts it with those headers.
  std::string AcceptWith(const std::string& headers) {
    const std::vector<std::string> messages = registrar_.Take();
    EXPECT_THAT(messages, SizeIs(1));
    registrar_.Reply(messages[0], 200, "Expires: 3600\r\n" + headers);
    return messages[0];
  }
  static std::string OurContact(const std::string& request, const std::string& parameters) {
    return "Contact: " + HeaderOf(request, "Contact") + parameters + "\r\n";
  }
};

TEST_F(OutboundFlowTest, TheFlowTimerIsKeptWhateverElsePasses) {
  AddManager();
  AddOutboundEndpoint();
  AcceptWith("Require: outbound\r\nFlow-Timer: 20\r\n");
  Instant last = fixture_.clock.now();
  for (int pings = 0; pings < 5; ++pings) {
    registrar_.peer().TakeReceived();
    ASSERT_TRUE(fixture_.scheduler.AdvanceUntil(
        [&] { return registrar_.peer().received() == "\r\n\r\n"; }, absl::Seconds(20)))
        << pings;
    const absl::Duration since = fixture_.clock.now() - last;
    EXPECT_GE(since, absl::Seconds(16));
    EXPECT_LE(since, absl::Seconds(20));
    last = fixture_.clock.now();
    registrar_.peer().Send("\r\n");
    fixture_.RunUntilIdle();
  }
  EXPECT_THAT(Closings(), IsEmpty());
}

TEST_F(OutboundFlowTest, WithoutAPongWithinTenSecondsTheFlowIsReplacedAtOnce) {
  AddManager();
  AddOutboundEndpoint();
  AcceptWith("Require: outbound\r\nFlow-Timer: 20\r\n");
  registrar_.peer().TakeReceived();
  ASSERT_TRUE(fixture_.scheduler.AdvanceUntil(
      [&] { return registrar_.peer().received() == "\r\n\r\n"; }, absl::Seconds(20)));
  fixture_.AdvanceBy(absl::Seconds(10) - absl::Milliseconds(1));
  EXPECT_THAT(Closings(), IsEmpty());
  fixture_.AdvanceBy(absl::Milliseconds(1));
  EXPECT_THAT(Closings(), ElementsAre(CloseReason::kPongTimeout));
  ASSERT_THAT(registrar_.peers, SizeIs(2));
  EXPECT_THAT(HeaderOf(registrar_.Accept(), "Contact"), HasSubstr(";reg-id=1"));
}

TEST_F(OutboundFlowTest, Scenario9ALostFlowIsBackAndRegisteredAtOnceWithTheSameRegId) {
  AddManager();
  AddOutboundEndpoint();
  AcceptWith("Require: outbound\r\n");
  fixture_.AdvanceBy(FlowRecovery::kLasting);
  registrar_.peer().Close();
  fixture_.RunUntilIdle();
  ASSERT_THAT(registrar_.peers, SizeIs(2));
  const std::string again = AcceptWith("Require: outbound\r\n");
  EXPECT_THAT(HeaderOf(again, "Contact"), HasSubstr(";reg-id=1"));
  EXPECT_EQ(State(), RegistrationState::kRegistered);
}

TEST_F(OutboundFlowTest, AFlowThatDoesNotComeUpWaitsThirtyToSixtySecondsAtFirst) {
  AddManager();
  registrar_.StopListening();
  AddOutboundEndpoint();
  EXPECT_EQ(State(), RegistrationState::kUnregistered);
  registrar_.Listen();
  fixture_.AdvanceBy(absl::Seconds(30) - absl::Milliseconds(1));
  EXPECT_THAT(registrar_.peers, IsEmpty());
  fixture_.AdvanceBy(absl::Seconds(30) + absl::Milliseconds(1));
  EXPECT_THAT(registrar_.peers, SizeIs(1));
}

TEST_F(OutboundFlowTest, TheGruusThatItIsGivenAreKeptAndThePublicOneIsItsContact) {
  AddManager();
  AddOutboundEndpoint();
  const std::string request = registrar_.Take()[0];
  registrar_.Reply(request, 200,
                   OurContact(request,
                              ";pub-gruu=\"sip:alice@example.com;gr=urn:1\""
                              ";temp-gruu=\"sip:opaque@example.com;gr\";expires=3600"));
  EXPECT_EQ(Status().registration.public_gruu, "sip:alice@example.com;gr=urn:1");
  EXPECT_THAT(Status().registration.temporary_gruus, ElementsAre("sip:opaque@example.com;gr"));
  Send("sip:bob@example.com", "INVITE");
  const std::vector<std::string> messages = registrar_.Take();
  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_EQ(HeaderOf(messages[0], "Contact"), "<sip:alice@example.com;gr=urn:1>");
  EXPECT_EQ(HeaderOf(messages[0], "Supported"), "gruu");
}

TEST_F(OutboundFlowTest, ItsGruuIsTheContactOfItsAnswersAndLeadsBackToIt) {
  AddManager();
  AddOutboundEndpoint();
  const std::string request = registrar_.Take()[0];
  registrar_.Reply(
      request, 200,
      OurContact(request, ";pub-gruu=\"sip:alice@example.com;gr=urn:1\";expires=3600"));
  auto sink = std::make_shared<RecordingSink>();
  const auto stream = fixture_.Subscribe("alice", sink);
  registrar_.peers[0]->Send(MakeRequest("INVITE", "sip:alice@example.com", 1));
  fixture_.RunUntilIdle();
  ASSERT_THAT(sink->deliveries, SizeIs(1));
  EXPECT_TRUE(fixture_.Respond(sink->deliveries[0].request_id, 200).ok());
  const std::string answer = registrar_.Take().back();
  EXPECT_EQ(HeaderOf(answer, "Contact"), "<sip:alice@example.com;gr=urn:1>");
  registrar_.peers[0]->Send(MakeRequest("MESSAGE", "sip:alice@example.com;gr=urn:1", 2));
  fixture_.RunUntilIdle();
  ASSERT_THAT(sink->deliveries, SizeIs(2));
  EXPECT_EQ(sink->deliveries[1].reason, dispatch::DispatchReason::kGruu);
}

TEST_F(OutboundFlowTest, TheServiceRouteIsOnWhatItSends) {
  AddManager();
  AddOutboundEndpoint();
  AcceptWith("Service-Route: <sip:token@edge.example.com;lr>\r\n");
  Send("sip:bob@example.com", "MESSAGE");
  const std::vector<std::string> messages = registrar_.Take();
  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_EQ(HeaderOf(messages[0], "Route"), "<sip:token@edge.example.com;lr>");
  ASSERT_THAT(registrar_.peers, SizeIs(1)) << "by its flow, whatever the route says";
}

TEST_F(OutboundFlowTest, AKeptFlowIsToldInTheContactOfADialog) {
  AddManager();
  AddOutboundEndpoint();
  AcceptWith("Require: outbound\r\n");
  Send("sip:bob@example.com", "INVITE");
  const std::vector<std::string> messages = registrar_.Take();
  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_THAT(HeaderOf(messages[0], "Contact"), HasSubstr(";transport=tcp;ob>"));
}

TEST_F(OutboundFlowTest, TwoEndpointsOfOneInstanceAreTwoFlowsOfIt) {
  AddManager();
  for (int reg_id = 1; reg_id <= 2; ++reg_id) {
    dispatch::RegistrationSettings settings = OutboundSettings("alice");
    settings.reg_id = reg_id;
    dispatch::Endpoint endpoint = Registered("alice-" + std::to_string(reg_id), settings);
    endpoint.address = "sip:alice@example.com";
    endpoint.endpoint_id = std::to_string(reg_id);
    Apply(endpoint);
  }
  ASSERT_THAT(registrar_.peers, SizeIs(2));
  for (int reg_id = 1; reg_id <= 2; ++reg_id) {
    const std::string request = Messages(registrar_.peers[reg_id - 1]->TakeReceived())[0];
    EXPECT_THAT(HeaderOf(request, "Contact"), HasSubstr(";reg-id=" + std::to_string(reg_id)));
    registrar_.peers[reg_id - 1]->Send(MakeResponse(request, 200));
    fixture_.RunUntilIdle();
  }
  EXPECT_EQ(State("alice-1"), RegistrationState::kRegistered);
  EXPECT_EQ(State("alice-2"), RegistrationState::kRegistered);
}

}  // namespace
}  // namespace sipcm::engine
