#ifndef SIPCM_CORE_TLS_TRUST_BUNDLE_H_
#define SIPCM_CORE_TLS_TRUST_BUNDLE_H_

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/tls/certificate.h"
#include "core/tls/openssl/handle.h"

namespace sipcm::tls {

// Which certificates of a peer's chain must be covered by a CRL of the bundle. Those that need not
// be are checked all the same when the bundle has their issuer's CRL.
enum class CrlCheck : unsigned char {
  kLeafIfAny,  // kLeaf when the bundle has CRLs, else kOff
  kOff,        // CRLs are not consulted
  kLeaf,       // the peer's own
  kChain,      // all but the anchor
};

// What a CRL past its nextUpdate is worth.
enum class StaleCrl : unsigned char { kRefuse, kAccept };

// The anchors that a peer's chain may end in, and revocation lists (RFC 5280 6.3). Every
// certificate of the bundle is an anchor, an intermediate one too. Immutable; any thread.
class TrustBundle {
 public:
  // `name` "trustBundles/partners". `certificates_pem` holds CERTIFICATE blocks and may hold
  // X509 CRL blocks as well; `crls_pem` may be empty. Certificates that have expired are taken: the
  // verdict at a handshake is a matter of that hour. INVALID_ARGUMENT with the field
  // certificates_pem (reason CERTIFICATE_MALFORMED; also when one is neither a CA nor self-signed,
  // and when a private key is among them, which has no place in what is answered to callers)
  // or crls_pem (CRL_MALFORMED; also when it holds no CRL).
  static absl::StatusOr<std::shared_ptr<const TrustBundle>> FromPem(
      absl::string_view name, absl::string_view version, absl::string_view certificates_pem,
      absl::string_view crls_pem, CrlCheck crl_check = CrlCheck::kLeafIfAny,
      StaleCrl stale_crl = StaleCrl::kRefuse);

  const std::string& name() const { return name_; }
  const std::string& version() const { return version_; }
  std::string versioned_name() const { return name_ + "@" + version_; }
  const std::vector<Certificate>& certificates() const { return certificates_; }
  int crl_count() const { return crl_count_; }
  // The earliest nextUpdate of the CRLs; InfiniteFuture() when there is none.
  absl::Time crl_next_update() const { return crl_next_update_; }
  // The first instant after that at which one of its certificates or CRLs begins or ends to be
  // valid; InfiniteFuture() when there is none.
  absl::Time NextChange(absl::Time after) const;
  CrlCheck crl_check() const { return crl_check_; }  // never kLeafIfAny
  StaleCrl stale_crl() const { return stale_crl_; }

  // For core/tls.
  x509_store_st* store() const { return store_.get(); }
  bool HasCrlOf(const x509_st& certificate) const;  // a CRL by that certificate's issuer

 private:
  TrustBundle() = default;
  absl::Status AddCertificates(absl::string_view pem);
  absl::Status AddCrls(absl::string_view pem, absl::string_view field);

  std::string name_;
  std::string version_;
  std::vector<Certificate> certificates_;
  int crl_count_ = 0;
  absl::Time crl_next_update_ = absl::InfiniteFuture();
  std::set<absl::Time> changes_;  // as NextChange() wants them
  CrlCheck crl_check_ = CrlCheck::kOff;
  StaleCrl stale_crl_ = StaleCrl::kRefuse;
  absl::flat_hash_set<std::string> crl_issuers_;  // names in DER
  OpensslHandle<x509_store_st> store_;
};

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_TRUST_BUNDLE_H_
