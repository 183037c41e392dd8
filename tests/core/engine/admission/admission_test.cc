// Who may connect, and who stays when the list is edited (semantics.md 6), with real handshakes in
// virtual time.

#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/tls/tls_stream.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/engine/mutual_tls_fixture.h"
#include "tests/core/tls/tls_fixture.h"

namespace sipcm::engine {
namespace {

using connection::CloseReason;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Kind = EngineEvent::Kind;

class AdmissionTest : public ::testing::Test {
 protected:
  bool IsLetIn(const std::string& name) {
    const auto peer = fixture_.ConnectTlsPeer({.dns_names = {name}});
    return peer->is_ready() && !peer->is_over();
  }
  // What CheckPeer says of it at this moment: the entry, or the rule.
  std::string Checked(const std::string& name) {
    const auto verdict =
        fixture_.engine->CheckPeer("edge", fixture_.root.Issue({.dns_names = {name}}).chain_pem,
                                   tls::PeerRole::kIncomingClient, "", {});
    EXPECT_TRUE(verdict.ok()) << verdict.status();
    return verdict->allowed() ? verdict->matched_allowed_domain
                              : std::string(tls::NameOfRefusal(verdict->refusal));
  }
  // Takes `patterns` out of the list, asks for their connections to be closed, and counts those.
  int TakeOut(const std::vector<std::string>& patterns, const std::vector<std::string>& left) {
    fixture_.Apply(fixture_.Config(left));
    int count = -1;
    fixture_.engine->CloseConnectionsOf("edge", Entries(patterns), [&](absl::StatusOr<int> closed) {
      ASSERT_TRUE(closed.ok()) << closed.status();
      count = *closed;
    });
    fixture_.RunUntilIdle();
    return count;
  }
  void JumpWallClock(absl::Duration by) { fixture_.clock.SetWall(fixture_.clock.wall_now() + by); }

  MutualTlsFixture fixture_;
};

TEST_F(AdmissionTest, AnEditWhileListeningConcernsOnlyLaterHandshakes) {
  fixture_.Start(fixture_.Config({".contoso.com"}));
  const auto before = fixture_.ConnectTlsPeer({.dns_names = {"a.contoso.com"}});
  fixture_.Apply(fixture_.Config({".fabrikam.com"}));
  fixture_.RunUntilIdle();
  EXPECT_FALSE(before->is_over());
  EXPECT_FALSE(IsLetIn("a.contoso.com"));
  EXPECT_TRUE(IsLetIn("a.fabrikam.com"));
  EXPECT_FALSE(before->is_over());
}

TEST_F(AdmissionTest, AnEntryHoldsUntilJustBeforeItsExpiryWhereverTheWallClockJumps) {
  ManagerConfig config = fixture_.Config({"a.org", "b.org"});
  const absl::Time end = fixture_.clock.wall_now() + absl::Hours(1);
  config.allowed_domains[0].expire_time = end;
  fixture_.Start(std::move(config));
  EXPECT_TRUE(IsLetIn("a.org"));
  fixture_.clock.SetWall(end - absl::Nanoseconds(1));
  const auto early = fixture_.ConnectTlsPeer({.dns_names = {"a.org"}});
  EXPECT_TRUE(early->is_ready());
  EXPECT_EQ(Checked("a.org"), "a.org");
  fixture_.clock.SetWall(end);
  EXPECT_FALSE(IsLetIn("a.org"));
  EXPECT_EQ(Checked("a.org"), "NOT_IN_ALLOWED_DOMAINS");
  EXPECT_FALSE(early->is_over());
  JumpWallClock(-absl::Hours(1));
  EXPECT_TRUE(IsLetIn("a.org"));
  JumpWallClock(absl::Hours(24 * 365 * 2));
  EXPECT_FALSE(IsLetIn("a.org"));
  EXPECT_TRUE(IsLetIn("b.org"));
  EXPECT_FALSE(early->is_over());
}

TEST_F(AdmissionTest, AListWhoseEntriesHaveAllExpiredLetsInNobodyAndWarns) {
  ManagerConfig config = fixture_.Config({"a.org"});
  const absl::Time end = fixture_.clock.wall_now() + absl::Seconds(1);
  config.allowed_domains[0].expire_time = end;
  config.allow_any_domain = true;  // is for an empty list
  fixture_.Start(std::move(config));
  EXPECT_THAT(fixture_.Status().warnings, IsEmpty());
  fixture_.clock.SetWall(end);
  EXPECT_FALSE(IsLetIn("a.org"));
  EXPECT_THAT(fixture_.Status().warnings, ElementsAre(HasSubstr("has expired")));
}

TEST_F(AdmissionTest, WhereAnyDomainIsAllowedIsAWarningUntilTheFirstEntry) {
  ManagerConfig config = fixture_.Config({});
  config.allow_any_domain = true;
  fixture_.Start(config);
  EXPECT_TRUE(IsLetIn("a.org"));
  EXPECT_THAT(fixture_.Status().warnings, ElementsAre(HasSubstr("allow_any_domain")));
  config.allowed_domains = Entries({"b.org"});
  fixture_.Apply(config);
  EXPECT_FALSE(IsLetIn("a.org"));
  EXPECT_THAT(fixture_.Status().warnings, IsEmpty());
}

TEST_F(AdmissionTest, AnEntryBoundToATrustBundleLetsInOnlyItsIssuers) {
  const auto partner = fixture_.root.IssueAuthority("Partner");
  ManagerConfig config = fixture_.Config({"a.org", "b.org"});
  config.allowed_domains[0].trust_bundle = tls::Trusting(*partner);
  fixture_.Start(std::move(config));
  EXPECT_TRUE(fixture_.ConnectTlsPeer(tls::CredentialOf(partner->Issue({.dns_names = {"a.org"}})))
                  ->is_ready());
  EXPECT_EQ(fixture_.events.Count(Kind::kTlsRefused), 0);
  EXPECT_FALSE(IsLetIn("a.org"));
  EXPECT_EQ(fixture_.LastEvent(Kind::kTlsRefused)->refused_peer->verdict.refusal,
            tls::PeerRefusal::kAllowedDomainIssuer);
  EXPECT_EQ(Checked("a.org"), "ALLOWED_DOMAIN_ISSUER");
  EXPECT_TRUE(IsLetIn("b.org"));
}

TEST_F(AdmissionTest, ARemovalClosesThoseThatNothingElseCovers) {
  fixture_.Start(fixture_.Config({".contoso.com", "a.contoso.com", "c.org"}));
  const auto covered = fixture_.ConnectTlsPeer({.dns_names = {"a.contoso.com"}});
  const auto by_address = fixture_.ConnectTlsPeer({.dns_names = {"b.contoso.com", "c.org"}});
  const auto alone = fixture_.ConnectTlsPeer({.dns_names = {"b.contoso.com"}});
  const auto other = fixture_.ConnectTlsPeer({.dns_names = {"c.org"}});
  EXPECT_EQ(TakeOut({".contoso.com"}, {"a.contoso.com", "c.org"}), 1);
  EXPECT_TRUE(alone->is_over());
  EXPECT_FALSE(covered->is_over());
  EXPECT_FALSE(by_address->is_over());
  EXPECT_FALSE(other->is_over());
  const EngineEvent* event = fixture_.LastEvent(Kind::kConnectionClosed);
  ASSERT_NE(event, nullptr);
  EXPECT_EQ(event->close_reason, CloseReason::kDomainRemoved);
  EXPECT_EQ(fixture_.events.Count(Kind::kTlsRefused), 0);
  // What had let it in is gone; what covered it since is what counts now.
  EXPECT_EQ(TakeOut({"a.contoso.com"}, {"c.org"}), 1);
  EXPECT_TRUE(covered->is_over());
  EXPECT_FALSE(by_address->is_over());
}

TEST_F(AdmissionTest, ARemovalReachesThoseWhoseHandshakeIsUnderWay) {
  fixture_.Start(fixture_.Config({"a.org", "b.org"}));
  const net::SocketAddress edge = *net::SocketAddress::Parse("192.0.2.1:5061");
  // Accepted with the old list, and silent until the new one is in force.
  auto removed = fixture_.network.ConnectPeer(fixture_.loops[0].get(), edge);
  auto covered = fixture_.network.ConnectPeer(fixture_.loops[0].get(), edge);
  fixture_.RunUntilIdle();
  EXPECT_EQ(TakeOut({"a.org"}, {"b.org"}), 0);
  const auto speak = [&](std::unique_ptr<net::ByteStream> stream, const std::string& name) {
    auto context = tls::ClientTlsContext::Create(
        tls::PolicyOf(fixture_.bundle),
        tls::CredentialOf(fixture_.root.Issue({.dns_names = {name}})));
    auto peer = std::make_unique<fakes::TestPeer>(
        tls::TlsStream::Connect(fixture_.loops[0].get(), &fixture_.gate, *std::move(context),
                                "sip.edge.net", std::move(stream)));
    fixture_.RunUntilIdle();
    return peer;
  };
  EXPECT_TRUE(speak(*std::move(removed), "a.org")->is_over());
  EXPECT_FALSE(speak(*std::move(covered), "b.org")->is_over());
}

TEST_F(AdmissionTest, ARemovalLeavesThoseWhoseEntryWentBeforeWithoutClosing) {
  fixture_.Start(fixture_.Config({"a.org", "b.org", "c.org"}));
  const auto spared = fixture_.ConnectTlsPeer({.dns_names = {"a.org"}});
  fixture_.Apply(fixture_.Config({"b.org", "c.org"}));
  EXPECT_EQ(TakeOut({"b.org"}, {"c.org"}), 0);
  EXPECT_FALSE(spared->is_over());
}

TEST_F(AdmissionTest, ARemovalJudgesBoundAndExpiredEntriesAsAHandshakeWould) {
  const auto partner = fixture_.root.IssueAuthority("Partner");
  const auto with_rest = [&](std::vector<std::string> patterns) {
    ManagerConfig config = fixture_.Config(patterns);
    config.allowed_domains[0].trust_bundle = tls::Trusting(*partner);
    config.allowed_domains[1].expire_time = fixture_.clock.wall_now() + absl::Hours(1);
    return config;
  };
  fixture_.Start(with_rest({"a.org", "b.org", ".org"}));
  const auto theirs =
      fixture_.ConnectTlsPeer(tls::CredentialOf(partner->Issue({.dns_names = {"a.org"}})));
  const auto ours = fixture_.ConnectTlsPeer({.dns_names = {"a.org"}});
  const auto late = fixture_.ConnectTlsPeer({.dns_names = {"b.org"}});
  JumpWallClock(absl::Hours(2));
  fixture_.Apply(with_rest({"a.org", "b.org"}));
  JumpWallClock(absl::Hours(1));
  int count = -1;
  fixture_.engine->CloseConnectionsOf("edge", Entries({".org"}),
                                      [&](absl::StatusOr<int> closed) { count = *closed; });
  fixture_.RunUntilIdle();
  EXPECT_EQ(count, 2);
  EXPECT_FALSE(theirs->is_over());
  EXPECT_TRUE(ours->is_over());
  EXPECT_TRUE(late->is_over());
}

TEST_F(AdmissionTest, TheDryRunKnowsNoManagerThatIsNotThere) {
  absl::Status answer;
  fixture_.engine->CloseConnectionsOf(
      "none", Entries({"a.org"}), [&](absl::StatusOr<int> closed) { answer = closed.status(); });
  fixture_.RunUntilIdle();
  EXPECT_EQ(ReasonOf(answer), "RESOURCE_NOT_FOUND");
}

}  // namespace
}  // namespace sipcm::engine
