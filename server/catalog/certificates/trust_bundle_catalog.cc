#include "server/catalog/certificates/trust_bundle_catalog.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
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

using sipcm::v1::Event;
using sipcm::v1::TrustBundle;

namespace {

bool HasFiles(const TrustBundle& bundle) {
  return !bundle.certificates_file().empty() || !bundle.crls_file().empty();
}

bool Names(const google::protobuf::FieldMask& mask, absl::string_view snake_case,
           absl::string_view camel_case) {
  return std::any_of(mask.paths().begin(), mask.paths().end(), [&](const std::string& path) {
    return path == snake_case || path == camel_case;
  });
}

// A setting that was never made and comes back as it was answered stays one that was not made: OFF,
// answered because there were no CRLs, must not turn the check off for those that come with it.
void ForgetShownDefaults(const tls::TrustBundle& in_force, const TrustBundle& stored,
                         const google::protobuf::FieldMask& mask, TrustBundle* patch) {
  TrustBundle shown;
  ShowDefaults(in_force, &shown);
  if (stored.crl_check() == TrustBundle::CRL_CHECK_UNSPECIFIED &&
      patch->crl_check() == shown.crl_check() && !Names(mask, "crl_check", "crlCheck")) {
    patch->clear_crl_check();
  }
  if (stored.stale_crl() == TrustBundle::STALE_CRL_UNSPECIFIED &&
      patch->stale_crl() == shown.stale_crl() && !Names(mask, "stale_crl", "staleCrl")) {
    patch->clear_stale_crl();
  }
}

// What a caller can set beside the content itself.
bool SameSettings(const TrustBundle& a, const TrustBundle& b) {
  return a.crl_check() == b.crl_check() && a.stale_crl() == b.stale_crl() &&
         a.certificates_file() == b.certificates_file() && a.crls_file() == b.crls_file() &&
         a.reload_old_connections() == b.reload_old_connections();
}

}  // namespace

const FieldRules& TrustBundleCatalog::Rules() {
  static const FieldRules* const rules =
      new FieldRules{{"version", "state", "state_reason", "certificate_count", "crl_count",
                      "subjects", "earliest_expire_time", "crl_next_update_time",
                      "connection_managers", "create_time", "update_time"},
                     {}};
  return *rules;
}

absl::StatusOr<TrustBundle> TrustBundleCatalog::Create(
    const sipcm::v1::CreateTrustBundleRequest& request) {
  SIPCM_RETURN_IF_ERROR(CheckNewId(request.trust_bundle_id(), "trust_bundle_id"));
  if (!request.has_trust_bundle()) return MissingField("trust_bundle", "with certificates_pem");
  TrustBundle bundle = request.trust_bundle();
  ClearOutputOnly(Rules(), &bundle);
  bundle.set_name(ResourceName(kTrustBundles, request.trust_bundle_id()));
  SIPCM_ASSIGN_OR_RETURN(const int revision, NextRevision(bundle.name()));
  const auto content = Read(&bundle, revision);
  if (!content.ok()) return Within(content.status(), "trust_bundle");
  const std::string crls = bundle.crls_pem();
  AddContent(**content, &bundle);
  {
    absl::MutexLock lock(&state_->mutex);
    SIPCM_RETURN_IF_ERROR(state_->trust_bundles.CheckFree(bundle.name()));
    Record& record = records_[bundle.name()];
    if (record.revision + 1 == revision) {
      if (request.validate_only()) {
        ShowDefaults(**content, &bundle);
        return Shown(bundle);
      }
      record = {revision, {}, {}};
      crls_[bundle.name()] = crls;
      state_->anchors[bundle.name()] = *content;
      TrustBundle shown =
          Shown(state_->trust_bundles.Put(std::move(bundle), state_->options.now()));
      state_->WatchFiles();
      state_->Tell(MakeEvent(Event::TRUST_BUNDLE_ADDED, shown));
      return shown;
    }
  }
  return Create(request);  // as CertificateCatalog::Create
}

absl::StatusOr<TrustBundleCatalog::ContentPointer> TrustBundleCatalog::Read(TrustBundle* bundle,
                                                                            int revision) const {
  return ToTrustBundle(bundle, revision);
}

absl::StatusOr<TrustBundle> TrustBundleCatalog::Get(
    const sipcm::v1::GetTrustBundleRequest& request) {
  SIPCM_RETURN_IF_ERROR(ParseName(request.name(), kTrustBundles, "name").status());
  absl::MutexLock lock(&state_->mutex);
  SIPCM_ASSIGN_OR_RETURN(const TrustBundle* bundle,
                         state_->trust_bundles.Get(request.name(), "name"));
  return Shown(*bundle);
}

absl::StatusOr<sipcm::v1::ListTrustBundlesResponse> TrustBundleCatalog::List(
    const sipcm::v1::ListTrustBundlesRequest& request) {
  sipcm::v1::ListTrustBundlesResponse response;
  absl::MutexLock lock(&state_->mutex);
  const auto complete = [this](TrustBundle* bundle)
                            ABSL_NO_THREAD_SAFETY_ANALYSIS { *bundle = Shown(*bundle); };
  SIPCM_RETURN_IF_ERROR(state_->trust_bundles.List(
      request, complete, response.mutable_trust_bundles(), response.mutable_next_page_token()));
  return response;
}

absl::StatusOr<TrustBundle> TrustBundleCatalog::Update(
    const sipcm::v1::UpdateTrustBundleRequest& request) {
  const std::string& name = request.trust_bundle().name();
  SIPCM_RETURN_IF_ERROR(ParseName(name, kTrustBundles, "trust_bundle.name").status());
  SIPCM_RETURN_IF_ERROR(CheckEnum(request.old_connections(), sipcm::v1::OldConnections_descriptor(),
                                  "old_connections"));
  return Change(
      name, [&] { return DraftOf(request); }, request.old_connections(), request.validate_only());
}

absl::StatusOr<TrustBundleCatalog::Draft> TrustBundleCatalog::DraftOf(
    const sipcm::v1::UpdateTrustBundleRequest& request) {
  TrustBundle patch = request.trust_bundle();
  absl::MutexLock lock(&state_->mutex);
  SIPCM_ASSIGN_OR_RETURN(const TrustBundle* stored,
                         state_->trust_bundles.Get(patch.name(), "trust_bundle.name"));
  SIPCM_RETURN_IF_ERROR(CheckEtag(stored->name(), patch.etag(), stored->etag()));
  TrustBundle changed = *stored;
  if (HasFiles(changed)) {
    // What was answered and comes back is no new content.
    if (patch.crls_pem().empty() && patch.certificates_pem() == stored->certificates_pem()) {
      patch.clear_certificates_pem();
    }
    changed.clear_certificates_pem();
  } else {
    changed.set_crls_pem(crls_[stored->name()]);
  }
  ForgetShownDefaults(*state_->anchors.at(stored->name()), *stored, request.update_mask(), &patch);
  const absl::StatusOr<ContentSource> given = SourceOf(patch);
  if (!given.ok()) return Within(given.status(), "trust_bundle");
  if (*given == ContentSource::kPem) {
    changed.clear_certificates_file();
    changed.clear_crls_file();
  }
  if (*given == ContentSource::kFiles) {
    changed.clear_certificates_pem();
    changed.clear_crls_pem();
  }
  SIPCM_RETURN_IF_ERROR(
      ApplyUpdateMask(request.update_mask(), patch, "trust_bundle", Rules(), &changed));
  if (*given == ContentSource::kPem && patch.crls_pem().empty() && !HasFiles(*stored) &&
      !Names(request.update_mask(), "crls_pem", "crlsPem")) {
    // Nobody was told them, so nobody meant to clear them who did not name them: "*" does not.
    changed.set_crls_pem(crls_[stored->name()]);
  }
  return Draft{std::move(changed), stored->etag(), records_[stored->name()].revision + 1};
}

absl::StatusOr<TrustBundle> TrustBundleCatalog::Install(TrustBundle changed,
                                                        const ContentPointer& content,
                                                        bool validate_only) {
  const std::string name = changed.name();
  Record& record = records_[name];
  const TrustBundle& stored = *state_->trust_bundles.Find(name);
  ContentPointer& in_force = state_->anchors[name];
  const std::string crls = changed.crls_pem();
  // The same again (a call that is repeated, a file that was touched): no new version.
  const bool is_new = changed.certificates_pem() != stored.certificates_pem() ||
                      crls != crls_[name] || content->crl_check() != in_force->crl_check() ||
                      content->stale_crl() != in_force->stale_crl();
  AddContent(is_new ? *content : *in_force, &changed);
  const ContentPointer old = in_force;
  if (is_new) in_force = content;
  auto configs = state_->ConfigsOfUsers(name);
  if (validate_only || !configs.ok()) {
    if (!configs.ok()) {
      in_force = old;
      return configs.status();
    }
    TrustBundle shown = Shown(changed);
    in_force = old;
    return shown;
  }
  const bool had_failed = !std::exchange(record.reload_failure, {}).error.empty();
  if (is_new) {
    ++record.revision;
    record.told = {};
    crls_[name] = crls;
    SIPCM_RETURN_IF_ERROR(state_->Apply(*std::move(configs)));
  } else if (SameSettings(changed, stored)) {
    if (had_failed) {
      state_->Tell(MakeEvent(Event::TRUST_BUNDLE_CHANGED, Shown(stored), kReloadFailureOver));
    }
    return Shown(stored);
  }
  TrustBundle shown = Shown(state_->trust_bundles.Put(std::move(changed), state_->options.now()));
  state_->WatchFiles();
  state_->Tell(MakeEvent(Event::TRUST_BUNDLE_CHANGED, shown,
                         is_new ? "" : "its settings changed; the version is the same"));
  return shown;
}

absl::Status TrustBundleCatalog::Delete(const sipcm::v1::DeleteTrustBundleRequest& request) {
  SIPCM_RETURN_IF_ERROR(ParseName(request.name(), kTrustBundles, "name").status());
  absl::MutexLock lock(&state_->mutex);
  SIPCM_ASSIGN_OR_RETURN(const TrustBundle* bundle,
                         state_->trust_bundles.Get(request.name(), "name"));
  SIPCM_RETURN_IF_ERROR(CheckEtag(bundle->name(), request.etag(), bundle->etag()));
  const std::vector<std::string> users = state_->UsersOf(request.name());
  if (!request.force()) {
    SIPCM_RETURN_IF_ERROR(CheckUnused(request.name(), users, "change them first, or use force"));
  }
  SIPCM_RETURN_IF_ERROR(
      CheckUnused(request.name(), BoundTo(request.name(), users),
                  "give them another trust bundle or delete them first; force does not help"));
  // An entry bound to the bundle must not become one that is bound to nothing, so it goes with it.
  std::vector<sipcm::v1::ConnectionManager> changed;
  std::vector<engine::ManagerConfig> configs;
  for (const std::string& user : users) {
    sipcm::v1::ConnectionManager manager = *state_->managers.Find(user);
    google::protobuf::RepeatedPtrField<sipcm::v1::AllowedDomain> kept;
    for (const sipcm::v1::AllowedDomain& domain : manager.allowed_domains()) {
      if (domain.trust_bundle() != request.name()) *kept.Add() = domain;
    }
    manager.mutable_allowed_domains()->Swap(&kept);
    // A list that restricted must not become one that is open.
    if (manager.allowed_domains_size() == 0) manager.set_allow_any_domain(false);
    SIPCM_ASSIGN_OR_RETURN(engine::ManagerConfig config, state_->ConfigOf(manager));
    configs.push_back(std::move(config));
    changed.push_back(std::move(manager));
  }
  SIPCM_RETURN_IF_ERROR(state_->Apply(std::move(configs)));
  for (sipcm::v1::ConnectionManager& manager : changed) {
    const sipcm::v1::ConnectionManager& stored =
        state_->managers.Put(std::move(manager), state_->options.now());
    state_->Tell(MakeEvent(Event::CONNECTION_MANAGER_CHANGED, server::Shown(stored, state_),
                           "a trust bundle that it referred to was deleted"));
  }
  TrustBundle last = Shown(*bundle);
  records_[request.name()].reload_failure = {};
  crls_.erase(request.name());
  state_->anchors.erase(request.name());
  state_->trust_bundles.Erase(request.name());
  state_->WatchFiles();
  state_->Tell(MakeEvent(Event::TRUST_BUNDLE_REMOVED, std::move(last)));
  return absl::OkStatus();
}

std::vector<std::string> TrustBundleCatalog::BoundTo(const std::string& name,
                                                     const std::vector<std::string>& users) {
  std::vector<std::string> bound;
  for (const std::string& user : users) {
    const sipcm::v1::ConnectionManager& manager = *state_->managers.Find(user);
    if (manager.trust_bundle() == name ||
        manager.mutual_tls() != sipcm::v1::ConnectionManager::OFF) {
      bound.push_back(user);
    }
  }
  return bound;
}

TrustBundleCatalog::Ends TrustBundleCatalog::EndsOf(const std::string& name) const {
  const tls::TrustBundle& content = *state_->anchors.at(name);
  Ends ends;
  ends[kCrls] = {content.crl_next_update(), ExpiryStage::kWithinDay};
  for (const tls::Certificate& certificate : content.certificates()) {
    ends[kCertificates].at = std::min(ends[kCertificates].at, certificate.not_after);
  }
  return ends;
}

TrustBundle TrustBundleCatalog::Shown(const TrustBundle& stored) {
  TrustBundle shown = stored;
  const auto content = state_->anchors.find(stored.name());
  if (content != state_->anchors.end()) ShowDefaults(*content->second, &shown);
  AddState(state_->options.now(), records_[stored.name()].reload_failure.error, &shown);
  for (const std::string& user : state_->UsersOf(stored.name())) {
    shown.add_connection_managers(user);
  }
  return shown;
}

}  // namespace sipcm::server
