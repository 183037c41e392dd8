#include "core/tls/certificate.h"

#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/tls/certificate_chain.h"
#include "core/tls/certificate_names.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/pki/certificate_authority.h"

namespace sipcm::tls {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const pki::CertificateAuthority& Root() {
  static const auto* const root = new pki::CertificateAuthority("Root");
  return *root;
}

Certificate Parsed(const pki::CertificateOptions& options) {
  const auto chain = ParseChainPem(Root().Issue(options).certificate_pem);
  EXPECT_TRUE(chain.ok()) << chain.status();
  return chain->front();
}

std::vector<std::string> Domains(const Certificate& certificate,
                                 NameCheck check = NameCheck::kSubjectAndAlternative) {
  return CertificateNames::Of(certificate, check).domains;
}

TEST(CertificateTest, ReadsWhatACertificateSays) {
  const Certificate leaf = Parsed({.common_name = "edge",
                                   .organization = "Contoso",
                                   .dns_names = {"edge.contoso.com"},
                                   .uri_names = {"sip:contoso.com"},
                                   .ip_addresses = {"192.0.2.7", "2001:db8::1"},
                                   .extended_key_usages = {"clientAuth", "1.3.6.1.5.5.7.3.20"}});
  EXPECT_EQ(leaf.subject, "CN=edge,O=Contoso");
  EXPECT_EQ(leaf.issuer, "CN=Root");
  EXPECT_EQ(leaf.common_name, "edge");
  EXPECT_THAT(leaf.dns_names, ElementsAre("edge.contoso.com"));
  EXPECT_THAT(leaf.uri_names, ElementsAre("sip:contoso.com"));
  EXPECT_THAT(leaf.ip_addresses, ElementsAre(*net::IpAddress::Parse("192.0.2.7"),
                                             *net::IpAddress::Parse("2001:db8::1")));
  EXPECT_TRUE(leaf.has_subject_alternative_name);
  EXPECT_TRUE(leaf.has_extended_key_usage);
  EXPECT_THAT(leaf.extended_key_usages, ElementsAre("1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.20"));
  EXPECT_EQ(leaf.not_before, pki::DefaultNotBefore());
  EXPECT_EQ(leaf.not_after, pki::DefaultNotAfter());
  EXPECT_EQ(leaf.fingerprint_sha256.size(), 32u);
  EXPECT_EQ(leaf.key_type, "EC P-256");
  EXPECT_FALSE(leaf.is_authority);
  EXPECT_FALSE(leaf.is_self_issued);
  EXPECT_FALSE(leaf.serial.empty());
}

TEST(CertificateTest, TellsAuthoritiesKeysAndAbsentExtensions) {
  const Certificate root = ParseChainPem(Root().certificate_pem())->front();
  EXPECT_TRUE(root.is_authority);
  EXPECT_TRUE(root.is_self_issued);
  const Certificate bare = Parsed({});
  EXPECT_EQ(bare.subject, "");
  EXPECT_EQ(bare.common_name, "");
  EXPECT_FALSE(bare.has_subject_alternative_name);
  EXPECT_FALSE(bare.has_extended_key_usage);
  EXPECT_EQ(Parsed({.key = pki::CertificateOptions::Key::kRsa2048}).key_type, "RSA 2048");
  EXPECT_EQ(Parsed({.key = pki::CertificateOptions::Key::kEd25519}).key_type, "ED25519");
}

TEST(CertificateTest, EscapesHostileText) {
  const Certificate leaf = Parsed({.common_name = std::string("edge.contoso.com\0.evil.org", 26),
                                   .organization = "\x1b[31mred\n",
                                   .dns_names = {std::string("a.b\0c", 5), "new\nline"},
                                   .uri_names = {"sip:\x07"}});
  EXPECT_EQ(leaf.common_name, "edge.contoso.com\\x00.evil.org");
  EXPECT_THAT(leaf.subject, HasSubstr("\\1B[31mred\\0A"));
  EXPECT_THAT(leaf.dns_names, ElementsAre("a.b\\x00\\x63", "new\\nline"));
  EXPECT_THAT(leaf.uri_names, ElementsAre("sip:\\x07"));
}

TEST(CertificateChainTest, KeepsTheOrderAndSkipsOtherBlocks) {
  const auto middle = Root().IssueAuthority("Middle");
  const pki::IssuedCertificate leaf = middle->Issue({.common_name = "leaf"});
  const auto chain = ParseChainPem("# a comment\n" + leaf.private_key_pem + leaf.chain_pem);
  ASSERT_TRUE(chain.ok()) << chain.status();
  ASSERT_EQ(chain->size(), 2u);
  EXPECT_EQ((*chain)[0].subject, "CN=leaf");
  EXPECT_EQ((*chain)[1].subject, "CN=Middle");
}

TEST(CertificateChainTest, SaysWhatIsWrongWithTheText) {
  const std::string pem = Root().certificate_pem();
  const std::string key = Root().Issue({}).private_key_pem;
  const auto refused = [](absl::string_view text) {
    const auto chain = ParseChainPem(text);
    EXPECT_FALSE(chain.ok());
    EXPECT_EQ(chain.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ReasonOf(chain.status()), "CERTIFICATE_MALFORMED");
    return std::string(chain.status().message());
  };
  EXPECT_THAT(refused(""), HasSubstr("no \"-----BEGIN CERTIFICATE-----\" block"));
  EXPECT_THAT(refused("hello"), HasSubstr("no \"-----BEGIN CERTIFICATE-----\" block"));
  EXPECT_THAT(refused(key), HasSubstr("only PRIVATE KEY"));
  EXPECT_THAT(refused(pem.substr(0, pem.size() / 2)), HasSubstr("PEM block 1"));
  EXPECT_THAT(refused(pem + pem.substr(0, pem.size() / 2)), HasSubstr("PEM block 2"));
  EXPECT_THAT(refused("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
              HasSubstr("certificate 1"));
  EXPECT_THAT(refused("-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n"),
              HasSubstr("PEM block 1"));
  std::string broken = pem;
  broken[broken.size() / 2] = '*';
  EXPECT_THAT(refused(pem + broken), HasSubstr("PEM block 2"));
}

TEST(CertificateNamesTest, TestsEveryDnsNameSipUriAndTheCommonName) {
  const Certificate leaf =
      Parsed({.common_name = "CN.contoso.com",
              .dns_names = {"Edge.Contoso.com", "edge.contoso.com."},
              .uri_names = {"sip:uri.contoso.com", "SIPS:secure.contoso.com"}});
  EXPECT_THAT(Domains(leaf), ElementsAre("edge.contoso.com", "uri.contoso.com",
                                         "secure.contoso.com", "cn.contoso.com"));
}

TEST(CertificateNamesTest, TakesOnlyTheHostOfSipUrisWithoutUser) {
  const Certificate leaf = Parsed(
      {.uri_names = {"sip:port.contoso.com:5061", "sip:parameter.contoso.com;transport=tls",
                     "sip:alice@user.contoso.com", "https://web.contoso.com", "sip:192.0.2.7",
                     "sip:[::1]", "sip:*.contoso.com", "sip:", "sip:evil.org\\@x.contoso.com",
                     "sip:x.contoso.com\n", "im:chat.contoso.com"}});
  EXPECT_THAT(Domains(leaf), ElementsAre("port.contoso.com", "parameter.contoso.com"));
}

TEST(CertificateNamesTest, IgnoresWildcardsNulControlAndNonLdhAndSaysWhich) {
  const Certificate leaf = Parsed({.common_name = "Edge Server",
                                   .dns_names = {"*.contoso.com", std::string("a\0b.com", 7),
                                                 "tab\t.com", "under_score.com", "192.0.2.7"}});
  const CertificateNames names = CertificateNames::Of(leaf, NameCheck::kSubjectAndAlternative);
  EXPECT_THAT(names.domains, IsEmpty());
  EXPECT_THAT(names.ignored, ElementsAre("*.contoso.com", "a\\x00\\x62.com", "tab\\t.com",
                                         "under_score.com", "192.0.2.7", "Edge Server"));
}

TEST(CertificateNamesTest, StrictnessOfRfc5922CountsTheCommonNameOnlyWithoutAlternativeNames) {
  const auto strict = NameCheck::kRfc5922;
  EXPECT_THAT(Domains(Parsed({.common_name = "cn.contoso.com"}), strict),
              ElementsAre("cn.contoso.com"));
  EXPECT_THAT(
      Domains(Parsed({.common_name = "cn.contoso.com", .dns_names = {"a.contoso.com"}}), strict),
      ElementsAre("a.contoso.com"));
  EXPECT_THAT(
      Domains(Parsed({.common_name = "cn.contoso.com", .email_names = {"a@contoso.com"}}), strict),
      IsEmpty());
  EXPECT_THAT(Domains(Parsed({.uri_names = {"sip:a.contoso.com", "sips:b.contoso.com"}}), strict),
              ElementsAre("a.contoso.com"));
  EXPECT_THAT(Domains(Parsed({.dns_names = {"*.contoso.com"}}), strict), IsEmpty());
}

TEST(CertificateNamesTest, ShowsAtMostSixteenNames) {
  std::vector<std::string> many;
  for (char c = 'a'; c <= 'z'; ++c) many.push_back(std::string(1, c) + ".org");
  const auto names = CertificateNames::Of(Parsed({.dns_names = many}), NameCheck::kRfc5922);
  EXPECT_EQ(names.domains.size(), 26u);
  EXPECT_THAT(names.ToString(), HasSubstr("p.org, ... 26 in all]"));
  EXPECT_EQ(CertificateNames().ToString(), "[]");
}

}  // namespace
}  // namespace sipcm::tls
