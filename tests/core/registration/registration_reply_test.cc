#include "core/registration/registration_reply.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "core/sip/parser.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sipcm::registration {
namespace {

using Kind = RegistrationReply::Kind;
using ::testing::HasSubstr;

RegistrationReply Read(int status_code, const std::string& headers = "",
                       const std::string& realm = "") {
  const std::string text = absl::StrCat(
      "SIP/2.0 ", status_code, " Some words\r\nVia: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1\r\n",
      "From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\n", headers,
      "Content-Length: 0\r\n\r\n");
  sip::MessageView view;
  EXPECT_TRUE(sip::Parse(text, text.size(), view).ok()) << text;
  return ReadRegistrationReply(view, {"sip:a@192.0.2.1:5060", absl::Seconds(3600), realm});
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

TEST(RegistrationReplyTest, AChallengeIsOfItsOwnHeader) {
  const RegistrationReply proxy = Read(407,
                                       "Proxy-Authenticate: Digest realm=\"p\", nonce=\"1\"\r\n"
                                       "WWW-Authenticate: Digest realm=\"r\", nonce=\"2\"\r\n");
  EXPECT_EQ(proxy.challenger, RegistrationReply::Challenger::kProxy);
  ASSERT_TRUE(proxy.challenge.ok());
  EXPECT_EQ(proxy.challenge->realm, "p");
  const RegistrationReply none =
      Read(401, "Proxy-Authenticate: Digest realm=\"p\", nonce=\"1\"\r\n");
  EXPECT_EQ(none.kind, Kind::kChallenged);
  EXPECT_FALSE(none.challenge.ok());
}

TEST(RegistrationReplyTest, AForeignRealmIsNamedAndEscaped) {
  const RegistrationReply reply =
      Read(401, "WWW-Authenticate: Digest realm=\"th\\\x01s\", nonce=\"1\"\r\n", "ours");
  EXPECT_THAT(std::string(reply.challenge.status().message()), HasSubstr("only \"ours\""));
  EXPECT_THAT(std::string(reply.challenge.status().message()), HasSubstr("\\x01"));
}

TEST(RegistrationReplyTest, ItsTextIsForPeople) { EXPECT_EQ(Read(403).text, "403 Some words"); }

}  // namespace
}  // namespace sipcm::registration
