#include "server/catalog/connection_manager_catalog.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/check.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "google/protobuf/util/message_differencer.h"
#include "server/catalog/shown_resource.h"
#include "server/conversion/managers/manager_conversion.h"
#include "server/conversion/managers/manager_defaults.h"
#include "server/event/resource_event.h"
#include "server/store/resource_name.h"
#include "server/store/update_mask.h"
#include "server/validation/field_checks.h"
#include "server/validation/refusal.h"

namespace sipcm::server {

using google::protobuf::util::MessageDifferencer;
using sipcm::v1::ConnectionManager;
using sipcm::v1::Event;

namespace {

std::string IdOf(const ConnectionManager& manager) {
  return manager.name().substr(manager.name().find('/') + 1);
}

bool SameListenAddresses(const ConnectionManager& a, const ConnectionManager& b) {
  if (a.listen_addresses_size() != b.listen_addresses_size()) return false;
  for (int i = 0; i < a.listen_addresses_size(); ++i) {
    if (!MessageDifferencer::Equals(a.listen_addresses(i), b.listen_addresses(i))) return false;
  }
  return true;
}

absl::Status InUse(absl::string_view what, absl::string_view by_what,
                   const std::vector<std::string>& users) {
  constexpr size_t kShown = 5;
  const std::vector<std::string> some(users.begin(),
                                      users.begin() + std::min(users.size(), kShown));
  return WithMetadata(
      MakeError(absl::StatusCode::kFailedPrecondition, "RESOURCE_IN_USE",
                absl::StrCat("\"", what, "\" has ", users.size(), " ", by_what, ": ",
                             absl::StrJoin(some, ", "), users.size() > kShown ? ", ..." : "",
                             "; delete them first, or use force")),
      by_what, absl::StrJoin(some, ","));
}

}  // namespace

const FieldRules& ConnectionManagerCatalog::Rules() {
  static const FieldRules* const rules =
      new FieldRules{{"create_time", "update_time", "state", "state_reason", "bound_addresses",
                      "warnings", "statistics"},
                     {"kind", "sharing"}};
  return *rules;
}

absl::StatusOr<ConnectionManager> ConnectionManagerCatalog::Create(
    const sipcm::v1::CreateConnectionManagerRequest& request, Listening listening) {
  SIPCM_RETURN_IF_ERROR(CheckNewId(request.connection_manager_id(), "connection_manager_id"));
  if (!request.has_connection_manager()) {
    return MissingField("connection_manager", "like {\"kind\": \"SERVER_TCP\"}");
  }
  ConnectionManager manager = request.connection_manager();
  ClearOutputOnly(Rules(), &manager);
  manager.set_name(ResourceName(kConnectionManagers, request.connection_manager_id()));
  if (manager.allowed_domains_size() == 0 && !manager.allow_any_domain()) {
    manager.add_allowed_domains()->set_pattern("localhost");
  }
  SIPCM_RETURN_IF_ERROR(
      Within(NormalizeManager(state_->options.now(), &manager), "connection_manager"));

  absl::MutexLock lock(&state_->mutex);
  SIPCM_RETURN_IF_ERROR(state_->managers.CheckFree(manager.name()));
  absl::StatusOr<engine::ManagerConfig> config = state_->ConfigOf(manager);
  if (!config.ok()) return Within(config.status(), "connection_manager");
  if (request.validate_only()) {
    SIPCM_RETURN_IF_ERROR(Within(CheckConfig(*config), "connection_manager"));
    manager.set_state(ConnectionManager::IDLE);
    return manager;
  }
  SIPCM_RETURN_IF_ERROR(
      Within(state_->engine->ApplyManager(*std::move(config)), "connection_manager"));
  const ConnectionManager& stored = state_->managers.Put(manager, state_->options.now());
  state_->Tell(MakeEvent(Event::CONNECTION_MANAGER_ADDED, Shown(stored)));
  if (stored.auto_start() && listening == Listening::kAtOnce && CheckMayListen(stored).ok()) {
    // A failure shows in the state; the manager is there all the same.
    state_->engine->StartListening(IdOf(stored)).IgnoreError();
  }
  return Shown(stored);
}

absl::StatusOr<ConnectionManager> ConnectionManagerCatalog::Get(
    const sipcm::v1::GetConnectionManagerRequest& request) {
  SIPCM_RETURN_IF_ERROR(ParseName(request.name(), kConnectionManagers, "name").status());
  absl::MutexLock lock(&state_->mutex);
  SIPCM_ASSIGN_OR_RETURN(const ConnectionManager* manager,
                         state_->managers.Get(request.name(), "name"));
  return Shown(*manager);
}

absl::StatusOr<sipcm::v1::ListConnectionManagersResponse> ConnectionManagerCatalog::List(
    const sipcm::v1::ListConnectionManagersRequest& request) {
  sipcm::v1::ListConnectionManagersResponse response;
  absl::MutexLock lock(&state_->mutex);
  const auto complete = [this](ConnectionManager* manager)
                            ABSL_NO_THREAD_SAFETY_ANALYSIS { *manager = Shown(*manager); };
  SIPCM_RETURN_IF_ERROR(state_->managers.List(request, complete,
                                              response.mutable_connection_managers(),
                                              response.mutable_next_page_token()));
  return response;
}

absl::StatusOr<ConnectionManager> ConnectionManagerCatalog::Update(
    const sipcm::v1::UpdateConnectionManagerRequest& request) {
  const ConnectionManager& patch = request.connection_manager();
  constexpr char kNameField[] = "connection_manager.name";
  SIPCM_RETURN_IF_ERROR(ParseName(patch.name(), kConnectionManagers, kNameField).status());
  std::vector<tls::AllowedDomain> taken_out;
  absl::StatusOr<ConnectionManager> replaced = ConnectionManager();
  {
    absl::MutexLock lock(&state_->mutex);
    SIPCM_ASSIGN_OR_RETURN(const ConnectionManager* stored,
                           state_->managers.Get(patch.name(), kNameField));
    SIPCM_RETURN_IF_ERROR(CheckEtag(stored->name(), patch.etag(), stored->etag()));
    const ConnectionManager before = *stored;
    ConnectionManager changed = before;
    SIPCM_RETURN_IF_ERROR(
        ApplyUpdateMask(request.update_mask(), patch, "connection_manager", Rules(), &changed));
    replaced = Replace(std::move(changed), request.validate_only());
    if (!replaced.ok()) return Within(replaced.status(), "connection_manager");
    if (request.close_connections() && !request.validate_only()) {
      taken_out = EntriesTakenOut(before, *replaced);
    }
  }
  if (!taken_out.empty()) {
    state_->engine->CloseConnectionsOf(IdOf(*replaced), std::move(taken_out),
                                       [](const absl::StatusOr<int>&) {});
  }
  return replaced;
}

absl::StatusOr<ConnectionManager> ConnectionManagerCatalog::Replace(ConnectionManager changed,
                                                                    bool validate_only) {
  SIPCM_RETURN_IF_ERROR(NormalizeManager(state_->options.now(), &changed));
  const ConnectionManager before = *state_->managers.Find(changed.name());
  if (!SameListenAddresses(before, changed)) {
    SIPCM_ASSIGN_OR_RETURN(const engine::ManagerStatus status,
                           state_->engine->GetManagerStatus(IdOf(before)));
    if (status.state == engine::ManagerStatus::State::kListening ||
        status.state == engine::ManagerStatus::State::kStopping) {
      return WithField(MakeError(absl::StatusCode::kFailedPrecondition, "MANAGER_LISTENING",
                                 absl::StrCat("listen_addresses: cannot change while \"",
                                              before.name(), "\" listens; StopListening first")),
                       "listen_addresses");
    }
  }
  SIPCM_ASSIGN_OR_RETURN(engine::ManagerConfig config, state_->ConfigOf(changed));
  if (validate_only) {
    SIPCM_RETURN_IF_ERROR(CheckConfig(config));
    return Shown(changed);
  }
  if (MessageDifferencer::Equals(before, changed)) return Shown(before);
  SIPCM_RETURN_IF_ERROR(state_->engine->ApplyManager(std::move(config)));
  const ConnectionManager& stored = state_->managers.Put(changed, state_->options.now());
  state_->Tell(MakeEvent(Event::CONNECTION_MANAGER_CHANGED, Shown(stored)));
  const bool same_answer_times =
      MessageDifferencer::Equals(before.answer_timeout(), stored.answer_timeout()) &&
      MessageDifferencer::Equals(before.invite_answer_timeout(), stored.invite_answer_timeout()) &&
      before.limits().max_queued_delivery_count() == stored.limits().max_queued_delivery_count();
  if (!same_answer_times) {
    for (const std::string& name : state_->endpoints_of[stored.name()]) {
      SIPCM_RETURN_IF_ERROR(
          state_->engine->ApplyEndpoint(state_->EndpointOf(*state_->endpoints.Find(name), stored)));
    }
  }
  return Shown(stored);
}

absl::Status ConnectionManagerCatalog::Delete(
    const sipcm::v1::DeleteConnectionManagerRequest& request) {
  SIPCM_RETURN_IF_ERROR(ParseName(request.name(), kConnectionManagers, "name").status());
  absl::MutexLock lock(&state_->mutex);
  SIPCM_ASSIGN_OR_RETURN(const ConnectionManager* manager,
                         state_->managers.Get(request.name(), "name"));
  SIPCM_RETURN_IF_ERROR(CheckEtag(manager->name(), request.etag(), manager->etag()));
  const std::set<std::string> endpoints = state_->endpoints_of[request.name()];
  if (!endpoints.empty() && !request.force()) {
    return InUse(request.name(), "endpoints", {endpoints.begin(), endpoints.end()});
  }
  for (const std::string& name : endpoints) {
    sipcm::v1::Endpoint last = server::Shown(*state_->endpoints.Find(name), state_);
    SIPCM_RETURN_IF_ERROR(state_->engine->RemoveEndpoint(name.substr(name.find('/') + 1)));
    state_->Tell(MakeEvent(Event::ENDPOINT_REMOVED, std::move(last),
                           "its connection manager was deleted by force"));
    state_->endpoints.Erase(name);
    state_->passwords.erase(name);
    state_->endpoints_of[request.name()].erase(name);
  }
  ConnectionManager last = Shown(*manager);
  SIPCM_RETURN_IF_ERROR(state_->engine->RemoveManager(IdOf(*manager)));
  state_->Tell(MakeEvent(Event::CONNECTION_MANAGER_REMOVED, std::move(last)));
  state_->endpoints_of.erase(request.name());
  state_->pool_settings.erase(request.name().substr(request.name().find('/') + 1));
  state_->managers.Erase(request.name());
  return absl::OkStatus();
}

absl::Status ConnectionManagerCatalog::CheckMayListen(const ConnectionManager& manager) {
  const auto refuse = [&](absl::string_view reason, absl::string_view why) {
    return MakeError(absl::StatusCode::kFailedPrecondition, reason,
                     absl::StrCat("\"", manager.name(), "\" cannot listen: ", why));
  };
  if (manager.kind() == ConnectionManager::CLIENT) {
    return refuse("CLIENT_MANAGER_NEVER_LISTENS",
                  "it is a CLIENT manager; create a SERVER_TCP or SERVER_TLS one");
  }
  if (manager.listen_addresses_size() == 0) {
    return refuse("NO_LISTEN_ADDRESS", "it has no listen_addresses; update it with at least one");
  }
  if (manager.kind() != ConnectionManager::SERVER_TLS) return absl::OkStatus();
  if (manager.certificate().empty()) {
    return refuse("CERTIFICATE_MISSING",
                  "a SERVER_TLS manager needs a certificate; create one and update the manager");
  }
  // There for as long as the manager is: it cannot be deleted, not even by force.
  for (const std::string& certificate : CertificatesOf(manager)) {
    const auto credential = state_->credentials.find(certificate);
    SIPCM_CHECK(credential != state_->credentials.end());
    if (credential->second->expire_time() <= state_->options.now()) {
      return refuse("CERTIFICATE_EXPIRED",
                    absl::StrCat("\"", certificate, "\" has ended; update it"));
    }
  }
  if (manager.mutual_tls() == ConnectionManager::OFF || !manager.trust_bundle().empty()) {
    return absl::OkStatus();
  }
  return refuse("TRUST_BUNDLE_MISSING",
                "mutual TLS needs a trust_bundle to judge peers by; create one and update the "
                "manager");
}

absl::StatusOr<ConnectionManager> ConnectionManagerCatalog::StartListening(
    const sipcm::v1::StartListeningRequest& request) {
  SIPCM_RETURN_IF_ERROR(ParseName(request.name(), kConnectionManagers, "name").status());
  absl::MutexLock lock(&state_->mutex);
  SIPCM_ASSIGN_OR_RETURN(const ConnectionManager* manager,
                         state_->managers.Get(request.name(), "name"));
  SIPCM_RETURN_IF_ERROR(CheckMayListen(*manager));
  SIPCM_RETURN_IF_ERROR(state_->engine->StartListening(IdOf(*manager)).status());
  return Shown(*manager);
}

void ConnectionManagerCatalog::StopListening(const sipcm::v1::StopListeningRequest& request,
                                             Done<ConnectionManager> done) {
  absl::Status found = ParseName(request.name(), kConnectionManagers, "name").status();
  if (found.ok()) {
    absl::MutexLock lock(&state_->mutex);
    found = state_->managers.Get(request.name(), "name").status();
  }
  if (!found.ok()) return done(found);
  const std::string& name = request.name();
  state_->engine->StopListening(
      name.substr(name.find('/') + 1),
      [this, name, done = std::move(done)](absl::StatusOr<engine::ManagerStatus> status) mutable {
        state_->thread.Post(
            [this, name, done = std::move(done), status = status.status()]() mutable {
              if (!status.ok()) return done(status);
              sipcm::v1::GetConnectionManagerRequest get;
              get.set_name(name);
              done(Get(get));
            });
      });
}

absl::Status ConnectionManagerCatalog::EnsureDefault(const std::string& name, ControlState* state) {
  if (state->managers.Find(name) != nullptr) return absl::OkStatus();
  ConnectionManager manager = MakeDefault(name, state->options.now());
  SIPCM_ASSIGN_OR_RETURN(engine::ManagerConfig config, state->ConfigOf(manager));
  SIPCM_RETURN_IF_ERROR(state->engine->ApplyManager(std::move(config)));
  const ConnectionManager& stored = state->managers.Put(std::move(manager), state->options.now());
  state->Tell(MakeEvent(Event::CONNECTION_MANAGER_ADDED, server::Shown(stored, state),
                        "made for the first endpoint that named no manager"));
  return absl::OkStatus();
}

ConnectionManager ConnectionManagerCatalog::MakeDefault(const std::string& name, absl::Time now) {
  ConnectionManager manager;
  manager.set_name(name);
  manager.set_kind(name == kDefaultClient ? ConnectionManager::CLIENT
                                          : ConnectionManager::SERVER_TCP);
  manager.set_display_name("made for endpoints that name no manager");
  manager.add_allowed_domains()->set_pattern("localhost");
  NormalizeManager(now, &manager).IgnoreError();  // a constant that is in order
  return manager;
}

std::vector<absl::Status> ConnectionManagerCatalog::StartWanted() {
  std::vector<absl::Status> failures;
  absl::MutexLock lock(&state_->mutex);
  for (const auto& [name, manager] : state_->managers.all()) {
    if (!manager.auto_start()) continue;
    absl::Status status = CheckMayListen(manager);
    if (status.ok()) status = state_->engine->StartListening(IdOf(manager)).status();
    if (!status.ok()) {
      failures.emplace_back(status.code(), absl::StrCat(name, ": ", status.message()));
    }
  }
  return failures;
}

std::vector<std::string> ConnectionManagerCatalog::Warnings() {
  std::vector<std::string> warnings;
  absl::MutexLock lock(&state_->mutex);
  if (state_->system_anchors.has_value() && !state_->system_anchors->ok()) {
    warnings.push_back(absl::StrCat(
        "managers without a trust_bundle trust no server: the system's list of authorities \"",
        state_->options.system_trust_file, "\" cannot be taken (",
        state_->system_anchors->status().message(),
        "); install ca-certificates, or give them a trust_bundle"));
  }
  for (const auto& [name, stored] : state_->managers.all()) {
    const ConnectionManager manager = Shown(stored);
    if (manager.state() == ConnectionManager::FAILED) {
      warnings.push_back(absl::StrCat(name, ": does not listen: ", manager.state_reason()));
    }
    for (const std::string& warning : manager.warnings()) {
      warnings.push_back(absl::StrCat(name, ": ", warning));
    }
  }
  return warnings;
}

void ConnectionManagerCatalog::TellState(uint64_t round) {
  absl::MutexLock lock(&state_->mutex);
  state_->TellAll(round, ObjectClass::kManager, state_->managers,
                  [this](const auto& stored)
                      ABSL_NO_THREAD_SAFETY_ANALYSIS { return Shown(stored); });
}

ConnectionManager ConnectionManagerCatalog::Shown(const ConnectionManager& stored) {
  return server::Shown(stored, state_);
}

}  // namespace sipcm::server
