#ifndef SIPCM_SERVER_CATALOG_CERTIFICATE_CATALOG_H_
#define SIPCM_SERVER_CATALOG_CERTIFICATE_CATALOG_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/sipcm/v1/certificates.pb.h"
#include "server/catalog/control_state.h"

namespace sipcm::server {

// The certificates as callers see them; their keys stay in the engine's credentials. As
// ConnectionManagerCatalog.
class CertificateCatalog {
 public:
  explicit CertificateCatalog(ControlState* state) : state_(state) {}

  absl::StatusOr<sipcm::v1::Certificate> Create(const sipcm::v1::CreateCertificateRequest& request);
  absl::StatusOr<sipcm::v1::Certificate> Get(const sipcm::v1::GetCertificateRequest& request);
  absl::StatusOr<sipcm::v1::ListCertificatesResponse> List(
      const sipcm::v1::ListCertificatesRequest& request);
  absl::StatusOr<sipcm::v1::Certificate> Update(const sipcm::v1::UpdateCertificateRequest& request);
  absl::Status Delete(const sipcm::v1::DeleteCertificateRequest& request);

  // When the first of all ends, for metrics; InfiniteFuture() when there are none.
  absl::Time EarliestEnd();

 private:
  sipcm::v1::Certificate Shown(const sipcm::v1::Certificate& stored)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);

  ControlState* const state_;
  // How many contents each name has had; goes on after a deletion, so that versions differ.
  std::map<std::string, int> revisions_ ABSL_GUARDED_BY(state_->mutex);
};

// FAILED_PRECONDITION (RESOURCE_IN_USE) with the users' names and the remedy, or OK when there are
// none.
absl::Status CheckUnused(const std::string& name, const std::vector<std::string>& users,
                         absl::string_view remedy);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CATALOG_CERTIFICATE_CATALOG_H_
