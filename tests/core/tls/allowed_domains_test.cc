#include "core/tls/allowed_domains.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/pki/certificate_authority.h"

namespace sipcm::tls {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'780'000'000);

AllowedDomain Entry(absl::string_view pattern, absl::Time expire_time = absl::InfiniteFuture()) {
  return {*AllowedDomainPattern::Parse(pattern), AllowedDomain::Origin::kConfigured, expire_time,
          nullptr};
}

CertificateNames Names(std::vector<std::string> domains, std::vector<std::string> addresses = {}) {
  CertificateNames names;
  names.domains = std::move(domains);
  for (const std::string& address : addresses) {
    names.ip_addresses.push_back(*net::IpAddress::Parse(address));
  }
  return names;
}

AllowedDomains ListOf(const std::vector<std::string>& patterns) {
  std::vector<AllowedDomain> entries;
  for (const std::string& pattern : patterns) entries.push_back(Entry(pattern));
  return AllowedDomains(std::move(entries));
}

// "" when none fits.
std::string Matched(const AllowedDomains& list, const CertificateNames& names,
                    absl::Time now = kNow) {
  const auto match = list.FindFirst(names, now, [](const AllowedDomain&) { return true; });
  return match.entry == nullptr ? "" : match.entry->pattern.text();
}

TEST(AllowedDomainsTest, AHostMatchesOneNameCompletely) {
  const AllowedDomains list = ListOf({"contoso.com"});
  EXPECT_EQ(Matched(list, Names({"contoso.com"})), "contoso.com");
  EXPECT_EQ(Matched(list, Names({"edge.contoso.com"})), "");
  EXPECT_EQ(Matched(list, Names({"evilcontoso.com"})), "");
  EXPECT_EQ(Matched(list, Names({"contoso.com.evil.org"})), "");
  EXPECT_EQ(Matched(list, Names({})), "");
}

TEST(AllowedDomainsTest, ADottedDomainMatchesEveryNameBelowItOnly) {
  const AllowedDomains list = ListOf({".contoso.com"});
  EXPECT_EQ(Matched(list, Names({"edge.contoso.com"})), ".contoso.com");
  EXPECT_EQ(Matched(list, Names({"a.b.c.contoso.com"})), ".contoso.com");
  EXPECT_EQ(Matched(list, Names({"contoso.com"})), "");
  EXPECT_EQ(Matched(list, Names({"evilcontoso.com"})), "");
  EXPECT_EQ(Matched(list, Names({"com"})), "");
}

TEST(AllowedDomainsTest, SuffixesOfDifferentDepthsAreAllFound) {
  const AllowedDomains list = ListOf({".a.b.example.org", ".com"});
  EXPECT_EQ(Matched(list, Names({"x.a.b.example.org"})), ".a.b.example.org");
  EXPECT_EQ(Matched(list, Names({"a.b.example.org"})), "");
  EXPECT_EQ(Matched(list, Names({"contoso.com"})), ".com");
}

TEST(AllowedDomainsTest, AnAddressMatchesOnlyAnIpAddressName) {
  const AllowedDomains list = ListOf({"192.0.2.7", "2001:db8::1"});
  EXPECT_EQ(Matched(list, Names({}, {"192.0.2.7"})), "192.0.2.7");
  EXPECT_EQ(Matched(list, Names({}, {"2001:db8::1"})), "2001:db8::1");
  EXPECT_EQ(Matched(list, Names({"192.0.2.7"})), "");
  EXPECT_EQ(Matched(list, Names({}, {"192.0.2.8"})), "");
}

TEST(AllowedDomainsTest, TheFirstEntryInListOrderIsReportedWhateverTheOrderOfNames) {
  const AllowedDomains list = ListOf({"192.0.2.7", ".contoso.com", "edge.contoso.com"});
  EXPECT_EQ(Matched(list, Names({"edge.contoso.com"})), ".contoso.com");
  EXPECT_EQ(Matched(list, Names({"edge.contoso.com"}, {"192.0.2.7"})), "192.0.2.7");
  const AllowedDomains other = ListOf({"b.org", "a.org"});
  const auto match =
      other.FindFirst(Names({"a.org", "b.org"}), kNow, [](const AllowedDomain&) { return true; });
  ASSERT_NE(match.entry, nullptr);
  EXPECT_EQ(match.entry, &other.entries()[0]);
  EXPECT_EQ(match.name, "b.org");
}

TEST(AllowedDomainsTest, AnEntryMatchesUntilJustBeforeItsExpiry) {
  std::vector<AllowedDomain> entries = {Entry("contoso.com", kNow), Entry(".com")};
  const AllowedDomains list(std::move(entries));
  EXPECT_EQ(Matched(list, Names({"contoso.com"}), kNow - absl::Nanoseconds(1)), "contoso.com");
  EXPECT_EQ(Matched(list, Names({"contoso.com"}), kNow), ".com");
}

TEST(AllowedDomainsTest, ABoundEntryHoldsOnlyForChainsThatLeadToItsBundle) {
  const pki::CertificateAuthority authority("root");
  const auto bundle = TrustBundle::FromPem("trustBundles/a", "1", authority.certificate_pem(), "");
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  AllowedDomain bound = Entry("contoso.com");
  bound.trust_bundle = *bundle;
  std::vector<AllowedDomain> entries = {Entry("example.org"), bound, Entry(".com")};
  const AllowedDomains list(std::move(entries));
  int asked = 0;
  const auto find = [&](bool leads_to, absl::string_view name) {
    const auto match =
        list.FindFirst(Names({std::string(name)}), kNow, [&](const AllowedDomain& fitting) {
          if (fitting.trust_bundle == nullptr) return true;
          ++asked;
          EXPECT_EQ(fitting.trust_bundle, *bundle);
          return leads_to;
        });
    return match.entry == nullptr ? std::string() : match.entry->pattern.text();
  };
  EXPECT_EQ(find(false, "example.org"), "example.org");
  EXPECT_EQ(asked, 0);
  EXPECT_EQ(find(true, "contoso.com"), "contoso.com");
  EXPECT_EQ(find(false, "contoso.com"), ".com");
  EXPECT_EQ(asked, 2);
}

TEST(AllowedDomainsTest, FindsEntriesByTheirPatternAndNotByTheirMatches) {
  const AllowedDomains list = ListOf({".contoso.com", "contoso.com", "192.0.2.7"});
  EXPECT_EQ(list.Find(*AllowedDomainPattern::Parse("CONTOSO.com.")), &list.entries()[1]);
  EXPECT_EQ(list.Find(*AllowedDomainPattern::Parse(".contoso.com")), &list.entries()[0]);
  EXPECT_EQ(list.Find(*AllowedDomainPattern::Parse("192.0.2.7")), &list.entries()[2]);
  EXPECT_EQ(list.Find(*AllowedDomainPattern::Parse("edge.contoso.com")), nullptr);
  EXPECT_EQ(AllowedDomains().Find(*AllowedDomainPattern::Parse("192.0.2.7")), nullptr);
}

TEST(AllowedDomainsTest, CoversAHostByEntriesThatHaveNotExpiredWhateverTheirBundle) {
  const pki::CertificateAuthority authority("root");
  AllowedDomain bound = Entry("bound.example");
  bound.trust_bundle = *TrustBundle::FromPem("a", "1", authority.certificate_pem(), "");
  std::vector<AllowedDomain> entries = {Entry(".contoso.com"), Entry("192.0.2.7"), bound,
                                        Entry("old.example", kNow)};
  const AllowedDomains list(std::move(entries));
  EXPECT_TRUE(list.Covers("Edge.Contoso.com.", kNow));
  EXPECT_TRUE(list.Covers("192.0.2.7", kNow));
  EXPECT_FALSE(list.Covers("contoso.com", kNow));
  EXPECT_TRUE(list.Covers("bound.example", kNow));
  EXPECT_FALSE(list.Covers("old.example", kNow));
  EXPECT_FALSE(list.Covers("no host", kNow));
}

TEST(AllowedDomainsTest, AThousandEntriesAreToldApart) {
  std::vector<std::string> patterns;
  for (int i = 0; i < 1000; ++i) {
    patterns.push_back(i % 2 == 0 ? absl::StrCat("host", i, ".example.org")
                                  : absl::StrCat(".zone", i, ".example.org"));
  }
  const AllowedDomains list = ListOf(patterns);
  for (int i = 0; i < 1000; ++i) {
    const std::string name = i % 2 == 0 ? absl::StrCat("host", i, ".example.org")
                                        : absl::StrCat("a.zone", i, ".example.org");
    EXPECT_EQ(Matched(list, Names({"x.example.org", name})), patterns[i]);
  }
}

}  // namespace
}  // namespace sipcm::tls
