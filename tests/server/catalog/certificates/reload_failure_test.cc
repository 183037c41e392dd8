// Watched files that cannot be taken for a while, without a change that says when they can.
#include "server/catalog/certificates/reload_failure.h"

#include <filesystem>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "tests/server/catalog/certificates/certificate_fixture.h"

namespace sipcm::server {
namespace {

using sipcm::v1::Certificate;
using sipcm::v1::Event;
using sipcm::v1::TrustBundle;
using testing::ElementsAre;
using testing::IsEmpty;

class ReloadFailureTest : public CertificateTest {
 protected:
  // The watcher tells that the file went; what comes back is not told.
  void TakeAway(const std::string& file) {
    std::filesystem::remove(folder_.Path(file));
    files_.Touch(folder_.Path(file));
    catalogs_.CheckFilesAndTimes();
  }
  std::vector<Event::Kind> After(absl::Duration by) {
    now_ += by;
    catalogs_.CheckFilesAndTimes();
    return TakeKinds();
  }
};

TEST_F(ReloadFailureTest, ACertificatesFilesAreReadAgainAfterAWhile) {
  const pki::IssuedCertificate issued = Issue();
  ASSERT_TRUE(Create(Files(issued)).ok());
  const Certificate before = Get();
  TakeKinds();
  TakeAway("edge.key");
  EXPECT_THAT(TakeKinds(), ElementsAre(Event::CERTIFICATE_RELOAD_FAILED));
  EXPECT_THAT(After(kReloadAgainAfter), IsEmpty()) << "the same failure is told once";
  folder_.Write("edge.key", issued.private_key_pem);
  EXPECT_THAT(After(kReloadAgainAfter - absl::Nanoseconds(1)), IsEmpty());
  EXPECT_EQ(Get().state(), Certificate::RELOAD_FAILED);
  now_ += absl::Nanoseconds(1);
  catalogs_.CheckFilesAndTimes();
  const std::vector<Event> told = events_.Take();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].kind(), Event::CERTIFICATE_ROTATED);
  EXPECT_EQ(told[0].certificate().state(), Certificate::VALID);
  EXPECT_EQ(told[0].explanation(), kReloadFailureOver);
  EXPECT_EQ(Get().version(), before.version());
  EXPECT_EQ(Get().etag(), before.etag());
  EXPECT_THAT(After(kReloadAgainAfter), IsEmpty()) << "it is over";
}

TEST_F(ReloadFailureTest, ATrustBundlesFilesAreReadAgainAfterAWhile) {
  TrustBundle bundle;
  bundle.set_certificates_file(folder_.Write("ca.pem", authority_.certificate_pem()));
  ASSERT_TRUE(CreateBundle(bundle).ok());
  const TrustBundle before = GetBundle();
  TakeKinds();
  TakeAway("ca.pem");
  EXPECT_THAT(TakeKinds(), ElementsAre(Event::TRUST_BUNDLE_RELOAD_FAILED));
  folder_.Write("ca.pem", authority_.certificate_pem());
  EXPECT_THAT(After(kReloadAgainAfter - absl::Nanoseconds(1)), IsEmpty());
  EXPECT_THAT(After(absl::Nanoseconds(1)), ElementsAre(Event::TRUST_BUNDLE_CHANGED));
  EXPECT_EQ(GetBundle().state(), TrustBundle::VALID);
  EXPECT_EQ(GetBundle().version(), before.version());
  EXPECT_THAT(After(kReloadAgainAfter), IsEmpty());
}

TEST_F(ReloadFailureTest, AClockThatIsPutBackDelaysNothing) {
  const pki::IssuedCertificate issued = Issue();
  ASSERT_TRUE(Create(Files(issued)).ok());
  TakeAway("edge.key");
  const pki::IssuedCertificate renewed = Issue();
  Files(renewed);
  TakeKinds();
  EXPECT_THAT(After(-absl::Hours(1)), ElementsAre(Event::CERTIFICATE_ROTATED));
  EXPECT_EQ(Get().certificate_pem(), renewed.chain_pem);
}

}  // namespace
}  // namespace sipcm::server
