#ifndef SIPCM_SERVER_CATALOG_CERTIFICATES_CERTIFICATE_CATALOG_H_
#define SIPCM_SERVER_CATALOG_CERTIFICATES_CERTIFICATE_CATALOG_H_

#include <string>

#include "absl/status/statusor.h"
#include "proto/sipcm/v1/certificates.pb.h"
#include "server/catalog/certificates/content_catalog.h"
#include "server/catalog/control_state.h"
#include "server/store/update_mask.h"

namespace sipcm::server {

// The certificates as callers see them; their keys stay in the engine's credentials. As
// ConnectionManagerCatalog.
class CertificateCatalog final : public ContentCatalog<sipcm::v1::Certificate, tls::Credential> {
 public:
  explicit CertificateCatalog(ControlState* state)
      : ContentCatalog(state, {"certificate", ObjectClass::kCertificate,
                               sipcm::v1::Event::CERTIFICATE_RELOAD_FAILED,
                               sipcm::v1::Event::CERTIFICATE_EXPIRING}) {}

  // How the fields of its resources take to changes.
  static const FieldRules& Rules();

  absl::StatusOr<sipcm::v1::Certificate> Create(const sipcm::v1::CreateCertificateRequest& request);
  absl::StatusOr<sipcm::v1::Certificate> Get(const sipcm::v1::GetCertificateRequest& request);
  absl::StatusOr<sipcm::v1::ListCertificatesResponse> List(
      const sipcm::v1::ListCertificatesRequest& request);
  absl::StatusOr<sipcm::v1::Certificate> Update(const sipcm::v1::UpdateCertificateRequest& request);
  absl::Status Delete(const sipcm::v1::DeleteCertificateRequest& request);

  // When the first of all ends, for metrics; InfiniteFuture() when there are none.
  absl::Time EarliestEnd() { return Earliest(0); }

 private:
  const ResourceStore<sipcm::v1::Certificate>& Stored() const override
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex) {
    return state_->certificates;
  }
  Files FilesOf(const sipcm::v1::Certificate& stored) const override {
    return {stored.certificate_file(), stored.private_key_file()};
  }
  void ForgetContent(sipcm::v1::Certificate* certificate) const override {
    certificate->clear_certificate_pem();
  }
  absl::StatusOr<ContentPointer> Read(sipcm::v1::Certificate* certificate,
                                      int revision) const override;
  absl::StatusOr<sipcm::v1::Certificate> Install(sipcm::v1::Certificate changed,
                                                 const ContentPointer& credential,
                                                 bool validate_only) override
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);
  sipcm::v1::Certificate Shown(const sipcm::v1::Certificate& stored) override
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);
  Ends EndsOf(const std::string& name) const override ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);

  absl::StatusOr<Draft> DraftOf(const sipcm::v1::UpdateCertificateRequest& request)
      ABSL_LOCKS_EXCLUDED(state_->mutex);
  // An update that gave no new content: the rest of `changed` holds.
  sipcm::v1::Certificate KeepContent(const sipcm::v1::Certificate& changed, bool validate_only)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CATALOG_CERTIFICATES_CERTIFICATE_CATALOG_H_
