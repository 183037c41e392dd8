#ifndef SIPCM_CORE_SIP_KEEPALIVE_H_
#define SIPCM_CORE_SIP_KEEPALIVE_H_

#include "absl/strings/string_view.h"

namespace sipcm::sip {

// What RFC 5626 3.5.1 sends between messages of a stream to learn whether the peer lives.
inline constexpr absl::string_view kKeepalivePing = "\r\n\r\n";
inline constexpr absl::string_view kKeepalivePong = "\r\n";

}  // namespace sipcm::sip

#endif  // SIPCM_CORE_SIP_KEEPALIVE_H_
