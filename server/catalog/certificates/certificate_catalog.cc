#include "server/catalog/certificates/certificate_catalog.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/catalog/shown_resource.h"
#include "server/conversion/certificates/certificate_conversion.h"
#include "server/event/resource_event.h"
#include "server/store/resource_name.h"
#include "server/store/update_mask.h"
#include "server/validation/field_checks.h"
#include "server/validation/refusal.h"

namespace sipcm::server {

using sipcm::v1::Certificate;
using sipcm::v1::ConnectionManager;
using sipcm::v1::Event;

namespace {

bool HasFiles(const Certificate& certificate) {
  return !certificate.certificate_file().empty() || !certificate.private_key_file().empty();
}

// What a caller can set beside the content itself.
bool SameSettings(const Certificate& a, const Certificate& b) {
  return a.certificate_file() == b.certificate_file() &&
         a.private_key_file() == b.private_key_file() &&
         a.reload_old_connections() == b.reload_old_connections();
}

// `stored` with what `request` gives; what only the server says of the old content is still in it.
// `*same`: no new content was given.
absl::StatusOr<Certificate> Merged(const Certificate& stored,
                                   const sipcm::v1::UpdateCertificateRequest& request, bool* same) {
  Certificate patch = request.certificate();
  // What was answered and comes back is no new content.
  if (patch.private_key_pem().empty() && patch.certificate_pem() == stored.certificate_pem()) {
    patch.clear_certificate_pem();
  }
  const absl::StatusOr<ContentSource> given = SourceOf(patch);
  if (!given.ok()) return Within(given.status(), "certificate");
  Certificate changed = stored;
  changed.clear_certificate_pem();
  if (*given != ContentSource::kNone && *given != ContentSource::kFiles) {
    changed.clear_certificate_file();
    changed.clear_private_key_file();
  }
  SIPCM_RETURN_IF_ERROR(ApplyUpdateMask(request.update_mask(), patch, "certificate",
                                        CertificateCatalog::Rules(), &changed));
  *same = *given == ContentSource::kNone && !HasFiles(stored);
  return changed;
}

}  // namespace

const FieldRules& CertificateCatalog::Rules() {
  static const FieldRules* const rules = new FieldRules{
      {"version", "state", "state_reason", "subject", "issuer", "serial_number", "dns_names",
       "uri_names", "ip_addresses", "extended_key_usages", "not_before_time", "not_after_time",
       "fingerprint", "key_type", "connection_managers", "create_time", "update_time"},
      {}};
  return *rules;
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
  SIPCM_ASSIGN_OR_RETURN(const int revision, NextRevision(certificate.name()));
  const absl::Time now = state_->options.now();
  const auto credential = Read(&certificate, revision);
  if (!credential.ok()) return Within(credential.status(), "certificate");
  AddContent(**credential, &certificate);
  {
    absl::MutexLock lock(&state_->mutex);
    SIPCM_RETURN_IF_ERROR(state_->certificates.CheckFree(certificate.name()));
    Record& record = records_[certificate.name()];
    if (record.revision + 1 == revision) {
      if (request.validate_only()) return Shown(certificate);
      record = {revision, {}, {}};
      state_->credentials[certificate.name()] = *credential;
      Certificate shown = Shown(state_->certificates.Put(std::move(certificate), now));
      state_->WatchFiles();
      state_->Tell(MakeEvent(Event::CERTIFICATE_ADDED, shown));
      return shown;
    }
  }
  return Create(request);  // one of that name came and went meanwhile, and has taken the version
}

absl::StatusOr<CertificateCatalog::ContentPointer> CertificateCatalog::Read(
    Certificate* certificate, int revision) const {
  return ToCredential(*certificate, revision, state_->options.now());
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
  const std::string& name = request.certificate().name();
  SIPCM_RETURN_IF_ERROR(ParseName(name, kCertificates, "certificate.name").status());
  SIPCM_RETURN_IF_ERROR(CheckEnum(request.old_connections(), sipcm::v1::OldConnections_descriptor(),
                                  "old_connections"));
  return Change(
      name, [&] { return DraftOf(request); }, request.old_connections(), request.validate_only());
}

absl::StatusOr<CertificateCatalog::Draft> CertificateCatalog::DraftOf(
    const sipcm::v1::UpdateCertificateRequest& request) {
  const Certificate& patch = request.certificate();
  absl::MutexLock lock(&state_->mutex);
  SIPCM_ASSIGN_OR_RETURN(const Certificate* stored,
                         state_->certificates.Get(patch.name(), "certificate.name"));
  SIPCM_RETURN_IF_ERROR(CheckEtag(stored->name(), patch.etag(), stored->etag()));
  Draft draft;
  draft.base_etag = stored->etag();
  draft.revision = records_[stored->name()].revision + 1;
  SIPCM_ASSIGN_OR_RETURN(draft.resource, Merged(*stored, request, &draft.same));
  return draft;
}

Certificate CertificateCatalog::KeepContent(const Certificate& changed, bool validate_only) {
  Certificate stored = *state_->certificates.Find(changed.name());
  if (stored.reload_old_connections() == changed.reload_old_connections()) return Shown(stored);
  stored.set_reload_old_connections(changed.reload_old_connections());
  if (validate_only) return Shown(stored);
  return Shown(state_->certificates.Put(std::move(stored), state_->options.now()));
}

absl::StatusOr<Certificate> CertificateCatalog::Install(Certificate changed,
                                                        const ContentPointer& credential,
                                                        bool validate_only) {
  if (credential == nullptr) return KeepContent(changed, validate_only);
  const std::string name = changed.name();
  const absl::Time now = state_->options.now();
  ContentPointer& in_force = state_->credentials[name];
  // The same certificates again (a call that is repeated, a file that was touched): no new version.
  const bool is_new = credential->CertificatePem() != in_force->CertificatePem();
  AddContent(is_new ? *credential : *in_force, &changed);
  const ContentPointer old = in_force;
  if (is_new) in_force = credential;
  auto configs = state_->ConfigsOfUsers(name);
  if (validate_only || !configs.ok()) {
    in_force = old;
    if (!configs.ok()) return configs.status();
    return Shown(changed);
  }
  const bool had_failed = !std::exchange(records_[name].reload_failure, {}).error.empty();
  if (!is_new) {
    const Certificate* stored = state_->certificates.Find(name);
    const bool same = SameSettings(*stored, changed);
    if (same && had_failed) {
      state_->Tell(MakeEvent(Event::CERTIFICATE_ROTATED, Shown(*stored), kReloadFailureOver));
    }
    if (same) return Shown(*stored);
  }
  if (is_new) {
    ++records_[name].revision;
    records_[name].told = {};
    SIPCM_RETURN_IF_ERROR(state_->Apply(*std::move(configs)));
  }
  Certificate shown = Shown(state_->certificates.Put(std::move(changed), now));
  state_->WatchFiles();
  if (is_new || had_failed) {
    state_->Tell(MakeEvent(Event::CERTIFICATE_ROTATED, shown, is_new ? "" : kReloadFailureOver));
  }
  return shown;
}

absl::Status CertificateCatalog::Delete(const sipcm::v1::DeleteCertificateRequest& request) {
  const std::string& name = request.name();
  SIPCM_RETURN_IF_ERROR(ParseName(name, kCertificates, "name").status());
  absl::MutexLock lock(&state_->mutex);
  SIPCM_ASSIGN_OR_RETURN(const Certificate* certificate, state_->certificates.Get(name, "name"));
  SIPCM_RETURN_IF_ERROR(CheckEtag(certificate->name(), request.etag(), certificate->etag()));
  const std::vector<std::string> users = state_->UsersOf(name);
  if (!request.force()) {
    SIPCM_RETURN_IF_ERROR(
        CheckUnused(name, users, "give them another certificate or delete them first"));
  }
  // A SERVER_TLS manager without one could not be changed any more, not even whom it lets in.
  std::vector<std::string> bound;
  for (const std::string& user : users) {
    const bool presents = state_->managers.Find(user)->kind() == ConnectionManager::SERVER_TLS;
    if (presents) bound.push_back(user);
  }
  SIPCM_RETURN_IF_ERROR(CheckUnused(
      name, bound, "give them another certificate or delete them first; force does not help"));
  std::vector<engine::ManagerConfig> configs;
  for (const std::string& user : users) {
    ConnectionManager manager = *state_->managers.Find(user);
    manager.clear_certificate();
    SIPCM_ASSIGN_OR_RETURN(engine::ManagerConfig config, state_->ConfigOf(manager));
    configs.push_back(std::move(config));
  }
  SIPCM_RETURN_IF_ERROR(state_->Apply(std::move(configs)));
  for (const std::string& user : users) {
    ConnectionManager manager = *state_->managers.Find(user);
    manager.clear_certificate();
    const ConnectionManager& stored =
        state_->managers.Put(std::move(manager), state_->options.now());
    state_->Tell(MakeEvent(Event::CONNECTION_MANAGER_CHANGED, server::Shown(stored, state_),
                           "its certificate was deleted by force"));
  }
  Certificate last = Shown(*certificate);
  records_[name].reload_failure = {};
  state_->credentials.erase(name);
  state_->certificates.Erase(name);
  state_->WatchFiles();
  state_->Tell(MakeEvent(Event::CERTIFICATE_REMOVED, std::move(last)));
  return absl::OkStatus();
}

CertificateCatalog::Ends CertificateCatalog::EndsOf(const std::string& name) const {
  return {ContentEnd{state_->credentials.at(name)->expire_time()}};
}

Certificate CertificateCatalog::Shown(const Certificate& stored) {
  Certificate shown = stored;
  const auto credential = state_->credentials.find(stored.name());
  const absl::Time end = credential == state_->credentials.end()
                             ? FromTimestamp(stored.not_after_time())
                             : credential->second->expire_time();
  AddState(state_->options.now(), end, records_[stored.name()].reload_failure.error, &shown);
  for (const std::string& user : state_->UsersOf(stored.name())) {
    shown.add_connection_managers(user);
  }
  return shown;
}

}  // namespace sipcm::server
