// Whom an endpoint's credentials are shown to, and how often (RFC 3261 22, RFC 7616).
#include "core/registration/authenticator.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/sip/parser.h"
#include "core/tls/message_digest.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sipcm::registration {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using Asker = Authenticator::Asker;

std::string Hash(sip::DigestAlgorithm algorithm, absl::string_view text) {
  return algorithm == sip::DigestAlgorithm::kMd5 ? tls::Md5Hex(text) : tls::Sha256Hex(text);
}

class AuthenticatorTest : public ::testing::Test {
 protected:
  explicit AuthenticatorTest(const std::string& realm = "", const std::string& password = "secret")
      : authenticator_(SettingsOf(realm, password), "example.com", &random_, Hash) {}

  static std::shared_ptr<const dispatch::RegistrationSettings> SettingsOf(
      const std::string& realm, const std::string& password) {
    dispatch::RegistrationSettings settings;
    settings.registrar = "sip:registrar.example.com";
    settings.username = "alice";
    settings.password = password;
    settings.realm = realm;
    return std::make_shared<const dispatch::RegistrationSettings>(settings);
  }
  static std::string Row(int status_code, const std::string& realm, const std::string& nonce,
                         const std::string& more = "") {
    return absl::StrCat(status_code == 407 ? "Proxy" : "WWW", "-Authenticate: Digest realm=\"",
                        realm, "\", nonce=\"", nonce, "\", qop=\"auth\"", more, "\r\n");
  }
  absl::Status Take(int status_code, const std::string& headers, Asker asker = Asker::kOther) {
    text_ = absl::StrCat(
        "SIP/2.0 ", status_code, " Words\r\nVia: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1\r\n",
        "From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 MESSAGE\r\n",
        headers, "Content-Length: 0\r\n\r\n");
    EXPECT_TRUE(sip::Parse(text_, text_.size(), view_).ok()) << text_;
    return authenticator_.TakeChallenge(view_, asker, &round_);
  }
  Authenticator::Headers Answers(Asker asker = Asker::kOther) {
    Authenticator::Headers headers;
    authenticator_.AppendAnswers({"MESSAGE", "sip:bob@example.com", "hello"}, asker, round_,
                                 &headers);
    return headers;
  }
  void NextRequest() { round_ = Authenticator::Round(); }

  SeededRandomSource random_{7};
  Authenticator authenticator_;
  Authenticator::Round round_;
  std::string text_;
  sip::MessageView view_;  // of text_
};

TEST_F(AuthenticatorTest, AProxyIsAnsweredByTheRequestsThatFollowToo) {
  EXPECT_THAT(Answers(), IsEmpty());
  ASSERT_TRUE(Take(407, Row(407, "example.com", "n1")).ok());
  Authenticator::Headers answers = Answers();
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_EQ(answers[0].first, "Proxy-Authorization");
  EXPECT_THAT(answers[0].second, HasSubstr("nc=00000001"));
  NextRequest();
  answers = Answers();
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_THAT(answers[0].second, AllOf(HasSubstr("nonce=\"n1\""), HasSubstr("nc=00000002")));
}

TEST_F(AuthenticatorTest, AServerIsAnsweredByWhomItAskedAndByNoOther) {
  ASSERT_TRUE(Take(401, Row(401, "example.com", "n1")).ok());
  EXPECT_THAT(Answers(), SizeIs(1));
  NextRequest();
  EXPECT_THAT(Answers(), IsEmpty());
  EXPECT_THAT(Answers(Asker::kRegister), IsEmpty());
}

TEST_F(AuthenticatorTest, WhatARegisterWasAskedEachRegisterAnswers) {
  ASSERT_TRUE(Take(401, Row(401, "anything", "n1"), Asker::kRegister).ok());
  NextRequest();
  EXPECT_THAT(Answers(Asker::kRegister), SizeIs(1));
  EXPECT_THAT(Answers(Asker::kOther), IsEmpty());
}

TEST_F(AuthenticatorTest, AStrangerWhoAsksIsNotAnswered) {
  const absl::Status refused = Take(401, Row(401, "stranger", "n1"));
  EXPECT_EQ(ReasonOf(refused), "AUTHENTICATION_FAILED");
  EXPECT_THAT(refused.message(), HasSubstr("its realm \"stranger\" is not the registrar's"));
  EXPECT_THAT(Answers(), IsEmpty());
  EXPECT_TRUE(Take(401, Row(401, "registrar.example.com", "n1")).ok());
  EXPECT_TRUE(Take(401, Row(401, "example.com", "n1")).ok());
}

TEST_F(AuthenticatorTest, AStrangersChallengeThatAProxyPassedOnIsNotAnsweredEither) {
  EXPECT_THAT(Take(407, Row(407, "stranger", "n1")).message(),
              HasSubstr("its realm \"stranger\" is not the registrar's"));
  EXPECT_THAT(Answers(), IsEmpty());
}

TEST_F(AuthenticatorTest, WhatOthersAskNeverDrivesOutWhatARegisterWasAsked) {
  for (size_t i = 0; i < Authenticator::kMaxRealms; ++i) {
    ASSERT_TRUE(Take(401, Row(401, absl::StrCat("realm", i), "n"), Asker::kRegister).ok());
  }
  ASSERT_TRUE(Take(407, Row(407, "example.com", "n")).ok());
  ASSERT_TRUE(Take(407, Row(407, "registrar.example.com", "n")).ok());
  NextRequest();
  EXPECT_THAT(Answers(Asker::kRegister),
              Contains(Pair("Authorization", HasSubstr("realm=\"realm7\""))));
  EXPECT_THAT(Answers(), SizeIs(1)) << "the last of those that REGISTER has not met";
}

TEST_F(AuthenticatorTest, AChallengeTooLargeToCarryAlongIsNotAnswered) {
  const size_t rest = sip::kMaxChallengeBytes - std::string("example.com").size();
  EXPECT_THAT(Take(407, Row(407, "example.com", std::string(rest + 1, 'n'))).message(),
              HasSubstr("longer than 2048 bytes"));
  EXPECT_TRUE(Take(407, Row(407, "example.com", std::string(rest, 'n'))).ok());
}

TEST_F(AuthenticatorTest, ARealmThatTheRegistrarUsesIsNoStrangers) {
  ASSERT_TRUE(Take(401, Row(401, "theirs", "n1"), Asker::kRegister).ok());
  NextRequest();
  EXPECT_TRUE(Take(401, Row(401, "theirs", "n2")).ok());
}

TEST_F(AuthenticatorTest, SeveralProxiesAreAllAnsweredAtOnce) {
  ASSERT_TRUE(
      Take(407, Row(407, "example.com", "n1") + Row(407, "registrar.example.com", "n2")).ok());
  EXPECT_THAT(Answers(), SizeIs(2));
}

TEST_F(AuthenticatorTest, OfSeveralAlgorithmsForOneRealmTheFirstThatIsServedIsTaken) {
  ASSERT_TRUE(Take(407, Row(407, "example.com", "1", ", algorithm=SHA-512-256") +
                            Row(407, "example.com", "2", ", algorithm=SHA-256") +
                            Row(407, "example.com", "3", ", algorithm=MD5"))
                  .ok());
  const Authenticator::Headers answers = Answers();
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_THAT(answers[0].second, AllOf(HasSubstr("algorithm=SHA-256"), HasSubstr("nonce=\"2\"")));
}

TEST_F(AuthenticatorTest, AnAnswerThatIsAskedForAgainWasNotAcceptedUnlessTheNonceWasStale) {
  ASSERT_TRUE(Take(407, Row(407, "example.com", "1")).ok());
  ASSERT_TRUE(Take(407, Row(407, "example.com", "2", ", stale=true")).ok());
  const absl::Status refused = Take(407, Row(407, "example.com", "3"));
  EXPECT_THAT(refused.message(), HasSubstr("\"alice\" and its password are not accepted"));
  NextRequest();
  EXPECT_TRUE(Take(407, Row(407, "example.com", "4")).ok()) << "an old nonce of another request";
}

TEST_F(AuthenticatorTest, AChallengeIsOfItsOwnHeader) {
  EXPECT_THAT(Take(401, Row(407, "example.com", "1")).message(),
              HasSubstr("no challenge that we may answer"));
  EXPECT_FALSE(Take(407, "").ok());
}

TEST_F(AuthenticatorTest, TheNextNonceIsOfItsOwnHeaderAndBeginsANewCount) {
  ASSERT_TRUE(Take(407, Row(407, "example.com", "n1")).ok());
  Answers();
  Take(200, "Authentication-Info: nextnonce=\"server\"\r\n").IgnoreError();
  authenticator_.TakeInfo(view_);
  EXPECT_THAT(Answers()[0].second, AllOf(HasSubstr("nonce=\"n1\""), HasSubstr("nc=00000002")));
  Take(200, "Proxy-Authentication-Info: nextnonce=\"n2\"\r\n").IgnoreError();
  authenticator_.TakeInfo(view_);
  EXPECT_THAT(Answers()[0].second, AllOf(HasSubstr("nonce=\"n2\""), HasSubstr("nc=00000001")));
}

TEST_F(AuthenticatorTest, WhoProvesWronglyThatItKnowsThePasswordHasNoSayInNonces) {
  ASSERT_TRUE(Take(407, Row(407, "example.com", "n1")).ok());
  const std::string answer = Answers()[0].second;
  const size_t begin = answer.find("cnonce=\"") + 8;
  const std::string cnonce = answer.substr(begin, answer.find('"', begin) - begin);
  const auto proof_of = [&](const std::string& password) {
    return tls::Md5Hex(absl::StrCat(tls::Md5Hex("alice:example.com:" + password), ":n1:00000001:",
                                    cnonce, ":auth:", tls::Md5Hex(":sip:bob@example.com")));
  };
  const auto take = [&](const std::string& proof, const std::string& about) {
    Take(200, absl::StrCat("Proxy-Authentication-Info: nextnonce=\"", proof.substr(0, 4),
                           "\", qop=auth, nc=00000001, cnonce=\"", about, "\", rspauth=\"", proof,
                           "\"\r\n"))
        .IgnoreError();
    return authenticator_.TakeInfo(view_);
  };
  EXPECT_EQ(take(proof_of("wrong"), cnonce), Authenticator::Proof::kWrong);
  EXPECT_THAT(Answers()[0].second, HasSubstr("nonce=\"n1\""));
  EXPECT_EQ(take(proof_of("wrong"), cnonce), Authenticator::Proof::kNone) << "of an older request";
}

TEST_F(AuthenticatorTest, WhoProvesThatItKnowsThePasswordIsRight) {
  ASSERT_TRUE(Take(407, Row(407, "example.com", "n1")).ok());
  const std::string answer = Answers()[0].second;
  const size_t begin = answer.find("cnonce=\"") + 8;
  const std::string cnonce = answer.substr(begin, answer.find('"', begin) - begin);
  const std::string proof =
      tls::Md5Hex(absl::StrCat(tls::Md5Hex("alice:example.com:secret"), ":n1:00000001:", cnonce,
                               ":auth:", tls::Md5Hex(":sip:bob@example.com")));
  Take(200, absl::StrCat("Proxy-Authentication-Info: cnonce=\"", cnonce, "\", rspauth=\"", proof,
                         "\"\r\n"))
      .IgnoreError();
  EXPECT_EQ(authenticator_.TakeInfo(view_), Authenticator::Proof::kRight);
}

TEST_F(AuthenticatorTest, RealmsAreRememberedUpToALimit) {
  for (size_t i = 0; i <= Authenticator::kMaxRealms; ++i) {
    ASSERT_TRUE(Take(407, Row(407, absl::StrCat("realm", i), "n"), Asker::kRegister).ok());
  }
  const Authenticator::Headers answers = Answers();
  ASSERT_THAT(answers, SizeIs(Authenticator::kMaxRealms));
  EXPECT_THAT(answers[0].second, HasSubstr("realm=\"realm1\""));
}

TEST_F(AuthenticatorTest, OtherCredentialsForgetWhatWasMet) {
  ASSERT_TRUE(Take(407, Row(407, "example.com", "n1")).ok());
  authenticator_.Change(SettingsOf("", "better"));
  EXPECT_THAT(Answers(), IsEmpty());
}

class AuthenticatorOfOneRealmTest : public AuthenticatorTest {
 protected:
  AuthenticatorOfOneRealmTest() : AuthenticatorTest("ours") {}
};

TEST_F(AuthenticatorOfOneRealmTest, AForeignRealmIsNamedAndEscaped) {
  const absl::Status refused = Take(407, Row(407, "th\x7fs", "1"));
  EXPECT_THAT(refused.message(), HasSubstr("only \"ours\" is answered"));
  EXPECT_THAT(refused.message(), HasSubstr("\\x7f"));
  EXPECT_TRUE(Take(401, Row(401, "theirs", "1") + Row(401, "ours", "2")).ok());
  EXPECT_THAT(Answers()[0].second, HasSubstr("nonce=\"2\""));
}

class AuthenticatorWithoutPasswordTest : public AuthenticatorTest {
 protected:
  AuthenticatorWithoutPasswordTest() : AuthenticatorTest("", "") {}
};

TEST_F(AuthenticatorWithoutPasswordTest, SaysWhatIsMissing) {
  EXPECT_THAT(
      Take(407, Row(407, "example.com", "1")).message(),
      HasSubstr("credentials for realm \"example.com\" are wanted; set registration.password"));
  EXPECT_THAT(Answers(), IsEmpty());
}

}  // namespace
}  // namespace sipcm::registration
