#include "core/tls/domain_removal.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/core/tls/tls_fixture.h"

namespace sipcm::tls {
namespace {

// What a handshake keeps of a certificate.
PeerIdentity IdentityOf(const Certificate& leaf) {
  PeerIdentity identity;
  identity.subject = leaf.subject;
  identity.dns_names = leaf.dns_names;
  identity.uri_names = leaf.uri_names;
  for (const net::IpAddress& ip : leaf.ip_addresses) {
    identity.ip_addresses.push_back(ip.ToString());
  }
  return identity;
}

TEST(DomainRemovalTest, WhatTheNamesRuleOutTheCertificateDoesNotConcernEither) {
  const pki::CertificateAuthority root("Root");
  const std::vector<pki::CertificateOptions> leaves = {
      {.common_name = "Edge.Contoso.COM"},
      {.common_name = "x", .dns_names = {"a.contoso.com", "b.fabrikam.com"}},
      {.common_name = "x", .uri_names = {"sip:contoso.com"}},
      {.common_name = "x", .ip_addresses = {"192.0.2.7", "2001:db8::1"}},
      {.common_name = "evilcontoso.com"},
  };
  const std::vector<std::string> patterns = {"edge.contoso.com", ".contoso.com", "contoso.com",
                                             "192.0.2.7",        "2001:DB8::1",  ".fabrikam.com"};
  const PeerPolicy nobody = PolicyOf(Trusting(root));
  int concerned = 0;
  int ruled_out = 0;
  for (const pki::CertificateOptions& options : leaves) {
    const CertificateChain chain = ChainOf(root.Issue(options).chain_pem);
    const PeerIdentity identity = IdentityOf(chain.Read()->front());
    for (const std::string& pattern : patterns) {
      const DomainRemoval removal(Allowing({pattern})->entries());
      const bool concerns = removal.Concerns(nobody, chain, TestNow());
      EXPECT_TRUE(removal.MayConcern(identity) || !concerns) << pattern << identity.subject;
      concerned += concerns ? 1 : 0;
      ruled_out += removal.MayConcern(identity) ? 0 : 1;
    }
  }
  EXPECT_EQ(concerned, 7);
  EXPECT_GT(ruled_out, 15);
}

TEST(DomainRemovalTest, AnEntryThatIsLeftKeepsThePeer) {
  const pki::CertificateAuthority root("Root");
  pki::CertificateOptions options;
  options.dns_names = {"a.contoso.com"};
  const CertificateChain chain = ChainOf(root.Issue(options).chain_pem);
  const DomainRemoval removal(Allowing({"a.contoso.com"})->entries());
  const auto bundle = Trusting(root);
  EXPECT_FALSE(removal.Concerns(PolicyOf(bundle, {".contoso.com"}), chain, TestNow()));
  EXPECT_TRUE(removal.Concerns(PolicyOf(bundle, {".fabrikam.com"}), chain, TestNow()));
}

}  // namespace
}  // namespace sipcm::tls
