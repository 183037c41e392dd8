#include "core/tls/peer_verifier.h"

#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/tls/tls_fixture.h"

namespace sipcm::tls {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Options = pki::CertificateOptions;

class PeerVerifierTest : public ::testing::Test {
 protected:
  PeerVerdict JudgeClient(const PeerPolicy& policy, const std::string& chain_pem,
                          absl::Time at = TestNow()) const {
    return VerifyPeer(policy, ChainOf(chain_pem), PeerRole::kIncomingClient, "", at);
  }
  PeerVerdict JudgeClient(const std::vector<std::string>& allowed, const Options& options) const {
    return JudgeClient(PolicyOf(bundle_, allowed), root_.Issue(options).chain_pem);
  }
  PeerVerdict JudgeServer(const Options& options, absl::string_view asked_host,
                          NameCheck check = NameCheck::kSubjectAndAlternative) const {
    PeerPolicy policy = PolicyOf(bundle_);
    policy.name_check = check;
    return VerifyPeer(policy, ChainOf(root_.Issue(options).chain_pem), PeerRole::kOutgoingServer,
                      asked_host, TestNow());
  }

  const pki::CertificateAuthority root_{"Root"};
  const std::shared_ptr<const TrustBundle> bundle_ = Trusting(root_);
};

TEST_F(PeerVerifierTest, LetsInAClientWithAnAllowedNameAndSaysByWhich) {
  const PeerVerdict verdict =
      JudgeClient({"other.org", ".contoso.com"},
                  {.common_name = "edge", .dns_names = {"a.org", "edge.contoso.com"}});
  EXPECT_TRUE(verdict.allowed());
  EXPECT_TRUE(verdict.ToStatus().ok());
  EXPECT_EQ(verdict.matched_allowed_domain, ".contoso.com");
  EXPECT_EQ(verdict.matched_name, "edge.contoso.com");
  EXPECT_EQ(verdict.subject, "CN=edge");
  EXPECT_THAT(verdict.names_tested, ElementsAre("a.org", "edge.contoso.com", "edge"));
  EXPECT_THAT(verdict.explanation, HasSubstr("\".contoso.com\" fits \"edge.contoso.com\""));
}

TEST_F(PeerVerifierTest, RefusesAClientWhoseNamesFitNoEntry) {
  const PeerVerdict verdict =
      JudgeClient({".contoso.com", "127.0.0.1"},
                  {.common_name = "x.org", .dns_names = {"evilcontoso.com", "contoso.com"}});
  EXPECT_EQ(verdict.refusal, PeerRefusal::kNotAllowedDomain);
  EXPECT_THAT(verdict.explanation, HasSubstr("[evilcontoso.com, contoso.com, x.org]"));
  EXPECT_EQ(verdict.ToStatus().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(verdict.ToStatus()), "PEER_NOT_ALLOWED");
  EXPECT_EQ(verdict.matched_allowed_domain, "");
}

TEST_F(PeerVerifierTest, TestsDnsNameSipUriCommonNameAndAddress) {
  EXPECT_TRUE(JudgeClient({"a.org"}, {.dns_names = {"A.ORG"}}).allowed());
  EXPECT_TRUE(JudgeClient({"a.org"}, {.uri_names = {"sip:a.org"}}).allowed());
  EXPECT_TRUE(JudgeClient({"a.org"}, {.uri_names = {"sips:a.org"}}).allowed());
  EXPECT_TRUE(JudgeClient({"a.org"}, {.common_name = "a.org", .dns_names = {"b.org"}}).allowed());
  EXPECT_TRUE(JudgeClient({"192.0.2.7"}, {.ip_addresses = {"192.0.2.7"}}).allowed());
  EXPECT_FALSE(JudgeClient({"192.0.2.7"}, {.dns_names = {"192.0.2.7"}}).allowed());
  EXPECT_FALSE(JudgeClient({"192.0.2.7"}, {.common_name = "192.0.2.7"}).allowed());
  EXPECT_FALSE(JudgeClient({"a.org"}, {.uri_names = {"sip:alice@a.org"}}).allowed());
  EXPECT_TRUE(JudgeClient({"bücher.org"}, {.dns_names = {"xn--bcher-kva.org"}}).allowed());
}

TEST_F(PeerVerifierTest, NeverTakesWildcardsOrNulForNames) {
  const PeerVerdict wildcard = JudgeClient({".contoso.com"}, {.dns_names = {"*.contoso.com"}});
  EXPECT_EQ(wildcard.refusal, PeerRefusal::kNoUsableName);
  EXPECT_THAT(wildcard.names_ignored, ElementsAre("*.contoso.com"));
  EXPECT_THAT(wildcard.names_tested, IsEmpty());
  const std::string nul("edge.contoso.com\0.evil.org", 26);
  EXPECT_EQ(JudgeClient({"edge.contoso.com", ".evil.org"}, {.common_name = nul}).refusal,
            PeerRefusal::kNoUsableName);
  EXPECT_EQ(JudgeClient({"edge.contoso.com", ".evil.org"}, {.dns_names = {nul}}).refusal,
            PeerRefusal::kNoUsableName);
  EXPECT_TRUE(
      JudgeClient({".contoso.com"}, {.dns_names = {"*.contoso.com", "a.contoso.com"}}).allowed());
}

TEST_F(PeerVerifierTest, StrictnessOfRfc5922LeavesOutTheCommonNameBesideOtherNames) {
  PeerPolicy policy = PolicyOf(bundle_, {"a.org"});
  policy.name_check = NameCheck::kRfc5922;
  const auto judge = [&](const Options& options) {
    return JudgeClient(policy, root_.Issue(options).chain_pem).allowed();
  };
  EXPECT_TRUE(judge({.common_name = "a.org"}));
  EXPECT_FALSE(judge({.common_name = "a.org", .dns_names = {"b.org"}}));
  EXPECT_TRUE(judge({.common_name = "b.org", .dns_names = {"a.org"}}));
}

TEST_F(PeerVerifierTest, AnEmptyListRefusesUnlessAnyDomainIsAllowed) {
  const std::string chain = root_.Issue({.dns_names = {"a.org"}}).chain_pem;
  PeerPolicy policy = PolicyOf(bundle_);
  const PeerVerdict refused = JudgeClient(policy, chain);
  EXPECT_EQ(refused.refusal, PeerRefusal::kNoAllowedDomains);
  EXPECT_THAT(refused.explanation, HasSubstr("allow_any_domain"));
  policy.allowed_domains = nullptr;
  EXPECT_EQ(JudgeClient(policy, chain).refusal, PeerRefusal::kNoAllowedDomains);
  policy.empty_list = PeerPolicy::EmptyList::kAllowsAnyDomain;
  const PeerVerdict allowed = JudgeClient(policy, chain);
  EXPECT_TRUE(allowed.allowed());
  EXPECT_EQ(allowed.matched_allowed_domain, "");
  EXPECT_THAT(allowed.explanation, HasSubstr("any domain is allowed"));
  // The flag does not open a list that has entries.
  policy.allowed_domains = Allowing({"b.org"});
  EXPECT_EQ(JudgeClient(policy, chain).refusal, PeerRefusal::kNotAllowedDomain);
}

TEST_F(PeerVerifierTest, AnEntryBoundToAnotherIssuerSaysSo) {
  const pki::CertificateAuthority other("Other");
  const auto middle = root_.IssueAuthority("Middle");
  const auto list_bound_to = [](std::shared_ptr<const TrustBundle> bundle) {
    std::vector<AllowedDomain> entries = {{*AllowedDomainPattern::Parse("a.org"),
                                           AllowedDomain::Origin::kConfigured,
                                           absl::InfiniteFuture(), std::move(bundle)}};
    return std::make_shared<AllowedDomains>(std::move(entries));
  };
  PeerPolicy policy = PolicyOf(bundle_);
  const std::string chain = middle->Issue({.dns_names = {"a.org"}}).chain_pem;
  policy.allowed_domains = list_bound_to(Trusting(other));
  const PeerVerdict verdict = JudgeClient(policy, chain);
  EXPECT_EQ(verdict.refusal, PeerRefusal::kAllowedDomainIssuer);
  EXPECT_THAT(verdict.explanation, HasSubstr("only for issuers of \"trustBundles/test\""));
  policy.allowed_domains = list_bound_to(Trusting(*middle));
  EXPECT_TRUE(JudgeClient(policy, chain).allowed());
  EXPECT_EQ(JudgeClient(policy, root_.Issue({.dns_names = {"a.org"}}).chain_pem).refusal,
            PeerRefusal::kAllowedDomainIssuer);
}

TEST_F(PeerVerifierTest, AsksForTheChainBeforeTheUsageAndForTheUsageBeforeTheNames) {
  const pki::CertificateAuthority other("Other");
  PeerPolicy policy = PolicyOf(bundle_, {"a.org"});
  policy.extended_key_usage = *ExtendedKeyUsagePolicy::Create(
      std::vector<std::string>{"clientAuth"}, ExtendedKeyUsagePolicy::Match::kAll,
      ExtendedKeyUsagePolicy::Strictness::kAnyUsageSatisfies);
  const Options wrong{.dns_names = {"b.org"}, .extended_key_usages = {"serverAuth"}};
  EXPECT_EQ(JudgeClient(policy, other.Issue(wrong).chain_pem).refusal,
            PeerRefusal::kUntrustedChain);
  const PeerVerdict usage = JudgeClient(policy, root_.Issue(wrong).chain_pem);
  EXPECT_EQ(usage.refusal, PeerRefusal::kWrongKeyUsage);
  EXPECT_THAT(usage.explanation, HasSubstr("[serverAuth]"));
  EXPECT_EQ(ReasonOf(usage.ToStatus()), "PEER_KEY_USAGE");
  const Options right{.dns_names = {"b.org"}, .extended_key_usages = {"clientAuth"}};
  EXPECT_EQ(JudgeClient(policy, root_.Issue(right).chain_pem).refusal,
            PeerRefusal::kNotAllowedDomain);
}

TEST_F(PeerVerifierTest, WithoutAPolicyForItTheUsageOfALeafDoesNotMatter) {
  EXPECT_TRUE(
      JudgeClient({"a.org"}, {.dns_names = {"a.org"}, .extended_key_usages = {"codeSigning"}})
          .allowed());
}

TEST_F(PeerVerifierTest, NoCertificateNoBundleAndJunkAreRefusedByName) {
  EXPECT_EQ(VerifyPeer(PolicyOf(bundle_, {"a.org"}), CertificateChain(), PeerRole::kIncomingClient,
                       "", TestNow())
                .refusal,
            PeerRefusal::kNoCertificate);
  const PeerVerdict no_bundle =
      JudgeClient(PolicyOf(nullptr, {"a.org"}), root_.Issue({.dns_names = {"a.org"}}).chain_pem);
  EXPECT_EQ(no_bundle.refusal, PeerRefusal::kUntrustedChain);
  EXPECT_THAT(no_bundle.explanation, HasSubstr("no trust bundle"));
  ChainFindings findings;
  const PeerVerdict unreadable =
      VerifyPeer(PolicyOf(bundle_, {"a.org"}), ChainOf(root_.certificate_pem()),
                 absl::InvalidArgumentError("cannot be read"), PeerRole::kIncomingClient, "",
                 TestNow(), &findings);
  EXPECT_EQ(unreadable.refusal, PeerRefusal::kMalformed);
}

TEST_F(PeerVerifierTest, AServerMustNameTheHostThatWasAskedFor) {
  const Options names{.common_name = "cn.example.org",
                      .dns_names = {"sip.example.org"},
                      .uri_names = {"sip:uri.example.org"}};
  for (const char* host :
       {"sip.example.org", "SIP.Example.org.", "uri.example.org", "cn.example.org"}) {
    const PeerVerdict verdict = JudgeServer(names, host);
    EXPECT_TRUE(verdict.allowed()) << host << ": " << verdict.explanation;
  }
  const PeerVerdict refused = JudgeServer(names, "example.net");
  EXPECT_EQ(refused.refusal, PeerRefusal::kNameMismatch);
  EXPECT_EQ(ReasonOf(refused.ToStatus()), "PEER_NAME_MISMATCH");
  EXPECT_THAT(refused.explanation,
              HasSubstr("names [sip.example.org, uri.example.org, cn.example.org], not "
                        "\"example.net\"; correct the destination's host or its tls_name"));
  EXPECT_FALSE(JudgeServer(names, "cn.example.org", NameCheck::kRfc5922).allowed());
  EXPECT_FALSE(JudgeServer(names, "example.org").allowed());
  EXPECT_FALSE(JudgeServer({.dns_names = {"*.example.org"}}, "sip.example.org").allowed());
  EXPECT_FALSE(JudgeServer(names, "").allowed());
  EXPECT_FALSE(JudgeServer(names, "no host").allowed());
}

TEST_F(PeerVerifierTest, AServerAtAnAddressNeedsThatIpAddressName) {
  EXPECT_TRUE(JudgeServer({.ip_addresses = {"192.0.2.7"}}, "192.0.2.7").allowed());
  EXPECT_TRUE(JudgeServer({.ip_addresses = {"2001:db8::1"}}, "2001:DB8::0:1").allowed());
  EXPECT_FALSE(JudgeServer({.ip_addresses = {"192.0.2.8"}}, "192.0.2.7").allowed());
  EXPECT_FALSE(JudgeServer({.common_name = "192.0.2.7"}, "192.0.2.7").allowed());
  EXPECT_FALSE(JudgeServer({.dns_names = {"192.0.2.7"}}, "192.0.2.7").allowed());
}

TEST_F(PeerVerifierTest, AllowedDomainsDoNotMatterForServers) {
  PeerPolicy policy = PolicyOf(bundle_, {"other.org"});
  const auto chain = ChainOf(root_.Issue({.dns_names = {"a.org"}}).chain_pem);
  const PeerVerdict verdict =
      VerifyPeer(policy, chain, PeerRole::kOutgoingServer, "a.org", TestNow());
  EXPECT_TRUE(verdict.allowed());
  EXPECT_EQ(verdict.matched_allowed_domain, "");
  EXPECT_EQ(verdict.matched_name, "a.org");
}

}  // namespace
}  // namespace sipcm::tls
