#include "server/catalog/trust_bundle_catalog.h"

#include <memory>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/catalog/certificate_catalog.h"
#include "server/conversion/certificate_conversion.h"
#include "server/conversion/limits_conversion.h"
#include "server/event/resource_event.h"
#include "server/store/resource_name.h"
#include "server/store/update_mask.h"
#include "server/validation/field_checks.h"
#include "server/validation/refusal.h"

namespace sipcm::server {

using sipcm::v1::TrustBundle;

namespace {

const FieldRules& Rules() {
  static const FieldRules* const rules =
      new FieldRules{{"version", "state", "state_reason", "certificate_count", "crl_count",
                      "subjects", "earliest_expire_time", "crl_next_update_time",
                      "connection_managers", "create_time", "update_time"},
                     {}};
  return *rules;
}

}  // namespace

absl::StatusOr<TrustBundle> TrustBundleCatalog::Create(
    const sipcm::v1::CreateTrustBundleRequest& request) {
  SIPCM_RETURN_IF_ERROR(CheckNewId(request.trust_bundle_id(), "trust_bundle_id"));
  if (!request.has_trust_bundle()) return MissingField("trust_bundle", "with certificates_pem");
  TrustBundle bundle = request.trust_bundle();
  ClearOutputOnly(Rules(), &bundle);
  bundle.set_name(ResourceName(kTrustBundles, request.trust_bundle_id()));
  absl::MutexLock lock(&state_->mutex);
  SIPCM_RETURN_IF_ERROR(state_->trust_bundles.CheckFree(bundle.name()));
  const auto content = ToTrustBundle(bundle, revisions_[bundle.name()] + 1);
  if (!content.ok()) return Within(content.status(), "trust_bundle");
  const std::string crls = bundle.crls_pem();
  AddContent(**content, &bundle);
  if (request.validate_only()) return Shown(bundle);
  ++revisions_[bundle.name()];
  crls_[bundle.name()] = crls;
  state_->anchors[bundle.name()] = *content;
  return Shown(state_->trust_bundles.Put(std::move(bundle), state_->options.now()));
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
  const TrustBundle& patch = request.trust_bundle();
  SIPCM_RETURN_IF_ERROR(ParseName(patch.name(), kTrustBundles, "trust_bundle.name").status());
  SIPCM_RETURN_IF_ERROR(CheckEnum(request.old_connections(), sipcm::v1::OldConnections_descriptor(),
                                  "old_connections"));
  if (request.old_connections() > sipcm::v1::KEEP) {
    return NotKept("old_connections", "KEEP; closing old connections comes later");
  }
  absl::MutexLock lock(&state_->mutex);
  SIPCM_ASSIGN_OR_RETURN(const TrustBundle* stored,
                         state_->trust_bundles.Get(patch.name(), "trust_bundle.name"));
  SIPCM_RETURN_IF_ERROR(CheckEtag(stored->name(), patch.etag(), stored->etag()));
  TrustBundle changed = *stored;
  changed.set_crls_pem(crls_[changed.name()]);
  SIPCM_RETURN_IF_ERROR(
      ApplyUpdateMask(request.update_mask(), patch, "trust_bundle", Rules(), &changed));
  const auto content = ToTrustBundle(changed, revisions_[changed.name()] + 1);
  if (!content.ok()) return Within(content.status(), "trust_bundle");
  const std::string crls = changed.crls_pem();
  AddContent(**content, &changed);
  std::shared_ptr<const tls::TrustBundle> old =
      std::exchange(state_->anchors[changed.name()], *content);
  auto configs = state_->ConfigsOfUsers(changed.name());
  if (request.validate_only() || !configs.ok()) {
    state_->anchors[changed.name()] = std::move(old);
    if (!configs.ok()) return configs.status();
    return Shown(changed);
  }
  ++revisions_[changed.name()];
  crls_[changed.name()] = crls;
  const TrustBundle& now_stored =
      state_->trust_bundles.Put(std::move(changed), state_->options.now());
  SIPCM_RETURN_IF_ERROR(state_->Apply(*std::move(configs)));
  return Shown(now_stored);
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
    state_->Tell(MakeEvent(sipcm::v1::Event::CONNECTION_MANAGER_CHANGED,
                           state_->managers.Put(std::move(manager), state_->options.now()),
                           "a trust bundle that it referred to was deleted"));
  }
  crls_.erase(request.name());
  state_->anchors.erase(request.name());
  state_->trust_bundles.Erase(request.name());
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

TrustBundle TrustBundleCatalog::Shown(const TrustBundle& stored) {
  TrustBundle shown = stored;
  AddState(state_->options.now(), &shown);
  for (const std::string& user : state_->UsersOf(stored.name())) {
    shown.add_connection_managers(user);
  }
  return shown;
}

}  // namespace sipcm::server
