#ifndef SIPCM_SERVER_MESSAGING_CONVERSION_UTF8_TEXT_H_
#define SIPCM_SERVER_MESSAGING_CONVERSION_UTF8_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace sipcm::server {

// Sets a proto3 string from a peer's bytes. A string field must be UTF-8, or readers in other
// languages drop the whole frame; each byte that is part of no well-formed sequence (RFC 3629: no
// overlong forms, surrogates or values above U+10FFFF) becomes U+FFFD.
void AssignUtf8(absl::string_view bytes, std::string* text);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_MESSAGING_CONVERSION_UTF8_TEXT_H_
