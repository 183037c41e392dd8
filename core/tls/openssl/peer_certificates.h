#ifndef SIPCM_CORE_TLS_OPENSSL_PEER_CERTIFICATES_H_
#define SIPCM_CORE_TLS_OPENSSL_PEER_CERTIFICATES_H_

#include <string>
#include <vector>

struct ssl_st;

namespace sipcm::tls {

// Frees the certificates that OpenSSL keeps of the peer of an established connection, some 4 KiB
// each: whoever needs them later takes them in DER, leaf first, a tenth of that. Empty when there
// are none. The connection must not be resumable: its session is good for nothing else after it.
std::vector<std::string> TakePeerCertificates(ssl_st* ssl);

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_OPENSSL_PEER_CERTIFICATES_H_
