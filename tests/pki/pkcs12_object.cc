#include <openssl/obj_mac.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "core/base/check.h"
#include "tests/pki/certificate_authority.h"

namespace sipcm::pki {

std::string MakePkcs12(const IssuedCertificate& issued, const std::string& password,
                       const std::string& others_pem, const char* cipher, int rounds) {
  BIO* key_text = BIO_new_mem_buf(issued.private_key_pem.data(),
                                  static_cast<int>(issued.private_key_pem.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(key_text, nullptr, nullptr, nullptr);
  const std::string all = others_pem + issued.chain_pem;
  BIO* text = BIO_new_mem_buf(all.data(), static_cast<int>(all.size()));
  X509* leaf = nullptr;
  STACK_OF(X509)* others = sk_X509_new_null();
  while (X509* certificate = PEM_read_bio_X509(text, nullptr, nullptr, nullptr)) {
    if (leaf == nullptr && X509_check_private_key(certificate, key) == 1) {
      leaf = certificate;
    } else {
      sk_X509_push(others, certificate);
    }
  }
  const int nid = OBJ_txt2nid(cipher);
  PKCS12* object =
      PKCS12_create(password.c_str(), "edge", key, leaf, others, nid, nid, rounds, rounds, 0);
  SIPCM_CHECK(object != nullptr);
  unsigned char* der = nullptr;
  const int size = i2d_PKCS12(object, &der);
  std::string bytes(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  PKCS12_free(object);
  sk_X509_pop_free(others, X509_free);
  X509_free(leaf);
  EVP_PKEY_free(key);
  BIO_free(text);
  BIO_free(key_text);
  return bytes;
}

}  // namespace sipcm::pki
