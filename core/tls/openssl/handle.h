#ifndef SIPCM_CORE_TLS_OPENSSL_HANDLE_H_
#define SIPCM_CORE_TLS_OPENSSL_HANDLE_H_

#include <memory>

// OpenSSL's structures by name only, so that no header outside core/tls sees OpenSSL.
struct bio_st;
struct evp_pkey_st;
struct ssl_ctx_st;
struct ssl_session_st;
struct ssl_st;
struct x509_st;
struct x509_store_st;
struct X509_crl_st;

namespace sipcm::tls {

struct OpensslDeleter {
  void operator()(bio_st* bio) const;
  void operator()(evp_pkey_st* key) const;
  void operator()(ssl_ctx_st* context) const;
  void operator()(ssl_session_st* session) const;
  void operator()(ssl_st* ssl) const;
  void operator()(x509_st* certificate) const;
  void operator()(x509_store_st* store) const;
  void operator()(X509_crl_st* crl) const;
};

// Owns one reference to an OpenSSL object.
template <typename T>
using OpensslHandle = std::unique_ptr<T, OpensslDeleter>;

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_OPENSSL_HANDLE_H_
