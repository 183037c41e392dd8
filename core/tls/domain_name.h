#ifndef SIPCM_CORE_TLS_DOMAIN_NAME_H_
#define SIPCM_CORE_TLS_DOMAIN_NAME_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sipcm::tls {

// The one spelling of a domain name that all comparisons use: A-labels (IDNA2008), ASCII lower
// case, no trailing dot, labels of letters, digits and inner hyphens, 1-63 bytes each and at most
// 253 in all (RFC 1034 3.5, RFC 1123 2.1).

// What a person typed. INVALID_ARGUMENT that names the rule for "*", spaces, ports, empty labels,
// ".", anything that is not letter-digit-hyphen after IDNA, and names whose last label is a number
// ("192.0.2.300" is a mistyped address, not a name). IP literals are such names: parse them first.
absl::StatusOr<std::string> CanonicalDomainName(absl::string_view text);

// A name out of a certificate. Nothing when it must be ignored (semantics.md 6): wildcard,
// NUL, control or any other character that is not letter, digit, hyphen or dot; no IDNA here, since
// a certificate holds A-labels (RFC 5280 7.2).
std::optional<std::string> UsableCertificateDomain(absl::string_view name);

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_DOMAIN_NAME_H_
