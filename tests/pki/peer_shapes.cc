#include "tests/pki/peer_shapes.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "tests/pki/certificate_builder.h"

namespace sipcm::pki {
namespace {

using Key = CertificateOptions::Key;
using Pkey = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;

constexpr char kHost[] = "a.contoso.com";
const CertificateOptions kLeaf{.common_name = "edge", .dns_names = {kHost}};

absl::Time At(int year) { return absl::FromCivil(absl::CivilDay(year, 1, 1), absl::UTCTimeZone()); }

CertificateOptions Using(std::vector<std::string> usages) {
  return {.dns_names = {kHost}, .extended_key_usages = std::move(usages)};
}

Pkey ReadKey(const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  Pkey key(PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr), EVP_PKEY_free);
  BIO_free(bio);
  SIPCM_CHECK(key != nullptr);
  return key;
}

}  // namespace

PeerShapes::PeerShapes() : root_("Root"), partner_(root_.IssueAuthority("Partner")) {
  AddNames();
  AddUsages();
  AddKeysAndTimes();
  AddChains();
  AddConstrainedChains();
  AddLongChains();
  AddRevoked();
}

PeerShapes::~PeerShapes() = default;

void PeerShapes::Add(const std::string& name, const IssuedCertificate& issued) {
  all_.push_back({name, issued.chain_pem, issued.private_key_pem});
}

void PeerShapes::Add(const std::string& name, const CertificateOptions& options) {
  Add(name, root_.Issue(options));
}

void PeerShapes::AddNames() {
  Add("host", kLeaf);
  Add("host-upper-case", {.dns_names = {"A.CONTOSO.com"}});
  Add("host-trailing-dot", {.dns_names = {"a.contoso.com."}});
  Add("host-deep", {.dns_names = {"x.y.z.contoso.com"}});
  Add("host-parent", {.dns_names = {"contoso.com"}});
  Add("host-evil-suffix", {.dns_names = {"evilcontoso.com"}});
  Add("host-evil-prefix", {.dns_names = {"a.contoso.com.evil.org"}});
  Add("hosts-second-fits", {.dns_names = {"evil.org", kHost}});
  Add("host-other", {.dns_names = {"b.fabrikam.org"}});
  Add("host-underscore", {.dns_names = {"a_b.contoso.com"}});
  Add("host-long-label", {.dns_names = {std::string(64, 'a') + ".contoso.com"}});
  Add("host-space", {.dns_names = {"a.contoso.com "}});
  Add("host-control", {.dns_names = {"a.contoso.com\r\n\x1b[31m"}});
  Add("host-empty", {.dns_names = {""}});
  Add("wildcard", {.dns_names = {"*.contoso.com"}});
  Add("wildcard-and-host", {.dns_names = {"*.contoso.com", kHost}});
  Add("wildcard-cn", {.common_name = "*.contoso.com"});
  Add("nul-in-dns", {.dns_names = {std::string("a.contoso.com\0.evil.org", 23)}});
  Add("nul-in-cn", {.common_name = std::string("a.contoso.com\0.evil.org", 23)});
  Add("idna-a-label", {.dns_names = {"xn--bcher-kva.contoso.com"}});
  Add("idna-u-label", {.dns_names = {"b\xc3\xbc"
                                     "cher.contoso.com"}});
  Add("cn-only", {.common_name = kHost});
  Add("cn-beside-other", {.common_name = kHost, .dns_names = {"b.fabrikam.org"}});
  Add("cn-beside-email", {.common_name = kHost, .email_names = {"x@contoso.com"}});
  Add("uri-sip", {.uri_names = {"sip:a.contoso.com"}});
  Add("uri-sips", {.uri_names = {"sips:a.contoso.com"}});
  Add("uri-user", {.uri_names = {"sip:alice@a.contoso.com"}});
  Add("uri-port", {.uri_names = {"sip:a.contoso.com:5061"}});
  Add("uri-http", {.uri_names = {"http://a.contoso.com"}});
  Add("uri-wildcard", {.uri_names = {"sip:*.contoso.com"}});
  Add("ip-v4", {.ip_addresses = {"192.0.2.7"}});
  Add("ip-v6", {.ip_addresses = {"2001:db8::7"}});
  Add("ip-as-dns", {.dns_names = {"192.0.2.7"}});
  Add("ip-as-cn", {.common_name = "192.0.2.7"});
  Add("email-only", {.email_names = {"alice@a.contoso.com"}});
  Add("no-name", {.organization = "Contoso"});
  Add("no-subject", CertificateOptions{});
}

void PeerShapes::AddUsages() {
  Add("usage-any", Using({"anyExtendedKeyUsage"}));
  Add("usage-client", Using({"clientAuth"}));
  Add("usage-server", Using({"serverAuth"}));
  Add("usage-sip", Using({"1.3.6.1.5.5.7.3.20"}));
  Add("usage-client-sip", Using({"clientAuth", "1.3.6.1.5.5.7.3.20"}));
  Add("usage-any-client", Using({"anyExtendedKeyUsage", "clientAuth"}));
  Add("usage-code", Using({"codeSigning"}));
}

void PeerShapes::AddKeysAndTimes() {
  CertificateOptions options = kLeaf;
  options.key = Key::kRsa2048;
  Add("rsa-2048", options);
  options.key = Key::kRsa1024;
  Add("rsa-1024", options);
  options.key = Key::kEd25519;
  Add("ed25519", options);
  options = kLeaf;
  options.not_after = At(2021);
  Add("expired", options);
  options = kLeaf;
  options.not_before = At(2044);
  Add("not-yet-valid", options);
}

void PeerShapes::AddChains() {
  const CertificateAuthority stranger("Stranger"), impostor("Root");
  Add("self-signed", IssueSelfSigned(kLeaf));
  Add("stranger", stranger.Issue(kLeaf));
  Add("impostor", impostor.Issue(kLeaf));
  IssuedCertificate issued = stranger.Issue(kLeaf);
  issued.chain_pem += stranger.certificate_pem();
  Add("stranger-with-root", issued);
  issued = root_.Issue(kLeaf);
  issued.chain_pem += root_.certificate_pem();
  Add("root-included", issued);
  issued.chain_pem = issued.certificate_pem + issued.certificate_pem + issued.certificate_pem;
  Add("leaf-repeated", issued);
  Add("partner", partner_->Issue(kLeaf));
  issued = partner_->Issue(kLeaf);
  issued.chain_pem = issued.certificate_pem;
  Add("intermediate-missing", issued);
  const auto lower = partner_->IssueAuthority("Lower");
  Add("two-intermediates", lower->Issue(kLeaf));
  issued = lower->Issue(kLeaf);
  issued.chain_pem =
      issued.certificate_pem + partner_->certificate_pem() + lower->certificate_pem();
  Add("wrong-order", issued);
  Add("expired-intermediate", root_.IssueAuthority("Old", {.not_after = At(2021)})->Issue(kLeaf));
  Add("false-authority", root_.IssueFalseAuthority("No CA")->Issue(kLeaf));
}

void PeerShapes::AddConstrainedChains() {
  const auto short_path = root_.IssueAuthority("Short", {.path_length = 0});
  Add("path-length", short_path->IssueAuthority("Below")->Issue(kLeaf));
  const auto confined =
      root_.IssueAuthority("Confined", {.name_constraints = {"permitted;DNS:contoso.com"}});
  Add("confined-inside", confined->Issue({.dns_names = {kHost}}));
  Add("confined-outside", confined->Issue({.dns_names = {"b.fabrikam.org"}}));
  Add("confined-by-uri", confined->Issue({.uri_names = {"sip:b.fabrikam.org"}}));
  Add("confined-by-cn", confined->Issue({.common_name = "b.fabrikam.org"}));
  const auto excluded =
      root_.IssueAuthority("Excluded", {.name_constraints = {"excluded;DNS:contoso.com"}});
  Add("excluded", excluded->Issue({.dns_names = {kHost}}));
}

void PeerShapes::AddLongChains() {
  std::vector<std::unique_ptr<CertificateAuthority>> line;
  for (int i = 1; i <= 121; ++i) {
    const CertificateAuthority& above = line.empty() ? root_ : *line.back();
    line.push_back(above.IssueAuthority(absl::StrCat("Line ", i)));
    // The leaf, these and the root: as long as it says.
    if (i == 7 || i == 8 || i == 9 || i == 20 || i == 121) {
      Add(absl::StrCat("depth-", i + 1), line.back()->Issue(kLeaf));
    }
  }
  for (const int count : {5, 12, 80}) {
    IssuedCertificate issued = root_.Issue(kLeaf);
    for (int i = 0; i < count; ++i) {
      issued.chain_pem += IssueSelfSigned({.common_name = absl::StrCat("junk ", i)}).chain_pem;
    }
    Add(absl::StrCat("junk-", count), issued);
  }
}

void PeerShapes::AddRevoked() {
  const IssuedCertificate revoked = root_.Issue(kLeaf);
  Add("revoked", revoked);
  const auto fallen = root_.IssueAuthority("Fallen");
  Add("revoked-intermediate", fallen->Issue(kLeaf));
  crls_pem_ = root_.MakeCrl({revoked.serial, fallen->serial()}) + partner_->MakeCrl({}) +
              fallen->MakeCrl({});
}

std::string MismatchedKey(const std::string& public_half_pem, const std::string& private_half_pem) {
  const Pkey public_half = ReadKey(public_half_pem), private_half = ReadKey(private_half_pem);
  unsigned char point[256];
  size_t point_size = 0;
  SIPCM_CHECK(EVP_PKEY_get_octet_string_param(public_half.get(), OSSL_PKEY_PARAM_PUB_KEY, point,
                                              sizeof(point), &point_size) == 1);
  BIGNUM* number = nullptr;
  SIPCM_CHECK(EVP_PKEY_get_bn_param(private_half.get(), OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1);
  OSSL_PARAM_BLD* builder = OSSL_PARAM_BLD_new();
  OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
  OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, point_size);
  OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, number);
  OSSL_PARAM* parameters = OSSL_PARAM_BLD_to_param(builder);
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr);
  EVP_PKEY* made = nullptr;
  SIPCM_CHECK(EVP_PKEY_fromdata_init(context) == 1 &&
              EVP_PKEY_fromdata(context, &made, EVP_PKEY_KEYPAIR, parameters) == 1);
  std::string pem = ToPem(made);
  EVP_PKEY_free(made);
  EVP_PKEY_CTX_free(context);
  OSSL_PARAM_free(parameters);
  OSSL_PARAM_BLD_free(builder);
  BN_free(number);
  return pem;
}

}  // namespace sipcm::pki
