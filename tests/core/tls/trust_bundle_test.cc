#include "core/tls/trust_bundle.h"

#include <string>

#include "core/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/pki/certificate_authority.h"

namespace sipcm::tls {
namespace {

using ::testing::HasSubstr;

class TrustBundleTest : public ::testing::Test {
 protected:
  static std::string Refused(absl::string_view certificates, absl::string_view crls,
                             absl::string_view reason, absl::string_view field) {
    const auto bundle = TrustBundle::FromPem("trustBundles/a", "1", certificates, crls);
    EXPECT_FALSE(bundle.ok());
    EXPECT_EQ(bundle.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ReasonOf(bundle.status()), reason) << bundle.status();
    EXPECT_EQ(FieldOf(bundle.status()), field);
    return std::string(bundle.status().message());
  }

  const pki::CertificateAuthority root_{"Root"};
  const pki::CertificateAuthority other_{"Other"};
};

TEST_F(TrustBundleTest, HoldsAuthoritiesInOrderAndCountsCrls) {
  const auto middle = root_.IssueAuthority("Middle");
  const auto bundle = TrustBundle::FromPem("trustBundles/a", "7",
                                           root_.certificate_pem() + middle->certificate_pem() +
                                               other_.certificate_pem() + other_.MakeCrl({}),
                                           root_.MakeCrl({}) + middle->MakeCrl({1, 2}));
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  EXPECT_EQ((*bundle)->versioned_name(), "trustBundles/a@7");
  ASSERT_EQ((*bundle)->certificates().size(), 3u);
  EXPECT_EQ((*bundle)->certificates()[1].subject, "CN=Middle");
  EXPECT_EQ((*bundle)->crl_count(), 3);
}

TEST_F(TrustBundleTest, ChecksLeavesByDefaultOnceThereAreCrls) {
  const std::string pem = root_.certificate_pem();
  EXPECT_EQ((*TrustBundle::FromPem("a", "1", pem, ""))->crl_check(), CrlCheck::kOff);
  EXPECT_EQ((*TrustBundle::FromPem("a", "1", pem, root_.MakeCrl({})))->crl_check(),
            CrlCheck::kLeaf);
  EXPECT_EQ((*TrustBundle::FromPem("a", "1", pem, "", CrlCheck::kChain))->crl_check(),
            CrlCheck::kChain);
}

TEST_F(TrustBundleTest, TakesTheSameCertificateTwice) {
  EXPECT_TRUE(
      TrustBundle::FromPem("a", "1", root_.certificate_pem() + root_.certificate_pem(), "").ok());
}

TEST_F(TrustBundleTest, TakesASelfSignedCertificateAsAPinnedPeer) {
  const pki::IssuedCertificate pinned = pki::IssueSelfSigned({.common_name = "pinned"});
  EXPECT_TRUE(TrustBundle::FromPem("a", "1", pinned.certificate_pem, "").ok());
}

TEST_F(TrustBundleTest, RefusesALeafAndNamesItsIssuer) {
  const std::string message =
      Refused(root_.certificate_pem() + root_.Issue({.common_name = "edge"}).certificate_pem, "",
              "CERTIFICATE_MALFORMED", "certificates_pem");
  EXPECT_THAT(message, HasSubstr("certificate 2"));
  EXPECT_THAT(message, HasSubstr("issuer \"CN=Root\""));
}

TEST_F(TrustBundleTest, SaysWhatIsWrongWithTheText) {
  EXPECT_THAT(Refused("", "", "CERTIFICATE_MALFORMED", "certificates_pem"), HasSubstr("holds no"));
  EXPECT_THAT(Refused(root_.certificate_pem().substr(0, 100), "", "CERTIFICATE_MALFORMED",
                      "certificates_pem"),
              HasSubstr("PEM block 1"));
  EXPECT_THAT(Refused(root_.certificate_pem(), "text", "CRL_MALFORMED", "crls_pem"),
              HasSubstr("BEGIN X509 CRL"));
  EXPECT_THAT(
      Refused(root_.certificate_pem(), root_.certificate_pem(), "CRL_MALFORMED", "crls_pem"),
      HasSubstr("BEGIN X509 CRL"));
  EXPECT_THAT(
      Refused(root_.certificate_pem(), "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
              "CRL_MALFORMED", "crls_pem"),
      HasSubstr("revocation list 1"));
}

}  // namespace
}  // namespace sipcm::tls
