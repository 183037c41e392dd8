#include "core/tls/openssl/peer_certificates.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "core/tls/openssl/session_state.h"

namespace sipcm::tls {

void DropPeerCertificates(ssl_st* ssl) {
  if (SSL_get0_peer_certificate(ssl) == nullptr) return;
  DropPeer(SSL_get_session(ssl));
  STACK_OF(X509)* presented = SSL_get_peer_cert_chain(ssl);
  while (sk_X509_num(presented) > 0) X509_free(sk_X509_pop(presented));
}

}  // namespace sipcm::tls
