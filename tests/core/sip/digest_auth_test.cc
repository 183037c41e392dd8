#include "core/sip/digest_auth.h"

#include <string>

#include "core/base/error.h"
#include "core/tls/message_digest.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sipcm::sip {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Hash(DigestAlgorithm algorithm, absl::string_view text) {
  return algorithm == DigestAlgorithm::kMd5 ? tls::Md5Hex(text) : tls::Sha256Hex(text);
}

// The example of RFC 7616 3.9.1.
constexpr char kRfcChallenge[] =
    "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", "
    "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
    "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\", algorithm=";

std::string AnswerRfc(const std::string& algorithm) {
  const auto challenge = ParseDigestChallenge(kRfcChallenge + algorithm);
  EXPECT_TRUE(challenge.ok()) << challenge.status();
  DigestRequest request;
  request.method = "GET";
  request.uri = "/dir/index.html";
  request.cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
  return MakeDigestAnswer(*challenge, {"Mufasa", "Circle of Life"}, request, Hash);
}

TEST(DigestAuthTest, AnswersAsTheExamplesOfRfc7616) {
  EXPECT_THAT(AnswerRfc("MD5"), HasSubstr("response=\"8ca523f5e9506fed4657c9700eebdbec\""));
  EXPECT_THAT(AnswerRfc("SHA-256"),
              HasSubstr("response=\""
                        "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\""));
}

TEST(DigestAuthTest, SaysWhatItUsedAndReturnsTheOpaqueText) {
  const std::string answer = AnswerRfc("SHA-256");
  EXPECT_THAT(answer, HasSubstr("Digest username=\"Mufasa\", realm=\"http-auth@example.org\""));
  EXPECT_THAT(answer, HasSubstr("algorithm=SHA-256, qop=auth, nc=00000001, cnonce=\"f2/"));
  EXPECT_THAT(answer, HasSubstr("opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""));
}

TEST(DigestAuthTest, WithoutQualityItAnswersAsRfc2069Did) {
  const auto challenge = ParseDigestChallenge(
      "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"");
  ASSERT_TRUE(challenge.ok());
  EXPECT_EQ(challenge->quality, DigestQuality::kNone);
  DigestRequest request;
  request.method = "GET";
  request.uri = "/dir/index.html";
  request.cnonce = "unused";
  const std::string answer =
      MakeDigestAnswer(*challenge, {"Mufasa", "CircleOfLife"}, request, Hash);
  // The errata of RFC 2069 give this value.
  EXPECT_THAT(answer, HasSubstr("response=\"1949323746fe6a43ef61f9606e7febea\""));
  EXPECT_THAT(answer, Not(HasSubstr("nc=")));
  EXPECT_THAT(answer, Not(HasSubstr("unused")));
}

TEST(DigestAuthTest, ASessionKeyIsBoundToBothNonces) {
  const auto challenge =
      ParseDigestChallenge("Digest realm=\"r\", nonce=\"n\", algorithm=MD5-sess, qop=\"auth\"");
  ASSERT_TRUE(challenge.ok());
  DigestRequest request;
  request.method = "REGISTER";
  request.uri = "sip:r";
  request.cnonce = "c";
  request.nonce_count = 2;
  const std::string key = tls::Md5Hex(tls::Md5Hex("u:r:p") + ":n:c");
  const std::string target = tls::Md5Hex("REGISTER:sip:r");
  EXPECT_THAT(MakeDigestAnswer(*challenge, {"u", "p"}, request, Hash),
              HasSubstr("response=\"" + tls::Md5Hex(key + ":n:00000002:c:auth:" + target) + "\""));
}

TEST(DigestAuthTest, WhereOnlyIntegrityIsOfferedTheBodyCounts) {
  const auto challenge = ParseDigestChallenge("Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"");
  ASSERT_TRUE(challenge.ok()) << challenge.status();
  EXPECT_EQ(challenge->quality, DigestQuality::kAuthIntegrity);
  DigestRequest request;
  request.method = "MESSAGE";
  request.uri = "sip:b@r";
  request.cnonce = "c";
  request.body = "hello";
  const std::string target = tls::Md5Hex("MESSAGE:sip:b@r:" + tls::Md5Hex("hello"));
  const std::string answer = MakeDigestAnswer(*challenge, {"u", "p"}, request, Hash);
  EXPECT_THAT(
      answer,
      HasSubstr("response=\"" +
                tls::Md5Hex(tls::Md5Hex("u:r:p") + ":n:00000001:c:auth-int:" + target) + "\""));
  EXPECT_THAT(answer, HasSubstr("qop=auth-int, nc=00000001"));
}

TEST(DigestAuthTest, WhereBothQualitiesAreOfferedTheBodyIsLeftOut) {
  for (const char* const offered : {"auth-int,auth", "auth, auth-int"}) {
    const auto challenge = ParseDigestChallenge("Digest realm=\"r\", nonce=\"n\", qop=\"" +
                                                std::string(offered) + "\"");
    ASSERT_TRUE(challenge.ok());
    EXPECT_EQ(challenge->quality, DigestQuality::kAuth) << offered;
  }
}

TEST(DigestAuthTest, WhatAServerSaysOfItselfIsReadAmongOtherThings) {
  const AuthenticationInfo info =
      ParseAuthenticationInfo("rspauth=\"x\", nextnonce=\"a,b\", CNONCE=\"c\", nc=00000001");
  EXPECT_EQ(info.next_nonce, "a,b");
  EXPECT_EQ(info.proof, "x");
  EXPECT_EQ(info.cnonce, "c");
  EXPECT_EQ(ParseAuthenticationInfo("qop=auth").next_nonce, "");
  EXPECT_EQ(
      ParseAuthenticationInfo("nextnonce=" + std::string(kMaxChallengeBytes + 1, 'n')).next_nonce,
      "");
}

TEST(DigestAuthTest, QuotesInAUserNameAreEscapedOnlyInTheHeader) {
  const auto challenge = ParseDigestChallenge("Digest realm=\"r\", nonce=\"n\"");
  DigestRequest request;
  request.method = "REGISTER";
  request.uri = "sip:r";
  const std::string answer = MakeDigestAnswer(*challenge, {"a\"\\b", "p"}, request, Hash);
  EXPECT_THAT(answer, HasSubstr("username=\"a\\\"\\\\b\""));
  EXPECT_THAT(answer, HasSubstr("response=\"" +
                                tls::Md5Hex(tls::Md5Hex("a\"\\b:r:p") +
                                            ":n:" + tls::Md5Hex("REGISTER:sip:r")) +
                                "\""));
}

TEST(DigestAuthTest, StaleIsReadAndUnknownParametersArePassedOver) {
  const auto challenge = ParseDigestChallenge(
      "digest  stale=TRUE , domain=\"sip:a sip:b\",nonce=\"a,b\", realm=\"x\", new-thing=1");
  ASSERT_TRUE(challenge.ok()) << challenge.status();
  EXPECT_TRUE(challenge->stale);
  EXPECT_EQ(challenge->nonce, "a,b");
}

TEST(DigestAuthTest, WhatIsNotServedIsNamed) {
  const auto refused = [](const std::string& value) {
    const absl::Status status = ParseDigestChallenge(value).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented) << value;
    return std::string(status.message());
  };
  EXPECT_THAT(refused("Basic realm=\"r\""), HasSubstr("scheme \"Basic\""));
  EXPECT_THAT(refused("Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512-256"),
              HasSubstr("algorithm \"SHA-512-256\""));
  EXPECT_THAT(refused("Digest realm=\"r\", nonce=\"n\", qop=\"auth-conf\""),
              HasSubstr("qop \"auth-conf\""));
  EXPECT_EQ(ParseDigestChallenge("Digest realm=\"r\"").status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(ParseDigestChallenge("Digest nonce=\"r\"").status()), "AUTHENTICATION_FAILED");
}

}  // namespace
}  // namespace sipcm::sip
