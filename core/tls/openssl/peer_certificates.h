#ifndef SIPCM_CORE_TLS_OPENSSL_PEER_CERTIFICATES_H_
#define SIPCM_CORE_TLS_OPENSSL_PEER_CERTIFICATES_H_

struct ssl_st;

namespace sipcm::tls {

// Frees the certificates that OpenSSL keeps of the peer of an established connection, some 4 KiB
// each: whoever needs them later keeps them in DER, a tenth of that.
void DropPeerCertificates(ssl_st* ssl);

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_OPENSSL_PEER_CERTIFICATES_H_
