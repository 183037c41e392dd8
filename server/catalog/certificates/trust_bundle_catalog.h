#ifndef SIPCM_SERVER_CATALOG_CERTIFICATES_TRUST_BUNDLE_CATALOG_H_
#define SIPCM_SERVER_CATALOG_CERTIFICATES_TRUST_BUNDLE_CATALOG_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/sipcm/v1/certificates.pb.h"
#include "server/catalog/certificates/reload_failure.h"
#include "server/catalog/control_state.h"
#include "server/store/update_mask.h"

namespace sipcm::server {

// The trust bundles as callers see them. As ConnectionManagerCatalog.
class TrustBundleCatalog {
 public:
  explicit TrustBundleCatalog(ControlState* state) : state_(state) {}

  // How the fields of its resources take to changes.
  static const FieldRules& Rules();

  absl::StatusOr<sipcm::v1::TrustBundle> Create(const sipcm::v1::CreateTrustBundleRequest& request);
  absl::StatusOr<sipcm::v1::TrustBundle> Get(const sipcm::v1::GetTrustBundleRequest& request);
  absl::StatusOr<sipcm::v1::ListTrustBundlesResponse> List(
      const sipcm::v1::ListTrustBundlesRequest& request);
  absl::StatusOr<sipcm::v1::TrustBundle> Update(const sipcm::v1::UpdateTrustBundleRequest& request);
  absl::Status Delete(const sipcm::v1::DeleteTrustBundleRequest& request);

  // As CertificateCatalog::Reload.
  void Reload(const std::vector<std::string>& changed_files);
  // How many are in each state.
  std::map<sipcm::v1::TrustBundle::State, int> CountByState();

  // Tells the event sink all of them, as the answer to a question of that round.
  void TellState(uint64_t round);

 private:
  using BundlePointer = std::shared_ptr<const tls::TrustBundle>;

  // What is known of a name beside the resource. The count goes on after a deletion, so that
  // versions differ.
  struct Record {
    int revision = 0;
    // Not answered, but an update of the certificates alone keeps them.
    std::string crls_pem;
    ReloadFailure reload_failure;
  };

  // As CertificateCatalog::Install. `changed` holds the PEM that `content` was made from.
  absl::StatusOr<sipcm::v1::TrustBundle> Install(sipcm::v1::TrustBundle changed,
                                                 const BundlePointer& content, bool validate_only)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);
  // As CertificateCatalog::Draft.
  struct Draft {
    sipcm::v1::TrustBundle bundle;
    std::string base_etag;
    int revision = 0;
  };
  absl::StatusOr<Draft> DraftOf(const sipcm::v1::UpdateTrustBundleRequest& request)
      ABSL_LOCKS_EXCLUDED(state_->mutex);
  absl::StatusOr<int> NextRevision(const std::string& name) ABSL_LOCKS_EXCLUDED(state_->mutex);
  void FinishReload(sipcm::v1::TrustBundle read, const absl::StatusOr<BundlePointer>& content)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);
  sipcm::v1::TrustBundle Shown(const sipcm::v1::TrustBundle& stored)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);

  // Those of `users` that stay bound to the bundle even by force: without it their mutual TLS would
  // let nobody in, or they would trust the system's certificates instead of the bundle's.
  std::vector<std::string> BoundTo(const std::string& name, const std::vector<std::string>& users)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);

  ControlState* const state_;
  std::map<std::string, Record> records_ ABSL_GUARDED_BY(state_->mutex);
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CATALOG_CERTIFICATES_TRUST_BUNDLE_CATALOG_H_
