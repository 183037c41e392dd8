#include "server/config/config_file.h"

#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/config/descriptor_limit.h"
#include "tests/pki/certificate_authority.h"
#include "tests/server/catalog/catalog_fixture.h"

namespace sipcm::server {
namespace {

class ConfigFileTest : public CatalogTest {
 protected:
  std::string Path(const std::string& name) { return absl::StrCat(testing::TempDir(), "/", name); }
  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(Path(name)) << text;
    return Path(name);
  }
  absl::StatusOr<sipcm::v1::Config> Read(const std::string& json) {
    return ReadConfigFile(Write("config.json", json));
  }
  absl::Status Apply(const std::string& json) {
    const auto config = Read(json);
    EXPECT_TRUE(config.ok()) << config.status();
    return ApplyConfig(*config, &catalogs_);
  }
};

TEST_F(ConfigFileTest, EverythingIsInForceAfterwardsInWhateverOrderItStands) {
  pki::CertificateAuthority authority("Example CA");
  const pki::IssuedCertificate issued = authority.Issue({.common_name = "edge.example.com"});
  Write("edge.pem", issued.chain_pem);
  Write("edge.key", issued.private_key_pem);
  const std::string bundle = Write("ca.pem", authority.certificate_pem());
  ASSERT_TRUE(Apply(absl::StrCat(R"({
    "connection_pools": [{"name": "connectionManagers/edge/pools/tls:a.example:5061",
                          "max_connection_count": 3}],
    "endpoints": [{"name": "endpoints/alice", "kind": "PEER_TO_PEER",
                   "address": "sip:alice@example.com",
                   "connectionManager": "connectionManagers/edge"}],
    "connection_managers": [{"name": "connectionManagers/edge", "kind": "SERVER_TLS",
        "auto_start": true, "listen_addresses": [{"host": "127.0.0.1", "port": 5061}],
        "certificate": "certificates/edge", "trust_bundle": "trustBundles/partners",
        "default_endpoint": "endpoints/alice"}],
    "trust_bundles": [{"name": "trustBundles/partners", "certificates_file": ")",
                                 bundle, R"("}],
    "certificates": [{"name": "certificates/edge", "certificate_file": "edge.pem",
                      "private_key_file": "edge.key"}]})"))
                  .ok());
  EXPECT_EQ(engine_.manager("edge").credential->name(), "certificates/edge");
  EXPECT_TRUE(engine_.has_endpoint("alice"));
  EXPECT_NE(engine_.GetManagerStatus("edge")->state, engine::ManagerStatus::State::kListening);
  EXPECT_TRUE(catalogs_.managers.StartWanted().empty());
  EXPECT_EQ(engine_.GetManagerStatus("edge")->state, engine::ManagerStatus::State::kListening);
}

TEST_F(ConfigFileTest, AListenerThatFailsIsToldAndTheOthersListen) {
  ASSERT_TRUE(Apply(R"({"connection_managers": [
      {"name": "connectionManagers/a", "kind": "SERVER_TCP", "auto_start": true,
       "listen_addresses": [{"host": "::1"}]},
      {"name": "connectionManagers/b", "kind": "SERVER_TCP", "auto_start": true,
       "listen_addresses": [{"host": "::1"}]}]})")
                  .ok());
  engine_.FailNextListening(absl::UnavailableError("taken"));
  const auto failures = catalogs_.managers.StartWanted();
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_TRUE(absl::StartsWith(failures[0].message(), "connectionManagers/a: taken"));
  EXPECT_EQ(engine_.GetManagerStatus("b")->state, engine::ManagerStatus::State::kListening);
}

struct Refusal {
  const char* json;
  const char* said;
};
class RefusedConfigTest : public ConfigFileTest, public testing::WithParamInterface<Refusal> {};

TEST_P(RefusedConfigTest, IsOneLineThatNamesTheField) {
  const auto config = Read(GetParam().json);
  const absl::Status status = config.ok() ? ApplyConfig(*config, &catalogs_) : config.status();
  EXPECT_FALSE(status.ok());
  EXPECT_TRUE(absl::StrContains(status.message(), GetParam().said)) << status;
  EXPECT_FALSE(absl::StrContains(status.message(), "\n")) << status;
}

INSTANTIATE_TEST_SUITE_P(
    , RefusedConfigTest,
    testing::Values(
        Refusal{"{\n\"endpoints\": [", "config.json"}, Refusal{"[]", "config.json"},
        Refusal{R"({"conection_managers": []})", "conection_managers"},
        Refusal{R"({"connection_managers": [{"name": "connectionManagers/a", "kindd": "CLIENT"}]})",
                "kindd"},
        Refusal{R"({"connection_managers": [{"kind": "CLIENT"}]})", "connection_managers[0].name"},
        Refusal{R"({"connection_managers": [{"name": "edge", "kind": "CLIENT"}]})",
                "connection_managers[0].name: \"edge\""},
        Refusal{R"({"connection_managers": [{"name": "connectionManagers/a", "kind": "CLIENT"},
                {"name": "connectionManagers/a", "kind": "CLIENT"}]})",
                "connection_managers[1].name: \"connectionManagers/a\" is there twice"},
        Refusal{R"({"connection_managers": [{"name": "connectionManagers/a", "kind": "SERVER_TCP",
                "listen_addresses": [{"host": "::1", "port": 1}, {"host": "::1", "port": 70000}]}]})",
                "connection_managers[0].listen_addresses[1].port: 70000"},
        Refusal{R"({"endpoints": [{"name": "endpoints/a", "kind": "PEER_TO_PEER",
                "address": "sip:a@example.com", "connection_manager": "connectionManagers/no"}]})",
                "endpoints[0].connection_manager: there is no \"connectionManagers/no\""},
        Refusal{R"({"endpoints": [{"name": "endpoints/a", "kind": "REGISTERED",
                "address": "sip:a@example.com"}]})",
                "endpoints[0].registration"},
        Refusal{R"({"connection_pools": [{"name": "connectionManagers/a/pools/tcp:h:1"}]})",
                "connection_pools[0].name"},
        Refusal{R"({"certificates": [{"name": "certificates/a", "certificate_file": "no.pem"}]})",
                "certificates[0].certificate_file: cannot read"},
        Refusal{R"({"certificates": [{"name": "certificates/a", "certificate_file": "no.pem",
                "certificate_pem": "x"}]})",
                "certificates[0].certificate_file: give either"},
        Refusal{R"({"trust_bundles": [{"name": "trustBundles/a", "certificates_pem": "x"}]})",
                "trust_bundles[0].certificates_pem"}));

TEST_F(ConfigFileTest, AFileThatIsNotThereIsNamed) {
  const auto config = ReadConfigFile("/no/such/config.json");
  EXPECT_TRUE(absl::StrContains(config.status().message(), "/no/such/config.json"));
  EXPECT_TRUE(absl::StrContains(config.status().message(), "No such file"));
  EXPECT_TRUE(
      absl::StrContains(ReadConfigFile(testing::TempDir()).status().message(), "Is a directory"));
}

TEST_F(ConfigFileTest, ConfiguredConnectionsHaveToFitTheDescriptorLimit) {
  const auto config = Read(R"({"connection_managers": [
      {"name": "connectionManagers/a", "limits": {"max_connection_count": 700}},
      {"name": "connectionManagers/b", "limits": {"max_connection_count": 300}},
      {"name": "connectionManagers/c"}]})");
  EXPECT_EQ(ConfiguredConnectionCount(*config), 1000);
  const auto limit = RaiseDescriptorLimit(0);
  ASSERT_TRUE(limit.ok()) << limit.status();
  EXPECT_TRUE(RaiseDescriptorLimit(*limit - kReservedDescriptors).ok());
  const absl::Status refused = RaiseDescriptorLimit(*limit - kReservedDescriptors + 1).status();
  EXPECT_EQ(ReasonOf(refused), "FILE_DESCRIPTORS_EXHAUSTED");
  EXPECT_TRUE(absl::StrContains(refused.message(), "ulimit -n"));
}

}  // namespace
}  // namespace sipcm::server
