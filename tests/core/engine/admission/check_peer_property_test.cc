// CheckPeer answers exactly what a handshake does: every shape of peer against every policy, with
// real TLS handshakes in virtual time. Both directions.

#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/error.h"
#include "core/engine/manager/manager_runtime.h"
#include "core/tls/tls_stream.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/engine/mutual_tls_fixture.h"
#include "tests/core/tls/raw_tls_peer.h"
#include "tests/core/tls/stream_owner.h"
#include "tests/core/tls/tls_fixture.h"
#include "tests/fakes/memory_stream.h"
#include "tests/pki/peer_shapes.h"

namespace sipcm::engine {
namespace {

using Usage = tls::ExtendedKeyUsagePolicy;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using tls::CrlCheck;
using tls::PeerRefusal;
using tls::PeerVerdict;

const pki::PeerShapes& Shapes() {
  static const auto* const shapes = new pki::PeerShapes;
  return *shapes;
}

std::shared_ptr<const tls::TrustBundle> Bundle(CrlCheck check = CrlCheck::kOff) {
  return tls::Trusting(Shapes().root(), Shapes().crls_pem(), check);
}

Usage Require(std::vector<std::string> usages, Usage::Match match = Usage::Match::kAll,
              Usage::Strictness strictness = Usage::Strictness::kAnyUsageSatisfies) {
  return *Usage::Create(usages, match, strictness);
}

struct Policy {
  std::string name;
  ManagerConfig config;

  friend void PrintTo(const Policy& policy, std::ostream* out) { *out << policy.name; }
};

ManagerConfig Listing(const std::vector<std::string>& allowed) {
  ManagerConfig config = MutualTlsFixture().Config(allowed);
  config.trust_bundle = Bundle();
  return config;
}

std::vector<Policy> Policies() {
  std::vector<Policy> all;
  const auto add = [&all](const std::string& name, const std::vector<std::string>& allowed) {
    all.push_back({name, Listing(allowed)});
    return &all.back().config;
  };
  const std::vector<std::string> usual = {"x.org", ".contoso.com", "a.contoso.com"};
  add("domain", usual);
  add("hosts", {"xn--bcher-kva.contoso.com", "contoso.com", "a.contoso.com", "192.0.2.7",
                "2001:db8::7", "b.fabrikam.org"});
  add("rfc5922", {".contoso.com", "b.fabrikam.org"})->name_check = tls::NameCheck::kRfc5922;
  add("expired entry", usual)->allowed_domains[1].expire_time = tls::TestNow();
  add("bound entry", {"a.contoso.com"})->allowed_domains[0].trust_bundle =
      tls::Trusting(Shapes().partner());
  add("any domain", {})->allow_any_domain = true;
  add("nobody", {});
  add("client usage", usual)->extended_key_usage = Require({"clientAuth"});
  add("client or sip usage", usual)->extended_key_usage =
      Require({"clientAuth", "sipDomain"}, Usage::Match::kAny);
  add("strict usage", usual)->extended_key_usage =
      Require({"sipDomain", "clientAuth"}, Usage::Match::kAny, Usage::Strictness::kStrict);
  add("crl of the leaf", usual)->trust_bundle = Bundle(CrlCheck::kLeaf);
  add("crls of the chain", usual)->trust_bundle = Bundle(CrlCheck::kChain);
  add("short chains", usual)->max_chain_length = 3;
  add("long chains", usual)->max_chain_length = 100;
  add("no bundle", usual)->trust_bundle = nullptr;
  add("request", usual)->mutual_tls = tls::MutualTls::kRequest;
  add("auto", {"x.org"});  // with an outgoing connection to a.contoso.com
  return all;
}

void ExpectEqual(const PeerVerdict& handshake, const PeerVerdict& dry_run, const std::string& at) {
  EXPECT_EQ(tls::NameOfRefusal(handshake.refusal), tls::NameOfRefusal(dry_run.refusal)) << at;
  EXPECT_EQ(handshake.explanation, dry_run.explanation) << at;
  EXPECT_EQ(handshake.subject, dry_run.subject) << at;
  EXPECT_EQ(handshake.names_tested, dry_run.names_tested) << at;
  EXPECT_EQ(handshake.names_ignored, dry_run.names_ignored) << at;
}

class CheckPeerTest : public ::testing::Test {
 protected:
  CheckPeerTest() { fixture_.resolvers[0]->SetAddresses("a.contoso.com", {"198.51.100.9"}); }

  PeerVerdict DryRun(const pki::PeerShape& shape, tls::PeerRole role, const std::string& host) {
    auto verdict = fixture_.engine->CheckPeer("edge", shape.chain_pem, role, host, {});
    SIPCM_CHECK_MESSAGE(verdict.ok(), shape.name.c_str());
    return *std::move(verdict);
  }
  // Presents the shape to the listening manager.
  void Connect(const pki::PeerShape& shape) {
    fixture_.events.events.clear();
    auto stream = fixture_.network.ConnectPeer(fixture_.loops[0].get(),
                                               *net::SocketAddress::Parse("192.0.2.1:5061"));
    SIPCM_CHECK(stream.ok());
    peer_ = std::make_unique<tls::RawTlsPeer>(tls::RawTlsPeer::Role::kClient, *std::move(stream));
    peer_->Present(shape.chain_pem, shape.private_key_pem);
    peer_->Start();
    fixture_.RunUntilIdle();
  }

  MutualTlsFixture fixture_;
  std::unique_ptr<tls::RawTlsPeer> peer_;
};

class CheckPeerPropertyTest : public CheckPeerTest, public ::testing::WithParamInterface<Policy> {};
INSTANTIATE_TEST_SUITE_P(Policies, CheckPeerPropertyTest, ::testing::ValuesIn(Policies()),
                         [](const ::testing::TestParamInfo<Policy>& info) {
                           std::string name = info.param.name;
                           for (char& c : name) c = c == ' ' ? '_' : c;
                           return name;
                         });

TEST_P(CheckPeerPropertyTest, TheDryRunSaysOfAClientWhatTheHandshakeSays) {
  fixture_.Start(GetParam().config);
  std::unique_ptr<fakes::TestListener> server;
  if (GetParam().name == "auto") {
    server = fixture_.ServeTls("198.51.100.9:5061", {.dns_names = {"a.contoso.com"}});
    ManagerConfig of_the_server = GetParam().config;  // for the way out
    of_the_server.trust_bundle = fixture_.bundle;
    of_the_server.credential = fixture_.Config({}).credential;
    fixture_.Apply(of_the_server);
    fixture_.SendOptions("a.contoso.com");
    fixture_.Apply(GetParam().config);
    ASSERT_THAT(fixture_.AutoEntries(), ::testing::ElementsAre("a.contoso.com"));
  }
  for (const pki::PeerShape& shape : Shapes().all()) {
    const PeerVerdict dry_run = DryRun(shape, tls::PeerRole::kIncomingClient, "");
    Connect(shape);
    const EngineEvent* refused = fixture_.LastEvent(EngineEvent::Kind::kTlsRefused);
    const EngineEvent* established = fixture_.LastEvent(EngineEvent::Kind::kConnectionEstablished);
    if (dry_run.allowed()) {
      ASSERT_NE(established, nullptr) << shape.name << ": " << dry_run.explanation;
      EXPECT_EQ(established->connection->peer->matched_allowed_domain,
                dry_run.matched_allowed_domain)
          << shape.name;
      EXPECT_EQ(refused, nullptr) << shape.name;
    } else {
      EXPECT_EQ(established, nullptr) << shape.name;
      ASSERT_NE(refused, nullptr) << shape.name << ": " << dry_run.explanation;
      ExpectEqual(refused->refused_peer->verdict, dry_run, shape.name);
    }
  }
}

TEST_P(CheckPeerPropertyTest, TheDryRunSaysOfAServerWhatTheHandshakeSays) {
  fixture_.Apply(GetParam().config);
  const auto runtime = ManagerRuntime::Create(GetParam().config);
  ASSERT_TRUE(runtime.ok()) << runtime.status();
  for (const pki::PeerShape& shape : Shapes().all()) {
    for (const std::string host : {"a.contoso.com", "192.0.2.7"}) {
      const PeerVerdict dry_run = DryRun(shape, tls::PeerRole::kOutgoingServer, host);
      auto [ours, theirs] = fakes::MemoryStream::MakePair(
          {fixture_.loops[0].get(), *net::SocketAddress::Parse("192.0.2.1:40000")},
          {fixture_.loops[0].get(), *net::SocketAddress::Parse("192.0.2.7:5061")}, {});
      auto stream = tls::TlsStream::Connect(fixture_.loops[0].get(), &fixture_.gate,
                                            (*runtime)->client_tls, host, std::move(ours));
      const tls::TlsStream* const tls = stream.get();
      tls::StreamOwner owner(std::move(stream));
      tls::RawTlsPeer server(tls::RawTlsPeer::Role::kServer, std::move(theirs));
      server.Present(shape.chain_pem, shape.private_key_pem);
      server.Start();
      owner.Start();
      fixture_.RunUntilIdle();
      EXPECT_EQ(owner.ready, dry_run.allowed()) << shape.name << ": " << owner.failure;
      if (dry_run.allowed()) continue;
      ASSERT_NE(tls->refused_peer(), nullptr) << shape.name << ": " << owner.failure;
      ExpectEqual(tls->refused_peer()->verdict, dry_run, shape.name);
    }
  }
}

TEST_P(CheckPeerPropertyTest, WhoeverHasTheCertificateWithoutItsKeyIsNeverLetIn) {
  fixture_.Start(GetParam().config);
  pki::PeerShape stolen = Shapes().all().front();
  stolen.private_key_pem = pki::MismatchedKey(
      stolen.private_key_pem, Shapes().root().Issue({.common_name = "thief"}).private_key_pem);
  Connect(stolen);
  EXPECT_EQ(fixture_.events.Count(EngineEvent::Kind::kConnectionEstablished), 0);
  EXPECT_EQ(fixture_.engine->GetTotals().connections[0][1], 0);
  EXPECT_THAT(peer_->received(), IsEmpty());
}

TEST_F(CheckPeerTest, WhereNoCertificateIsAskedForEveryShapeIsLetInAndTheDryRunSaysSo) {
  ManagerConfig config = Listing({"x.org"});
  config.mutual_tls = tls::MutualTls::kOff;
  fixture_.Start(config);
  for (const pki::PeerShape& shape : Shapes().all()) {
    const PeerVerdict dry_run = DryRun(shape, tls::PeerRole::kIncomingClient, "");
    EXPECT_TRUE(dry_run.allowed()) << shape.name;
    EXPECT_THAT(dry_run.explanation, HasSubstr("mutual_tls is OFF")) << shape.name;
    EXPECT_EQ(dry_run.matched_allowed_domain, "") << shape.name;
    Connect(shape);
    EXPECT_EQ(fixture_.events.Count(EngineEvent::Kind::kConnectionEstablished), 1) << shape.name;
  }
}

TEST_F(CheckPeerTest, AManagerThatAcceptsNoTlsHasNoIncomingHandshakeToTellOf) {
  for (const ManagerKind kind : {ManagerKind::kClient, ManagerKind::kServerTcp}) {
    ManagerConfig config = Listing({"x.org"});
    config.kind = kind;
    fixture_.Apply(config);
    const std::string& chain = Shapes().all().front().chain_pem;
    EXPECT_EQ(
        ReasonOf(fixture_.engine->CheckPeer("edge", chain, tls::PeerRole::kIncomingClient, "", {})
                     .status()),
        "NO_TLS_LISTENER");
    EXPECT_TRUE(fixture_.engine
                    ->CheckPeer("edge", chain, tls::PeerRole::kOutgoingServer, "a.contoso.com", {})
                    .ok());
  }
}

}  // namespace
}  // namespace sipcm::engine
