#include "core/tls/allowed_domain_pattern.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/tls/domain_name.h"

namespace sipcm::tls {
namespace {

absl::Status Refused(absl::string_view message) {
  return WithField(MakeError(absl::StatusCode::kInvalidArgument, "INVALID_DOMAIN_PATTERN",
                             absl::StrCat("pattern: ", message)),
                   "pattern");
}

}  // namespace

absl::StatusOr<AllowedDomainPattern> AllowedDomainPattern::Parse(absl::string_view text) {
  AllowedDomainPattern pattern;
  if (absl::StatusOr<net::IpAddress> address = net::IpAddress::Parse(text); address.ok()) {
    pattern.kind_ = Kind::kIpAddress;
    pattern.ip_address_ = *address;
    pattern.text_ = address->ToString();
    return pattern;
  }
  absl::string_view host = text;
  const bool subdomains = text.size() > 1 && absl::StartsWith(text, ".");
  if (subdomains) host.remove_prefix(1);
  if (subdomains && net::IpAddress::Parse(host).ok()) {
    return Refused(absl::StrCat("\"", absl::CHexEscape(text),
                                "\" is no domain: an address has no names below it"));
  }
  absl::StatusOr<std::string> name = CanonicalDomainName(host);
  if (!name.ok()) {
    return Refused(
        absl::StrCat(name.status().message(), subdomains ? " (after the leading \".\")" : ""));
  }
  pattern.kind_ = subdomains ? Kind::kSubdomains : Kind::kHost;
  pattern.text_ = subdomains ? absl::StrCat(".", *name) : *std::move(name);
  return pattern;
}

}  // namespace sipcm::tls
