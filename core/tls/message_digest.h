#ifndef SIPCM_CORE_TLS_MESSAGE_DIGEST_H_
#define SIPCM_CORE_TLS_MESSAGE_DIGEST_H_

#include <string>

#include "absl/strings/string_view.h"

namespace sipcm::tls {

// The hashes of digest authentication (RFC 7616 3.2, RFC 8760), as lower-case hexadecimal digits:
// 32 and 64 of them. MD5 serves old registrars and proves nothing about who made a text. Pure; any
// thread.
std::string Md5Hex(absl::string_view text);
std::string Sha256Hex(absl::string_view text);

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_MESSAGE_DIGEST_H_
