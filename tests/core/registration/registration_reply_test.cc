#include "core/registration/registration_reply.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/sip/parser.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sipcm::registration {
namespace {

using Kind = RegistrationReply::Kind;
using ::testing::ElementsAre;

constexpr char kInstance[] = "urn:uuid:00000000-0000-1000-8000-000A95A0E128";

RegistrationReply Read(int status_code, const std::string& headers = "") {
  const std::string text = absl::StrCat(
      "SIP/2.0 ", status_code, " Some words\r\nVia: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1\r\n",
      "From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\n", headers,
      "Content-Length: 0\r\n\r\n");
  sip::MessageView view;
  EXPECT_TRUE(sip::Parse(text, text.size(), view).ok()) << text;
  return ReadRegistrationReply(
      view, {"sip:a@192.0.2.1:5060", absl::Seconds(3600), kInstance, 1, "sip:a@b"});
}

TEST(RegistrationReplyTest, WithoutAnyExpiresWhatWasAskedForIsGranted) {
  EXPECT_EQ(Read(200).kind, Kind::kAccepted);
  EXPECT_EQ(Read(200).lifetime, absl::Seconds(3600));
}

TEST(RegistrationReplyTest, OurOwnContactCountsBeforeExpiresAndOthersDoNot) {
  EXPECT_EQ(Read(200, "Expires: 60\r\nContact: <sip:x@y>;expires=9\r\n").lifetime,
            absl::Seconds(60));
  EXPECT_EQ(Read(200, "Expires: 60\r\nContact: <SIP:A@192.0.2.1:5060>;expires=30\r\n").lifetime,
            absl::Seconds(30));
}

TEST(RegistrationReplyTest, AnAbsurdLifetimeIsAYear) {
  EXPECT_EQ(Read(200, "Expires: 4294967295\r\n").lifetime, absl::Hours(24 * 365));
  EXPECT_EQ(Read(200, "Expires: soon\r\n").lifetime, absl::Seconds(3600));
}

TEST(RegistrationReplyTest, WhatAnotherTryDoesNotChangeIsRefused) {
  for (const int code : {400, 403, 404, 405, 416, 501, 604}) {
    EXPECT_EQ(Read(code).kind, Kind::kRefused) << code;
  }
  for (const int code : {302, 408, 480, 500, 503, 504, 600, 603}) {
    EXPECT_EQ(Read(code).kind, Kind::kTryLater) << code;
  }
}

TEST(RegistrationReplyTest, RetryAfterMayHaveACommentAndParameters) {
  EXPECT_EQ(Read(503, "Retry-After: 18 (in a meeting);duration=60\r\n").retry_after,
            absl::Seconds(18));
  EXPECT_EQ(Read(503).retry_after, absl::ZeroDuration());
}

TEST(RegistrationReplyTest, TooBriefHasToAskForMore) {
  EXPECT_EQ(Read(423, "Min-Expires: 3601\r\n").kind, Kind::kTooBrief);
  EXPECT_EQ(Read(423, "Min-Expires: 3600\r\n").kind, Kind::kTryLater);
  EXPECT_EQ(Read(423).kind, Kind::kTryLater);
}

TEST(RegistrationReplyTest, AChallengeIsOne) {
  EXPECT_EQ(Read(401).kind, Kind::kChallenged);
  EXPECT_EQ(Read(407).kind, Kind::kChallenged);
}

TEST(RegistrationReplyTest, AFirstHopThatKeepsNoFlowsIsNotRefusal) {
  EXPECT_EQ(Read(439).kind, Kind::kNoOutbound);
}

std::string ContactOf(const std::string& uri, const std::string& parameters) {
  return "Contact: <" + uri + ">;+sip.instance=\"<" + kInstance + ">\"" + parameters + "\r\n";
}

TEST(RegistrationReplyTest, WhereTheRegistrarRewroteOurContactTheInstanceTellsThatItIsOurs) {
  EXPECT_EQ(Read(200, ContactOf("sip:a@203.0.113.9", ";reg-id=1;expires=40")).lifetime,
            absl::Seconds(40));
  EXPECT_EQ(Read(200, ContactOf("sip:a@203.0.113.9", ";reg-id=2;expires=40")).lifetime,
            absl::Seconds(3600))
      << "our other flow";
}

TEST(RegistrationReplyTest, GruusAreThoseOfOurBinding) {
  const RegistrationReply reply =
      Read(200, "Contact: <sip:x@y>;pub-gruu=\"sip:a@b;gr=other\"\r\n" +
                    ContactOf("sip:a@192.0.2.1:5060",
                              ";pub-gruu=\"sip:a@b;gr=urn:uuid:1\";temp-gruu=\"sip:t%3D@b;gr\""));
  EXPECT_EQ(reply.public_gruu, "sip:a@b;gr=urn:uuid:1");
  EXPECT_EQ(reply.temporary_gruu, "sip:t%3D@b;gr");
}

TEST(RegistrationReplyTest, WhatIsNoGruuIsNone) {
  const std::vector<std::string> none = {"sip:a@b", "tel:+1;gr", "sip:a b;gr", "",
                                         "sip:a@b;gr=" + std::string(600, 'x')};
  for (const std::string& gruu : none) {
    EXPECT_EQ(
        Read(200, ContactOf("sip:a@192.0.2.1:5060", ";pub-gruu=\"" + gruu + "\"")).public_gruu, "")
        << gruu;
  }
  EXPECT_EQ(Read(200, ContactOf("sip:a@192.0.2.1:5060", ";pub-gruu=bare")).public_gruu, "");
}

TEST(RegistrationReplyTest, GruusOfAnotherAddressAreNotTaken) {
  const RegistrationReply reply =
      Read(200, ContactOf("sip:a@192.0.2.1:5060",
                          ";pub-gruu=\"sip:bob@b;gr=1\";temp-gruu=\"sip:t@elsewhere;gr\""));
  EXPECT_EQ(reply.kind, Kind::kAccepted);
  EXPECT_EQ(reply.public_gruu, "");
  EXPECT_EQ(reply.temporary_gruu, "");
}

TEST(RegistrationReplyTest, ARouteThatIsNoUriIsPassedOver) {
  EXPECT_THAT(Read(200, "Service-Route: <sip:p1;lr>, <sip:p 2@>, <sip:p3;lr>\r\n").service_routes,
              ElementsAre("sip:p1;lr", "sip:p3;lr"));
}

TEST(RegistrationReplyTest, TellsWhetherTheFlowIsKeptAndForHowLong) {
  const RegistrationReply reply = Read(
      200,
      "Require: outbound\r\nFlow-Timer: 120\r\nPath: <sip:edge;lr>, <sip:tok@edge2;lr;ob>\r\n");
  EXPECT_TRUE(reply.is_outbound);
  EXPECT_EQ(reply.flow_timer, absl::Seconds(120));
  EXPECT_THAT(reply.paths, ElementsAre("sip:edge;lr", "sip:tok@edge2;lr;ob"));
  EXPECT_FALSE(Read(200, "Supported: outbound\r\n").is_outbound);
  EXPECT_EQ(Read(200).flow_timer, absl::ZeroDuration());
}

TEST(RegistrationReplyTest, ItsTextIsForPeople) { EXPECT_EQ(Read(403).text, "403 Some words"); }

}  // namespace
}  // namespace sipcm::registration
