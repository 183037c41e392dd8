#include "tests/pki/certificate_authority.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <utility>

#include "core/base/check.h"
#include "tests/pki/certificate_builder.h"

namespace sipcm::pki {

absl::Time DefaultNotBefore() {
  return absl::FromCivil(absl::CivilDay(2020, 1, 1), absl::UTCTimeZone());
}

absl::Time DefaultNotAfter() {
  return absl::FromCivil(absl::CivilDay(2045, 1, 1), absl::UTCTimeZone());
}

CertificateAuthority::CertificateAuthority(absl::string_view common_name,
                                           CertificateOptions options)
    : CertificateAuthority(nullptr, common_name, std::move(options), Kind::kAuthority) {}

CertificateAuthority::CertificateAuthority(const CertificateAuthority* issuer,
                                           absl::string_view common_name,
                                           CertificateOptions options, Kind kind)
    : key_(MakeKey(options.key)) {
  options.common_name = std::string(common_name);
  certificate_ = BuildCertificate(
      options,
      kind == Kind::kAuthority ? BasicConstraints::kAuthority : BasicConstraints::kNoAuthority,
      key_.get(), issuer == nullptr ? nullptr : issuer->certificate_.get(),
      issuer == nullptr ? key_.get() : issuer->key_.get());
  certificate_pem_ = ToPem(certificate_.get());
  if (issuer != nullptr) chain_above_pem_ = certificate_pem_ + issuer->chain_above_pem_;
}

CertificateAuthority::~CertificateAuthority() = default;

long CertificateAuthority::serial() const {  // NOLINT: OpenSSL's own type
  return ASN1_INTEGER_get(X509_get0_serialNumber(certificate_.get()));
}

IssuedCertificate CertificateAuthority::Issue(const CertificateOptions& options) const {
  const std::shared_ptr<evp_pkey_st> key = MakeKey(options.key);
  const std::shared_ptr<x509_st> certificate = BuildCertificate(
      options, BasicConstraints::kAbsent, key.get(), certificate_.get(), key_.get());
  IssuedCertificate issued;
  issued.certificate_pem = ToPem(certificate.get());
  issued.chain_pem = issued.certificate_pem + chain_above_pem_;
  issued.private_key_pem = ToPem(key.get());
  issued.serial = ASN1_INTEGER_get(X509_get0_serialNumber(certificate.get()));
  return issued;
}

std::unique_ptr<CertificateAuthority> CertificateAuthority::IssueAuthority(
    absl::string_view common_name, CertificateOptions options) const {
  return std::unique_ptr<CertificateAuthority>(
      new CertificateAuthority(this, common_name, std::move(options), Kind::kAuthority));
}

std::unique_ptr<CertificateAuthority> CertificateAuthority::IssueFalseAuthority(
    absl::string_view common_name) const {
  return std::unique_ptr<CertificateAuthority>(
      new CertificateAuthority(this, common_name, {}, Kind::kFalseAuthority));
}

std::string CertificateAuthority::MakeCrl(const std::vector<long>& revoked,  // NOLINT
                                          absl::Time this_update, absl::Time next_update) const {
  const std::unique_ptr<X509_CRL, void (*)(X509_CRL*)> crl(X509_CRL_new(), X509_CRL_free);
  const std::unique_ptr<ASN1_TIME, void (*)(ASN1_TIME*)> time(ASN1_TIME_new(), ASN1_TIME_free);
  X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(certificate_.get()));
  ASN1_TIME_set(time.get(), absl::ToTimeT(this_update));
  X509_CRL_set1_lastUpdate(crl.get(), time.get());
  for (const long serial : revoked) {  // NOLINT: OpenSSL's own type
    X509_REVOKED* entry = X509_REVOKED_new();
    const std::unique_ptr<ASN1_INTEGER, void (*)(ASN1_INTEGER*)> number(ASN1_INTEGER_new(),
                                                                        ASN1_INTEGER_free);
    ASN1_INTEGER_set(number.get(), serial);
    X509_REVOKED_set_serialNumber(entry, number.get());
    X509_REVOKED_set_revocationDate(entry, time.get());
    X509_CRL_add0_revoked(crl.get(), entry);
  }
  ASN1_TIME_set(time.get(), absl::ToTimeT(next_update));
  X509_CRL_set1_nextUpdate(crl.get(), time.get());
  X509_CRL_sort(crl.get());
  SIPCM_CHECK(X509_CRL_sign(crl.get(), key_.get(), EVP_sha256()) > 0);
  BIO* bio = BIO_new(BIO_s_mem());
  SIPCM_CHECK(PEM_write_bio_X509_CRL(bio, crl.get()) == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);  // NOLINT: OpenSSL's own type
  std::string pem(text, static_cast<size_t>(size));
  BIO_free(bio);
  return pem;
}

IssuedCertificate IssueSelfSigned(const CertificateOptions& options) {
  const std::shared_ptr<evp_pkey_st> key = MakeKey(options.key);
  const std::shared_ptr<x509_st> certificate =
      BuildCertificate(options, BasicConstraints::kNoAuthority, key.get(), nullptr, key.get());
  IssuedCertificate issued;
  issued.certificate_pem = issued.chain_pem = ToPem(certificate.get());
  issued.private_key_pem = ToPem(key.get());
  issued.serial = ASN1_INTEGER_get(X509_get0_serialNumber(certificate.get()));
  return issued;
}

std::string EncryptPrivateKey(absl::string_view private_key_pem, absl::string_view passphrase) {
  BIO* in = BIO_new_mem_buf(private_key_pem.data(), static_cast<int>(private_key_pem.size()));
  const std::shared_ptr<evp_pkey_st> key(PEM_read_bio_PrivateKey(in, nullptr, nullptr, nullptr),
                                         EVP_PKEY_free);
  BIO_free(in);
  SIPCM_CHECK(key != nullptr);
  BIO* out = BIO_new(BIO_s_mem());
  SIPCM_CHECK(PEM_write_bio_PKCS8PrivateKey(out, key.get(), EVP_aes_128_cbc(), passphrase.data(),
                                            static_cast<int>(passphrase.size()), nullptr,
                                            nullptr) == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out, &text);  // NOLINT: OpenSSL's own type
  std::string pem(text, static_cast<size_t>(size));
  BIO_free(out);
  return pem;
}

}  // namespace sipcm::pki
