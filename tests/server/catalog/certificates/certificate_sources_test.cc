// Where the content of certificates and trust bundles comes from, and what happens when a watched
// file changes.
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "tests/server/catalog/certificates/certificate_fixture.h"

namespace sipcm::server {
namespace {

using sipcm::v1::Certificate;
using sipcm::v1::Event;
using sipcm::v1::TrustBundle;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

using CertificateSourcesTest = CertificateTest;

TEST_F(CertificateSourcesTest, Pkcs12IsTakenWithItsPasswordAndNeverAnswered) {
  Certificate certificate;
  certificate.set_pkcs12(pki::MakePkcs12(Issue(), "secret"));
  certificate.set_pkcs12_password("secret");
  const auto created = Create(certificate);
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_TRUE(absl::StartsWith(created->certificate_pem(), "-----BEGIN CERTIFICATE-----"));
  EXPECT_EQ(created->key_type(), "EC P-256");
  EXPECT_EQ(Get().pkcs12(), "");
  EXPECT_EQ(Get().pkcs12_password(), "");
}

TEST_F(CertificateSourcesTest, AWrongPkcs12PasswordIsSaidToBeThat) {
  Certificate certificate;
  certificate.set_pkcs12(pki::MakePkcs12(Issue(), "secret"));
  certificate.set_pkcs12_password("wrong");
  ExpectInvalid(Create(certificate).status(), "PKCS12_PASSWORD_WRONG",
                "certificate.pkcs12_password");
  certificate.set_pkcs12("junk");
  ExpectInvalid(Create(certificate).status(), "PKCS12_MALFORMED", "certificate.pkcs12");
}

TEST_F(CertificateSourcesTest, TwoSourcesConflict) {
  const Certificate files = Files(Issue());
  Certificate both = Pem(Issue());
  both.set_certificate_file(files.certificate_file());
  ExpectInvalid(Create(both).status(), "CONFLICTING_FIELDS", "certificate.certificate_file");
  both = Pem(Issue());
  both.set_pkcs12("x");
  ExpectInvalid(Create(both).status(), "CONFLICTING_FIELDS", "certificate.pkcs12");
  TrustBundle bundle;
  bundle.set_certificates_pem(authority_.certificate_pem());
  bundle.set_crls_file("/x");
  ExpectInvalid(CreateBundle(bundle).status(), "CONFLICTING_FIELDS",
                "trust_bundle.certificates_file");
}

TEST_F(CertificateSourcesTest, APrivateKeyAmongTheCertificatesIsNotAnswered) {
  pki::IssuedCertificate issued = Issue();
  issued.chain_pem = issued.private_key_pem + issued.chain_pem;
  ASSERT_TRUE(Create(Pem(issued)).ok());
  EXPECT_FALSE(absl::StrContains(Get().DebugString(), "PRIVATE KEY"));
  TrustBundle bundle;
  bundle.set_certificates_pem(issued.private_key_pem + authority_.certificate_pem());
  ExpectInvalid(CreateBundle(bundle).status(), "CERTIFICATE_MALFORMED",
                "trust_bundle.certificates_pem");
}

TEST_F(CertificateSourcesTest, FilesAreReadAtOnceAndTheirFaultsNameTheFile) {
  Certificate certificate = Files(Issue());
  certificate.set_private_key_file(folder_.Path("none"));
  ExpectRefused(Create(certificate).status(), absl::StatusCode::kFailedPrecondition,
                "FILE_UNREADABLE", "certificate.private_key_file");
  certificate.set_private_key_file(folder_.Write("edge.key", Issue().private_key_pem));
  ExpectInvalid(Create(certificate).status(), "KEY_MISMATCH", "certificate.private_key_file");
  certificate.set_private_key_file("edge.key");
  const absl::Status relative = Create(certificate).status();
  ExpectInvalid(relative, "INVALID_FIELD", "certificate.private_key_file");
  EXPECT_TRUE(absl::StrContains(relative.message(), "\"edge.key\" is no absolute path"));
  certificate.set_certificate_file(folder_.Write("edge.pem", "hello"));
  certificate.set_private_key_file(folder_.Path("edge.key"));
  ExpectInvalid(Create(certificate).status(), "CERTIFICATE_MALFORMED",
                "certificate.certificate_file");
  EXPECT_THAT(files_.paths(), IsEmpty());
}

TEST_F(CertificateSourcesTest, AChangedFileIsANewVersionOnceKeyAndCertificateFit) {
  ASSERT_TRUE(Create(Files(Issue())).ok());
  EXPECT_THAT(files_.paths(),
              UnorderedElementsAre(folder_.Path("edge.pem"), folder_.Path("edge.key")));
  EXPECT_THAT(TakeKinds(), ElementsAre(Event::CERTIFICATE_ADDED));
  const std::string first = Get().version();

  const pki::IssuedCertificate renewed = Issue();
  files_.Touch(folder_.Write("edge.pem", renewed.chain_pem));
  catalogs_.CheckFilesAndTimes();
  EXPECT_EQ(Get().version(), first);
  EXPECT_EQ(Get().state(), Certificate::RELOAD_FAILED);
  EXPECT_TRUE(absl::StrContains(Get().state_reason(), "private_key_file")) << Get().state_reason();
  EXPECT_THAT(TakeKinds(), ElementsAre(Event::CERTIFICATE_RELOAD_FAILED));

  files_.Touch(folder_.Write("edge.key", renewed.private_key_pem));
  catalogs_.CheckFilesAndTimes();
  EXPECT_NE(Get().version(), first);
  EXPECT_EQ(Get().certificate_pem(), renewed.chain_pem);
  EXPECT_EQ(Get().state(), Certificate::VALID);
  EXPECT_THAT(TakeKinds(), ElementsAre(Event::CERTIFICATE_ROTATED));
}

TEST_F(CertificateSourcesTest, AFileThatChangesWhileAnotherUpdateIsMadeIsTakenAllTheSame) {
  ASSERT_TRUE(Create(Files(Issue())).ok());
  const std::string first = Get().version();
  const pki::IssuedCertificate renewed = Issue();
  files_.Touch(folder_.Path("edge.pem"));
  AtNextLook([&] {
    // The reload has chosen what to read, and not read it yet.
    AtNextLook([&] {
      Certificate setting;
      setting.set_reload_old_connections(sipcm::v1::DRAIN);
      ASSERT_TRUE(Update(setting).ok());  // with what the files had before
      EXPECT_EQ(Get().version(), first);
      folder_.Write("edge.pem", renewed.chain_pem);
      folder_.Write("edge.key", renewed.private_key_pem);
    });
  });
  catalogs_.CheckFilesAndTimes();
  EXPECT_NE(Get().version(), first);
  EXPECT_EQ(Get().reload_old_connections(), sipcm::v1::DRAIN);
}

TEST_F(CertificateSourcesTest, ABrokenFileLeavesWhatWasThereInForceAndIsToldOnce) {
  ASSERT_TRUE(Create(Files(Issue())).ok());
  ASSERT_TRUE(
      CreateManager("edge", R"({"kind":"SERVER_TLS","certificate":"certificates/edge"})").ok());
  const auto credential = engine_.manager("edge").credential;
  TakeKinds();
  const auto broken = [&](const std::string& content) {
    files_.Touch(folder_.Write("edge.pem", content));
    catalogs_.CheckFilesAndTimes();
    EXPECT_EQ(Get().state(), Certificate::RELOAD_FAILED);
    EXPECT_EQ(engine_.manager("edge").credential, credential);
    return TakeKinds();
  };
  EXPECT_THAT(broken("junk"), ElementsAre(Event::CERTIFICATE_RELOAD_FAILED));
  EXPECT_THAT(broken("junk"), IsEmpty());
  EXPECT_THAT(broken(Issue(now_ - absl::Hours(1)).chain_pem),
              ElementsAre(Event::CERTIFICATE_RELOAD_FAILED));
  std::filesystem::remove(folder_.Path("edge.pem"));
  files_.Touch(folder_.Path("edge.pem"));
  catalogs_.CheckFilesAndTimes();
  EXPECT_TRUE(absl::StrContains(Get().state_reason(), "No such file")) << Get().state_reason();
}

TEST_F(CertificateSourcesTest, TheSameFileAgainIsNoNewVersionAndEndsAFailure) {
  const pki::IssuedCertificate issued = Issue();
  ASSERT_TRUE(Create(Files(issued)).ok());
  const Certificate before = Get();
  for (const std::string& content : {issued.chain_pem, std::string("junk"), issued.chain_pem}) {
    files_.Touch(folder_.Write("edge.pem", content));
    catalogs_.CheckFilesAndTimes();
  }
  EXPECT_EQ(Get().version(), before.version());
  EXPECT_EQ(Get().etag(), before.etag());
  EXPECT_EQ(Get().state(), Certificate::VALID);
}

TEST_F(CertificateSourcesTest, AnUpdateDuringAReloadThatReadTheOldFilesDoesNotHideTheNewOnes) {
  const pki::IssuedCertificate old = Issue();
  ASSERT_TRUE(Create(Files(old)).ok());
  const pki::IssuedCertificate renewed = Issue();
  Files(renewed);
  files_.Touch(folder_.Path("edge.pem"));
  AtNextLook([&] {    // for what is due
    AtNextLook([&] {  // to read it
      Certificate changed = Files(old);
      changed.set_reload_old_connections(sipcm::v1::DRAIN);
      EXPECT_TRUE(Update(changed).ok());
      Files(renewed);
    });
  });
  catalogs_.CheckFilesAndTimes();
  EXPECT_EQ(Get().certificate_pem(), renewed.chain_pem);
  EXPECT_EQ(Get().reload_old_connections(), sipcm::v1::DRAIN);
}

TEST_F(CertificateSourcesTest, AnotherSourceTakesTheOldOnesPlace) {
  ASSERT_TRUE(Create(Files(Issue())).ok());
  const pki::IssuedCertificate issued = Issue();
  ASSERT_TRUE(Update(Pem(issued)).ok());
  EXPECT_EQ(Get().certificate_file(), "");
  EXPECT_THAT(files_.paths(), IsEmpty());
  ASSERT_TRUE(Update(Files(Issue())).ok());
  EXPECT_EQ(Get().certificate_file(), folder_.Path("edge.pem"));
  EXPECT_THAT(files_.paths(), testing::SizeIs(2));
  // What was read comes back unchanged: it is no second source.
  const auto updated = Update(Get());
  EXPECT_TRUE(updated.ok()) << updated.status();
}

TEST_F(CertificateSourcesTest, ATrustBundlesFilesAreWatchedTogether) {
  TrustBundle bundle;
  bundle.set_certificates_file(folder_.Write("ca.pem", authority_.certificate_pem()));
  bundle.set_crls_file(folder_.Write("crls.pem", authority_.MakeCrl({})));
  const auto created = CreateBundle(bundle);
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->crl_count(), 1);
  EXPECT_EQ(created->crl_check(), TrustBundle::LEAF);
  EXPECT_EQ(created->crls_pem(), "");
  TakeKinds();
  files_.Touch(folder_.Write("crls.pem", "junk"));
  catalogs_.CheckFilesAndTimes();
  EXPECT_EQ(GetBundle().version(), created->version());
  EXPECT_EQ(GetBundle().state(), TrustBundle::RELOAD_FAILED);
  EXPECT_TRUE(absl::StrContains(GetBundle().state_reason(), "crls_file"));
  EXPECT_THAT(TakeKinds(), ElementsAre(Event::TRUST_BUNDLE_RELOAD_FAILED));
  files_.Touch(folder_.Write("crls.pem", authority_.MakeCrl({7})));
  catalogs_.CheckFilesAndTimes();
  EXPECT_NE(GetBundle().version(), created->version());
  EXPECT_EQ(GetBundle().state(), TrustBundle::VALID);
  EXPECT_THAT(TakeKinds(), ElementsAre(Event::TRUST_BUNDLE_CHANGED));
}

TEST_F(CertificateSourcesTest, ATrustBundleMayTurnFromFilesToTheSameTextWithCrls) {
  TrustBundle files;
  files.set_certificates_file(folder_.Write("ca.pem", authority_.certificate_pem()));
  ASSERT_TRUE(CreateBundle(files).ok());
  const auto same = UpdateBundle(GetBundle());
  ASSERT_TRUE(same.ok()) << same.status();
  EXPECT_EQ(same->certificates_file(), files.certificates_file());
  TrustBundle pem;
  pem.set_certificates_pem(authority_.certificate_pem());
  pem.set_crls_pem(authority_.MakeCrl({}));
  const auto turned = UpdateBundle(pem);
  ASSERT_TRUE(turned.ok()) << turned.status();
  EXPECT_EQ(turned->certificates_file(), "");
  EXPECT_EQ(turned->crl_count(), 1);
}

TEST_F(CertificateSourcesTest, CrlsThatComeLaterAreCheckedUnlessThatWasTurnedOff) {
  TrustBundle bundle;
  bundle.set_certificates_pem(authority_.certificate_pem());
  ASSERT_TRUE(CreateBundle(bundle).ok());
  EXPECT_EQ(GetBundle().crl_check(), TrustBundle::OFF);
  TrustBundle crls;
  crls.set_crls_pem(authority_.MakeCrl({}));
  ASSERT_TRUE(UpdateBundle(crls).ok());
  EXPECT_EQ(GetBundle().crl_check(), TrustBundle::LEAF);
  EXPECT_EQ(GetBundle().crl_count(), 1);
}

TEST_F(CertificateSourcesTest, ACrlThatIsPastItsTimeIsToldInTheState) {
  TrustBundle bundle;
  bundle.set_certificates_pem(authority_.certificate_pem());
  bundle.set_crls_pem(
      authority_.MakeCrl({}, now_ - absl::Hours(24), now_ + absl::Hours(24) + absl::Seconds(1)));
  ASSERT_TRUE(CreateBundle(bundle).ok());
  EXPECT_EQ(GetBundle().state(), TrustBundle::VALID);
  now_ += absl::Seconds(1);
  EXPECT_EQ(GetBundle().state(), TrustBundle::EXPIRING);
  now_ += absl::Hours(24) - absl::Nanoseconds(1);
  EXPECT_EQ(GetBundle().state(), TrustBundle::EXPIRING);
  now_ += absl::Nanoseconds(1);
  EXPECT_EQ(GetBundle().state(), TrustBundle::EXPIRED);
  EXPECT_TRUE(absl::StrContains(GetBundle().state_reason(), "REFUSE"));
}

}  // namespace
}  // namespace sipcm::server
