#include "core/tls/certificate_names.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/tls/domain_name.h"

namespace sipcm::tls {
namespace {

constexpr size_t kShownNames = 16;

// `text` is how the certificate spells the name, `domain` is what UsableCertificateDomain says.
void Add(absl::string_view text, std::optional<std::string> domain, CertificateNames* names) {
  if (!domain.has_value()) {
    names->ignored.emplace_back(text);
    return;
  }
  std::vector<std::string>& domains = names->domains;
  if (std::find(domains.begin(), domains.end(), *domain) == domains.end()) {
    domains.push_back(*std::move(domain));
  }
}

// The host of a sip: or sips: URI without user part (RFC 5922 7.1), else nothing. `uri` is escaped,
// so whatever a URI may not hold shows as a backslash.
std::optional<std::string> SipDomain(absl::string_view uri, NameCheck check) {
  if (absl::StartsWithIgnoreCase(uri, "sip:")) {
    uri.remove_prefix(4);
  } else if (absl::StartsWithIgnoreCase(uri, "sips:") && check != NameCheck::kRfc5922) {
    uri.remove_prefix(5);
  } else {
    return std::nullopt;
  }
  if (absl::StrContains(uri, '\\') || absl::StrContains(uri, '@')) return std::nullopt;
  return UsableCertificateDomain(uri.substr(0, uri.find_first_of(":;?")));
}

}  // namespace

CertificateNames CertificateNames::Of(const Certificate& certificate, NameCheck check) {
  CertificateNames names;
  for (const std::string& name : certificate.dns_names) {
    Add(name, UsableCertificateDomain(name), &names);
  }
  for (const std::string& uri : certificate.uri_names) Add(uri, SipDomain(uri, check), &names);
  const bool common_name_counts =
      check != NameCheck::kRfc5922 || !certificate.has_subject_alternative_name;
  if (common_name_counts && !certificate.common_name.empty()) {
    Add(certificate.common_name, UsableCertificateDomain(certificate.common_name), &names);
  }
  names.ip_addresses = certificate.ip_addresses;
  return names;
}

std::string CertificateNames::Find(absl::string_view host) const {
  if (const absl::StatusOr<net::IpAddress> address = net::IpAddress::Parse(host); address.ok()) {
    const bool has =
        std::find(ip_addresses.begin(), ip_addresses.end(), *address) != ip_addresses.end();
    return has ? address->ToString() : "";
  }
  const absl::StatusOr<std::string> name = CanonicalDomainName(host);
  const bool has = name.ok() && std::find(domains.begin(), domains.end(), *name) != domains.end();
  return has ? *name : "";
}

std::vector<std::string> CertificateNames::ToStrings() const {
  std::vector<std::string> strings = domains;
  for (const net::IpAddress& address : ip_addresses) strings.push_back(address.ToString());
  return strings;
}

std::string CertificateNames::ToString() const {
  std::vector<std::string> shown = ToStrings();
  const size_t count = shown.size();
  if (count > kShownNames) shown.resize(kShownNames);
  return absl::StrCat("[", absl::StrJoin(shown, ", "),
                      count > kShownNames ? absl::StrCat(", ... ", count, " in all") : "", "]");
}

}  // namespace sipcm::tls
