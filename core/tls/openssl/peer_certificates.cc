#include "core/tls/openssl/peer_certificates.h"

#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

#include "core/base/check.h"

namespace sipcm::tls {
namespace {

std::string DerOf(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  std::string bytes(reinterpret_cast<const char*>(der), size > 0 ? static_cast<size_t>(size) : 0);
  OPENSSL_free(der);
  return bytes;
}

// What the session says of the connection, but for the peer, in DER.
std::string WithoutPeer(ssl_st* ssl, const SSL_SESSION* live) {
  const std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)> bare(SSL_SESSION_new(),
                                                                       SSL_SESSION_free);
  unsigned char key[SSL_MAX_MASTER_KEY_LENGTH];
  const size_t key_size = SSL_SESSION_get_master_key(live, key, sizeof(key));
  unsigned int id_size = 0;
  const unsigned char* id = SSL_SESSION_get_id(live, &id_size);
  const bool filled = SSL_SESSION_set_protocol_version(bare.get(), SSL_version(ssl)) == 1 &&
                      SSL_SESSION_set_cipher(bare.get(), SSL_get_current_cipher(ssl)) == 1 &&
                      SSL_SESSION_set1_master_key(bare.get(), key, key_size) == 1 &&
                      SSL_SESSION_set1_id(bare.get(), id, id_size) == 1;
  OPENSSL_cleanse(key, sizeof(key));
  SIPCM_CHECK(filled);
  unsigned char* der = nullptr;
  const int size = i2d_SSL_SESSION(bare.get(), &der);
  SIPCM_CHECK(size > 0);
  std::string bytes(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  OPENSSL_clear_free(der, static_cast<size_t>(size));
  return bytes;
}

}  // namespace

std::vector<std::string> TakePeerCertificates(ssl_st* ssl) {
  std::vector<std::string> taken;
  X509* leaf = SSL_get0_peer_certificate(ssl);
  if (leaf == nullptr) return taken;
  taken.push_back(DerOf(leaf));
  STACK_OF(X509)* others = SSL_get_peer_cert_chain(ssl);  // a client has the leaf in it, too
  for (int i = 0; i < sk_X509_num(others); ++i) {
    if (sk_X509_value(others, i) != leaf) taken.push_back(DerOf(sk_X509_value(others, i)));
  }
  // There is no call that clears a session's peer; reading a session without one into it does.
  SSL_SESSION* live = SSL_get_session(ssl);
  std::string bare = WithoutPeer(ssl, live);
  const auto* at = reinterpret_cast<const unsigned char*>(bare.data());
  SIPCM_CHECK(d2i_SSL_SESSION(&live, &at, static_cast<long>(bare.size())) != nullptr);  // NOLINT
  OPENSSL_cleanse(bare.data(), bare.size());
  while (sk_X509_num(others) > 0) X509_free(sk_X509_pop(others));
  return taken;
}

}  // namespace sipcm::tls
