// The host of an outgoing mutual-TLS connection may connect back while the connection is there
// (semantics.md 6).

#include <memory>
#include <string>
#include <vector>

#include "core/tls/tls_stream.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/engine/mutual_tls_fixture.h"
#include "tests/core/tls/tls_fixture.h"

namespace sipcm::engine {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kHost[] = "sip.partner.org";

class AutoAllowedHostsTest : public ::testing::TestWithParam<int> {
 protected:
  AutoAllowedHostsTest() : fixture_(GetParam()) {
    for (auto& resolver : fixture_.resolvers) {
      resolver->SetAddresses(kHost, {"198.51.100.9"});
      resolver->SetAddresses("other.partner.org", {"198.51.100.10"});
    }
    server_ = fixture_.ServeTls("198.51.100.9:5061", {.dns_names = {kHost}});
    second_port_ = fixture_.ServeTls("198.51.100.9:5071", {.dns_names = {kHost}});
    other_ = fixture_.ServeTls("198.51.100.10:5061", {.dns_names = {"other.partner.org"}});
  }
  bool IsLetIn(const std::string& name) {
    const auto peer = fixture_.ConnectTlsPeer({.dns_names = {name}});
    return peer->is_ready() && !peer->is_over();
  }
  tls::PeerVerdict Checked(const std::string& name) {
    return *fixture_.engine->CheckPeer("edge", fixture_.root.Issue({.dns_names = {name}}).chain_pem,
                                       tls::PeerRole::kIncomingClient, "", {});
  }
  void CloseAll(fakes::TestListener& listener) {
    for (auto& peer : listener.peers()) peer->Close();
    listener.peers().clear();
    fixture_.RunUntilIdle();
  }

  MutualTlsFixture fixture_;
  std::unique_ptr<fakes::TestListener> server_, second_port_, other_;
};
INSTANTIATE_TEST_SUITE_P(Workers, AutoAllowedHostsTest, ::testing::Values(1, 3));

TEST_P(AutoAllowedHostsTest, TheHostIsInTheListFromTheFirstConnectionToTheEndOfTheLast) {
  fixture_.Start(fixture_.Config({".contoso.com"}));
  EXPECT_FALSE(IsLetIn(kHost));
  fixture_.SendOptions(kHost);
  fixture_.SendOptions(kHost);
  ASSERT_THAT(server_->peers(), SizeIs(2));
  EXPECT_THAT(fixture_.AutoEntries(), ElementsAre(kHost));
  const auto back = fixture_.ConnectTlsPeer({.dns_names = {kHost}});
  ASSERT_TRUE(back->is_ready());
  EXPECT_EQ(fixture_.LastEvent(EngineEvent::Kind::kConnectionEstablished)
                ->connection->peer->matched_allowed_domain,
            kHost);
  const tls::PeerVerdict verdict = Checked(kHost);
  EXPECT_EQ(verdict.matched_allowed_domain, kHost);
  EXPECT_THAT(verdict.explanation, HasSubstr("outgoing connection"));
  EXPECT_FALSE(IsLetIn("x.partner.org"));

  server_->peers()[0]->Close();
  fixture_.RunUntilIdle();
  EXPECT_THAT(fixture_.AutoEntries(), ElementsAre(kHost));
  CloseAll(*server_);
  EXPECT_THAT(fixture_.AutoEntries(), IsEmpty());
  EXPECT_FALSE(IsLetIn(kHost));
  EXPECT_FALSE(back->is_over());
}

TEST_P(AutoAllowedHostsTest, PoolsToOneHostShareTheEntryAndHostsHaveTheirOwn) {
  fixture_.Start(fixture_.Config({".contoso.com"}));
  fixture_.SendOptions(kHost);
  fixture_.SendOptions(kHost, 5071);
  fixture_.SendOptions("Other.Partner.ORG");
  EXPECT_THAT(fixture_.AutoEntries(), ElementsAre("other.partner.org", kHost));
  CloseAll(*server_);
  EXPECT_THAT(fixture_.AutoEntries(), ElementsAre("other.partner.org", kHost));
  CloseAll(*second_port_);
  EXPECT_THAT(fixture_.AutoEntries(), ElementsAre("other.partner.org"));
  CloseAll(*other_);
  EXPECT_THAT(fixture_.AutoEntries(), IsEmpty());
}

TEST_P(AutoAllowedHostsTest, AHostThatTheListCoversGetsNoEntryUntilItDoesNot) {
  fixture_.Start(fixture_.Config({"x.org", ".partner.org"}));
  fixture_.SendOptions(kHost);
  EXPECT_THAT(fixture_.AutoEntries(), IsEmpty());
  EXPECT_EQ(Checked(kHost).matched_allowed_domain, ".partner.org");
  fixture_.Apply(fixture_.Config({"x.org"}));
  EXPECT_THAT(fixture_.AutoEntries(), ElementsAre(kHost));
  EXPECT_TRUE(IsLetIn(kHost));
}

TEST_P(AutoAllowedHostsTest, AnEntryThatIsBoundToAnIssuerIsNotLifted) {
  const pki::CertificateAuthority stranger("Stranger");
  ManagerConfig config = fixture_.Config({kHost});
  config.allowed_domains[0].trust_bundle = tls::Trusting(stranger);
  fixture_.Start(std::move(config));
  fixture_.SendOptions(kHost);
  ASSERT_THAT(server_->peers(), SizeIs(1));
  EXPECT_THAT(fixture_.AutoEntries(), IsEmpty());
  EXPECT_FALSE(IsLetIn(kHost));
  EXPECT_EQ(Checked(kHost).refusal, tls::PeerRefusal::kAllowedDomainIssuer);
}

TEST_P(AutoAllowedHostsTest, AnExpiredEntryCoversNothing) {
  ManagerConfig config = fixture_.Config({"x.org", kHost});
  const absl::Time end = fixture_.clock.wall_now() + absl::Hours(1);
  config.allowed_domains[1].expire_time = end;
  fixture_.Start(std::move(config));
  fixture_.SendOptions(kHost);
  EXPECT_THAT(fixture_.AutoEntries(), IsEmpty());
  fixture_.clock.SetWall(end);
  EXPECT_THAT(fixture_.AutoEntries(), ElementsAre(kHost));
  EXPECT_TRUE(IsLetIn(kHost));
}

TEST_P(AutoAllowedHostsTest, SwitchedOffNothingIsAddedAndTheUncoveredHostIsAWarning) {
  ManagerConfig config = fixture_.Config({".contoso.com"});
  config.auto_allow_outgoing_hosts = false;
  fixture_.Start(config);
  fixture_.SendOptions(kHost);
  ASSERT_THAT(server_->peers(), SizeIs(1));
  EXPECT_THAT(fixture_.AutoEntries(), IsEmpty());
  EXPECT_FALSE(IsLetIn(kHost));
  EXPECT_THAT(fixture_.Status().warnings, Contains(HasSubstr("\"sip.partner.org\"")));
  config.auto_allow_outgoing_hosts = true;
  fixture_.Apply(config);
  EXPECT_THAT(fixture_.AutoEntries(), ElementsAre(kHost));
  EXPECT_THAT(fixture_.Status().warnings, IsEmpty());
  EXPECT_TRUE(IsLetIn(kHost));
}

TEST_P(AutoAllowedHostsTest, AnEmptyListStaysEmptyAndOneThatIsNotConsultedIsLeftAlone) {
  ManagerConfig config = fixture_.Config({});
  config.allow_any_domain = true;
  fixture_.Start(config);
  fixture_.SendOptions(kHost);
  EXPECT_THAT(fixture_.AutoEntries(), IsEmpty());
  EXPECT_TRUE(IsLetIn("anybody.org"));
  config.allow_any_domain = false;
  fixture_.Apply(config);
  EXPECT_FALSE(IsLetIn(kHost));
  config = fixture_.Config({".contoso.com"});
  config.mutual_tls = tls::MutualTls::kOff;
  fixture_.Apply(config);
  EXPECT_THAT(fixture_.AutoEntries(), IsEmpty());
}

TEST_P(AutoAllowedHostsTest, AServerThatWeRefusedIsNotAdded) {
  fixture_.Start(fixture_.Config({".contoso.com"}));
  for (auto& resolver : fixture_.resolvers) resolver->SetAddresses("bad.org", {"198.51.100.9"});
  fixture_.SendOptions("bad.org");
  EXPECT_THAT(fixture_.AutoEntries(), IsEmpty());
}

TEST_P(AutoAllowedHostsTest, AServerThatAsksForNoCertificateIsNotAdded) {
  fixture_.Start(fixture_.Config({".contoso.com"}));
  server_.reset();
  server_ = fixture_.ServeTls("198.51.100.9:5061", {.dns_names = {kHost}}, tls::MutualTls::kOff);
  for (const bool resumed : {false, true}) {
    fixture_.SendOptions(kHost);
    ASSERT_THAT(server_->peers(), SizeIs(1));
    EXPECT_EQ(static_cast<tls::TlsStream*>(server_->peers()[0]->stream())->is_resumed(), resumed);
    EXPECT_THAT(fixture_.AutoEntries(), IsEmpty());
    CloseAll(*server_);
  }
}

TEST_P(AutoAllowedHostsTest, ASessionThatIsResumedIsAsMutualAsTheOneBefore) {
  fixture_.Start(fixture_.Config({".contoso.com"}));
  for (const bool resumed : {false, true, true}) {
    fixture_.SendOptions(kHost);
    ASSERT_THAT(server_->peers(), SizeIs(1));
    EXPECT_EQ(static_cast<tls::TlsStream*>(server_->peers()[0]->stream())->is_resumed(), resumed);
    EXPECT_THAT(fixture_.AutoEntries(), ElementsAre(kHost));
    CloseAll(*server_);
    EXPECT_THAT(fixture_.AutoEntries(), IsEmpty());
  }
}

TEST_P(AutoAllowedHostsTest, ARemovalLeavesThePeerThatItsAutoEntryCovers) {
  fixture_.Start(fixture_.Config({".contoso.com", kHost}));
  fixture_.SendOptions(kHost);
  const auto back = fixture_.ConnectTlsPeer({.dns_names = {kHost}});
  fixture_.Apply(fixture_.Config({".contoso.com"}));
  int closed = -1;
  fixture_.engine->CloseConnectionsOf("edge", Entries({kHost}),
                                      [&](absl::StatusOr<int> count) { closed = *count; });
  fixture_.RunUntilIdle();
  EXPECT_EQ(closed, 0);
  EXPECT_FALSE(back->is_over());
}

}  // namespace
}  // namespace sipcm::engine
