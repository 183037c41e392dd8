#include "server/catalog/certificates/certificate_catalog.h"

#include <string>

#include "absl/strings/match.h"
#include "server/catalog/certificates/trust_bundle_catalog.h"
#include "tests/pki/certificate_authority.h"
#include "tests/server/catalog/catalog_fixture.h"

namespace sipcm::server {
namespace {

using sipcm::v1::Certificate;
using sipcm::v1::TrustBundle;

class CertificateCatalogTest : public CatalogTest {
 protected:
  CertificateCatalogTest() {
    pki::CertificateOptions options;
    options.common_name = "edge.example.com";
    options.dns_names = {"edge.example.com", "sip.example.com"};
    issued_ = authority_.Issue(options);
  }

  absl::StatusOr<Certificate> Create(const pki::IssuedCertificate& issued,
                                     bool validate_only = false) {
    sipcm::v1::CreateCertificateRequest request;
    request.set_certificate_id("edge");
    request.mutable_certificate()->set_certificate_pem(issued.chain_pem);
    request.mutable_certificate()->set_private_key_pem(issued.private_key_pem);
    request.set_validate_only(validate_only);
    return catalogs_.certificates.Create(request);
  }
  absl::StatusOr<TrustBundle> CreateBundle(const std::string& pem) {
    sipcm::v1::CreateTrustBundleRequest request;
    request.set_trust_bundle_id("partners");
    request.mutable_trust_bundle()->set_certificates_pem(pem);
    return catalogs_.trust_bundles.Create(request);
  }
  absl::StatusOr<sipcm::v1::ConnectionManager> CreateTlsManager() {
    return CreateManager("edge", R"({"kind":"SERVER_TLS","mutual_tls":"REQUIRE",
        "certificate":"certificates/edge","trust_bundle":"trustBundles/partners",
        "listen_addresses":[{"host":"::1"}]})");
  }

  pki::CertificateAuthority authority_{"Example CA"};
  pki::IssuedCertificate issued_;
};

TEST_F(CertificateCatalogTest, SaysWhatItReadAndNeverTheKey) {
  const auto certificate = Create(issued_);
  ASSERT_TRUE(certificate.ok()) << certificate.status();
  EXPECT_EQ(certificate->subject(), "CN=edge.example.com");
  EXPECT_EQ(certificate->dns_names_size(), 2);
  EXPECT_EQ(certificate->state(), Certificate::VALID);
  EXPECT_EQ(certificate->fingerprint().size(), 32u);
  EXPECT_TRUE(absl::EndsWith(certificate->version(), "-1"));
  sipcm::v1::GetCertificateRequest get;
  get.set_name("certificates/edge");
  for (const Certificate& shown : {*certificate, *catalogs_.certificates.Get(get),
                                   catalogs_.certificates.List({})->certificates(0)}) {
    EXPECT_FALSE(absl::StrContains(shown.DebugString(), "PRIVATE KEY"));
  }
}

TEST_F(CertificateCatalogTest, EachFaultHasItsReasonAndField) {
  pki::IssuedCertificate other = authority_.Issue({.common_name = "other"});
  other.certificate_pem = other.chain_pem = issued_.chain_pem;
  ExpectInvalid(Create(other).status(), "KEY_MISMATCH", "certificate.private_key_pem");
  pki::IssuedCertificate keyless = issued_;
  keyless.private_key_pem.clear();
  ExpectInvalid(Create(keyless).status(), "PRIVATE_KEY_MISSING", "certificate.private_key_pem");
  ExpectInvalid(Create({}).status(), "REQUIRED_FIELD_MISSING", "certificate.certificate_pem");
  pki::IssuedCertificate text = issued_;
  text.chain_pem = "hello";
  ExpectInvalid(Create(text).status(), "CERTIFICATE_MALFORMED", "certificate.certificate_pem");
  pki::CertificateOptions old;
  old.common_name = "old";
  old.not_after = now_ - absl::Hours(1);
  ExpectInvalid(Create(authority_.Issue(old)).status(), "CERTIFICATE_EXPIRED",
                "certificate.certificate_pem");
  EXPECT_EQ(catalogs_.certificates.EarliestEnd(), absl::InfiniteFuture());
}

TEST_F(CertificateCatalogTest, ValidateOnlyStoresNothing) {
  EXPECT_TRUE(Create(issued_, /*validate_only=*/true).ok());
  EXPECT_EQ(catalogs_.certificates.List({})->certificates_size(), 0);
}

TEST_F(CertificateCatalogTest, AManagerPresentsItAndAnUpdateReachesTheManager) {
  ASSERT_TRUE(Create(issued_).ok());
  ASSERT_TRUE(CreateBundle(authority_.certificate_pem()).ok());
  const auto manager = CreateTlsManager();
  ASSERT_TRUE(manager.ok()) << manager.status();
  const auto first = engine_.manager("edge");
  EXPECT_EQ(first.credential->name(), "certificates/edge");
  EXPECT_EQ(first.local_host_name, "edge.example.com");
  EXPECT_EQ(first.trust_bundle->name(), "trustBundles/partners");

  const pki::IssuedCertificate renewed = authority_.Issue({.common_name = "edge.example.com"});
  sipcm::v1::UpdateCertificateRequest update;
  update.mutable_certificate()->set_name("certificates/edge");
  update.mutable_certificate()->set_certificate_pem(renewed.chain_pem);
  ExpectInvalid(catalogs_.certificates.Update(update).status(), "PRIVATE_KEY_MISSING",
                "certificate.private_key_pem");
  EXPECT_EQ(engine_.manager("edge").credential, first.credential);
  update.mutable_certificate()->set_private_key_pem(renewed.private_key_pem);
  const auto updated = catalogs_.certificates.Update(update);
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_TRUE(absl::EndsWith(updated->version(), "-2"));
  EXPECT_EQ(engine_.manager("edge").credential->version(), updated->version());
}

TEST_F(CertificateCatalogTest, WhatATlsManagerNeedsStaysEvenByForceAndItsListCanStillChange) {
  ASSERT_TRUE(Create(issued_).ok());
  ASSERT_TRUE(CreateBundle(authority_.certificate_pem()).ok());
  ASSERT_TRUE(CreateTlsManager().ok());
  sipcm::v1::DeleteCertificateRequest certificate;
  certificate.set_name("certificates/edge");
  sipcm::v1::DeleteTrustBundleRequest bundle;
  bundle.set_name("trustBundles/partners");
  for (const bool force : {false, true}) {
    certificate.set_force(force);
    bundle.set_force(force);
    for (const absl::Status& refused :
         {catalogs_.certificates.Delete(certificate), catalogs_.trust_bundles.Delete(bundle)}) {
      EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
      EXPECT_EQ(ReasonOf(refused), "RESOURCE_IN_USE");
      EXPECT_TRUE(absl::StrContains(refused.message(), "connectionManagers/edge")) << refused;
    }
  }
  sipcm::v1::AddAllowedDomainRequest add;
  add.set_name("connectionManagers/edge");
  add.mutable_domain()->set_pattern("a.example");
  EXPECT_TRUE(catalogs_.managers.AddAllowedDomain(add).ok());
  EXPECT_NE(engine_.manager("edge").credential, nullptr);

  sipcm::v1::DeleteConnectionManagerRequest manager;
  manager.set_name("connectionManagers/edge");
  ASSERT_TRUE(catalogs_.managers.Delete(manager).ok());
  EXPECT_TRUE(catalogs_.certificates.Delete(certificate).ok());
  EXPECT_TRUE(catalogs_.trust_bundles.Delete(bundle).ok());
}

TEST_F(CertificateCatalogTest, ABundleOfADomainStaysUnderMutualTlsEvenByForce) {
  ASSERT_TRUE(Create(issued_).ok());
  ASSERT_TRUE(CreateBundle(authority_.certificate_pem()).ok());
  ASSERT_TRUE(CreateManager("edge", R"({"kind":"SERVER_TLS","mutual_tls":"REQUEST",
      "certificate":"certificates/edge",
      "allowed_domains":[{"pattern":"a.example","trust_bundle":"trustBundles/partners"}]})")
                  .ok());
  sipcm::v1::DeleteTrustBundleRequest bundle;
  bundle.set_name("trustBundles/partners");
  bundle.set_force(true);
  EXPECT_EQ(ReasonOf(catalogs_.trust_bundles.Delete(bundle)), "RESOURCE_IN_USE");
}

TEST_F(CertificateCatalogTest, ValidateOnlyOfAManagerRefusesWhatTheEngineWould) {
  auto create = FromJson<sipcm::v1::CreateConnectionManagerRequest>(
      R"({"connection_manager_id":"edge","connection_manager":{"kind":"SERVER_TLS"},
          "validate_only":true})");
  ExpectRefused(catalogs_.managers.Create(create).status(), absl::StatusCode::kFailedPrecondition,
                "CERTIFICATE_MISSING", "connection_manager.certificate");
  ASSERT_TRUE(Create(issued_).ok());
  create.mutable_connection_manager()->set_certificate("certificates/edge");
  EXPECT_TRUE(catalogs_.managers.Create(create).ok());
  create.set_validate_only(false);
  ASSERT_TRUE(catalogs_.managers.Create(create).ok());
  const auto update = FromJson<sipcm::v1::UpdateConnectionManagerRequest>(
      R"({"connection_manager":{"name":"connectionManagers/edge"},"update_mask":"certificate",
          "validate_only":true})");
  ExpectRefused(catalogs_.managers.Update(update).status(), absl::StatusCode::kFailedPrecondition,
                "CERTIFICATE_MISSING", "connection_manager.certificate");
}

TEST_F(CertificateCatalogTest, ValidateOnlyOfAnUpdateLeavesTheOldContentInForce) {
  ASSERT_TRUE(Create(issued_).ok());
  ASSERT_TRUE(CreateBundle(authority_.certificate_pem()).ok());
  ASSERT_TRUE(CreateTlsManager().ok());
  const absl::Time end = catalogs_.certificates.EarliestEnd();
  pki::CertificateOptions options;
  options.common_name = "edge.example.com";
  options.not_after = now_ + absl::Hours(1);
  const pki::IssuedCertificate renewed = authority_.Issue(options);
  sipcm::v1::UpdateCertificateRequest update;
  update.mutable_certificate()->set_name("certificates/edge");
  update.mutable_certificate()->set_certificate_pem(renewed.chain_pem);
  update.mutable_certificate()->set_private_key_pem(renewed.private_key_pem);
  update.set_validate_only(true);
  ASSERT_TRUE(catalogs_.certificates.Update(update).ok());
  EXPECT_EQ(catalogs_.certificates.EarliestEnd(), end);
  update.set_validate_only(false);
  ASSERT_TRUE(catalogs_.certificates.Update(update).ok());
  EXPECT_EQ(catalogs_.certificates.EarliestEnd(), now_ + absl::Hours(1));
}

TEST_F(CertificateCatalogTest, ForcedDeletionOfABundleNeverOpensAList) {
  ASSERT_TRUE(CreateBundle(authority_.certificate_pem()).ok());
  ASSERT_TRUE(CreateManager("edge", R"({"kind":"SERVER_TLS","allow_any_domain":true,
      "allowed_domains":[{"pattern":"a.example","trust_bundle":"trustBundles/partners"}]})")
                  .ok());
  sipcm::v1::DeleteTrustBundleRequest bundle;
  bundle.set_name("trustBundles/partners");
  bundle.set_force(true);
  events_.Take();
  ASSERT_TRUE(catalogs_.trust_bundles.Delete(bundle).ok());
  const std::vector<sipcm::v1::Event> told = events_.Take();
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].kind(), sipcm::v1::Event::CONNECTION_MANAGER_CHANGED);
  EXPECT_EQ(told[0].connection_manager().state(), sipcm::v1::ConnectionManager::IDLE);
  EXPECT_TRUE(engine_.manager("edge").allowed_domains.empty());
  EXPECT_FALSE(engine_.manager("edge").allow_any_domain);
}

TEST_F(CertificateCatalogTest, ACertificateNearItsEndIsToldWhereItIsUsed) {
  pki::CertificateOptions options;
  options.common_name = "edge.example.com";
  options.not_after = now_ + absl::Hours(24 * 30) + absl::Seconds(1);
  ASSERT_TRUE(Create(authority_.Issue(options)).ok());
  ASSERT_TRUE(CreateBundle(authority_.certificate_pem()).ok());
  ASSERT_TRUE(CreateTlsManager().ok());
  sipcm::v1::GetCertificateRequest get;
  get.set_name("certificates/edge");
  EXPECT_EQ(catalogs_.certificates.Get(get)->state(), Certificate::VALID);
  EXPECT_TRUE(catalogs_.managers.Warnings().empty());
  now_ += absl::Seconds(2);
  EXPECT_EQ(catalogs_.certificates.Get(get)->state(), Certificate::EXPIRING);
  EXPECT_EQ(catalogs_.managers.Warnings().size(), 1u);
  now_ += absl::Hours(24 * 30);
  EXPECT_EQ(catalogs_.certificates.Get(get)->state(), Certificate::EXPIRED);
  sipcm::v1::StartListeningRequest start;
  start.set_name("connectionManagers/edge");
  EXPECT_EQ(ReasonOf(catalogs_.managers.StartListening(start).status()), "CERTIFICATE_EXPIRED");
}

TEST_F(CertificateCatalogTest, ATrustBundleSaysWhatIsInIt) {
  const auto bundle = CreateBundle(authority_.certificate_pem());
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  EXPECT_EQ(bundle->certificate_count(), 1);
  EXPECT_EQ(bundle->subjects(0), "CN=Example CA");
  EXPECT_EQ(bundle->state(), TrustBundle::VALID);
  EXPECT_EQ(ReasonOf(CreateBundle("x").status()), "RESOURCE_EXISTS");
}

}  // namespace
}  // namespace sipcm::server
