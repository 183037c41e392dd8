// TLS sessions that are taken up again, and peers that are judged anew when they do.
#include <memory>
#include <string>

#include "core/base/error.h"
#include "gtest/gtest.h"
#include "tests/core/tls/tls_pair.h"

namespace sipcm::tls {
namespace {

class ResumptionTest : public ::testing::Test {
 protected:
  ResumptionTest() {
    sides_.mutual_tls = MutualTls::kRequire;
    sides_.client_presents = true;
  }

  // After it: sides_ has what contexts are made of.
  void MakeContexts() {
    server_context_ = sides_.ServerContext();
    client_context_ = sides_.ClientContext();
  }
  // Connects, and lets a byte pass, with which the session comes.
  void Connect(const std::string& asked = "sip.example.org") {
    pair_ = std::make_unique<TlsPair>(&loop_, &gate_, server_context_, client_context_, asked,
                                      fakes::MemoryStreamOptions(), offered_);
    pair_->server->Send("x");
    pair_->Start();
    loop_.RunUntilIdle();
  }
  bool ready() const { return pair_->server->ready && pair_->client->ready; }
  bool resumed() const {
    return ready() && pair_->server_tls->is_resumed() && pair_->client_tls->is_resumed();
  }

  fakes::ManualEventLoop loop_;
  HandshakeGate gate_{&loop_};
  TlsSides sides_;
  std::shared_ptr<OfferedSessions> offered_ = std::make_shared<OfferedSessions>();
  std::shared_ptr<const ServerTlsContext> server_context_;
  std::shared_ptr<const ClientTlsContext> client_context_;
  std::unique_ptr<TlsPair> pair_;
};

TEST_F(ResumptionTest, TheSecondConnectionGoesOnWithTheSessionOfTheFirstAndSoDoesTheThird) {
  MakeContexts();
  Connect();
  ASSERT_TRUE(ready()) << pair_->server->failure << pair_->client->failure;
  EXPECT_FALSE(resumed());
  for (int i = 0; i < 2; ++i) {
    Connect();
    EXPECT_TRUE(resumed()) << i;
    EXPECT_EQ(pair_->client->received, "x");
  }
}

TEST_F(ResumptionTest, BothSidesKnowTheOtherAsAfterAFullHandshake) {
  MakeContexts();
  Connect();
  const PeerIdentity client = *pair_->server_tls->peer_identity();
  const PeerIdentity server = *pair_->client_tls->peer_identity();
  Connect();
  ASSERT_TRUE(resumed());
  const PeerIdentity& same_client = *pair_->server_tls->peer_identity();
  EXPECT_EQ(same_client.dns_names, client.dns_names);
  EXPECT_EQ(same_client.matched_allowed_domain, ".contoso.com");
  EXPECT_EQ(same_client.fingerprint_sha256, client.fingerprint_sha256);
  EXPECT_TRUE(same_client.verified);
  EXPECT_EQ(pair_->client_tls->peer_identity()->fingerprint_sha256, server.fingerprint_sha256);
  EXPECT_EQ(pair_->server_tls->PeerChain().size(), 1u);  // to be judged when a domain is removed
  EXPECT_EQ(pair_->server_tls->versions().CredentialText(), "certificates/test@1");
}

TEST_F(ResumptionTest, AConnectionThatBroke_LeavesItsSession) {
  MakeContexts();
  Connect();
  pair_->client_inner->Reset();
  loop_.RunUntilIdle();
  pair_.reset();
  Connect();
  EXPECT_TRUE(resumed());
}

TEST_F(ResumptionTest, ASessionIsOfferedOnce) {
  MakeContexts();
  Connect();
  EXPECT_EQ(offered_->size(), 1u);
  pair_ = std::make_unique<TlsPair>(&loop_, &gate_, server_context_, client_context_,
                                    "sip.example.org", fakes::MemoryStreamOptions(), offered_);
  pair_->client->Start();
  loop_.RunUntilIdle();  // its ClientHello is out
  EXPECT_EQ(offered_->size(), 0u);
}

TEST_F(ResumptionTest, AnotherCertificateOrPolicyTakesUpNoSessionOfTheOneBefore) {
  MakeContexts();
  Connect();
  server_context_ = sides_.ServerContext();  // rotated
  Connect();
  ASSERT_TRUE(ready()) << pair_->server->failure;
  EXPECT_FALSE(resumed());
  client_context_ = sides_.ClientContext();
  Connect();
  ASSERT_TRUE(ready()) << pair_->server->failure;
  EXPECT_FALSE(resumed());
}

TEST_F(ResumptionTest, ARemovedAllowedDomainRefusesThePeerThatOffersItsSession) {
  MakeContexts();
  Connect();
  const auto root = sides_.ServerContext();
  sides_.server_policy.allowed_domains = Allowing({".fabrikam.com"});
  server_context_ = sides_.ServerContext();
  Connect();
  EXPECT_FALSE(pair_->server->ready);
  ASSERT_NE(pair_->server_tls->refused_peer(), nullptr);
  EXPECT_EQ(pair_->server_tls->refused_peer()->verdict.refusal, PeerRefusal::kNotAllowedDomain);
}

// AUTO entries come and go without a new context.
TEST_F(ResumptionTest, ThePolicyOfTheMomentJudgesTheSessionOfTheSameContext) {
  MakeContexts();
  Connect();
  auto stricter = std::make_shared<PeerPolicy>(sides_.server_policy);
  stricter->allowed_domains = Allowing({".fabrikam.com"});
  auto [theirs, ours] =
      fakes::MemoryStream::MakePair({&loop_, *net::SocketAddress::Parse("192.0.2.1:40000")},
                                    {&loop_, *net::SocketAddress::Parse("192.0.2.7:5061")}, {});
  StreamOwner client(TlsStream::Connect(&loop_, &gate_, client_context_, "sip.example.org",
                                        std::move(theirs), offered_));
  auto accepted =
      TlsStream::Accept(&loop_, &gate_, server_context_, std::move(ours), std::move(stricter));
  const TlsStream& server_tls = *accepted;
  StreamOwner server(std::move(accepted));
  server.Start();
  client.Start();
  loop_.RunUntilIdle();
  EXPECT_FALSE(server.ready);
  ASSERT_NE(server_tls.refused_peer(), nullptr);
  EXPECT_EQ(server_tls.refused_peer()->verdict.refusal, PeerRefusal::kNotAllowedDomain);
  EXPECT_EQ(server_tls.refused_peer()->chain.size(), 1u);  // the whole story: it was a full one
}

TEST_F(ResumptionTest, AClientWhoseCertificateExpiredMeanwhileIsRefusedAtThatMoment) {
  sides_.client_options.not_after = TestNow() + absl::Minutes(10);
  MakeContexts();
  Connect();
  loop_.AdvanceBy(absl::Minutes(10) - absl::Seconds(1));
  Connect();
  EXPECT_TRUE(resumed());
  loop_.AdvanceBy(absl::Seconds(1));
  Connect();
  EXPECT_FALSE(pair_->server->ready);
  EXPECT_EQ(ReasonOf(pair_->server->failure), "PEER_CERTIFICATE_EXPIRED");
}

// As above, of what else the verdict on a chain depends on.
TEST_F(ResumptionTest, AClientWhoseIssuerExpiredMeanwhileIsRefusedAtThatMoment) {
  const auto middle =
      sides_.root.IssueAuthority("Middle", {.not_after = TestNow() + absl::Minutes(10)});
  sides_.client_certificate = middle->Issue(sides_.client_options);
  MakeContexts();
  Connect();
  loop_.AdvanceBy(absl::Minutes(10) - absl::Seconds(1));
  Connect();
  EXPECT_TRUE(resumed());
  loop_.AdvanceBy(absl::Seconds(1));
  Connect();
  EXPECT_FALSE(pair_->server->ready);
  EXPECT_EQ(ReasonOf(pair_->server->failure), "PEER_CERTIFICATE_EXPIRED");
}

TEST_F(ResumptionTest, AClientIsRefusedAtTheMomentAtWhichTheRevocationListIsOutOfDate) {
  const std::string crl =
      sides_.root.MakeCrl({}, pki::DefaultNotBefore(), TestNow() + absl::Minutes(10));
  sides_.server_policy.trust_bundle = Trusting(sides_.root, crl);
  MakeContexts();
  Connect();
  loop_.AdvanceBy(absl::Minutes(10) - absl::Seconds(1));
  Connect();
  EXPECT_TRUE(resumed());
  loop_.AdvanceBy(absl::Seconds(1));
  Connect();
  EXPECT_FALSE(pair_->server->ready);
  ASSERT_NE(pair_->server_tls->refused_peer(), nullptr);
  EXPECT_EQ(pair_->server_tls->refused_peer()->verdict.refusal, PeerRefusal::kRevocationUnknown);
}

// Whatever ends to be valid has the chain verified again, and nothing else is to change by that.
TEST_F(ResumptionTest, AnAnchorThatExpiresBesideDoesNotEndASession) {
  const pki::CertificateAuthority other("Other", {.not_after = TestNow() + absl::Minutes(10)});
  auto bundle = TrustBundle::FromPem("trustBundles/test", "1",
                                     sides_.root.certificate_pem() + other.certificate_pem(), "");
  ASSERT_TRUE(bundle.ok());
  sides_.server_policy.trust_bundle = *bundle;
  MakeContexts();
  for (int i = 0; i < 3; ++i) {
    Connect();
    EXPECT_EQ(resumed(), i > 0) << i;
    EXPECT_EQ(pair_->server_tls->PeerChain().size(), 1u) << i;
    loop_.AdvanceBy(absl::Minutes(10));
  }
}

TEST_F(ResumptionTest, AnAllowedDomainForIssuersOfAnotherBundleLetsInWhoResumes) {
  auto pattern = AllowedDomainPattern::Parse(".contoso.com");
  ASSERT_TRUE(pattern.ok());
  sides_.server_policy.allowed_domains = std::make_shared<AllowedDomains>(
      std::vector<AllowedDomain>{{*pattern, AllowedDomain::Origin::kConfigured,
                                  TestNow() + absl::Minutes(10), Trusting(sides_.root)}});
  MakeContexts();
  Connect();
  loop_.AdvanceBy(absl::Minutes(10) - absl::Nanoseconds(1));
  Connect();
  EXPECT_TRUE(resumed());
  EXPECT_EQ(pair_->server_tls->peer_identity()->matched_allowed_domain, ".contoso.com");
  loop_.AdvanceBy(absl::Nanoseconds(1));
  Connect();
  EXPECT_FALSE(pair_->server->ready);  // the entry expired
}

TEST_F(ResumptionTest, AServerWhoseCertificateExpiredMeanwhileIsNotOfferedItsSession) {
  sides_.server_options.not_after = TestNow() + absl::Minutes(10);
  MakeContexts();
  Connect();
  loop_.AdvanceBy(absl::Minutes(10));
  Connect();
  EXPECT_FALSE(pair_->client->ready);
  EXPECT_EQ(ReasonOf(pair_->client->failure), "PEER_CERTIFICATE_EXPIRED");
}

TEST_F(ResumptionTest, AServerIsHeldToTheNameThatIsAskedForNow) {
  MakeContexts();
  Connect();
  Connect("other.example.org");
  EXPECT_FALSE(pair_->client->ready);
  EXPECT_EQ(ReasonOf(pair_->client->failure), "PEER_NAME_MISMATCH");
}

TEST_F(ResumptionTest, TwoHoursAfterTheFullHandshakeThereIsAnotherOne) {
  MakeContexts();
  Connect();
  loop_.AdvanceBy(absl::Hours(1));
  Connect();
  ASSERT_TRUE(resumed());
  loop_.AdvanceBy(absl::Hours(1) - absl::Nanoseconds(1));
  Connect();
  EXPECT_TRUE(resumed());
  loop_.AdvanceBy(absl::Nanoseconds(1));
  Connect();
  ASSERT_TRUE(ready());
  EXPECT_FALSE(resumed());
}

TEST_F(ResumptionTest, AServerThatAsksForNoCertificateResumesToo) {
  sides_.mutual_tls = MutualTls::kOff;
  MakeContexts();
  Connect();
  Connect();
  EXPECT_TRUE(resumed());
  EXPECT_FALSE(pair_->server_tls->peer_identity()->verified);
}

TEST_F(ResumptionTest, AServerThatOnlyRequestsACertificateResumesWhoPresentedNone) {
  sides_.mutual_tls = MutualTls::kRequest;
  sides_.client_presents = false;
  MakeContexts();
  Connect();
  Connect();
  EXPECT_TRUE(resumed());
  EXPECT_FALSE(pair_->server_tls->peer_identity()->verified);
}

TEST_F(ResumptionTest, WithoutAPlaceForSessionsEveryHandshakeIsAFullOne) {
  offered_ = nullptr;
  MakeContexts();
  Connect();
  Connect();
  ASSERT_TRUE(ready());
  EXPECT_FALSE(resumed());
}

}  // namespace
}  // namespace sipcm::tls
