// Acceptance scenario 5: extended key usages {absent, any, client, server, sipDomain} against
// {ALL, ANY, strict}, with real certificates in real handshakes, and what the dry run says.

#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/engine/mutual_tls_fixture.h"

namespace sipcm::engine {
namespace {

using Usage = tls::ExtendedKeyUsagePolicy;
using ::testing::HasSubstr;

constexpr char kName[] = "a.contoso.com";

struct Row {
  std::string title;
  std::vector<std::string> carries;  // empty: no extension
  std::vector<std::string> required;
  bool all, any, strict_all, strict_any;
};

class UsageHandshakeTest : public ::testing::TestWithParam<Row> {
 protected:
  void Judge(Usage::Match match, Usage::Strictness strictness, bool expected) {
    MutualTlsFixture fixture;
    ManagerConfig config = fixture.Config({".contoso.com"});
    config.extended_key_usage = *Usage::Create(GetParam().required, match, strictness);
    fixture.Start(std::move(config));
    const pki::CertificateOptions options{.dns_names = {kName},
                                          .extended_key_usages = GetParam().carries};
    const auto peer = fixture.ConnectTlsPeer(options);
    EXPECT_EQ(peer->is_ready() && !peer->is_over(), expected);
    const auto verdict = fixture.engine->CheckPeer("edge", fixture.root.Issue(options).chain_pem,
                                                   tls::PeerRole::kIncomingClient, "", {});
    EXPECT_EQ(verdict->allowed(), expected);
    const EngineEvent* refused = fixture.LastEvent(EngineEvent::Kind::kTlsRefused);
    EXPECT_EQ(refused == nullptr, expected);
    if (refused == nullptr) return;
    EXPECT_EQ(refused->refused_peer->verdict.refusal, tls::PeerRefusal::kWrongKeyUsage);
    EXPECT_EQ(tls::AlertOfRefusal(tls::PeerRefusal::kWrongKeyUsage), "unsupported_certificate");
  }
};

TEST_P(UsageHandshakeTest, AHandshakeEndsAsSemantics6Says) {
  const Row& row = GetParam();
  Judge(Usage::Match::kAll, Usage::Strictness::kAnyUsageSatisfies, row.all);
  Judge(Usage::Match::kAny, Usage::Strictness::kAnyUsageSatisfies, row.any);
  Judge(Usage::Match::kAll, Usage::Strictness::kStrict, row.strict_all);
  Judge(Usage::Match::kAny, Usage::Strictness::kStrict, row.strict_any);
}

const std::vector<std::string> kOne = {"clientAuth"};
const std::vector<std::string> kTwo = {"clientAuth", "sipDomain"};
constexpr char kSipDomain[] = "1.3.6.1.5.5.7.3.20";

INSTANTIATE_TEST_SUITE_P(
    Scenario5, UsageHandshakeTest,
    ::testing::Values(Row{"OneAbsent", {}, kOne, true, true, true, true},
                      Row{"OneAny", {"anyExtendedKeyUsage"}, kOne, true, true, false, false},
                      Row{"OneClient", {"clientAuth"}, kOne, true, true, true, true},
                      Row{"OneServer", {"serverAuth"}, kOne, false, false, false, false},
                      Row{"OneSipDomain", {kSipDomain}, kOne, false, false, false, false},
                      Row{"TwoAbsent", {}, kTwo, true, true, true, true},
                      Row{"TwoAny", {"anyExtendedKeyUsage"}, kTwo, true, true, false, false},
                      Row{"TwoClient", {"clientAuth"}, kTwo, false, true, false, true},
                      Row{"TwoServer", {"serverAuth"}, kTwo, false, false, false, false},
                      Row{"TwoSipDomain", {kSipDomain}, kTwo, false, true, false, true},
                      Row{"TwoBoth", {"clientAuth", kSipDomain}, kTwo, true, true, true, true}),
    [](const ::testing::TestParamInfo<Row>& row) { return row.param.title; });

TEST(UsageOfServersTest, AServerThatWeConnectToMustCarryTheRequiredUsageToo) {
  MutualTlsFixture fixture;
  ManagerConfig config = fixture.Config({".contoso.com"});
  config.extended_key_usage =
      *Usage::Create(std::vector<std::string>{"serverAuth"}, Usage::Match::kAll,
                     Usage::Strictness::kAnyUsageSatisfies);
  fixture.Start(std::move(config));
  fixture.resolvers[0]->SetAddresses("good.org", {"198.51.100.9"});
  fixture.resolvers[0]->SetAddresses("bad.org", {"198.51.100.10"});
  const auto good = fixture.ServeTls(
      "198.51.100.9:5061", {.dns_names = {"good.org"}, .extended_key_usages = {"serverAuth"}});
  const auto bad = fixture.ServeTls(
      "198.51.100.10:5061", {.dns_names = {"bad.org"}, .extended_key_usages = {"clientAuth"}});
  fixture.SendOptions("good.org");
  EXPECT_EQ(fixture.events.Count(EngineEvent::Kind::kTlsRefused), 0);
  EXPECT_EQ(fixture.events.Count(EngineEvent::Kind::kConnectionEstablished), 1);
  fixture.SendOptions("bad.org");
  ASSERT_EQ(fixture.events.Count(EngineEvent::Kind::kTlsRefused), 1);
  EXPECT_EQ(ReasonOf(fixture.sends->events.back().failure), "PEER_KEY_USAGE");
  EXPECT_THAT(std::string(fixture.sends->events.back().failure.message()),
              HasSubstr("[clientAuth]"));
}

}  // namespace
}  // namespace sipcm::engine
