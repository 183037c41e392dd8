#ifndef SIPCM_SERVER_CATALOG_CERTIFICATES_CERTIFICATE_CATALOG_H_
#define SIPCM_SERVER_CATALOG_CERTIFICATES_CERTIFICATE_CATALOG_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/sipcm/v1/certificates.pb.h"
#include "server/catalog/certificates/expiry_stage.h"
#include "server/catalog/certificates/reload_failure.h"
#include "server/catalog/control_state.h"
#include "server/store/update_mask.h"

namespace sipcm::server {

// The certificates as callers see them; their keys stay in the engine's credentials. As
// ConnectionManagerCatalog.
class CertificateCatalog {
 public:
  explicit CertificateCatalog(ControlState* state) : state_(state) {}

  // How the fields of its resources take to changes.
  static const FieldRules& Rules();

  absl::StatusOr<sipcm::v1::Certificate> Create(const sipcm::v1::CreateCertificateRequest& request);
  absl::StatusOr<sipcm::v1::Certificate> Get(const sipcm::v1::GetCertificateRequest& request);
  absl::StatusOr<sipcm::v1::ListCertificatesResponse> List(
      const sipcm::v1::ListCertificatesRequest& request);
  absl::StatusOr<sipcm::v1::Certificate> Update(const sipcm::v1::UpdateCertificateRequest& request);
  absl::Status Delete(const sipcm::v1::DeleteCertificateRequest& request);

  // Reads those anew that have one of the files, or failed kReloadAgainAfter ago; a file that
  // cannot be taken leaves what was there in force. Reads and parses without the lock.
  void Reload(const std::vector<std::string>& changed_files);
  // Tells of those that came nearer to their end: one event for each stage (ExpiryStage). To be
  // called now and then.
  void TellExpiries();

  // When the first of all ends, for metrics; InfiniteFuture() when there are none.
  absl::Time EarliestEnd();
  // How many are in each state.
  std::map<sipcm::v1::Certificate::State, int> CountByState();

  // Tells the event sink all of them, as the answer to a question of that round.
  void TellState(uint64_t round);

 private:
  using CredentialPointer = std::shared_ptr<const tls::Credential>;

  // What is known of a name beside the resource. The count goes on after a deletion, so that
  // versions differ.
  struct Record {
    int revision = 0;
    ReloadFailure reload_failure;
    ExpiryStage told = ExpiryStage::kFar;
  };

  sipcm::v1::Certificate Shown(const sipcm::v1::Certificate& stored)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);
  // Puts new content in force for later handshakes of all managers that use it, or only checks that
  // it could be. The old content stays on an error.
  absl::StatusOr<sipcm::v1::Certificate> Install(sipcm::v1::Certificate changed,
                                                 const CredentialPointer& credential,
                                                 bool validate_only)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);
  // What an update makes of the resource. Its content is read without the lock, so it holds only as
  // long as the etag is the same.
  struct Draft {
    sipcm::v1::Certificate certificate;
    std::string base_etag;
    int revision = 0;   // that the new content would be
    bool same = false;  // no new content was given
  };
  absl::StatusOr<Draft> DraftOf(const sipcm::v1::UpdateCertificateRequest& request)
      ABSL_LOCKS_EXCLUDED(state_->mutex);
  // Of a name that is free.
  absl::StatusOr<int> NextRevision(const std::string& name) ABSL_LOCKS_EXCLUDED(state_->mutex);
  // An update that gave no new content: the rest of `changed` holds.
  sipcm::v1::Certificate KeepContent(sipcm::v1::Certificate stored,
                                     const sipcm::v1::Certificate& changed, bool validate_only)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);
  void FinishReload(const sipcm::v1::Certificate& read,
                    const absl::StatusOr<CredentialPointer>& credential)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);

  ControlState* const state_;
  std::map<std::string, Record> records_ ABSL_GUARDED_BY(state_->mutex);
};

// FAILED_PRECONDITION (RESOURCE_IN_USE) with the users' names and the remedy, or OK when there are
// none.
absl::Status CheckUnused(const std::string& name, const std::vector<std::string>& users,
                         absl::string_view remedy);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CATALOG_CERTIFICATES_CERTIFICATE_CATALOG_H_
