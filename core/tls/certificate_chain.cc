#include "core/tls/certificate_chain.h"

#include <openssl/x509.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/tls/openssl/pem.h"

namespace sipcm::tls {

absl::StatusOr<CertificateChain> CertificateChain::ParsePem(absl::string_view pem) {
  SIPCM_ASSIGN_OR_RETURN(std::vector<std::shared_ptr<x509_st>> certificates,
                         ReadPemCertificates(pem));
  return CertificateChain(std::move(certificates));
}

CertificateChain CertificateChain::FromDer(const std::vector<std::string>& certificates) {
  std::vector<std::shared_ptr<x509_st>> read;
  for (const std::string& der : certificates) {
    absl::StatusOr<std::shared_ptr<x509_st>> certificate = ParseCertificateDer(der);
    if (certificate.ok()) read.push_back(*std::move(certificate));
  }
  return CertificateChain(std::move(read));
}

std::vector<std::string> CertificateChain::ToDer() const {
  std::vector<std::string> written;
  written.reserve(certificates_.size());
  for (const std::shared_ptr<x509_st>& x509 : certificates_) {
    const int size = i2d_X509(x509.get(), nullptr);
    std::string& der = written.emplace_back(size > 0 ? static_cast<size_t>(size) : 0, '\0');
    auto* out = reinterpret_cast<unsigned char*>(der.data());
    if (size > 0) i2d_X509(x509.get(), &out);
  }
  return written;
}

size_t CertificateChain::PresentedBytes() const {
  size_t bytes = 0;
  for (const std::shared_ptr<x509_st>& x509 : certificates_) {
    const int size = i2d_X509(x509.get(), nullptr);
    if (size > 0) bytes += static_cast<size_t>(size);
  }
  return bytes;
}

absl::StatusOr<std::vector<Certificate>> CertificateChain::Read() const {
  std::vector<Certificate> values;
  for (const std::shared_ptr<x509_st>& x509 : certificates_) {
    absl::StatusOr<Certificate> value = Certificate::FromX509(*x509);
    if (!value.ok()) {
      return MakeError(
          absl::StatusCode::kInvalidArgument, ReasonOf(value.status()),
          absl::StrCat("certificate ", values.size() + 1, ": ", value.status().message()));
    }
    values.push_back(*std::move(value));
  }
  return values;
}

absl::StatusOr<std::vector<Certificate>> ParseChainPem(absl::string_view pem) {
  SIPCM_ASSIGN_OR_RETURN(const CertificateChain chain, CertificateChain::ParsePem(pem));
  return chain.Read();
}

}  // namespace sipcm::tls
