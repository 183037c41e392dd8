#ifndef SIPCM_CORE_TLS_OPENSSL_PEM_H_
#define SIPCM_CORE_TLS_OPENSSL_PEM_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct x509_st;

namespace sipcm::tls {

// More text than this is not looked at.
inline constexpr size_t kMaxPemBytes = size_t{32} << 20;

// One "-----BEGIN label-----" block (RFC 7468). Its bytes are wiped when it goes, since they may be
// a private key.
struct PemBlock {
  PemBlock() = default;
  PemBlock(PemBlock&&) = default;
  PemBlock& operator=(PemBlock&&) = default;
  ~PemBlock();

  std::string label;  // "CERTIFICATE"
  std::string der;
  bool encrypted = false;  // with a passphrase; `der` is then of no use
};

// All blocks of `pem` in order, whatever stands between them. INVALID_ARGUMENT (reason
// CERTIFICATE_MALFORMED) when a block has no end or is not base64.
absl::StatusOr<std::vector<PemBlock>> ReadPemBlocks(absl::string_view pem);

// INVALID_ARGUMENT (reason CERTIFICATE_MALFORMED) when it is not one certificate, whole.
absl::StatusOr<std::shared_ptr<x509_st>> ParseCertificateDer(absl::string_view der);

// The CERTIFICATE blocks of `pem`; none at all is CERTIFICATE_MALFORMED as well.
absl::StatusOr<std::vector<std::shared_ptr<x509_st>>> ReadPemCertificates(absl::string_view pem);

// One CERTIFICATE block with its line end.
std::string CertificateToPem(const x509_st& certificate);

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_OPENSSL_PEM_H_
