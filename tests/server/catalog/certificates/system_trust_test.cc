#include <gmock/gmock.h>

#include "tests/server/catalog/certificates/certificate_fixture.h"

namespace sipcm::server {
namespace {

using ::testing::IsNull;
using ::testing::NotNull;

// Catalogues on a machine that has CA certificates of its own.
class SystemTrustTest : public CertificateTest {
 protected:
  explicit SystemTrustTest(const std::string& file)
      : on_machine_(&engine_, {[this] { return Now(); }, folder_.Path(file), nullptr, nullptr}) {
    folder_.Write("system.pem", authority_.certificate_pem());
  }
  SystemTrustTest() : SystemTrustTest("system.pem") {}

  // What judges the peers of a manager with these settings; null: nothing.
  std::shared_ptr<const tls::TrustBundle> Anchors(const std::string& settings) {
    const auto created =
        on_machine_.managers.Create(FromJson<sipcm::v1::CreateConnectionManagerRequest>(
            R"({"connection_manager_id":"m","connection_manager":)" + settings + "}"));
    EXPECT_TRUE(created.ok()) << created.status();
    auto anchors = engine_.manager("m").trust_bundle;
    EXPECT_TRUE(on_machine_.managers
                    .Delete(FromJson<sipcm::v1::DeleteConnectionManagerRequest>(
                        R"({"name":"connectionManagers/m"})"))
                    .ok());
    return anchors;
  }

  Catalogs on_machine_;
};

TEST_F(SystemTrustTest, WithoutATrustBundleTheSystemsCertificatesJudgeServers) {
  for (const char* settings : {R"({"kind":"CLIENT"})", R"({"kind":"SERVER_TLS"})"}) {
    const auto anchors = Anchors(settings);
    ASSERT_THAT(anchors, NotNull()) << settings;
    ASSERT_EQ(anchors->certificates().size(), 1u);
    EXPECT_EQ(anchors->certificates()[0].subject, "CN=Example CA");
  }
}

TEST_F(SystemTrustTest, TheyNeverSayWhoMayConnect) {
  EXPECT_THAT(Anchors(R"({"kind":"SERVER_TLS","mutual_tls":"REQUIRE"})"), IsNull());
  EXPECT_THAT(Anchors(R"({"kind":"SERVER_TLS","mutual_tls":"REQUEST"})"), IsNull());
  EXPECT_THAT(Anchors(R"({"kind":"SERVER_TCP"})"), IsNull());
}

TEST_F(SystemTrustTest, ATrustBundleTakesTheirPlace) {
  sipcm::v1::CreateTrustBundleRequest request;
  request.set_trust_bundle_id("partners");
  request.mutable_trust_bundle()->set_certificates_pem(
      pki::CertificateAuthority("Partners").certificate_pem());
  ASSERT_TRUE(on_machine_.trust_bundles.Create(request).ok());
  const auto anchors = Anchors(R"({"kind":"CLIENT","trust_bundle":"trustBundles/partners"})");
  ASSERT_THAT(anchors, NotNull());
  EXPECT_EQ(anchors->name(), "trustBundles/partners");
}

class NoSystemTrustTest : public SystemTrustTest {
 protected:
  NoSystemTrustTest() : SystemTrustTest("no such file") {}
};

TEST_F(NoSystemTrustTest, WithoutTheFileNothingIsTrusted) {
  EXPECT_THAT(Anchors(R"({"kind":"CLIENT"})"), IsNull());
}

}  // namespace
}  // namespace sipcm::server
