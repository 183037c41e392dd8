#include "server/config/config_export.h"

#include <string>

#include "google/protobuf/util/message_differencer.h"
#include "server/config/config_file.h"
#include "tests/pki/certificate_authority.h"
#include "tests/server/catalog/catalog_fixture.h"

namespace sipcm::server {
namespace {

class ConfigExportTest : public CatalogTest {
 protected:
  sipcm::v1::Config Everything() {
    pki::CertificateAuthority authority("Example CA");
    auto config = FromJson<sipcm::v1::Config>(R"({
      "connection_managers": [{"name": "connectionManagers/edge", "kind": "SERVER_TCP",
                               "listen_addresses": [{"host": "127.0.0.1", "port": 5060}],
                               "default_endpoint": "endpoints/alice"}],
      "endpoints": [{"name": "endpoints/alice", "kind": "PEER_TO_PEER", "endpoint_id": "0a1b",
                     "address": "sip:alice@example.com", "throttled": true,
                     "connection_manager": "connectionManagers/edge"},
                    {"name": "endpoints/bob", "kind": "REGISTERED",
                     "address": "sip:bob@example.com",
                     "connection_manager": "connectionManagers/edge",
                     "registration": {"registrar": "sip:example.com", "password": "secret"}}],
      "trust_bundles": [{"name": "trustBundles/partners"}],
      "connection_pools": [{"name": "connectionManagers/edge/pools/tcp:a.example:5060",
                            "max_connection_count": 3, "selection": "REUSE_FIRST"}]})");
    config.mutable_trust_bundles(0)->set_certificates_pem(authority.certificate_pem());
    const pki::IssuedCertificate issued = authority.Issue({.common_name = "edge.example.com"});
    auto* certificate = config.add_certificates();
    certificate->set_name("certificates/edge");
    certificate->set_certificate_pem(issued.chain_pem);
    certificate->set_private_key_pem(issued.private_key_pem);
    return config;
  }
};

TEST_F(ConfigExportTest, WhatIsExportedIsWhatWasGivenWithoutSecretsAndOutputOnlyFields) {
  ASSERT_TRUE(ApplyConfig(Everything(), &catalogs_).ok());
  const sipcm::v1::Config exported = ExportConfig(&catalogs_.state).config();
  ASSERT_EQ(exported.connection_managers_size(), 1);
  EXPECT_EQ(exported.connection_managers(0).name(), "connectionManagers/edge");
  EXPECT_EQ(exported.connection_managers(0).default_endpoint(), "endpoints/alice");
  EXPECT_EQ(exported.connection_managers(0).etag(), "");
  EXPECT_FALSE(exported.connection_managers(0).has_create_time());
  ASSERT_EQ(exported.endpoints_size(), 2);
  EXPECT_EQ(exported.endpoints(0).endpoint_id(), "0a1b");
  EXPECT_TRUE(exported.endpoints(0).throttled());
  EXPECT_EQ(exported.endpoints(1).registration().registrar(), "sip:example.com");
  EXPECT_EQ(exported.endpoints(1).registration().password(), "");
  ASSERT_EQ(exported.certificates_size(), 1);
  EXPECT_NE(exported.certificates(0).certificate_pem(), "");
  EXPECT_EQ(exported.certificates(0).private_key_pem(), "");
  EXPECT_EQ(exported.certificates(0).fingerprint(), "");
  EXPECT_EQ(exported.trust_bundles_size(), 1);
  ASSERT_EQ(exported.connection_pools_size(), 1);
  EXPECT_EQ(exported.connection_pools(0).max_connection_count(), 3);
  EXPECT_EQ(exported.connection_pools(0).selection(), sipcm::v1::ConnectionPool::REUSE_FIRST);
  EXPECT_FALSE(exported.connection_pools(0).has_min_connection_count());
  EXPECT_EQ(exported.SerializeAsString().find("secret"), std::string::npos);
  EXPECT_EQ(exported.SerializeAsString().find("PRIVATE KEY"), std::string::npos);
}

TEST_F(ConfigExportTest, AppliedElsewhereItIsTheSameAgain) {
  sipcm::v1::Config config = Everything();
  config.clear_certificates();  // they have keys, which never come out
  ASSERT_TRUE(ApplyConfig(config, &catalogs_).ok());
  const sipcm::v1::ExportConfigResponse first = ExportConfig(&catalogs_.state);
  fakes::FakeEngine engine;
  Catalogs elsewhere(&engine, {[this] { return now_ + absl::Hours(1); }, "/no/such/file"});
  const absl::Status applied = ApplyConfig(first.config(), &elsewhere);
  ASSERT_TRUE(applied.ok()) << applied;
  const sipcm::v1::ExportConfigResponse second = ExportConfig(&elsewhere.state);
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(first.config(), second.config()))
      << second.config().DebugString();
  EXPECT_EQ(first.etag(), second.etag());
}

TEST_F(ConfigExportTest, TheEtagChangesWithASettingAndWithNothingElse) {
  ASSERT_TRUE(ApplyConfig(Everything(), &catalogs_).ok());
  const std::string before = ExportConfig(&catalogs_.state).etag();
  EXPECT_TRUE(catalogs_.managers.StartWanted().empty());
  EXPECT_EQ(ExportConfig(&catalogs_.state).etag(), before);
  ASSERT_TRUE(CreateEndpoint("carol", R"({"kind":"PEER_TO_PEER","address":"sip:carol@example.com",
                                          "connection_manager":"connectionManagers/edge"})")
                  .ok());
  EXPECT_NE(ExportConfig(&catalogs_.state).etag(), before);
}

}  // namespace
}  // namespace sipcm::server
