#ifndef SIPCM_CORE_SIP_URI_H_
#define SIPCM_CORE_SIP_URI_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "core/sip/parameters.h"

namespace sipcm::sip {

enum class UriScheme : uint8_t { kSip, kSips, kTel, kOther };

enum class HostKind : uint8_t { kNone, kName, kIpv4, kIpv6 };

// A URI taken apart, as views into the text that was parsed; nothing is unescaped.
struct UriView {
  absl::string_view text;  // all of it
  // What is wrong (static); empty: well-formed. With a fault the other members mean nothing.
  absl::string_view fault;
  UriScheme scheme = UriScheme::kOther;
  absl::string_view scheme_name;  // as written
  absl::string_view opaque;       // what follows "scheme:"

  // For sip and sips only (for tel: `user` is the number, `parameters` its parameters):
  bool has_user = false;
  absl::string_view user;  // with its %-escapes, without the password
  absl::string_view password;
  HostKind host_kind = HostKind::kNone;
  absl::string_view host;        // an IPv6 reference without its brackets
  uint16_t port = 0;             // 0: not given
  absl::string_view parameters;  // raw, from the first ";"; empty: none
  absl::string_view headers;     // raw, behind "?"; empty: none
  bool has_headers = false;

  bool ok() const { return fault.empty(); }
  bool is_sip() const { return scheme == UriScheme::kSip || scheme == UriScheme::kSips; }
  // The URI parameter called `name` (ASCII case-insensitive).
  bool FindParameter(absl::string_view name, Parameter* parameter) const {
    return sip::FindParameter(parameters, name, parameter);
  }
};

// RFC 3261 19.1 with these liberties: "_" in host names, any three or more colons in an IPv6
// reference (RFC 5118 4.10), bytes >= 0x80 in user and parameters. Refused: controls, spaces, <>"
// anywhere, a second "@", a bad %-escape in the user, an IPv6 address without brackets, a port
// outside 1-65535. Unknown schemes need only a valid scheme and URI characters.
// `text` must be trimmed and without <>.
UriView ParseUri(absl::string_view text);

// The kind of a host text that came without brackets; kNone when it is not a host. An IPv6 address
// is recognised by its colons. "1.2.3" and "256.1.1.1" are not hosts (RFC 3261 toplabel).
HostKind ClassifyHost(absl::string_view host);

}  // namespace sipcm::sip

#endif  // SIPCM_CORE_SIP_URI_H_
