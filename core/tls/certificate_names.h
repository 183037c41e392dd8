#ifndef SIPCM_CORE_TLS_CERTIFICATE_NAMES_H_
#define SIPCM_CORE_TLS_CERTIFICATE_NAMES_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/net/address.h"
#include "core/tls/certificate.h"

namespace sipcm::tls {

// Which of a certificate's names count (semantics.md 6).
enum class NameCheck : unsigned char {
  // Every dNSName, every sip: and sips: URI without user part, and the subject's CN.
  kSubjectAndAlternative,
  // RFC 5922 7.1: dNSName and sip: URIs without user part; the CN only when the certificate has no
  // subjectAltName at all.
  kRfc5922,
};

// The names of a certificate that may be compared with anything. Wildcards, names with NUL, control
// or non-LDH characters, and addresses dressed as names are left out under either NameCheck
// (RFC 5922 7.2: wildcards never match).
struct CertificateNames {
  std::vector<std::string> domains;          // canonical, in the certificate's order, CN last
  std::vector<net::IpAddress> ip_addresses;  // iPAddress only
  std::vector<std::string> ignored;          // those that count as none; escaped

  static CertificateNames Of(const Certificate& certificate, NameCheck check);

  // The one that is `host`, a domain as a person types it or an IP literal, in its one spelling;
  // empty: none is.
  std::string Find(absl::string_view host) const;

  // "[edge.contoso.com, 192.0.2.7]", at most the first 16.
  std::string ToString() const;
  std::vector<std::string> ToStrings() const;
};

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_CERTIFICATE_NAMES_H_
