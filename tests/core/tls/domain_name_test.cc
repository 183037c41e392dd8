#include "core/tls/domain_name.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sipcm::tls {
namespace {

using ::testing::HasSubstr;

std::string Canonical(absl::string_view text) {
  const absl::StatusOr<std::string> name = CanonicalDomainName(text);
  return name.ok() ? *name : "refused";
}

std::string RuleFor(absl::string_view text) {
  const absl::StatusOr<std::string> name = CanonicalDomainName(text);
  return name.ok() ? "accepted as " + *name : std::string(name.status().message());
}

TEST(CanonicalDomainNameTest, FoldsAsciiCaseAndDropsOneTrailingDot) {
  EXPECT_EQ(Canonical("Edge.CONTOSO.com"), "edge.contoso.com");
  EXPECT_EQ(Canonical("edge.contoso.com."), "edge.contoso.com");
  EXPECT_THAT(RuleFor("edge.contoso.com.."), HasSubstr("empty label"));
  EXPECT_EQ(Canonical("localhost"), "localhost");
}

TEST(CanonicalDomainNameTest, TurnsULabelsIntoALabels) {
  EXPECT_EQ(Canonical("bücher.example"), "xn--bcher-kva.example");
  EXPECT_EQ(Canonical("BÜCHER.example."), "xn--bcher-kva.example");
  EXPECT_EQ(Canonical("faß.de"), "xn--fa-hia.de");  // IDNA2008, not "fass"
  EXPECT_EQ(Canonical("例え。テスト"), "xn--r8jz45g.xn--zckzah");
  EXPECT_EQ(Canonical("XN--bcher-kva.example"), "xn--bcher-kva.example");
}

TEST(CanonicalDomainNameTest, RefusesWhatIdnaDoesNotAllow) {
  EXPECT_THAT(RuleFor("☃\xff.example"), HasSubstr("IDNA2008"));
  EXPECT_THAT(RuleFor("\xcc\x88"
                      "a.example"),
              HasSubstr("IDNA2008"));  // begins with a combining mark
}

TEST(CanonicalDomainNameTest, NamesTheBrokenRule) {
  EXPECT_THAT(RuleFor(""), HasSubstr("empty"));
  EXPECT_THAT(RuleFor("."), HasSubstr("\".\" alone"));
  EXPECT_THAT(RuleFor("*.contoso.com"), HasSubstr("write \".contoso.com\""));
  EXPECT_THAT(RuleFor("con toso.com"), HasSubstr("space"));
  EXPECT_THAT(RuleFor(" contoso.com"), HasSubstr("space"));
  EXPECT_THAT(RuleFor(std::string("a\0b", 3)), HasSubstr("control character"));
  EXPECT_THAT(RuleFor("contoso.com:5061"), HasSubstr("port"));
  EXPECT_THAT(RuleFor("sip:contoso.com"), HasSubstr("URI"));
  EXPECT_THAT(RuleFor("alice@contoso.com"), HasSubstr("user"));
  EXPECT_THAT(RuleFor("a..b"), HasSubstr("empty label"));
  EXPECT_THAT(RuleFor("-a.b"), HasSubstr("\"-\""));
  EXPECT_THAT(RuleFor("a-.b"), HasSubstr("\"-\""));
  EXPECT_THAT(RuleFor("a_b.c"), HasSubstr("letters, digits"));
  EXPECT_THAT(RuleFor("192.0.2.300"), HasSubstr("no IP address"));
}

TEST(CanonicalDomainNameTest, HoldsTheLengthsOfLabelsAndNames) {
  const std::string label63(63, 'a');
  EXPECT_EQ(Canonical(label63), label63);
  EXPECT_THAT(RuleFor(std::string(64, 'a')), HasSubstr("63 bytes"));
  const std::string name253 = label63 + "." + label63 + "." + label63 + "." + std::string(61, 'b');
  ASSERT_EQ(name253.size(), 253u);
  EXPECT_EQ(Canonical(name253), name253);
  EXPECT_EQ(Canonical(name253 + "."), name253);
  EXPECT_THAT(RuleFor(name253 + "b"), HasSubstr("253 bytes"));
}

TEST(UsableCertificateDomainTest, KeepsHostNamesInTheirOneSpelling) {
  EXPECT_EQ(UsableCertificateDomain("Edge.Contoso.COM."), "edge.contoso.com");
  EXPECT_EQ(UsableCertificateDomain("xn--bcher-kva.example"), "xn--bcher-kva.example");
}

TEST(UsableCertificateDomainTest, IgnoresWildcardsNulControlAndNonLdh) {
  EXPECT_FALSE(UsableCertificateDomain("*.contoso.com"));
  EXPECT_FALSE(UsableCertificateDomain("e*ge.contoso.com"));
  EXPECT_FALSE(UsableCertificateDomain(std::string("edge.contoso.com\0.evil.org", 26)));
  EXPECT_FALSE(UsableCertificateDomain("edge.contoso.com\n"));
  EXPECT_FALSE(UsableCertificateDomain("bücher.example"));
  EXPECT_FALSE(UsableCertificateDomain("Edge Server"));
  EXPECT_FALSE(UsableCertificateDomain("edge_1.contoso.com"));
  EXPECT_FALSE(UsableCertificateDomain(".contoso.com"));
  EXPECT_FALSE(UsableCertificateDomain(""));
  EXPECT_FALSE(UsableCertificateDomain("."));
  EXPECT_FALSE(UsableCertificateDomain("192.0.2.7"));
}

}  // namespace
}  // namespace sipcm::tls
