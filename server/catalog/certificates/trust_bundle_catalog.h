#ifndef SIPCM_SERVER_CATALOG_CERTIFICATES_TRUST_BUNDLE_CATALOG_H_
#define SIPCM_SERVER_CATALOG_CERTIFICATES_TRUST_BUNDLE_CATALOG_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/sipcm/v1/certificates.pb.h"
#include "server/catalog/certificates/content_catalog.h"
#include "server/catalog/control_state.h"
#include "server/store/update_mask.h"

namespace sipcm::server {

// The trust bundles as callers see them. As ConnectionManagerCatalog.
class TrustBundleCatalog final : public ContentCatalog<sipcm::v1::TrustBundle, tls::TrustBundle> {
 public:
  explicit TrustBundleCatalog(ControlState* state)
      : ContentCatalog(state, {"trust_bundle", ObjectClass::kTrustBundle,
                               sipcm::v1::Event::TRUST_BUNDLE_RELOAD_FAILED,
                               sipcm::v1::Event::TRUST_BUNDLE_EXPIRING}) {}

  // How the fields of its resources take to changes.
  static const FieldRules& Rules();

  absl::StatusOr<sipcm::v1::TrustBundle> Create(const sipcm::v1::CreateTrustBundleRequest& request);
  absl::StatusOr<sipcm::v1::TrustBundle> Get(const sipcm::v1::GetTrustBundleRequest& request);
  absl::StatusOr<sipcm::v1::ListTrustBundlesResponse> List(
      const sipcm::v1::ListTrustBundlesRequest& request);
  absl::StatusOr<sipcm::v1::TrustBundle> Update(const sipcm::v1::UpdateTrustBundleRequest& request);
  absl::Status Delete(const sipcm::v1::DeleteTrustBundleRequest& request);

  // When the first of all certificates ends, and when the first CRL is to be replaced, for metrics;
  // InfiniteFuture() when there are none.
  absl::Time EarliestCertificateEnd() { return Earliest(kCertificates); }
  absl::Time EarliestCrlEnd() { return Earliest(kCrls); }

 private:
  // The ends that a bundle has.
  enum End { kCertificates, kCrls };

  const ResourceStore<sipcm::v1::TrustBundle>& Stored() const override
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex) {
    return state_->trust_bundles;
  }
  Files FilesOf(const sipcm::v1::TrustBundle& stored) const override {
    return {stored.certificates_file(), stored.crls_file()};
  }
  void ForgetContent(sipcm::v1::TrustBundle* bundle) const override {
    bundle->clear_certificates_pem();
  }
  absl::StatusOr<ContentPointer> Read(sipcm::v1::TrustBundle* bundle, int revision) const override;
  // `changed` holds the PEM that `content` was made from.
  absl::StatusOr<sipcm::v1::TrustBundle> Install(sipcm::v1::TrustBundle changed,
                                                 const ContentPointer& content,
                                                 bool validate_only) override
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);
  sipcm::v1::TrustBundle Shown(const sipcm::v1::TrustBundle& stored) override
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);
  Ends EndsOf(const std::string& name) const override ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);

  absl::StatusOr<Draft> DraftOf(const sipcm::v1::UpdateTrustBundleRequest& request)
      ABSL_LOCKS_EXCLUDED(state_->mutex);

  // Those of `users` that stay bound to the bundle even by force: without it their mutual TLS would
  // let nobody in, or they would trust the system's certificates instead of the bundle's.
  std::vector<std::string> BoundTo(const std::string& name, const std::vector<std::string>& users)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);

  // By name: PEM that is not answered, but that an update of the certificates alone keeps.
  std::map<std::string, std::string> crls_ ABSL_GUARDED_BY(state_->mutex);
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CATALOG_CERTIFICATES_TRUST_BUNDLE_CATALOG_H_
