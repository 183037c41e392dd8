#include "server/catalog/certificate_catalog.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/conversion/certificate_conversion.h"
#include "server/conversion/limits_conversion.h"
#include "server/store/resource_name.h"
#include "server/store/update_mask.h"
#include "server/validation/field_checks.h"
#include "server/validation/refusal.h"

namespace sipcm::server {

using sipcm::v1::Certificate;

namespace {

const FieldRules& Rules() {
  static const FieldRules* const rules = new FieldRules{
      {"version", "state", "state_reason", "subject", "issuer", "serial_number", "dns_names",
       "uri_names", "ip_addresses", "extended_key_usages", "not_before_time", "not_after_time",
       "fingerprint", "key_type", "connection_managers", "create_time", "update_time"},
      {}};
  return *rules;
}

}  // namespace

absl::Status CheckUnused(const std::string& name, const std::vector<std::string>& users,
                         absl::string_view remedy) {
  if (users.empty()) return absl::OkStatus();
  return WithMetadata(MakeError(absl::StatusCode::kFailedPrecondition, "RESOURCE_IN_USE",
                                absl::StrCat("\"", name, "\" is used by ",
                                             absl::StrJoin(users, ", "), "; ", remedy)),
                      "connection_managers", absl::StrJoin(users, ","));
}

absl::StatusOr<Certificate> CertificateCatalog::Create(
    const sipcm::v1::CreateCertificateRequest& request) {
  SIPCM_RETURN_IF_ERROR(CheckNewId(request.certificate_id(), "certificate_id"));
  if (!request.has_certificate()) {
    return MissingField("certificate", "with certificate_pem and private_key_pem");
  }
  Certificate certificate = request.certificate();
  ClearOutputOnly(Rules(), &certificate);
  certificate.set_name(ResourceName(kCertificates, request.certificate_id()));
  absl::MutexLock lock(&state_->mutex);
  SIPCM_RETURN_IF_ERROR(state_->certificates.CheckFree(certificate.name()));
  const absl::Time now = state_->options.now();
  const auto credential = ToCredential(certificate, revisions_[certificate.name()] + 1, now);
  if (!credential.ok()) return Within(credential.status(), "certificate");
  AddContent(**credential, &certificate);
  if (request.validate_only()) return Shown(certificate);
  ++revisions_[certificate.name()];
  state_->credentials[certificate.name()] = *credential;
  return Shown(state_->certificates.Put(std::move(certificate), now));
}

absl::StatusOr<Certificate> CertificateCatalog::Get(
    const sipcm::v1::GetCertificateRequest& request) {
  SIPCM_RETURN_IF_ERROR(ParseName(request.name(), kCertificates, "name").status());
  absl::MutexLock lock(&state_->mutex);
  SIPCM_ASSIGN_OR_RETURN(const Certificate* certificate,
                         state_->certificates.Get(request.name(), "name"));
  return Shown(*certificate);
}

absl::StatusOr<sipcm::v1::ListCertificatesResponse> CertificateCatalog::List(
    const sipcm::v1::ListCertificatesRequest& request) {
  sipcm::v1::ListCertificatesResponse response;
  absl::MutexLock lock(&state_->mutex);
  const auto complete = [this](Certificate* certificate)
                            ABSL_NO_THREAD_SAFETY_ANALYSIS { *certificate = Shown(*certificate); };
  SIPCM_RETURN_IF_ERROR(state_->certificates.List(
      request, complete, response.mutable_certificates(), response.mutable_next_page_token()));
  return response;
}

absl::StatusOr<Certificate> CertificateCatalog::Update(
    const sipcm::v1::UpdateCertificateRequest& request) {
  const Certificate& patch = request.certificate();
  SIPCM_RETURN_IF_ERROR(ParseName(patch.name(), kCertificates, "certificate.name").status());
  SIPCM_RETURN_IF_ERROR(CheckEnum(request.old_connections(), sipcm::v1::OldConnections_descriptor(),
                                  "old_connections"));
  if (request.old_connections() > sipcm::v1::KEEP) {
    return NotKept("old_connections", "KEEP; closing old connections comes later");
  }
  absl::MutexLock lock(&state_->mutex);
  SIPCM_ASSIGN_OR_RETURN(const Certificate* stored,
                         state_->certificates.Get(patch.name(), "certificate.name"));
  SIPCM_RETURN_IF_ERROR(CheckEtag(stored->name(), patch.etag(), stored->etag()));
  Certificate changed = *stored;
  SIPCM_RETURN_IF_ERROR(
      ApplyUpdateMask(request.update_mask(), patch, "certificate", Rules(), &changed));
  const absl::Time now = state_->options.now();
  // The stored one has no key: a new certificate without its key is refused by its own rule.
  const auto credential = ToCredential(changed, revisions_[changed.name()] + 1, now);
  if (!credential.ok()) return Within(credential.status(), "certificate");
  AddContent(**credential, &changed);
  std::shared_ptr<const tls::Credential> old =
      std::exchange(state_->credentials[changed.name()], *credential);
  auto configs = state_->ConfigsOfUsers(changed.name());
  if (request.validate_only() || !configs.ok()) {
    state_->credentials[changed.name()] = std::move(old);
    if (!configs.ok()) return configs.status();
    return Shown(changed);
  }
  ++revisions_[changed.name()];
  const Certificate& now_stored = state_->certificates.Put(std::move(changed), now);
  SIPCM_RETURN_IF_ERROR(state_->Apply(*std::move(configs)));
  return Shown(now_stored);
}

absl::Status CertificateCatalog::Delete(const sipcm::v1::DeleteCertificateRequest& request) {
  SIPCM_RETURN_IF_ERROR(ParseName(request.name(), kCertificates, "name").status());
  absl::MutexLock lock(&state_->mutex);
  SIPCM_ASSIGN_OR_RETURN(const Certificate* certificate,
                         state_->certificates.Get(request.name(), "name"));
  SIPCM_RETURN_IF_ERROR(CheckEtag(certificate->name(), request.etag(), certificate->etag()));
  // By force neither: only SERVER_TLS managers use one, and without it no setting of theirs could
  // be changed any more, not even whom they let in.
  SIPCM_RETURN_IF_ERROR(
      CheckUnused(request.name(), state_->UsersOf(request.name()),
                  "give them another certificate or delete them first; force does not help"));
  state_->credentials.erase(request.name());
  state_->certificates.Erase(request.name());
  return absl::OkStatus();
}

absl::Time CertificateCatalog::EarliestEnd() {
  absl::Time earliest = absl::InfiniteFuture();
  absl::MutexLock lock(&state_->mutex);
  for (const auto& [name, credential] : state_->credentials) {
    earliest = std::min(earliest, credential->expire_time());
  }
  return earliest;
}

Certificate CertificateCatalog::Shown(const Certificate& stored) {
  Certificate shown = stored;
  AddState(state_->options.now(), &shown);
  for (const std::string& user : state_->UsersOf(stored.name())) {
    shown.add_connection_managers(user);
  }
  return shown;
}

}  // namespace sipcm::server
