#include "core/registration/registration.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/registration/registration_fixture.h"

namespace sipcm::registration {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

class RegistrationTest : public RegistrationFixture {};

TEST_F(RegistrationTest, RegistersWhenItsFlowComesUp) {
  Make();
  EXPECT_THAT(sent_, IsEmpty());
  FlowUp();
  ASSERT_THAT(sent_, SizeIs(1));
  EXPECT_EQ(sent_[0].request_uri, "sip:example.com");
  EXPECT_EQ(Header("To"), "<sip:alice@example.com>");
  EXPECT_THAT(Header("From"), StartsWith("<sip:alice@example.com>;tag="));
  EXPECT_EQ(Header("Contact"),
            "<sip:alice@192.0.2.1:40000;transport=tcp>;+sip.instance="
            "\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\";reg-id=1");
  EXPECT_EQ(Header("Expires"), "3600");
  EXPECT_EQ(Header("Supported"), "path, outbound, gruu");
  Accept(3600);
  EXPECT_THAT(states_, ElementsAre(State::kRegistering, State::kRegistered));
  EXPECT_EQ(registration_->status().expire_time, loop_.WallNow() + absl::Hours(1));
  EXPECT_EQ(registration_->status().retry_time, loop_.WallNow() + absl::Minutes(50));
}

TEST_F(RegistrationTest, WithoutInstanceThereIsNoRegId) {
  dispatch::RegistrationSettings settings = Settings();
  settings.instance_id.clear();
  Make(settings);
  FlowUp();
  EXPECT_EQ(Header("Contact"), "<sip:alice@192.0.2.1:40000;transport=tcp>");
  EXPECT_EQ(Header("Supported"), "path");
}

TEST_F(RegistrationTest, WithoutRegIdThereIsNoOutbound) {
  dispatch::RegistrationSettings settings = Settings();
  settings.reg_id = 0;
  Make(settings);
  FlowUp();
  EXPECT_THAT(Header("Contact"), Not(HasSubstr("reg-id")));
  EXPECT_EQ(Header("Supported"), "path, gruu");
  EXPECT_FALSE(registration_->uses_outbound());
}

TEST_F(RegistrationTest, WhereWeListenTheFirstHopNeedNotKeepTheFlow) {
  Make(Settings(), FlowLoss::kKeepsRegistration);
  FlowUp("192.0.2.1:5060");
  EXPECT_THAT(Header("Contact"), Not(HasSubstr("reg-id")));
  EXPECT_EQ(Header("Supported"), "path, gruu");
}

TEST_F(RegistrationTest, WhereTheFirstHopKeepsNoFlowsItRegistersWithoutOutbound) {
  Make();
  FlowUp();
  Reply(439);
  ASSERT_THAT(sent_, SizeIs(2));
  EXPECT_THAT(Header("Contact"), Not(HasSubstr("reg-id")));
  EXPECT_EQ(Header("Supported"), "path, gruu");
  Accept(3600);
  EXPECT_EQ(state(), State::kRegistered);
  EXPECT_FALSE(registration_->uses_outbound());
  AdvanceBy(absl::Minutes(50));
  Reply(439);
  EXPECT_EQ(reason(), "439 Words") << "it was asked for nothing of the sort";
}

constexpr char kOurContact[] =
    "Contact: <sip:alice@192.0.2.1:40000;transport=tcp>;"
    "+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\";expires=3600";

TEST_F(RegistrationTest, LearnsItsGruusAndKeepsTheOlderTemporaryOnes) {
  Make();
  FlowUp();
  const auto accept = [&](const std::string& temporary) {
    Reply(200, kOurContact + (";pub-gruu=\"sip:alice@example.com;gr=1\";temp-gruu=\"sip:" +
                              temporary + "@example.com;gr\"\r\n"));
  };
  accept("t0");
  EXPECT_EQ(registration_->status().public_gruu, "sip:alice@example.com;gr=1");
  AdvanceBy(absl::Minutes(50));
  accept("t1");
  EXPECT_THAT(registration_->status().temporary_gruus,
              ElementsAre("sip:t1@example.com;gr", "sip:t0@example.com;gr"));
  for (size_t i = 2; i <= Registration::kMaxTemporaryGruus; ++i) {
    AdvanceBy(absl::Minutes(50));
    accept("t" + std::to_string(i));
  }
  EXPECT_THAT(
      registration_->status().temporary_gruus,
      AllOf(SizeIs(Registration::kMaxTemporaryGruus), Not(Contains("sip:t0@example.com;gr"))));
  registration_->OnFlowLost(absl::UnavailableError("gone"));
  EXPECT_EQ(registration_->status().public_gruu, "");
  EXPECT_THAT(registration_->status().temporary_gruus, IsEmpty());
}

TEST_F(RegistrationTest, AKeptFlowIsToldInItsContactAndHasATimer) {
  Make();
  FlowUp();
  Accept(3600);
  EXPECT_EQ(registration_->status().contact_uri, "sip:alice@192.0.2.1:40000;transport=tcp");
  AdvanceBy(absl::Minutes(50));
  Reply(200, "Require: outbound\r\nFlow-Timer: 90\r\nPath: <sip:edge;lr>\r\n");
  EXPECT_TRUE(registration_->status().is_outbound);
  EXPECT_EQ(registration_->status().contact_uri, "sip:alice@192.0.2.1:40000;transport=tcp;ob");
  EXPECT_EQ(registration_->status().flow_timer, absl::Seconds(90));
  EXPECT_THAT(registration_->status().paths, ElementsAre("sip:edge;lr"));
}

TEST_F(RegistrationTest, RefreshesTenMinutesBeforeTheEnd) {
  Make();
  FlowUp();
  Accept(3600);
  AdvanceBy(absl::Minutes(50) - absl::Milliseconds(1));
  EXPECT_THAT(sent_, SizeIs(1));
  AdvanceBy(absl::Milliseconds(1));
  ASSERT_THAT(sent_, SizeIs(2));
  EXPECT_EQ(state(), State::kRefreshing);
  EXPECT_EQ(sent_[1].cseq, sent_[0].cseq + 1);
  EXPECT_EQ(sent_[1].headers[2], sent_[0].headers[2]) << "one Call-ID for all (RFC 3261 10.2)";
  Accept(3600);
  EXPECT_EQ(state(), State::kRegistered);
}

TEST_F(RegistrationTest, AShortLifetimeIsRefreshedAtItsHalf) {
  Make();
  FlowUp();
  Accept(60);
  AdvanceBy(absl::Seconds(30) - absl::Milliseconds(1));
  EXPECT_THAT(sent_, SizeIs(1));
  AdvanceBy(absl::Milliseconds(1));
  EXPECT_THAT(sent_, SizeIs(2));
}

TEST_F(RegistrationTest, AnUnansweredRefreshEndsWithTheBinding) {
  Make();
  FlowUp();
  Accept(60);
  AdvanceBy(absl::Seconds(60) - absl::Milliseconds(1));
  EXPECT_EQ(state(), State::kRefreshing);
  AdvanceBy(absl::Milliseconds(1));
  EXPECT_EQ(state(), State::kRegistering);
  EXPECT_EQ(registration_->status().expire_time, absl::InfiniteFuture());
}

TEST_F(RegistrationTest, TheRegistrarsOwnContactTellsTheLifetime) {
  Make();
  FlowUp();
  Reply(200,
        "Contact: <sip:bob@other>;expires=7, <sip:alice@192.0.2.1:40000;transport=tcp>;expires=80"
        "\r\nExpires: 3000\r\nService-Route: <sip:p1;lr>, <sip:p2;lr>\r\n"
        "P-Associated-URI: <sip:alice@example.com>, <tel:+123>\r\n");
  EXPECT_EQ(registration_->status().expire_time, loop_.WallNow() + absl::Seconds(80));
  EXPECT_THAT(registration_->status().service_routes, ElementsAre("sip:p1;lr", "sip:p2;lr"));
  EXPECT_THAT(registration_->status().associated_uris,
              ElementsAre("sip:alice@example.com", "tel:+123"));
}

TEST_F(RegistrationTest, TooBriefAsksForTheLeastAndKeepsToIt) {
  Make();
  FlowUp();
  Reply(423, "Min-Expires: 7200\r\n");
  ASSERT_THAT(sent_, SizeIs(2));
  EXPECT_EQ(Header("Expires"), "7200");
  Accept(7200);
  EXPECT_EQ(state(), State::kRegistered);
  AdvanceBy(absl::Minutes(110));
  EXPECT_EQ(Header("Expires"), "7200");
}

TEST_F(RegistrationTest, TooBriefThatTellsNothingIsTriedLater) {
  Make();
  FlowUp();
  Reply(423, "Min-Expires: 60\r\n");
  EXPECT_THAT(sent_, SizeIs(1));
  EXPECT_EQ(state(), State::kUnregistered);
  EXPECT_EQ(reason(), "423 Words");
}

TEST_F(RegistrationTest, AFaultIsTriedAgainWithBackOffUpToHalfAnHour) {
  Make();
  FlowUp();
  absl::Duration most = Registration::kFirstRetryDelay;
  for (int i = 0; i < 9; ++i) {
    Reply(500);
    EXPECT_EQ(state(), State::kUnregistered);
    const absl::Duration delay = registration_->status().retry_time - loop_.WallNow();
    EXPECT_LE(delay, most);
    EXPECT_GE(delay, most / 2);
    const size_t before = sent_.size();
    AdvanceBy(delay - absl::Milliseconds(1));
    EXPECT_THAT(sent_, SizeIs(before));
    AdvanceBy(absl::Milliseconds(1));
    EXPECT_THAT(sent_, SizeIs(before + 1));
    most = std::min(most * 2, Registration::kLongestRetryDelay);
  }
  EXPECT_EQ(most, Registration::kLongestRetryDelay);
}

TEST_F(RegistrationTest, RetryAfterIsKept) {
  Make();
  FlowUp();
  Reply(503, "Retry-After: 120 (busy)\r\n");
  AdvanceBy(absl::Seconds(120) - absl::Milliseconds(1));
  EXPECT_THAT(sent_, SizeIs(1));
  AdvanceBy(absl::Milliseconds(1));
  EXPECT_THAT(sent_, SizeIs(2));
}

TEST_F(RegistrationTest, AFailedRefreshLeavesItRegisteredUntilTheEnd) {
  Make();
  FlowUp();
  Accept(3600);
  AdvanceBy(absl::Minutes(50));
  NoReply("no answer came");
  EXPECT_EQ(state(), State::kRegistered);
  EXPECT_EQ(reason(), "no answer came");
  AdvanceBy(Registration::kFirstRetryDelay);
  EXPECT_THAT(sent_, SizeIs(3));
}

TEST_F(RegistrationTest, ForbiddenIsForGoodUntilTheSettingsChange) {
  Make();
  FlowUp();
  Reply(403);
  EXPECT_EQ(state(), State::kFailed);
  EXPECT_EQ(reason(), "403 Words");
  AdvanceBy(absl::Hours(24));
  FlowUp();
  EXPECT_THAT(sent_, SizeIs(1));
  registration_->Change(std::make_shared<const dispatch::RegistrationSettings>(Settings()));
  EXPECT_THAT(sent_, SizeIs(2));
  EXPECT_EQ(state(), State::kRegistering);
}

TEST_F(RegistrationTest, ALostFlowEndsItAndTheNextRegistersAtOnce) {
  Make();
  FlowUp();
  Accept(3600);
  registration_->OnFlowLost(absl::UnavailableError("reset by the peer"));
  EXPECT_EQ(state(), State::kUnregistered);
  EXPECT_EQ(reason(), "reset by the peer");
  EXPECT_EQ(registration_->status().expire_time, absl::InfiniteFuture());
  AdvanceBy(absl::Hours(2));
  EXPECT_THAT(sent_, SizeIs(1)) << "without a flow there is nothing to send on";
  FlowUp("192.0.2.1:40001");
  ASSERT_THAT(sent_, SizeIs(2));
  EXPECT_THAT(Header("Contact"), StartsWith("<sip:alice@192.0.2.1:40001;"));
}

TEST_F(RegistrationTest, ALateAnswerOfALostFlowIsPassedOver) {
  Make();
  FlowUp();
  const auto first = sent_.back().cseq;
  registration_->OnFlowLost(absl::UnavailableError("gone"));
  FlowUp();
  registration_->OnNoResponse(first, absl::UnavailableError("gone"));
  EXPECT_EQ(state(), State::kRegistering);
  EXPECT_THAT(sent_, SizeIs(2));
}

TEST_F(RegistrationTest, WhereWeListenALostFlowKeepsTheRegistration) {
  Make(Settings(), FlowLoss::kKeepsRegistration);
  FlowUp("192.0.2.1:5060");
  Accept(3600);
  registration_->OnFlowLost(absl::UnavailableError("gone"));
  EXPECT_EQ(state(), State::kRegistered);
  AdvanceBy(absl::Minutes(50));
  EXPECT_THAT(sent_, SizeIs(2)) << "the refresh opens a flow";
  FlowUp("192.0.2.1:5060");
  EXPECT_THAT(sent_, SizeIs(2)) << "it was the refresh that opened it";
}

TEST_F(RegistrationTest, EndingUnregisters) {
  Make();
  FlowUp();
  Accept(3600);
  registration_->End();
  EXPECT_EQ(state(), State::kUnregistering);
  ASSERT_THAT(sent_, SizeIs(2));
  EXPECT_EQ(Header("Expires"), "0");
  EXPECT_EQ(ended_count_, 0);
  Accept(0);
  EXPECT_EQ(ended_count_, 1);
  EXPECT_EQ(state(), State::kUnregistered);
  AdvanceBy(absl::Hours(2));
  EXPECT_THAT(sent_, SizeIs(2));
}

TEST_F(RegistrationTest, EndingWhileRegisteringWaitsForTheAnswer) {
  Make();
  FlowUp();
  registration_->End();
  EXPECT_THAT(sent_, SizeIs(1));
  EXPECT_EQ(ended_count_, 0);
  Accept(3600);
  ASSERT_THAT(sent_, SizeIs(2));
  EXPECT_EQ(Header("Expires"), "0");
  Accept(0);
  EXPECT_EQ(ended_count_, 1);
}

TEST_F(RegistrationTest, EndingUnregisteredSaysSoAtOnce) {
  Make();
  registration_->End();
  EXPECT_EQ(ended_count_, 1);
  EXPECT_THAT(sent_, IsEmpty());
}

TEST_F(RegistrationTest, AnEndWhoseAnswerNeverComesEnds) {
  Make();
  FlowUp();
  Accept(3600);
  registration_->End();
  NoReply("no answer");
  EXPECT_EQ(ended_count_, 1);
}

}  // namespace
}  // namespace sipcm::registration
