// That trust bundles come near their ends is told ahead of time: their certificates and their CRLs.
#include <gmock/gmock.h>

#include <vector>

#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "tests/server/catalog/certificates/certificate_fixture.h"

namespace sipcm::server {
namespace {

using sipcm::v1::Event;
using sipcm::v1::TrustBundle;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr absl::Duration kDay = absl::Hours(24);
constexpr absl::Duration kTick = absl::Nanoseconds(1);

class TrustBundleExpiryTest : public CertificateTest {
 protected:
  void CreateOf(const pki::CertificateAuthority& authority, const std::string& crls = "") {
    TrustBundle bundle;
    bundle.set_certificates_pem(authority.certificate_pem());
    bundle.set_crls_pem(crls);
    const auto created = CreateBundle(bundle);
    ASSERT_TRUE(created.ok()) << created.status();
    events_.Take();
  }
  // What is told at that time, however often one looks.
  std::vector<Event> ToldAt(absl::Time time) {
    now_ = time;
    for (int look = 0; look < 2; ++look) catalogs_.CheckFilesAndTimes();
    return events_.Take();
  }
  void ExpectToldFrom(absl::Time time, const std::string& words) {
    EXPECT_THAT(ToldAt(time - kTick), IsEmpty()) << words;
    const std::vector<Event> told = ToldAt(time);
    ASSERT_EQ(told.size(), 1u) << words;
    EXPECT_EQ(told[0].kind(), Event::TRUST_BUNDLE_EXPIRING);
    EXPECT_EQ(told[0].name(), "trustBundles/partners");
    EXPECT_TRUE(absl::StrContains(told[0].explanation(), words)) << told[0].explanation();
    EXPECT_EQ(told[0].trust_bundle().certificate_count(), 1);
  }
};

TEST_F(TrustBundleExpiryTest, TheEndOfACertificateIsToldAtEachStage) {
  const absl::Time end = absl::FromUnixSeconds(absl::ToUnixSeconds(now_ + 40 * kDay));
  CreateOf(pki::CertificateAuthority("Brief", {.not_after = end}));
  EXPECT_EQ(catalogs_.trust_bundles.EarliestCertificateEnd(), end);
  ExpectToldFrom(end - 30 * kDay, "a certificate ends at");
  ExpectToldFrom(end - 7 * kDay, "a certificate ends at");
  ExpectToldFrom(end - kDay, "a certificate ends at");
  ExpectToldFrom(end, "a certificate ended at");
}

TEST_F(TrustBundleExpiryTest, ThatACrlIsToBeReplacedIsToldADayAheadAndWhenItIsLate) {
  const absl::Time end = absl::FromUnixSeconds(absl::ToUnixSeconds(now_ + 40 * kDay));
  CreateOf(authority_, authority_.MakeCrl({}, pki::DefaultNotBefore(), end));
  EXPECT_EQ(catalogs_.trust_bundles.EarliestCrlEnd(), end);
  ExpectToldFrom(end - kDay, "a CRL is to be replaced by");
  ExpectToldFrom(end, "peers that need it are refused");
}

TEST_F(TrustBundleExpiryTest, ANewVersionIsToldOfAnew) {
  const auto crls = [&] {
    return authority_.MakeCrl({}, pki::DefaultNotBefore(), now_ + absl::Hours(5));
  };
  CreateOf(authority_, crls());
  EXPECT_EQ(ToldAt(now_).size(), 1u);
  now_ += absl::Hours(1);
  TrustBundle renewed;
  renewed.set_crls_pem(crls());
  ASSERT_TRUE(UpdateBundle(renewed).ok());
  catalogs_.CheckFilesAndTimes();
  EXPECT_THAT(TakeKinds(), ElementsAre(Event::TRUST_BUNDLE_CHANGED, Event::TRUST_BUNDLE_EXPIRING));
}

TEST_F(TrustBundleExpiryTest, WithoutCrlsAndBundlesNothingEnds) {
  EXPECT_EQ(catalogs_.trust_bundles.EarliestCertificateEnd(), absl::InfiniteFuture());
  CreateOf(authority_);
  EXPECT_EQ(catalogs_.trust_bundles.EarliestCrlEnd(), absl::InfiniteFuture());
  EXPECT_THAT(ToldAt(now_ + 365 * kDay), IsEmpty());
}

}  // namespace
}  // namespace sipcm::server
