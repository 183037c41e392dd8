#ifndef SIPCM_CORE_TLS_ALLOWED_DOMAIN_PATTERN_H_
#define SIPCM_CORE_TLS_ALLOWED_DOMAIN_PATTERN_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/net/address.h"

namespace sipcm::tls {

// What an entry of the allowed domains matches, in its one canonical spelling (semantics.md 6).
// A value: two patterns are equal when they match the same names.
class AllowedDomainPattern {
 public:
  enum class Kind : unsigned char {
    kHost,        // "edge.contoso.com": that name completely
    kSubdomains,  // ".contoso.com": every name below it, not "contoso.com" itself
    kIpAddress,   // "192.0.2.7", "2001:db8::1": an iPAddress of the certificate only
  };

  // ASCII case is folded, one trailing dot dropped, U-labels become A-labels, addresses take their
  // usual form. INVALID_ARGUMENT (reason INVALID_DOMAIN_PATTERN, field "pattern") that names the
  // rule for: empty text, "*" anywhere, spaces and controls, a port, a URI, an empty label, "."
  // alone, an over-long name, and what is no host name otherwise.
  static absl::StatusOr<AllowedDomainPattern> Parse(absl::string_view text);

  Kind kind() const { return kind_; }
  const std::string& text() const { return text_; }                 // canonical
  const net::IpAddress& ip_address() const { return ip_address_; }  // only for kIpAddress

  friend bool operator==(const AllowedDomainPattern& a, const AllowedDomainPattern& b) {
    return a.text_ == b.text_;
  }

 private:
  AllowedDomainPattern() = default;

  Kind kind_ = Kind::kHost;
  std::string text_;
  net::IpAddress ip_address_;
};

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_ALLOWED_DOMAIN_PATTERN_H_
