#include "core/tls/allowed_domain_pattern.h"

#include <string>

#include "core/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sipcm::tls {
namespace {

using ::testing::HasSubstr;
using Kind = AllowedDomainPattern::Kind;

TEST(AllowedDomainPatternTest, KnowsHostsSubdomainsAndAddresses) {
  const auto host = AllowedDomainPattern::Parse("Edge.Contoso.com.");
  ASSERT_TRUE(host.ok()) << host.status();
  EXPECT_EQ(host->kind(), Kind::kHost);
  EXPECT_EQ(host->text(), "edge.contoso.com");

  const auto below = AllowedDomainPattern::Parse(".Contoso.COM");
  ASSERT_TRUE(below.ok()) << below.status();
  EXPECT_EQ(below->kind(), Kind::kSubdomains);
  EXPECT_EQ(below->text(), ".contoso.com");

  const auto ipv4 = AllowedDomainPattern::Parse("192.0.2.7");
  ASSERT_TRUE(ipv4.ok()) << ipv4.status();
  EXPECT_EQ(ipv4->kind(), Kind::kIpAddress);

  const auto ipv6 = AllowedDomainPattern::Parse("2001:DB8:0:0::1");
  ASSERT_TRUE(ipv6.ok()) << ipv6.status();
  EXPECT_EQ(ipv6->kind(), Kind::kIpAddress);
  EXPECT_EQ(ipv6->text(), "2001:db8::1");
}

TEST(AllowedDomainPatternTest, TurnsULabelsIntoALabelsAlsoBelowADomain) {
  EXPECT_EQ(AllowedDomainPattern::Parse("bücher.example")->text(), "xn--bcher-kva.example");
  EXPECT_EQ(AllowedDomainPattern::Parse(".bücher.example.")->text(), ".xn--bcher-kva.example");
}

TEST(AllowedDomainPatternTest, SpellingsOfOnePatternAreEqual) {
  EXPECT_EQ(*AllowedDomainPattern::Parse("contoso.com"),
            *AllowedDomainPattern::Parse("CONTOSO.com."));
  EXPECT_EQ(*AllowedDomainPattern::Parse("::1"), *AllowedDomainPattern::Parse("0:0:0:0:0:0:0:1"));
  EXPECT_FALSE(*AllowedDomainPattern::Parse("contoso.com") ==
               *AllowedDomainPattern::Parse(".contoso.com"));
}

struct Refusal {
  std::string text;
  std::string rule;
};

class RefusedPatternTest : public ::testing::TestWithParam<Refusal> {};

TEST_P(RefusedPatternTest, IsAnInvalidArgumentThatNamesTheRule) {
  const auto pattern = AllowedDomainPattern::Parse(GetParam().text);
  ASSERT_FALSE(pattern.ok()) << pattern->text();
  EXPECT_EQ(pattern.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(pattern.status()), "INVALID_DOMAIN_PATTERN");
  EXPECT_EQ(FieldOf(pattern.status()), "pattern");
  EXPECT_THAT(std::string(pattern.status().message()), HasSubstr(GetParam().rule));
}

INSTANTIATE_TEST_SUITE_P(
    EveryRule, RefusedPatternTest,
    ::testing::Values(
        Refusal{"", "empty"}, Refusal{".", "\".\" alone"}, Refusal{"..", "\".\" alone"},
        Refusal{"*", "wildcards"}, Refusal{"*.contoso.com", "wildcards"},
        Refusal{".*.contoso.com", "wildcards"}, Refusal{"con toso.com", "space"},
        Refusal{"contoso.com ", "space"}, Refusal{"contoso.com\t", "space"},
        Refusal{std::string("contoso.com\0", 12), "control"}, Refusal{"contoso.com:5061", "port"},
        Refusal{"192.0.2.7:5061", "port"}, Refusal{"[::1]:5061", "port"},
        Refusal{"contoso..com", "empty label"}, Refusal{"..contoso.com", "empty label"},
        Refusal{"contoso.com..", "empty label"}, Refusal{".192.0.2.7", "no names below"},
        Refusal{"192.0.2", "no IP address"}, Refusal{"192.0.2.7/24", "URI"},
        Refusal{"sip:contoso.com", "URI"}, Refusal{"alice@contoso.com", "user"},
        Refusal{"a_b.contoso.com", "letters, digits"}, Refusal{"-a.contoso.com", "\"-\""},
        Refusal{std::string(64, 'a') + ".com", "63 bytes"}));

TEST(AllowedDomainPatternTest, QuotesWhatWasTypedEscaped) {
  const auto pattern = AllowedDomainPattern::Parse("a\x1b[31m.com");
  EXPECT_THAT(std::string(pattern.status().message()), HasSubstr("\\x1b[31m"));
}

}  // namespace
}  // namespace sipcm::tls
