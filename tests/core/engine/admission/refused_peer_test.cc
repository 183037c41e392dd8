// A refused handshake is an event with the whole story, in both directions.

#include <memory>
#include <string>

#include "core/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/engine/mutual_tls_fixture.h"
#include "tests/core/tls/tls_fixture.h"

namespace sipcm::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Kind = EngineEvent::Kind;

class RefusedPeerTest : public ::testing::Test {
 protected:
  MutualTlsFixture fixture_;
};

TEST_F(RefusedPeerTest, TheEventHasAddressesServerNameChainRuleAndAlert) {
  fixture_.Start(fixture_.Config({".contoso.com"}));
  const auto middle = fixture_.root.IssueAuthority("Middle");
  auto peer = fixture_.ConnectTlsPeer(
      tls::CredentialOf(middle->Issue({.common_name = "x", .dns_names = {"a.evilcontoso.com"}})));
  EXPECT_TRUE(peer->is_over());
  const EngineEvent* event = fixture_.LastEvent(Kind::kTlsRefused);
  ASSERT_NE(event, nullptr);
  EXPECT_EQ(event->manager_id, "edge");
  EXPECT_EQ(event->connection->direction, connection::Direction::kIncoming);
  EXPECT_EQ(event->connection->local_address.ToString(), "192.0.2.1:5061");
  EXPECT_EQ(event->connection->remote_address, peer->stream()->local_address());
  EXPECT_EQ(event->close_reason, connection::CloseReason::kNotAllowed);
  EXPECT_EQ(ReasonOf(event->detail), "PEER_NOT_ALLOWED");
  const tls::RefusedPeer& refused = *event->refused_peer;
  EXPECT_EQ(refused.server_name, "sip.edge.net");
  ASSERT_THAT(refused.chain, SizeIs(2));
  EXPECT_THAT(refused.chain[0].dns_names, ElementsAre("a.evilcontoso.com"));
  EXPECT_EQ(refused.chain[1].subject, "CN=Middle");
  EXPECT_EQ(refused.verdict.refusal, tls::PeerRefusal::kNotAllowedDomain);
  EXPECT_EQ(tls::AlertOfRefusal(refused.verdict.refusal), "certificate_unknown");
  EXPECT_THAT(refused.verdict.names_tested, ElementsAre("a.evilcontoso.com", "x"));
  const EngineEvent& last = fixture_.events.events.back();
  EXPECT_EQ(last.kind, Kind::kConnectionClosed) << "as every connection that was opened";
  EXPECT_EQ(last.connection->id, event->connection->id);
  EXPECT_EQ(fixture_.events.Count(Kind::kConnectionEstablished), 0);
  EXPECT_EQ(fixture_.engine->GetTotals().tls_refused, 1u);
}

TEST_F(RefusedPeerTest, APeerWithoutCertificateIsToldWithAnEmptyChain) {
  fixture_.Start(fixture_.Config({".contoso.com"}));
  auto peer = fixture_.ConnectTlsPeer(nullptr);
  const EngineEvent* event = fixture_.LastEvent(Kind::kTlsRefused);
  ASSERT_NE(event, nullptr);
  EXPECT_EQ(event->refused_peer->verdict.refusal, tls::PeerRefusal::kNoCertificate);
  EXPECT_THAT(event->refused_peer->chain, IsEmpty());
}

TEST_F(RefusedPeerTest, NoMoreThanTenCertificatesAreKeptAndHostileNamesAreEscaped) {
  ManagerConfig config = fixture_.Config({".contoso.com"});
  fixture_.Start(std::move(config));
  std::string chain;
  const pki::IssuedCertificate leaf = fixture_.root.Issue(
      {.common_name = "\x1b[31mevil\n", .dns_names = {std::string("a.contoso.com\0.evil", 19)}});
  chain = leaf.certificate_pem;
  for (int i = 0; i < 14; ++i) chain += fixture_.root.certificate_pem();
  auto credential =
      tls::Credential::FromPem("certificates/x", "1", chain, leaf.private_key_pem, tls::TestNow());
  ASSERT_TRUE(credential.ok()) << credential.status();
  auto peer = fixture_.ConnectTlsPeer(*credential);
  const EngineEvent* event = fixture_.LastEvent(Kind::kTlsRefused);
  ASSERT_NE(event, nullptr);
  EXPECT_EQ(event->refused_peer->verdict.refusal, tls::PeerRefusal::kChainTooLong);
  ASSERT_THAT(event->refused_peer->chain, SizeIs(10));
  EXPECT_EQ(event->refused_peer->chain[0].subject.find_first_of("\x1b\n"), std::string::npos);
  EXPECT_THAT(event->refused_peer->chain[0].dns_names, ElementsAre("a.contoso.com\\x00.evil"));
}

TEST_F(RefusedPeerTest, AServerThatWeRefuseIsAnEventOfTheOutgoingSide) {
  fixture_.Start(fixture_.Config({".contoso.com"}));
  fixture_.resolvers[0]->SetAddresses("sip.example.org", {"198.51.100.9"});
  auto server = fixture_.ServeTls("198.51.100.9:5061", {.dns_names = {"other.example.org"}});
  fixture_.SendOptions("sip.example.org");
  const EngineEvent* event = fixture_.LastEvent(Kind::kTlsRefused);
  ASSERT_NE(event, nullptr);
  EXPECT_EQ(event->connection->direction, connection::Direction::kOutgoing);
  EXPECT_EQ(event->connection->remote_address.ToString(), "198.51.100.9:5061");
  EXPECT_EQ(event->connection->pool_id, "tls:sip.example.org:5061");
  EXPECT_EQ(event->refused_peer->server_name, "sip.example.org");
  EXPECT_EQ(event->refused_peer->verdict.refusal, tls::PeerRefusal::kNameMismatch);
  ASSERT_THAT(event->refused_peer->chain, SizeIs(1));
  EXPECT_THAT(event->refused_peer->chain[0].dns_names, ElementsAre("other.example.org"));
  EXPECT_EQ(fixture_.engine->GetTotals().tls_refused, 1u);
  ASSERT_THAT(fixture_.sends->events, SizeIs(1));
  EXPECT_EQ(ReasonOf(fixture_.sends->events[0].failure), "PEER_NAME_MISMATCH");
}

}  // namespace
}  // namespace sipcm::engine
