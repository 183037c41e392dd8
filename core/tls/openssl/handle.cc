#include "core/tls/openssl/handle.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace sipcm::tls {

void OpensslDeleter::operator()(bio_st* bio) const { BIO_free(bio); }
void OpensslDeleter::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }
void OpensslDeleter::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }
void OpensslDeleter::operator()(ssl_session_st* session) const { SSL_SESSION_free(session); }
void OpensslDeleter::operator()(ssl_st* ssl) const { SSL_free(ssl); }
void OpensslDeleter::operator()(x509_st* certificate) const { X509_free(certificate); }
void OpensslDeleter::operator()(x509_store_st* store) const { X509_STORE_free(store); }
void OpensslDeleter::operator()(X509_crl_st* crl) const { X509_CRL_free(crl); }

}  // namespace sipcm::tls
