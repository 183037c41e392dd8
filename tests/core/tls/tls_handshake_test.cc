// Handshakes of TlsStream: who is let in, who is told what, and when.

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "core/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/tls/tls_pair.h"

namespace sipcm::tls {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Options = pki::CertificateOptions;

class TlsHandshakeTest : public ::testing::Test {
 protected:
  std::unique_ptr<TlsPair> Run() {
    auto pair = std::make_unique<TlsPair>(&loop_, &gate_, sides_);
    pair->Start();
    loop_.RunUntilIdle();
    return pair;
  }

  fakes::ManualEventLoop loop_;
  HandshakeGate gate_{&loop_};
  TlsSides sides_;
};

TEST_F(TlsHandshakeTest, MakesBothSidesReadyAndTellsWhoTheServerIs) {
  auto pair = Run();
  ASSERT_TRUE(pair->client->ready) << pair->client->failure;
  ASSERT_TRUE(pair->server->ready) << pair->server->failure;
  const PeerIdentity& server = *pair->client_tls->peer_identity();
  EXPECT_TRUE(server.verified);
  EXPECT_THAT(server.dns_names, ElementsAre("sip.example.org"));
  EXPECT_EQ(server.tls_version, "TLSv1.3");
  EXPECT_EQ(server.cipher_suite, "TLS_AES_128_GCM_SHA256");
  EXPECT_EQ(server.fingerprint_sha256.size(), 32u);
  EXPECT_EQ(server.matched_allowed_domain, "");
  EXPECT_EQ(pair->server_tls->server_name(), "sip.example.org");
  EXPECT_EQ(pair->client_tls->server_name(), "sip.example.org");
  EXPECT_EQ(pair->server_tls->versions().CredentialText(), "certificates/test@1");
  EXPECT_EQ(pair->client_tls->versions().CredentialText(), "");
  EXPECT_EQ(pair->client_tls->refused_peer(), nullptr);
}

TEST_F(TlsHandshakeTest, TheSessionsTicketMayWaitForTheAnswerWhenTheRequestCameAlong) {
  for (const bool came_along : {true, false}) {
    TlsPair pair(&loop_, &gate_, sides_);
    if (came_along) pair.client->Send("request");
    pair.Start();
    loop_.RunUntilIdle();
    ASSERT_TRUE(pair.server->ready) << pair.server->failure;
    EXPECT_EQ(pair.server->received, came_along ? "request" : "");
    EXPECT_EQ(pair.server_inner->write_before_more_count(), came_along ? 1 : 0);
    EXPECT_EQ(pair.client_inner->write_before_more_count(), 0);
  }
}

TEST_F(TlsHandshakeTest, WithoutMutualTlsTheClientIsReadyButNotVerified) {
  sides_.client_presents = true;  // nobody asks
  auto pair = Run();
  ASSERT_TRUE(pair->server->ready);
  const PeerIdentity& client = *pair->server_tls->peer_identity();
  EXPECT_FALSE(client.verified);
  EXPECT_EQ(client.subject, "");
  EXPECT_EQ(client.fingerprint_sha256, "");
}

TEST_F(TlsHandshakeTest, MutualTlsTellsTheClientAndTheEntryThatLetItIn) {
  for (const MutualTls mode : {MutualTls::kRequire, MutualTls::kRequest}) {
    sides_.mutual_tls = mode;
    sides_.client_presents = true;
    auto pair = Run();
    ASSERT_TRUE(pair->server->ready) << pair->server->failure;
    const PeerIdentity& client = *pair->server_tls->peer_identity();
    EXPECT_TRUE(client.verified);
    EXPECT_EQ(client.subject, "CN=edge");
    EXPECT_EQ(client.matched_allowed_domain, ".contoso.com");
    EXPECT_EQ(pair->client_tls->versions().CredentialText(), "certificates/test@1");
  }
}

TEST_F(TlsHandshakeTest, TheClientsChainCanBeJudgedAgainThoughOpensslKeepsNoneOfIt) {
  const auto middle = sides_.root.IssueAuthority("Middle");
  sides_.mutual_tls = MutualTls::kRequire;
  sides_.client_presents = true;
  sides_.client_certificate = middle->Issue(sides_.client_options);
  auto pair = Run();
  ASSERT_TRUE(pair->server->ready) << pair->server->failure;
  const CertificateChain chain = pair->server_tls->PeerChain();
  ASSERT_EQ(chain.size(), 2u);
  EXPECT_TRUE(
      VerifyPeer(sides_.server_policy, chain, PeerRole::kIncomingClient, "", TestNow()).allowed());
  EXPECT_TRUE(pair->client_tls->PeerChain().empty());  // nobody asks a client
  pair->client->Send("after");
  loop_.RunUntilIdle();
  EXPECT_EQ(pair->server->received, "after");
}

TEST_F(TlsHandshakeTest, RequestLetsInAClientWithoutCertificateUnverified) {
  sides_.mutual_tls = MutualTls::kRequest;
  auto pair = Run();
  ASSERT_TRUE(pair->server->ready) << pair->server->failure;
  EXPECT_FALSE(pair->server_tls->peer_identity()->verified);
}

TEST_F(TlsHandshakeTest, RequestRefusesACertificateThatThePolicyRefuses) {
  sides_.mutual_tls = MutualTls::kRequest;
  sides_.client_presents = true;
  sides_.client_options.dns_names = {"evil.org"};
  auto pair = Run();
  EXPECT_FALSE(pair->server->ready);
  EXPECT_EQ(ReasonOf(pair->server->failure), "PEER_NOT_ALLOWED");
}

TEST_F(TlsHandshakeTest, RequireRefusesAClientWithoutCertificateAndTellsIt) {
  sides_.mutual_tls = MutualTls::kRequire;
  auto pair = Run();
  EXPECT_TRUE(pair->server->failed);
  ASSERT_NE(pair->server_tls->refused_peer(), nullptr);
  EXPECT_EQ(pair->server_tls->refused_peer()->verdict.refusal, PeerRefusal::kNoCertificate);
  EXPECT_THAT(pair->server_tls->refused_peer()->chain, IsEmpty());
  EXPECT_EQ(pair->server_tls->refused_peer()->server_name, "sip.example.org");
  // A TLS 1.3 client is done by then: the alert comes with its first read.
  EXPECT_EQ(ReasonOf(pair->client->broken), "PEER_REFUSED_US") << pair->client->broken;
  EXPECT_THAT(std::string(pair->client->broken.message()), HasSubstr("certificate required"));
}

TEST_F(TlsHandshakeTest, ARefusedClientIsNamedWithItsChainAddressAndTheNameItAskedFor) {
  sides_.mutual_tls = MutualTls::kRequire;
  sides_.client_presents = true;
  const auto middle = sides_.root.IssueAuthority("Middle");
  sides_.client_certificate =
      middle->Issue({.common_name = "edge", .dns_names = {"evilcontoso.com"}});
  auto pair = Run();
  ASSERT_TRUE(pair->server->failed);
  EXPECT_EQ(pair->server->failure.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(pair->server->failure.message()),
              HasSubstr("tls handshake with 192.0.2.1:40000 failed: certificate \"CN=edge\""));
  const std::shared_ptr<const RefusedPeer> refused = pair->server_tls->refused_peer();
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->verdict.refusal, PeerRefusal::kNotAllowedDomain);
  EXPECT_EQ(refused->server_name, "sip.example.org");
  ASSERT_EQ(refused->chain.size(), 2u);
  EXPECT_THAT(refused->chain[0].dns_names, ElementsAre("evilcontoso.com"));
  EXPECT_EQ(refused->chain[1].subject, "CN=Middle");
  EXPECT_EQ(pair->server_tls->peer_identity(), nullptr);
}

TEST_F(TlsHandshakeTest, NoByteOfARefusedClientIsEverRead) {
  sides_.mutual_tls = MutualTls::kRequire;
  sides_.client_presents = true;
  sides_.client_options.dns_names = {"evil.org"};
  TlsPair pair(&loop_, &gate_, sides_);
  pair.client->Send("OPTIONS sip:a SIP/2.0\r\n\r\n");  // sent as soon as it may
  pair.Start();
  loop_.RunUntilIdle();
  EXPECT_TRUE(pair.client->ready);
  EXPECT_TRUE(pair.server->failed);
  EXPECT_EQ(pair.server->readable_calls, 0);
  EXPECT_EQ(pair.server->received, "");
}

// Every refusal, with the alert that AlertOfRefusal() promises.
struct Refused {
  std::string title;
  PeerRefusal refusal;
  void (*spoil)(TlsSides* sides);
  absl::Duration later = absl::ZeroDuration();  // the wall clock, when the handshake comes
};

class RefusedClientTest : public ::testing::TestWithParam<Refused> {};

TEST_P(RefusedClientTest, GetsTheAlertOfItsRefusal) {
  fakes::ManualEventLoop loop;
  HandshakeGate gate(&loop);
  TlsSides sides;
  sides.mutual_tls = MutualTls::kRequire;
  sides.client_presents = true;
  GetParam().spoil(&sides);
  TlsPair pair(&loop, &gate, sides);
  loop.SetWall(TestNow() + GetParam().later);
  pair.Start();
  loop.RunUntilIdle();
  ASSERT_NE(pair.server_tls->refused_peer(), nullptr) << pair.server->failure;
  EXPECT_EQ(pair.server_tls->refused_peer()->verdict.refusal, GetParam().refusal)
      << pair.server_tls->refused_peer()->verdict.explanation;
  EXPECT_EQ(ReasonOf(pair.server->failure), ReasonOfRefusal(GetParam().refusal));
  const std::string alert =
      absl::StrReplaceAll(AlertOfRefusal(GetParam().refusal), {{"_", " "}, {"_ca", " CA"}});
  EXPECT_THAT(std::string(pair.client->broken.message()), HasSubstr("\"" + alert + "\""));
  EXPECT_EQ(ReasonOf(pair.client->broken), "PEER_REFUSED_US");
}

void RequireClientAuth(TlsSides* sides) {
  sides->server_policy.extended_key_usage = *ExtendedKeyUsagePolicy::Create(
      std::vector<std::string>{"clientAuth"}, ExtendedKeyUsagePolicy::Match::kAll,
      ExtendedKeyUsagePolicy::Strictness::kAnyUsageSatisfies);
}

INSTANTIATE_TEST_SUITE_P(
    EveryRule, RefusedClientTest,
    ::testing::Values(
        Refused{"NoCertificate", PeerRefusal::kNoCertificate,
                [](TlsSides* sides) { sides->client_presents = false; }},
        Refused{"Untrusted", PeerRefusal::kUntrustedChain,
                [](TlsSides* sides) {
                  sides->server_policy.trust_bundle = Trusting(pki::CertificateAuthority("Other"));
                }},
        Refused{
            "Expired", PeerRefusal::kExpired,
            [](TlsSides* sides) { sides->client_options.not_after = TestNow() + absl::Hours(1); },
            absl::Hours(1)},
        Refused{"NotYetValid", PeerRefusal::kNotYetValid,
                [](TlsSides* sides) { sides->client_options.not_before = TestNow(); },
                -absl::Seconds(1)},
        Refused{"Revoked", PeerRefusal::kRevoked,
                [](TlsSides* sides) {
                  sides->client_certificate = sides->root.Issue(sides->client_options);
                  sides->server_policy.trust_bundle = Trusting(
                      sides->root, sides->root.MakeCrl({sides->client_certificate->serial}));
                }},
        Refused{"RevocationUnknown", PeerRefusal::kRevocationUnknown,
                [](TlsSides* sides) {
                  sides->server_policy.trust_bundle = Trusting(sides->root, "", CrlCheck::kLeaf);
                }},
        Refused{"ChainInvalid", PeerRefusal::kChainInvalid,
                [](TlsSides* sides) {
                  sides->client_certificate =
                      sides->root.IssueFalseAuthority("False")->Issue(sides->client_options);
                }},
        Refused{"ChainTooLong", PeerRefusal::kChainTooLong,
                [](TlsSides* sides) { sides->server_policy.max_chain_length = 1; }},
        Refused{"KeyUsage", PeerRefusal::kWrongKeyUsage,
                [](TlsSides* sides) {
                  sides->client_options.extended_key_usages = {"serverAuth"};
                  RequireClientAuth(sides);
                }},
        Refused{"NoUsableName", PeerRefusal::kNoUsableName,
                [](TlsSides* sides) { sides->client_options = {.dns_names = {"*.contoso.com"}}; }},
        Refused{"NotAllowed", PeerRefusal::kNotAllowedDomain,
                [](TlsSides* sides) { sides->client_options.dns_names = {"contoso.com"}; }},
        Refused{"EmptyList", PeerRefusal::kNoAllowedDomains,
                [](TlsSides* sides) { sides->server_policy.allowed_domains = nullptr; }}),
    [](const ::testing::TestParamInfo<Refused>& row) { return row.param.title; });

TEST_F(TlsHandshakeTest, AServerOfAnotherNameIsRefusedAndToldBeforeAByteIsSent) {
  sides_.asked_host = "example.net";
  auto pair = Run();
  ASSERT_TRUE(pair->client->failed);
  EXPECT_EQ(ReasonOf(pair->client->failure), "PEER_NAME_MISMATCH");
  EXPECT_THAT(
      std::string(pair->client->failure.message()),
      HasSubstr("tls handshake with \"example.net\" (192.0.2.7:5061) failed: certificate "));
  EXPECT_THAT(std::string(pair->client->failure.message()), HasSubstr("names [sip.example.org]"));
  EXPECT_EQ(pair->client_tls->refused_peer()->verdict.refusal, PeerRefusal::kNameMismatch);
  EXPECT_TRUE(pair->server->failed);
  EXPECT_EQ(ReasonOf(pair->server->failure), "PEER_REFUSED_US");
  EXPECT_THAT(std::string(pair->server->failure.message()), HasSubstr("\"bad certificate\""));
}

TEST_F(TlsHandshakeTest, AnAddressAsHostNeedsAnIpAddressNameAndSendsNoServerName) {
  sides_.asked_host = "192.0.2.7";
  sides_.server_options.ip_addresses = {"192.0.2.7"};
  auto pair = Run();
  ASSERT_TRUE(pair->client->ready) << pair->client->failure;
  EXPECT_EQ(pair->server_tls->server_name(), "");
  EXPECT_EQ(pair->client_tls->server_name(), "");
  sides_.server_options.ip_addresses = {"192.0.2.8"};
  EXPECT_EQ(ReasonOf(Run()->client->failure), "PEER_NAME_MISMATCH");
}

TEST_F(TlsHandshakeTest, SendsTheServerNameInItsCanonicalSpelling) {
  sides_.asked_host = "SIP.Bücher.example.";
  sides_.server_options.dns_names = {"sip.xn--bcher-kva.example"};
  auto pair = Run();
  ASSERT_TRUE(pair->client->ready) << pair->client->failure;
  EXPECT_EQ(pair->server_tls->server_name(), "sip.xn--bcher-kva.example");
}

TEST_F(TlsHandshakeTest, JudgesExpiryByTheLoopsWallClockAtEachHandshake) {
  sides_.mutual_tls = MutualTls::kRequire;
  sides_.client_presents = true;
  sides_.client_options.not_after = TestNow() + absl::Hours(1);
  const auto server_context = sides_.ServerContext();
  const auto client_context = sides_.ClientContext();
  const auto run_at = [&](absl::Time wall) {
    loop_.SetWall(wall);
    TlsPair pair(&loop_, &gate_, server_context, client_context, sides_.asked_host);
    pair.Start();
    loop_.RunUntilIdle();
    return pair.server->ready;
  };
  EXPECT_TRUE(run_at(TestNow() + absl::Hours(1) - absl::Seconds(1)));
  EXPECT_FALSE(run_at(TestNow() + absl::Hours(1)));
  EXPECT_TRUE(run_at(TestNow()));  // the clock was set back
  EXPECT_FALSE(run_at(TestNow() + absl::Hours(24 * 730)));
}

TEST_F(TlsHandshakeTest, AChangedListTouchesOnlyLaterHandshakes) {
  sides_.mutual_tls = MutualTls::kRequire;
  sides_.client_presents = true;
  auto before = Run();
  sides_.server_policy.allowed_domains = Allowing({"other.org"});
  auto after = Run();
  EXPECT_TRUE(before->server->ready);
  EXPECT_TRUE(after->server->failed);
  before->client->Send("hello");
  loop_.RunUntilIdle();
  EXPECT_EQ(before->server->received, "hello");
}

TEST_F(TlsHandshakeTest, AServerContextNeedsACredential) {
  const auto context = ServerTlsContext::Create(nullptr, MutualTls::kOff, {});
  EXPECT_EQ(context.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(context.status()), "CERTIFICATE_MISSING");
}

}  // namespace
}  // namespace sipcm::tls
