#ifndef SIPCM_SERVER_CATALOG_TRUST_BUNDLE_CATALOG_H_
#define SIPCM_SERVER_CATALOG_TRUST_BUNDLE_CATALOG_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/sipcm/v1/certificates.pb.h"
#include "server/catalog/control_state.h"

namespace sipcm::server {

// The trust bundles as callers see them. As ConnectionManagerCatalog.
class TrustBundleCatalog {
 public:
  explicit TrustBundleCatalog(ControlState* state) : state_(state) {}

  absl::StatusOr<sipcm::v1::TrustBundle> Create(const sipcm::v1::CreateTrustBundleRequest& request);
  absl::StatusOr<sipcm::v1::TrustBundle> Get(const sipcm::v1::GetTrustBundleRequest& request);
  absl::StatusOr<sipcm::v1::ListTrustBundlesResponse> List(
      const sipcm::v1::ListTrustBundlesRequest& request);
  absl::StatusOr<sipcm::v1::TrustBundle> Update(const sipcm::v1::UpdateTrustBundleRequest& request);
  absl::Status Delete(const sipcm::v1::DeleteTrustBundleRequest& request);

 private:
  sipcm::v1::TrustBundle Shown(const sipcm::v1::TrustBundle& stored)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);

  // Those of `users` that stay bound to the bundle even by force: without it their mutual TLS would
  // let nobody in, or they would trust the system's certificates instead of the bundle's.
  std::vector<std::string> BoundTo(const std::string& name, const std::vector<std::string>& users)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);

  ControlState* const state_;
  // How many contents each name has had; goes on after a deletion, so that versions differ.
  std::map<std::string, int> revisions_ ABSL_GUARDED_BY(state_->mutex);
  // CRLs are not answered, but an update of the certificates alone keeps them.
  std::map<std::string, std::string> crls_ ABSL_GUARDED_BY(state_->mutex);
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CATALOG_TRUST_BUNDLE_CATALOG_H_
