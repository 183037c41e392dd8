#include "tests/pki/certificate_builder.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "core/base/check.h"

namespace sipcm::pki {
namespace {

using Constraints = BasicConstraints;

void AddToName(X509_NAME* name, int nid, const std::string& text) {
  if (text.empty()) return;
  SIPCM_CHECK(X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8,
                                         reinterpret_cast<const unsigned char*>(text.data()),
                                         static_cast<int>(text.size()), -1, 0) == 1);
}

void AddText(int type, const std::string& text, GENERAL_NAMES* names) {
  ASN1_IA5STRING* value = ASN1_IA5STRING_new();
  SIPCM_CHECK(ASN1_STRING_set(value, text.data(), static_cast<int>(text.size())) == 1);
  GENERAL_NAME* name = GENERAL_NAME_new();
  GENERAL_NAME_set0_value(name, type, value);
  sk_GENERAL_NAME_push(names, name);
}

void AddAlternativeNames(const CertificateOptions& options, X509* certificate) {
  GENERAL_NAMES* names = GENERAL_NAMES_new();
  for (const std::string& text : options.dns_names) AddText(GEN_DNS, text, names);
  for (const std::string& text : options.uri_names) AddText(GEN_URI, text, names);
  for (const std::string& text : options.email_names) AddText(GEN_EMAIL, text, names);
  for (const std::string& text : options.ip_addresses) {
    ASN1_OCTET_STRING* value = a2i_IPADDRESS(text.c_str());
    SIPCM_CHECK_MESSAGE(value != nullptr, "no IP literal");
    GENERAL_NAME* name = GENERAL_NAME_new();
    GENERAL_NAME_set0_value(name, GEN_IPADD, value);
    sk_GENERAL_NAME_push(names, name);
  }
  if (sk_GENERAL_NAME_num(names) > 0) {
    SIPCM_CHECK(
        X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1);
  }
  GENERAL_NAMES_free(names);
}

void AddExtendedKeyUsages(const CertificateOptions& options, X509* certificate) {
  if (options.extended_key_usages.empty()) return;
  EXTENDED_KEY_USAGE* usages = EXTENDED_KEY_USAGE_new();
  for (const std::string& usage : options.extended_key_usages) {
    ASN1_OBJECT* oid = OBJ_txt2obj(usage.c_str(), 0);
    SIPCM_CHECK_MESSAGE(oid != nullptr, "no OID");
    sk_ASN1_OBJECT_push(usages, oid);
  }
  SIPCM_CHECK(X509_add1_ext_i2d(certificate, NID_ext_key_usage, usages, 0, X509V3_ADD_DEFAULT) ==
              1);
  EXTENDED_KEY_USAGE_free(usages);
}

void AddByText(int nid, const std::string& text, X509* certificate, X509* issuer) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, text.c_str());
  SIPCM_CHECK_MESSAGE(extension != nullptr, "no such extension");
  SIPCM_CHECK(X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

void AddConstraints(const CertificateOptions& options, Constraints constraints, X509* certificate,
                    X509* issuer) {
  if (constraints == Constraints::kAuthority) {
    std::string text = "critical,CA:TRUE";
    if (options.path_length.has_value()) {
      text += ",pathlen:" + std::to_string(*options.path_length);
    }
    AddByText(NID_basic_constraints, text, certificate, issuer);
    AddByText(NID_key_usage, "critical,keyCertSign,cRLSign", certificate, issuer);
  } else if (constraints == Constraints::kNoAuthority) {
    AddByText(NID_basic_constraints, "critical,CA:FALSE", certificate, issuer);
  }
  for (const std::string& text : options.name_constraints) {
    AddByText(NID_name_constraints, "critical," + text, certificate, issuer);
  }
  AddByText(NID_subject_key_identifier, "hash", certificate, issuer);
  if (issuer != certificate) {
    AddByText(NID_authority_key_identifier, "keyid:always", certificate, issuer);
  }
}

void SetRandomSerial(X509* certificate) {
  uint32_t serial = 0;
  SIPCM_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial)) == 1);
  SIPCM_CHECK(
      ASN1_INTEGER_set(X509_get_serialNumber(certificate), static_cast<long>(serial | 1U)) == 1);
}

}  // namespace

std::shared_ptr<evp_pkey_st> MakeKey(CertificateOptions::Key kind) {
  EVP_PKEY* key = nullptr;
  switch (kind) {
    case CertificateOptions::Key::kEcdsaP256:
      key = EVP_EC_gen("P-256");
      break;
    case CertificateOptions::Key::kRsa2048:
      key = EVP_RSA_gen(2048);
      break;
    case CertificateOptions::Key::kRsa1024:
      key = EVP_RSA_gen(1024);
      break;
    case CertificateOptions::Key::kEd25519:
      key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
      break;
  }
  SIPCM_CHECK(key != nullptr);
  return {key, EVP_PKEY_free};
}

std::shared_ptr<x509_st> BuildCertificate(const CertificateOptions& options,
                                          BasicConstraints constraints, evp_pkey_st* subject_key,
                                          x509_st* issuer, evp_pkey_st* issuer_key) {
  std::shared_ptr<x509_st> made(X509_new(), X509_free);
  X509* const certificate = made.get();
  if (issuer == nullptr) issuer = certificate;
  X509_set_version(certificate, X509_VERSION_3);
  SetRandomSerial(certificate);
  X509_NAME* subject = X509_get_subject_name(certificate);
  AddToName(subject, NID_organizationName, options.organization);
  AddToName(subject, NID_commonName, options.common_name);
  SIPCM_CHECK(X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1);
  ASN1_TIME_set(X509_getm_notBefore(certificate), absl::ToTimeT(options.not_before));
  ASN1_TIME_set(X509_getm_notAfter(certificate), absl::ToTimeT(options.not_after));
  SIPCM_CHECK(X509_set_pubkey(certificate, subject_key) == 1);
  AddConstraints(options, constraints, certificate, issuer);
  AddAlternativeNames(options, certificate);
  AddExtendedKeyUsages(options, certificate);
  const EVP_MD* digest = options.sha1 ? EVP_sha1() : EVP_sha256();
  if (EVP_PKEY_is_a(issuer_key, "ED25519") == 1) digest = nullptr;
  SIPCM_CHECK(X509_sign(certificate, issuer_key, digest) > 0);
  return made;
}

std::string ToPem(x509_st* certificate) {
  BIO* bio = BIO_new(BIO_s_mem());
  SIPCM_CHECK(PEM_write_bio_X509(bio, certificate) == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);  // NOLINT: OpenSSL's own type
  std::string pem(text, static_cast<size_t>(size));
  BIO_free(bio);
  return pem;
}

std::string ToPem(evp_pkey_st* key) {
  BIO* bio = BIO_new(BIO_s_mem());
  SIPCM_CHECK(PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);  // NOLINT: OpenSSL's own type
  std::string pem(text, static_cast<size_t>(size));
  BIO_free(bio);
  return pem;
}

}  // namespace sipcm::pki
