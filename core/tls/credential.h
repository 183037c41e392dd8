#ifndef SIPCM_CORE_TLS_CREDENTIAL_H_
#define SIPCM_CORE_TLS_CREDENTIAL_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/tls/certificate.h"
#include "core/tls/openssl/handle.h"

namespace sipcm::tls {

// What we present: a certificate chain with its private key, as one named version of a certificate
// object. Immutable, shared by all contexts that use it; any thread. The key cannot be read back.
class Credential {
 public:
  // `name` "certificates/edge", `version` "2"; `now` is wall time. Every refusal is
  // INVALID_ARGUMENT with a remedy, its field set to certificate_pem or private_key_pem, and one of
  // these reasons:
  //   CERTIFICATE_MALFORMED      no certificate in the text, broken PEM, broken certificate
  //   PRIVATE_KEY_MISSING        no private key in the text
  //   PRIVATE_KEY_MALFORMED      broken PEM, broken key
  //   PRIVATE_KEY_ENCRYPTED      keys with a passphrase are not read
  //   KEY_MISMATCH               the key belongs to none of the certificates
  //   CHAIN_ORDER                leaf first, each next one the issuer of the one before
  //   CERTIFICATE_EXPIRED, CERTIFICATE_NOT_YET_VALID      any certificate of the chain, at `now`
  //   CERTIFICATE_KEY_USAGE      the leaf's extended key usages are for neither TLS nor SIP
  //   CERTIFICATE_WEAK           TLS would refuse it (RSA below 2048 bits, SHA-1, ...)
  static absl::StatusOr<std::shared_ptr<const Credential>> FromPem(
      absl::string_view name, absl::string_view version, absl::string_view certificate_pem,
      absl::string_view private_key_pem, absl::Time now);

  const std::string& name() const { return name_; }
  const std::string& version() const { return version_; }
  // "certificates/edge@2"
  std::string versioned_name() const { return name_ + "@" + version_; }
  // The chain, leaf first; nothing else that may have stood in the text.
  std::string CertificatePem() const;
  // Leaf first.
  const std::vector<Certificate>& certificates() const { return certificates_; }
  // When the first certificate of the chain expires.
  absl::Time expire_time() const;

  // A sentence when a SERVER_TLS listener cannot expect clients to accept it; else empty.
  std::string ServerUsageWarning() const;

  // For core/tls: makes `context` present this credential.
  absl::Status Install(ssl_ctx_st* context) const;

 private:
  Credential() = default;

  std::string name_;
  std::string version_;
  std::vector<Certificate> certificates_;
  std::vector<std::shared_ptr<x509_st>> chain_;
  OpensslHandle<evp_pkey_st> private_key_;
};

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_CREDENTIAL_H_
