#ifndef SIPCM_TESTS_PKI_CERTIFICATE_AUTHORITY_H_
#define SIPCM_TESTS_PKI_CERTIFICATE_AUTHORITY_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

struct evp_pkey_st;
struct x509_st;

namespace sipcm::pki {

// Certificates that are made for a test are valid from 2020 to 2045 unless it says otherwise.
absl::Time DefaultNotBefore();
absl::Time DefaultNotAfter();

// What a certificate says. Any nonsense can be asked for: that is the point.
struct CertificateOptions {
  enum class Key { kEcdsaP256, kRsa2048, kRsa1024, kEd25519 };

  std::string common_name = {};             // raw bytes, NUL included; empty: none
  std::string organization = {};            // empty: none
  std::vector<std::string> dns_names = {};  // raw bytes
  std::vector<std::string> uri_names = {};  // raw bytes
  std::vector<std::string> email_names = {};
  std::vector<std::string> ip_addresses = {};  // literals
  std::vector<std::string> extended_key_usages =
      {};  // "clientAuth", dotted OIDs; empty: no extension
  absl::Time not_before = DefaultNotBefore();
  absl::Time not_after = DefaultNotAfter();
  Key key = Key::kEcdsaP256;
  bool sha1 = false;
  // For authorities.
  std::optional<int> path_length = {};
  std::vector<std::string> name_constraints = {};  // "permitted;DNS:contoso.com"
};

// A certificate with its key, as text.
struct IssuedCertificate {
  std::string certificate_pem;  // alone
  std::string chain_pem;        // with the intermediate certificates, without the root
  std::string private_key_pem;
  long serial = 0;  // NOLINT: OpenSSL's own type
};

// Issues certificates in process. Failures of OpenSSL are CHECKs: this is for tests.
class CertificateAuthority {
 public:
  // A root.
  explicit CertificateAuthority(absl::string_view common_name, CertificateOptions options = {});
  CertificateAuthority(const CertificateAuthority&) = delete;
  CertificateAuthority& operator=(const CertificateAuthority&) = delete;
  ~CertificateAuthority();

  IssuedCertificate Issue(const CertificateOptions& options) const;
  std::unique_ptr<CertificateAuthority> IssueAuthority(absl::string_view common_name,
                                                       CertificateOptions options = {}) const;
  // An authority's certificate that forgot to say so (basicConstraints CA:FALSE).
  std::unique_ptr<CertificateAuthority> IssueFalseAuthority(absl::string_view common_name) const;
  // A CRL over these serials.
  std::string MakeCrl(const std::vector<long>& revoked,  // NOLINT: OpenSSL's own type
                      absl::Time this_update = DefaultNotBefore(),
                      absl::Time next_update = DefaultNotAfter()) const;

  const std::string& certificate_pem() const { return certificate_pem_; }
  long serial() const;  // NOLINT: OpenSSL's own type

 private:
  enum class Kind { kAuthority, kFalseAuthority };
  CertificateAuthority(const CertificateAuthority* issuer, absl::string_view common_name,
                       CertificateOptions options, Kind kind);

  std::shared_ptr<evp_pkey_st> key_;
  std::shared_ptr<x509_st> certificate_;
  std::string certificate_pem_;
  std::string chain_above_pem_;  // this one and those above it, without the root
};

// A certificate that is its own issuer.
IssuedCertificate IssueSelfSigned(const CertificateOptions& options);

// The private key in PKCS#8 PEM, encrypted with `passphrase`.
std::string EncryptPrivateKey(absl::string_view private_key_pem, absl::string_view passphrase);

// `issued` with its chain and `others` (PEM) as PKCS#12, in DER. `cipher`: an OpenSSL name;
// `rounds`: of key derivation, in each part.
std::string MakePkcs12(const IssuedCertificate& issued, const std::string& password,
                       const std::string& others_pem = "", const char* cipher = "AES-256-CBC",
                       int rounds = 2048);

}  // namespace sipcm::pki

#endif  // SIPCM_TESTS_PKI_CERTIFICATE_AUTHORITY_H_
