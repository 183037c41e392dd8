// Makes a throw-away PKI for a person or a script: one pair of files per shape of certificate.
//   make_certificates DIRECTORY
// writes DIRECTORY/ca.pem (trust this), other-ca.pem (do not), crl.pem (revokes client-revoked),
// and NAME.pem (chain, leaf first) with NAME.key for each name printed. Files are overwritten.

#include <sys/stat.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/pki/certificate_authority.h"

namespace sipcm::pki {
namespace {

constexpr int kFailure = 1;
constexpr int kBadUsage = 2;

struct Shape {
  const char* name;
  const char* meaning;
  CertificateOptions options;
};

std::vector<Shape> ClientShapes() {
  const absl::Time now = absl::Now();
  std::vector<Shape> shapes;
  const auto add = [&](const char* name, const char* meaning, CertificateOptions options) {
    shapes.push_back({name, meaning, std::move(options)});
  };
  add("server", "localhost, 127.0.0.1, ::1",
      {.common_name = "localhost",
       .dns_names = {"localhost"},
       .ip_addresses = {"127.0.0.1", "::1"}});
  add("client-localhost", "dNSName localhost",
      {.common_name = "localhost", .dns_names = {"localhost"}});
  add("client-edge", "dNSName edge.contoso.com",
      {.common_name = "edge", .dns_names = {"edge.contoso.com"}});
  add("client-parent", "dNSName contoso.com", {.dns_names = {"contoso.com"}});
  add("client-evil", "dNSName evilcontoso.com", {.dns_names = {"evilcontoso.com"}});
  add("client-cn", "only the CN edge.contoso.com", {.common_name = "edge.contoso.com"});
  add("client-uri", "URI sip:edge.contoso.com", {.uri_names = {"sip:edge.contoso.com"}});
  add("client-user-uri", "URI sip:alice@edge.contoso.com",
      {.uri_names = {"sip:alice@edge.contoso.com"}});
  add("client-ip", "iPAddress 127.0.0.1", {.ip_addresses = {"127.0.0.1"}});
  add("client-wildcard", "dNSName *.contoso.com", {.dns_names = {"*.contoso.com"}});
  add("client-nul", "a NUL in dNSName and CN",
      {.common_name = std::string("edge.contoso.com\0.evil.org", 26),
       .dns_names = {std::string("edge.contoso.com\0.evil.org", 26)}});
  add("client-expired", "expired an hour ago",
      {.dns_names = {"edge.contoso.com"}, .not_after = now - absl::Hours(1)});
  add("client-not-yet-valid", "valid from tomorrow",
      {.dns_names = {"edge.contoso.com"}, .not_before = now + absl::Hours(24)});
  add("client-auth", "EKU clientAuth",
      {.dns_names = {"edge.contoso.com"}, .extended_key_usages = {"clientAuth"}});
  add("client-server-auth", "EKU serverAuth",
      {.dns_names = {"edge.contoso.com"}, .extended_key_usages = {"serverAuth"}});
  add("client-sip-domain", "EKU sipDomain",
      {.dns_names = {"edge.contoso.com"}, .extended_key_usages = {"1.3.6.1.5.5.7.3.20"}});
  return shapes;
}

bool WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  if (!file) std::fprintf(stderr, "cannot write \"%s\"\n", path.c_str());
  return file.good();
}

bool WritePair(const std::string& directory, const std::string& name, const std::string& meaning,
               const IssuedCertificate& issued) {
  const std::string stem = absl::StrCat(directory, "/", name);
  if (!WriteFile(stem + ".pem", issued.chain_pem)) return false;
  if (!WriteFile(stem + ".key", issued.private_key_pem)) return false;
  ::chmod((stem + ".key").c_str(), S_IRUSR | S_IWUSR);
  std::printf("%-22s %s\n", name.c_str(), meaning.c_str());
  return true;
}

int MakeAll(const std::string& directory) {
  const CertificateAuthority root("sipcm throw-away root");
  const CertificateAuthority other("another root");
  const std::unique_ptr<CertificateAuthority> middle = root.IssueAuthority("sipcm intermediate");
  bool ok = WriteFile(directory + "/ca.pem", root.certificate_pem()) &&
            WriteFile(directory + "/other-ca.pem", other.certificate_pem());
  for (const Shape& shape : ClientShapes()) {
    ok = ok && WritePair(directory, shape.name, shape.meaning, root.Issue(shape.options));
  }
  const CertificateOptions edge{.dns_names = {"edge.contoso.com"}};
  const IssuedCertificate revoked = root.Issue(edge);
  ok =
      ok && WritePair(directory, "client-revoked", "in crl.pem", revoked) &&
      WriteFile(directory + "/crl.pem", root.MakeCrl({revoked.serial})) &&
      WritePair(directory, "client-intermediate", "through an intermediate", middle->Issue(edge)) &&
      WritePair(directory, "client-other-ca", "of other-ca.pem", other.Issue(edge)) &&
      WritePair(directory, "client-self-signed", "its own issuer", IssueSelfSigned(edge));
  return ok ? 0 : kFailure;
}

}  // namespace
}  // namespace sipcm::pki

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
    return sipcm::pki::kBadUsage;
  }
  return sipcm::pki::MakeAll(argv[1]);
}
