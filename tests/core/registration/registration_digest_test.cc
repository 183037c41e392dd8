// What a registration does when it is asked who it is (RFC 7616, RFC 8760).
#include <string>

#include "core/registration/registration.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/registration/registration_fixture.h"

namespace sipcm::registration {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class RegistrationDigestTest : public RegistrationFixture {
 protected:
  void Challenge(const std::string& nonce, const std::string& more = "") {
    Reply(401, "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"" + nonce +
                   "\", qop=\"auth\"" + more + "\r\n");
  }
};

TEST_F(RegistrationDigestTest, AnswersAndReusesTheNonceWithItsCount) {
  Make();
  FlowUp();
  EXPECT_THAT(Header("Authorization"), IsEmpty());
  Challenge("n1");
  ASSERT_THAT(sent_, SizeIs(2));
  EXPECT_THAT(Header("Authorization"), HasSubstr("username=\"alice\""));
  EXPECT_THAT(Header("Authorization"), HasSubstr("uri=\"sip:example.com\""));
  EXPECT_THAT(Header("Authorization"), HasSubstr("nc=00000001"));
  Accept(3600);
  EXPECT_EQ(state(), State::kRegistered);
  AdvanceBy(absl::Minutes(50));
  ASSERT_THAT(sent_, SizeIs(3)) << "without a challenge of its own";
  EXPECT_THAT(Header("Authorization"), HasSubstr("nonce=\"n1\""));
  EXPECT_THAT(Header("Authorization"), HasSubstr("nc=00000002"));
}

TEST_F(RegistrationDigestTest, TheNonceThatIsGivenForNextTimeIsUsedThen) {
  Make();
  FlowUp();
  Challenge("n1");
  Reply(200, "Expires: 3600\r\nAuthentication-Info: nextnonce=\"n2\"\r\n");
  AdvanceBy(absl::Minutes(50));
  EXPECT_THAT(Header("Authorization"), HasSubstr("nonce=\"n2\""));
  EXPECT_THAT(Header("Authorization"), HasSubstr("nc=00000001"));
}

TEST_F(RegistrationDigestTest, WhoAsksWithTheSameNonceAgainSeesItsCountGoOn) {
  Make();
  FlowUp();
  Challenge("n1");
  Accept(3600);
  AdvanceBy(absl::Minutes(50));
  Challenge("n1");
  EXPECT_THAT(Header("Authorization"), HasSubstr("nc=00000003"));
}

TEST_F(RegistrationDigestTest, IntegrityIsAnsweredWhereItIsAllThatIsOffered) {
  Make();
  FlowUp();
  Reply(401, "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"1\", qop=\"auth-int\"\r\n");
  EXPECT_THAT(Header("Authorization"), HasSubstr("qop=auth-int, nc=00000001"));
}

TEST_F(RegistrationDigestTest, ANewNonceAtTheRefreshIsAnswered) {
  Make();
  FlowUp();
  Challenge("n1");
  Accept(3600);
  AdvanceBy(absl::Minutes(50));
  Challenge("n2");
  ASSERT_THAT(sent_, SizeIs(4));
  EXPECT_THAT(Header("Authorization"), HasSubstr("nonce=\"n2\""));
  EXPECT_THAT(Header("Authorization"), HasSubstr("nc=00000001"));
  EXPECT_EQ(state(), State::kRefreshing);
}

TEST_F(RegistrationDigestTest, AStaleNonceIsNoWrongPassword) {
  Make();
  FlowUp();
  Challenge("n1");
  Challenge("n2", ", stale=true");
  ASSERT_THAT(sent_, SizeIs(3));
  EXPECT_THAT(Header("Authorization"), HasSubstr("nonce=\"n2\""));
  Accept(3600);
  EXPECT_EQ(state(), State::kRegistered);
}

TEST_F(RegistrationDigestTest, EndlesslyStaleIsTriedLater) {
  Make();
  FlowUp();
  for (int i = 0; i < 6; ++i) Challenge("n", ", stale=true");
  EXPECT_THAT(sent_, SizeIs(6));
  EXPECT_EQ(state(), State::kUnregistered);
  EXPECT_THAT(reason(), HasSubstr("asked again after 6 REGISTERs"));
}

TEST_F(RegistrationDigestTest, RefusedCredentialsAreForGood) {
  Make();
  FlowUp();
  Challenge("n1");
  Challenge("n2");
  EXPECT_THAT(sent_, SizeIs(2));
  EXPECT_EQ(state(), State::kFailed);
  EXPECT_THAT(reason(), HasSubstr("user \"alice\" and its password are not accepted in realm"));
  EXPECT_THAT(reason(), Not(HasSubstr("secret")));
}

TEST_F(RegistrationDigestTest, WithoutAPasswordAChallengeEndsIt) {
  dispatch::RegistrationSettings settings = Settings();
  settings.password.clear();
  Make(settings);
  FlowUp();
  Challenge("n1");
  EXPECT_EQ(state(), State::kFailed);
  EXPECT_THAT(reason(), HasSubstr("set registration.password"));
}

TEST_F(RegistrationDigestTest, OnlyTheGivenRealmIsAnswered) {
  dispatch::RegistrationSettings settings = Settings();
  settings.realm = "ours";
  Make(settings);
  FlowUp();
  Reply(401,
        "WWW-Authenticate: Digest realm=\"theirs\", nonce=\"1\"\r\n"
        "WWW-Authenticate: Digest realm=\"ours\", nonce=\"2\"\r\n");
  EXPECT_THAT(Header("Authorization"), HasSubstr("realm=\"ours\""));
  Make(settings);
  FlowUp();
  Challenge("n1");
  EXPECT_EQ(state(), State::kFailed);
  EXPECT_THAT(reason(), HasSubstr("its realm is \"example.com\", and only \"ours\" is answered"));
}

TEST_F(RegistrationDigestTest, TheFirstChallengeThatIsServedIsTaken) {
  Make();
  FlowUp();
  Reply(401,
        "WWW-Authenticate: Digest realm=\"r\", nonce=\"1\", algorithm=SHA-512-256, qop=\"auth\"\r\n"
        "WWW-Authenticate: Digest realm=\"r\", nonce=\"2\", algorithm=SHA-256, qop=\"auth\"\r\n"
        "WWW-Authenticate: Digest realm=\"r\", nonce=\"3\", algorithm=MD5, qop=\"auth\"\r\n");
  EXPECT_THAT(Header("Authorization"), HasSubstr("algorithm=SHA-256"));
  EXPECT_THAT(Header("Authorization"), HasSubstr("nonce=\"2\""));
}

TEST_F(RegistrationDigestTest, AProxyAndTheRegistrarMayBothAsk) {
  Make();
  FlowUp();
  Reply(407, "Proxy-Authenticate: Digest realm=\"edge\", nonce=\"p\", qop=\"auth\"\r\n");
  EXPECT_THAT(Header("Proxy-Authorization"), HasSubstr("realm=\"edge\""));
  Challenge("n1");
  EXPECT_THAT(Header("Proxy-Authorization"), HasSubstr("nc=00000002"));
  EXPECT_THAT(Header("Authorization"), HasSubstr("nc=00000001"));
  Accept(3600);
  EXPECT_EQ(state(), State::kRegistered);
}

TEST_F(RegistrationDigestTest, UnregisteringAnswersAChallengeToo) {
  Make();
  FlowUp();
  Challenge("n1");
  Accept(3600);
  registration_->End();
  Challenge("n2");
  EXPECT_EQ(Header("Expires"), "0");
  EXPECT_THAT(Header("Authorization"), HasSubstr("nonce=\"n2\""));
  Accept(0);
  EXPECT_EQ(ended_count_, 1);
}

}  // namespace
}  // namespace sipcm::registration
