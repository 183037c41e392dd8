#include "core/tls/credential.h"

#include <string>

#include "core/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/pki/certificate_authority.h"

namespace sipcm::tls {
namespace {

using ::testing::HasSubstr;
using Key = pki::CertificateOptions::Key;

const absl::Time kNow = absl::FromUnixSeconds(1'780'000'000);

class CredentialTest : public ::testing::Test {
 protected:
  static absl::StatusOr<std::shared_ptr<const Credential>> Make(absl::string_view certificate_pem,
                                                                absl::string_view private_key_pem,
                                                                absl::Time now = kNow) {
    return Credential::FromPem("certificates/edge", "2", certificate_pem, private_key_pem, now);
  }

  // Asserts reason and field; returns the message.
  static std::string Refused(absl::string_view certificate_pem, absl::string_view private_key_pem,
                             absl::string_view reason, absl::string_view field,
                             absl::Time now = kNow) {
    const auto credential = Make(certificate_pem, private_key_pem, now);
    EXPECT_FALSE(credential.ok());
    EXPECT_EQ(credential.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ReasonOf(credential.status()), reason) << credential.status();
    EXPECT_EQ(FieldOf(credential.status()), field);
    return std::string(credential.status().message());
  }

  const pki::CertificateAuthority root_{"Root"};
  const std::unique_ptr<pki::CertificateAuthority> middle_ = root_.IssueAuthority("Middle");
  const pki::IssuedCertificate edge_ = middle_->Issue({.common_name = "edge"});
  const pki::IssuedCertificate other_ = middle_->Issue({.common_name = "other"});
};

TEST_F(CredentialTest, HoldsAChainUnderItsNameAndVersion) {
  const auto credential = Make(edge_.chain_pem, edge_.private_key_pem);
  ASSERT_TRUE(credential.ok()) << credential.status();
  EXPECT_EQ((*credential)->name(), "certificates/edge");
  EXPECT_EQ((*credential)->version(), "2");
  EXPECT_EQ((*credential)->versioned_name(), "certificates/edge@2");
  ASSERT_EQ((*credential)->certificates().size(), 2u);
  EXPECT_EQ((*credential)->certificates()[0].subject, "CN=edge");
  EXPECT_EQ((*credential)->expire_time(), pki::DefaultNotAfter());
}

TEST_F(CredentialTest, ALeafMustBeMeantForTlsOrSip) {
  for (const char* usage : {"serverAuth", "clientAuth", "1.3.6.1.5.5.7.3.20", "2.5.29.37.0"}) {
    const pki::IssuedCertificate issued = root_.Issue({.extended_key_usages = {usage}});
    EXPECT_TRUE(Make(issued.chain_pem, issued.private_key_pem).ok()) << usage;
  }
  const pki::IssuedCertificate mail =
      root_.Issue({.common_name = "mail", .extended_key_usages = {"emailProtection"}});
  EXPECT_THAT(
      Refused(mail.chain_pem, mail.private_key_pem, "CERTIFICATE_KEY_USAGE", "certificate_pem"),
      HasSubstr("serverAuth"));
}

TEST_F(CredentialTest, WarnsOfACertificateThatNoClientWouldTakeFromAServer) {
  for (const char* usage : {"serverAuth", "clientAuth"}) {
    const pki::IssuedCertificate issued = root_.Issue({.extended_key_usages = {usage}});
    const auto credential = Make(issued.chain_pem, issued.private_key_pem);
    ASSERT_TRUE(credential.ok());
    EXPECT_EQ((*credential)->ServerUsageWarning().empty(), usage == std::string("serverAuth"));
  }
}

TEST_F(CredentialTest, GivesItsChainBackWithoutAKeyThatStoodAmongIt) {
  const auto credential = Make(edge_.private_key_pem + edge_.chain_pem, edge_.private_key_pem);
  ASSERT_TRUE(credential.ok()) << credential.status();
  EXPECT_EQ((*credential)->CertificatePem(), edge_.chain_pem);
}

TEST_F(CredentialTest, TakesEveryUsualKindOfKey) {
  for (const Key kind : {Key::kEcdsaP256, Key::kRsa2048, Key::kEd25519}) {
    const pki::IssuedCertificate issued = root_.Issue({.key = kind});
    EXPECT_TRUE(Make(issued.chain_pem, issued.private_key_pem).ok());
  }
}

TEST_F(CredentialTest, OneTextMayHoldCertificateAndKey) {
  const std::string both = edge_.private_key_pem + edge_.chain_pem;
  EXPECT_TRUE(Make(both, both).ok());
}

TEST_F(CredentialTest, SaysThatACertificateIsMissingOrBroken) {
  EXPECT_THAT(Refused("", edge_.private_key_pem, "CERTIFICATE_MALFORMED", "certificate_pem"),
              HasSubstr("holds no"));
  EXPECT_THAT(Refused(edge_.private_key_pem, edge_.private_key_pem, "CERTIFICATE_MALFORMED",
                      "certificate_pem"),
              HasSubstr("only PRIVATE KEY"));
  EXPECT_THAT(Refused(edge_.chain_pem.substr(0, 200), edge_.private_key_pem,
                      "CERTIFICATE_MALFORMED", "certificate_pem"),
              HasSubstr("PEM block 1"));
}

TEST_F(CredentialTest, SaysThatTheKeyIsMissingBrokenOrEncrypted) {
  EXPECT_THAT(Refused(edge_.chain_pem, "", "PRIVATE_KEY_MISSING", "private_key_pem"),
              HasSubstr("BEGIN PRIVATE KEY"));
  EXPECT_THAT(Refused(edge_.chain_pem, edge_.chain_pem, "PRIVATE_KEY_MISSING", "private_key_pem"),
              HasSubstr("give the private key"));
  EXPECT_THAT(Refused(edge_.chain_pem, edge_.private_key_pem.substr(0, 100),
                      "PRIVATE_KEY_MALFORMED", "private_key_pem"),
              HasSubstr("cannot be read"));
  EXPECT_THAT(
      Refused(edge_.chain_pem, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
              "PRIVATE_KEY_MALFORMED", "private_key_pem"),
      HasSubstr("no private key"));
  EXPECT_THAT(Refused(edge_.chain_pem, pki::EncryptPrivateKey(edge_.private_key_pem, "secret"),
                      "PRIVATE_KEY_ENCRYPTED", "private_key_pem"),
              HasSubstr("passphrase"));
}

TEST_F(CredentialTest, NeverShowsTheKeyInAMessage) {
  const std::string key_text = edge_.private_key_pem.substr(40, 40);
  const std::string message =
      Refused(other_.chain_pem, edge_.private_key_pem, "KEY_MISMATCH", "private_key_pem");
  EXPECT_THAT(message, HasSubstr("CN=other"));
  EXPECT_THAT(message, ::testing::Not(HasSubstr(key_text)));
}

TEST_F(CredentialTest, TellsAWrongOrderFromAWrongKey) {
  const std::string reversed = middle_->certificate_pem() + edge_.certificate_pem;
  EXPECT_THAT(Refused(reversed, edge_.private_key_pem, "CHAIN_ORDER", "certificate_pem"),
              HasSubstr("belongs to certificate 2"));
  EXPECT_THAT(Refused(edge_.certificate_pem + root_.certificate_pem(), edge_.private_key_pem,
                      "CHAIN_ORDER", "certificate_pem"),
              HasSubstr("did not issue certificate 1"));
  EXPECT_THAT(Refused(edge_.certificate_pem + root_.certificate_pem() + middle_->certificate_pem(),
                      edge_.private_key_pem, "CHAIN_ORDER", "certificate_pem"),
              HasSubstr("certificate 2"));
}

TEST_F(CredentialTest, AnIssuerOfTheSameNameWithAnotherKeyIsNoIssuer) {
  const auto impostor = root_.IssueAuthority("Middle");
  EXPECT_THAT(Refused(edge_.certificate_pem + impostor->certificate_pem(), edge_.private_key_pem,
                      "CHAIN_ORDER", "certificate_pem"),
              HasSubstr("did not issue"));
}

TEST_F(CredentialTest, JudgesTimeAtTheEdges) {
  const pki::IssuedCertificate brief =
      root_.Issue({.common_name = "brief", .not_before = kNow, .not_after = kNow + absl::Hours(1)});
  const auto second = absl::Seconds(1);
  EXPECT_THAT(Refused(brief.chain_pem, brief.private_key_pem, "CERTIFICATE_NOT_YET_VALID",
                      "certificate_pem", kNow - second),
              HasSubstr("2026-05-28"));
  EXPECT_TRUE(Make(brief.chain_pem, brief.private_key_pem, kNow).ok());
  EXPECT_TRUE(Make(brief.chain_pem, brief.private_key_pem, kNow + absl::Hours(1) - second).ok());
  EXPECT_THAT(Refused(brief.chain_pem, brief.private_key_pem, "CERTIFICATE_EXPIRED",
                      "certificate_pem", kNow + absl::Hours(1)),
              HasSubstr("renewed"));
}

TEST_F(CredentialTest, AnExpiredIntermediateIsFoundToo) {
  const auto old = root_.IssueAuthority("Old", {.not_after = kNow - absl::Hours(1)});
  const pki::IssuedCertificate leaf = old->Issue({});
  EXPECT_THAT(
      Refused(leaf.chain_pem, leaf.private_key_pem, "CERTIFICATE_EXPIRED", "certificate_pem"),
      HasSubstr("CN=Old"));
}

TEST_F(CredentialTest, RefusesKeysThatTlsWouldRefuseAtTheFirstAccept) {
  const pki::IssuedCertificate weak = root_.Issue({.key = Key::kRsa1024});
  EXPECT_THAT(Refused(weak.chain_pem, weak.private_key_pem, "CERTIFICATE_WEAK", "certificate_pem"),
              HasSubstr("too small"));
}

}  // namespace
}  // namespace sipcm::tls
