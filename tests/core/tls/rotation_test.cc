// Certificates that are swapped while handshakes run, and chosen by the name that is asked for.
#include <malloc.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/tls/tls_pair.h"

namespace sipcm::tls {
namespace {

using ::testing::ElementsAre;

std::shared_ptr<const Credential> Versioned(const pki::IssuedCertificate& issued,
                                            const std::string& name, int version) {
  auto credential = Credential::FromPem(name, absl::StrCat(version), issued.chain_pem,
                                        issued.private_key_pem, TestNow());
  SIPCM_CHECK(credential.ok());
  return *std::move(credential);
}

class RotationTest : public ::testing::Test {
 protected:
  std::shared_ptr<const ServerTlsContext> Server(
      const std::shared_ptr<const Credential>& credential,
      const std::vector<std::shared_ptr<const Credential>>& additional = {}) {
    auto context =
        ServerTlsContext::Create(credential, sides_.mutual_tls, sides_.server_policy, additional);
    SIPCM_CHECK(context.ok());
    return *std::move(context);
  }
  std::unique_ptr<TlsPair> Start(const std::shared_ptr<const ServerTlsContext>& server,
                                 const std::string& asked = "sip.example.org") {
    auto pair = std::make_unique<TlsPair>(&loop_, &gate_, server, sides_.ClientContext(), asked);
    pair->Start();
    return pair;
  }

  fakes::ManualEventLoop loop_;
  HandshakeGate gate_{&loop_};
  TlsSides sides_;
};

TEST_F(RotationTest, AHandshakeEndsWithTheVersionThatItBeganWith) {
  auto before = Start(Server(Versioned(sides_.root.Issue(sides_.server_options), "c", 1)));
  auto after = Start(Server(Versioned(sides_.root.Issue(sides_.server_options), "c", 2)));
  loop_.RunUntilIdle();
  ASSERT_TRUE(before->client->ready && after->client->ready);
  EXPECT_EQ(before->server_tls->versions().CredentialText(), "c@1");
  EXPECT_EQ(after->server_tls->versions().CredentialText(), "c@2");
  EXPECT_NE(before->client_tls->peer_identity()->fingerprint_sha256,
            after->client_tls->peer_identity()->fingerprint_sha256);
}

TEST_F(RotationTest, AConnectionKeepsNeitherTheTrustBundleNorTheContextThatItWasMadeWith) {
  sides_.mutual_tls = MutualTls::kRequire;
  sides_.client_presents = true;
  std::weak_ptr<const TrustBundle> bundle = sides_.bundle;
  auto server = Server(CredentialOf(sides_.root.Issue(sides_.server_options)));
  std::weak_ptr<const ServerTlsContext> context = server;
  auto pair = Start(server);
  server.reset();
  loop_.RunUntilIdle();
  ASSERT_TRUE(pair->server->ready) << pair->server->failure;
  sides_.bundle.reset();
  sides_.server_policy = {};
  sides_.client_policy = {};
  EXPECT_TRUE(context.expired());
  EXPECT_TRUE(bundle.expired());
  EXPECT_EQ(pair->server_tls->versions().trust_bundles.at(0).name, "trustBundles/test");
}

TEST_F(RotationTest, AThousandRotationsUnderHandshakesFailNoneAndLeaveNoMemory) {
  sides_.mutual_tls = MutualTls::kRequire;
  sides_.client_presents = true;
  const pki::IssuedCertificate first = sides_.root.Issue(sides_.server_options);
  const pki::IssuedCertificate second = sides_.root.Issue(sides_.server_options);
  std::vector<std::weak_ptr<const Credential>> credentials;
  std::vector<std::weak_ptr<const ServerTlsContext>> contexts;
  std::unique_ptr<TlsPair> half_way;  // its handshake sees the rotation
  size_t heap_before = 0;
  constexpr int kRotations = 1000;
  constexpr int kWarmUp = 50;
  for (int i = 1; i <= kRotations; ++i) {
    const auto credential = Versioned(i % 2 == 0 ? first : second, "certificates/test", i);
    const auto context = Server(credential);
    credentials.push_back(credential);
    contexts.push_back(context);
    // A handshake with every tenth version: they are what takes the time.
    if (i % 10 == 0) {
      auto pair = Start(context);
      loop_.RunTurn();
      half_way = std::move(pair);
    } else if (half_way != nullptr) {
      loop_.RunUntilIdle();
      ASSERT_TRUE(half_way->server->ready) << half_way->server->failure;
      ASSERT_TRUE(half_way->client->ready) << half_way->client->failure;
      half_way.reset();
    }
    if (i == kWarmUp) heap_before = mallinfo2().uordblks;
  }
  half_way.reset();
  for (size_t i = 0; i < contexts.size(); ++i) {
    EXPECT_TRUE(contexts[i].expired()) << i;
    EXPECT_TRUE(credentials[i].expired()) << i;
  }
  // 950 leaked SSL_CTX alone would be over 5 MB; the two lists above are 64 KB.
  EXPECT_LT(mallinfo2().uordblks, heap_before + 512 * 1024);
}

TEST_F(RotationTest, TheCertificateIsChosenByTheNameThatIsAskedFor) {
  const auto issue = [&](const std::string& dns_name, const std::string& name) {
    pki::CertificateOptions options;
    options.dns_names = {dns_name};
    return Versioned(sides_.root.Issue(options), name, 1);
  };
  const auto server =
      Server(issue("sip.example.org", "default"),
             {issue("*.contoso.com", "wildcard"), issue("edge.contoso.com", "exact")});
  const auto presented = [&](const std::string& asked) {
    auto pair = Start(server, asked);
    loop_.RunUntilIdle();
    return pair->server->ready ? pair->server_tls->versions().credential.name : "not ready";
  };
  EXPECT_EQ(presented("sip.example.org"), "default");
  EXPECT_EQ(presented("edge.contoso.com"), "exact");
  // Our own client does not accept wildcards (RFC 5922 7.2), but it gets the certificate.
  auto pair = Start(server, "other.contoso.com");
  loop_.RunUntilIdle();
  ASSERT_NE(pair->client_tls->refused_peer(), nullptr);
  EXPECT_THAT(pair->client_tls->refused_peer()->chain.at(0).dns_names,
              ElementsAre("*.contoso.com"));
  pair = Start(server, "unknown.example.net");
  loop_.RunUntilIdle();
  ASSERT_NE(pair->client_tls->refused_peer(), nullptr);
  EXPECT_THAT(pair->client_tls->refused_peer()->chain.at(0).dns_names,
              ElementsAre("sip.example.org"));
}

TEST_F(RotationTest, MutualTlsJudgesTheClientAlsoUnderAnAdditionalCertificate) {
  sides_.mutual_tls = MutualTls::kRequire;
  pki::CertificateOptions other;
  other.dns_names = {"edge.contoso.com"};
  const auto server = Server(Versioned(sides_.root.Issue(sides_.server_options), "default", 1),
                             {Versioned(sides_.root.Issue(other), "other", 1)});
  for (const bool presents : {false, true}) {
    sides_.client_presents = presents;
    auto pair = Start(server, "edge.contoso.com");
    loop_.RunUntilIdle();
    EXPECT_EQ(pair->server->ready, presents) << pair->server->failure;
    if (!presents) continue;
    EXPECT_TRUE(pair->server_tls->peer_identity()->verified);
    EXPECT_EQ(pair->server_tls->versions().CredentialText(), "other@1");
  }
}

}  // namespace
}  // namespace sipcm::tls
