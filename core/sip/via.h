#ifndef SIPCM_CORE_SIP_VIA_H_
#define SIPCM_CORE_SIP_VIA_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace sipcm::sip {

// One via-parm (RFC 3261 20.42). Views into the text that was parsed.
struct Via {
  absl::string_view element;     // the whole of it, trimmed
  absl::string_view version;     // "2.0"
  absl::string_view transport;   // as written: compare ASCII case-insensitively
  absl::string_view host;        // sent-by host; an IPv6 reference without its brackets
  uint16_t port = 0;             // sent-by port; 0: not given, the transport's default applies
  absl::string_view branch;      // empty: none
  absl::string_view received;    // without brackets; empty: none
  bool has_rport = false;        // RFC 3581; "rport" with or without a value
  uint16_t rport = 0;            // its value; 0: none
  absl::string_view parameters;  // raw, from the first ";"; empty: none

  // Starts with the RFC 3261 8.1.1.7 cookie and has something behind it, so that it may serve as
  // a transaction key. The bare cookie may not (RFC 4475 3.2.1).
  bool has_unique_branch() const;
};

// What is wrong with `text` (static), empty when it is a whole via-parm and `*via` is filled.
absl::string_view ParseVia(absl::string_view text, Via* via);

// The same for the first via-parm of a Via row's value; what follows its comma is not judged.
absl::string_view ParseFirstVia(absl::string_view value, Via* via);

}  // namespace sipcm::sip

#endif  // SIPCM_CORE_SIP_VIA_H_
