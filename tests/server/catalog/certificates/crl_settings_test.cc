// How the CRLs of a trust bundle and what is asked of them live through updates.
#include <string>

#include "gmock/gmock.h"
#include "tests/server/catalog/certificates/certificate_fixture.h"

namespace sipcm::server {
namespace {

using sipcm::v1::TrustBundle;

class CrlSettingsTest : public CertificateTest {
 protected:
  TrustBundle WithoutCrls() const {
    TrustBundle bundle;
    bundle.set_certificates_pem(authority_.certificate_pem());
    return bundle;
  }
  TrustBundle WithCrls() const {
    TrustBundle bundle = WithoutCrls();
    bundle.set_crls_pem(authority_.MakeCrl({}));
    return bundle;
  }
  absl::StatusOr<TrustBundle> UpdateFields(TrustBundle bundle, const std::string& field) {
    bundle.set_name("trustBundles/partners");
    sipcm::v1::UpdateTrustBundleRequest request;
    *request.mutable_trust_bundle() = std::move(bundle);
    request.mutable_update_mask()->add_paths(field);
    return catalogs_.trust_bundles.Update(request);
  }
  tls::CrlCheck CheckInForce() {
    absl::MutexLock lock(&catalogs_.state.mutex);
    return catalogs_.state.anchors.at("trustBundles/partners")->crl_check();
  }
};

TEST_F(CrlSettingsTest, CrlsAddedToWhatWasReadAreChecked) {
  ASSERT_TRUE(CreateBundle(WithoutCrls()).ok());
  for (const char* mask : {"", "*"}) {
    TrustBundle read = GetBundle();
    read.set_crls_pem(authority_.MakeCrl({7}));
    const auto updated = *mask == 0 ? UpdateBundle(read) : UpdateFields(read, mask);
    ASSERT_TRUE(updated.ok()) << updated.status();
    EXPECT_EQ(updated->crl_check(), TrustBundle::LEAF) << mask;
    EXPECT_EQ(CheckInForce(), tls::CrlCheck::kLeaf) << mask;
    ASSERT_TRUE(UpdateFields(WithoutCrls(), "crls_pem").ok());
    EXPECT_EQ(GetBundle().crl_check(), TrustBundle::OFF);
  }
}

TEST_F(CrlSettingsTest, OffThatIsNamedStaysOffWhenCrlsCome) {
  for (const char* field : {"crl_check", "crlCheck"}) {
    ASSERT_TRUE(CreateBundle(WithoutCrls()).ok());
    ASSERT_TRUE(UpdateFields(GetBundle(), field).ok());
    TrustBundle read = GetBundle();
    read.set_crls_pem(authority_.MakeCrl({}));
    ASSERT_TRUE(UpdateBundle(read).ok());
    EXPECT_EQ(GetBundle().crl_check(), TrustBundle::OFF) << field;
    EXPECT_EQ(CheckInForce(), tls::CrlCheck::kOff) << field;
    sipcm::v1::DeleteTrustBundleRequest gone;
    gone.set_name("trustBundles/partners");
    ASSERT_TRUE(catalogs_.trust_bundles.Delete(gone).ok());
  }
}

TEST_F(CrlSettingsTest, OnlyAMaskThatNamesThemClearsCrls) {
  ASSERT_TRUE(CreateBundle(WithCrls()).ok());
  const auto all = UpdateFields(GetBundle(), "*");
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->crl_count(), 1);
  EXPECT_EQ(CheckInForce(), tls::CrlCheck::kLeaf);
  const auto other = UpdateFields(
      [] {
        TrustBundle bundle;
        bundle.set_certificates_pem(pki::CertificateAuthority("Other CA").certificate_pem());
        return bundle;
      }(),
      "*");
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_EQ(other->crl_count(), 1);
  TrustBundle files;
  files.set_certificates_file(folder_.Write("ca.pem", authority_.certificate_pem()));
  const auto from_files = UpdateFields(files, "*");
  ASSERT_TRUE(from_files.ok()) << from_files.status();
  EXPECT_EQ(from_files->crl_count(), 0) << "the files are all there is";
  for (const char* field : {"crls_pem", "crlsPem"}) {
    ASSERT_TRUE(UpdateBundle(WithCrls()).ok());
    ASSERT_EQ(GetBundle().crl_count(), 1);
    ASSERT_TRUE(UpdateFields(GetBundle(), field).ok());
    EXPECT_EQ(GetBundle().crl_count(), 0) << field;
  }
}

TEST_F(CrlSettingsTest, ASettingThatChangesIsToldThoughTheVersionStays) {
  ASSERT_TRUE(CreateBundle(WithCrls()).ok());
  TakeKinds();
  ASSERT_TRUE(UpdateFields(GetBundle(), "crl_check").ok());
  EXPECT_THAT(TakeKinds(), testing::ElementsAre(sipcm::v1::Event::TRUST_BUNDLE_CHANGED));
  ASSERT_TRUE(UpdateFields(GetBundle(), "crl_check").ok());
  EXPECT_THAT(TakeKinds(), testing::IsEmpty());
}

TEST_F(CrlSettingsTest, ACheckOtherThanTheAnsweredOneIsTakenWithoutAMask) {
  ASSERT_TRUE(CreateBundle(WithCrls()).ok());
  TrustBundle read = GetBundle();
  read.set_crl_check(TrustBundle::OFF);
  ASSERT_TRUE(UpdateBundle(read).ok());
  EXPECT_EQ(CheckInForce(), tls::CrlCheck::kOff);
}

TEST_F(CrlSettingsTest, LeafThatIsNamedOutlivesTheCrlsItCameWith) {
  ASSERT_TRUE(CreateBundle(WithCrls()).ok());
  const TrustBundle before = GetBundle();
  TrustBundle leaf;
  leaf.set_crl_check(TrustBundle::LEAF);
  const auto named = UpdateFields(leaf, "crl_check");
  ASSERT_TRUE(named.ok()) << named.status();
  EXPECT_EQ(named->version(), before.version()) << "the content is the same";
  EXPECT_NE(named->etag(), before.etag()) << "the setting is not";
  const auto again = UpdateFields(leaf, "crl_check");
  EXPECT_EQ(again->etag(), named->etag());
  ASSERT_TRUE(UpdateFields(TrustBundle(), "crls_pem").ok());
  EXPECT_EQ(GetBundle().crl_check(), TrustBundle::LEAF);
  EXPECT_EQ(CheckInForce(), tls::CrlCheck::kLeaf);
}

TEST_F(CrlSettingsTest, WhatBecomesOfStaleCrlsIsStoredThoughItIsTheDefault) {
  ASSERT_TRUE(CreateBundle(WithCrls()).ok());
  const TrustBundle before = GetBundle();
  EXPECT_EQ(UpdateBundle(before)->etag(), before.etag()) << "what was read is no new setting";
  const auto named = UpdateFields(before, "staleCrl");
  ASSERT_TRUE(named.ok()) << named.status();
  EXPECT_EQ(named->version(), before.version());
  EXPECT_NE(named->etag(), before.etag());
}

}  // namespace
}  // namespace sipcm::server
