#ifndef SIPCM_CORE_TLS_CERTIFICATE_CHAIN_H_
#define SIPCM_CORE_TLS_CERTIFICATE_CHAIN_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/tls/certificate.h"

struct x509_st;

namespace sipcm::tls {

// The certificates that a peer presents: its own first, then whatever may help to reach an anchor.
// Not judged yet. Cheap to copy (references); immutable; any thread.
class CertificateChain {
 public:
  // Every CERTIFICATE block of `pem`, in order; other blocks are skipped. INVALID_ARGUMENT with
  // reason CERTIFICATE_MALFORMED, also when there is none; no field is set.
  static absl::StatusOr<CertificateChain> ParsePem(absl::string_view pem);

  CertificateChain() = default;  // presents nothing
  // For core/tls. The first is the leaf. References are shared.
  explicit CertificateChain(std::vector<std::shared_ptr<x509_st>> certificates)
      : certificates_(std::move(certificates)) {}

  // Those that can be read.
  static CertificateChain FromDer(const std::vector<std::string>& certificates);
  // In order: what may be kept of it at a tenth of its memory.
  std::vector<std::string> ToDer() const;

  // What a peer may present in all, in DER: reading one certificate takes up to 0.3 ms, and a loop
  // waits. Ten RSA certificates, or forty small ones.
  static constexpr size_t kMaxPresentedBytes = size_t{16} * 1024;
  size_t PresentedBytes() const;

  bool empty() const { return certificates_.empty(); }
  size_t size() const { return certificates_.size(); }
  // All of them as values. INVALID_ARGUMENT with reason CERTIFICATE_MALFORMED.
  absl::StatusOr<std::vector<Certificate>> Read() const;
  // For core/tls.
  const std::vector<std::shared_ptr<x509_st>>& certificates() const { return certificates_; }

 private:
  std::vector<std::shared_ptr<x509_st>> certificates_;
};

// The same text as values, for those who show certificates rather than judge them. Same errors.
absl::StatusOr<std::vector<Certificate>> ParseChainPem(absl::string_view pem);

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_CERTIFICATE_CHAIN_H_
