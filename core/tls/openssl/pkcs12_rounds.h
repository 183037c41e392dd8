#ifndef SIPCM_CORE_TLS_OPENSSL_PKCS12_ROUNDS_H_
#define SIPCM_CORE_TLS_OPENSSL_PKCS12_ROUNDS_H_

#include <cstdint>

struct PKCS12_st;

namespace sipcm::tls {

// How many rounds of key derivation a PKCS#12 object asks for (RFC 7292 4, RFC 8018 4.2), in its
// MAC and in all its parts: each is CPU time of whoever opens it, and the object names their
// number. A parameter that cannot be read counts as one round: OpenSSL refuses it without deriving
// anything.

// Of all that shows without its password.
int64_t OuterPkcs12Rounds(const PKCS12_st& object);
// Of the keys inside its encrypted parts, which are opened with `password` (null: none) for it, at
// the cost of their own rounds.
int64_t InnerPkcs12Rounds(const PKCS12_st& object, const char* password);

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_OPENSSL_PKCS12_ROUNDS_H_
