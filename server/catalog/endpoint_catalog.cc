#include "server/catalog/endpoint_catalog.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/engine/sends/send_route.h"
#include "core/sip/address_of_record.h"
#include "core/sip/uri.h"
#include "google/protobuf/util/message_differencer.h"
#include "server/catalog/shown_resource.h"
#include "server/conversion/connection_conversion.h"
#include "server/conversion/endpoint_conversion.h"
#include "server/conversion/registration_conversion.h"
#include "server/event/resource_event.h"
#include "server/store/resource_name.h"
#include "server/store/update_mask.h"
#include "server/validation/refusal.h"

namespace sipcm::server {

using sipcm::v1::ConnectionManager;
using sipcm::v1::Endpoint;
using sipcm::v1::Event;

namespace {

std::string IdOf(const std::string& name) { return name.substr(name.find('/') + 1); }

bool SameAddress(const std::string& a, const std::string& b) {
  return sip::AddressOfRecord(sip::ParseUri(a)).text() ==
         sip::AddressOfRecord(sip::ParseUri(b)).text();
}

// The engine knows only "request", the text that it was given: for callers that is `raw`. The parts
// made a request of their own, so that no single field of theirs is to blame.
absl::Status OfRequest(const absl::Status& status, bool has_raw) {
  if (FieldOf(status) != "request") return status;
  absl::string_view message = status.message();
  if (absl::ConsumePrefix(&message, "request")) absl::ConsumePrefix(&message, ": ");
  const absl::Status bare = MakeError(status.code(), ReasonOf(status), message);
  if (!has_raw) return bare;
  return WithField(MakeError(status.code(), ReasonOf(status), absl::StrCat("raw: ", message)),
                   "raw");
}

}  // namespace

const FieldRules& EndpointCatalog::Rules() {
  static const FieldRules* const rules = new FieldRules{
      {"state", "state_reason", "contact_uri", "create_time", "update_time", "statistics"},
      {"kind", "address", "connection_manager", "endpoint_id"}};
  return *rules;
}

absl::StatusOr<ConnectionManager> EndpointCatalog::ManagerOf(const Endpoint& endpoint,
                                                             bool validate_only) {
  const std::string& name = endpoint.connection_manager();
  const ConnectionManager* found = state_->managers.Find(name);
  if (found == nullptr && ConnectionManagerCatalog::IsDefault(name)) {
    if (validate_only) return ConnectionManagerCatalog::MakeDefault(name, state_->options.now());
    SIPCM_RETURN_IF_ERROR(ConnectionManagerCatalog::EnsureDefault(name, state_));
    found = state_->managers.Find(name);
  }
  if (found == nullptr) {
    return WithField(
        MakeError(absl::StatusCode::kFailedPrecondition, "REFERENCED_RESOURCE_NOT_FOUND",
                  absl::StrCat("connection_manager: there is no \"", name,
                               "\"; create it first, or leave it out for the default one")),
        "connection_manager");
  }
  if (found->kind() == ConnectionManager::CLIENT && endpoint.kind() == Endpoint::PEER_TO_PEER) {
    return WithField(
        MakeError(absl::StatusCode::kFailedPrecondition, "ENDPOINT_KIND_NOT_ON_MANAGER",
                  absl::StrCat("connection_manager: \"", name,
                               "\" is a CLIENT manager, which has no PEER_TO_PEER endpoints; "
                               "choose a SERVER_TCP or SERVER_TLS manager")),
        "connection_manager");
  }
  return *found;
}

// As the engine would refuse it.
absl::Status EndpointCatalog::CheckFirstHop(const Endpoint& endpoint,
                                            const ConnectionManager& manager) {
  if (endpoint.kind() != Endpoint::REGISTERED) return absl::OkStatus();
  SIPCM_ASSIGN_OR_RETURN(const engine::ManagerConfig config, state_->ConfigOf(manager));
  return engine::FirstHopOf(ToSettings(endpoint, manager, ""), config).status();
}

absl::Status EndpointCatalog::CheckAddressFree(const Endpoint& endpoint) {
  const auto others = state_->endpoints_of.find(endpoint.connection_manager());
  if (others == state_->endpoints_of.end()) return absl::OkStatus();
  for (const std::string& name : others->second) {
    const Endpoint* other = state_->endpoints.Find(name);
    if (other->name() == endpoint.name() || other->endpoint_id() != endpoint.endpoint_id() ||
        !SameAddress(other->address(), endpoint.address())) {
      continue;
    }
    return WithMetadata(
        WithField(
            MakeError(absl::StatusCode::kAlreadyExists, "ENDPOINT_ADDRESS_TAKEN",
                      absl::StrCat("address: \"", endpoint.address(), "\" with endpoint_id \"",
                                   endpoint.endpoint_id(), "\" belongs to \"", name,
                                   "\"; leave endpoint_id out, or choose another")),
            "address"),
        "endpoint", name);
  }
  return absl::OkStatus();
}

absl::StatusOr<Endpoint> EndpointCatalog::Create(const sipcm::v1::CreateEndpointRequest& request) {
  SIPCM_RETURN_IF_ERROR(CheckNewId(request.endpoint_id(), "endpoint_id"));
  if (!request.has_endpoint()) {
    return MissingField("endpoint",
                        "like {\"kind\": \"PEER_TO_PEER\", \"address\": \"sip:a@example.com\"}");
  }
  Endpoint endpoint = request.endpoint();
  ClearOutputOnly(Rules(), &endpoint);
  endpoint.set_name(ResourceName(kEndpoints, request.endpoint_id()));
  // An epid that the server chooses cannot be taken; one that was given may be.
  const bool epid_given = !endpoint.endpoint_id().empty();
  SIPCM_RETURN_IF_ERROR(Within(NormalizeEndpoint(&endpoint), "endpoint"));
  if (endpoint.connection_manager().empty()) {
    endpoint.set_connection_manager(endpoint.kind() == Endpoint::REGISTERED
                                        ? ConnectionManagerCatalog::kDefaultClient
                                        : ConnectionManagerCatalog::kDefaultTcp);
  }
  std::string password;
  TakePassword(&endpoint, &password);
  absl::MutexLock lock(&state_->mutex);
  SIPCM_RETURN_IF_ERROR(state_->endpoints.CheckFree(endpoint.name()));
  absl::StatusOr<ConnectionManager> manager = ManagerOf(endpoint, request.validate_only());
  if (!manager.ok()) return Within(manager.status(), "endpoint");
  if (epid_given && request.validate_only()) {
    SIPCM_RETURN_IF_ERROR(Within(CheckAddressFree(endpoint), "endpoint"));
  }
  SIPCM_RETURN_IF_ERROR(Within(CheckFirstHop(endpoint, *manager), "endpoint"));
  if (request.validate_only()) return Shown(endpoint);
  const dispatch::Endpoint wanted = ToEndpoint(endpoint, *manager, password);
  absl::Status applied = state_->engine->ApplyEndpoint(wanted);
  if (applied.code() == absl::StatusCode::kAlreadyExists) {
    // Said again with the other one's name, which only the catalogue knows.
    SIPCM_RETURN_IF_ERROR(Within(CheckAddressFree(endpoint), "endpoint"));
  }
  if (!applied.ok()) return Within(std::move(applied), "endpoint");
  if (!password.empty()) state_->passwords[endpoint.name()] = std::move(password);
  state_->endpoints_of[endpoint.connection_manager()].insert(endpoint.name());
  Endpoint shown = Shown(state_->endpoints.Put(std::move(endpoint), state_->options.now()));
  state_->Tell(MakeEvent(Event::ENDPOINT_ADDED, shown));
  return shown;
}

absl::StatusOr<Endpoint> EndpointCatalog::Get(const sipcm::v1::GetEndpointRequest& request) {
  SIPCM_RETURN_IF_ERROR(ParseName(request.name(), kEndpoints, "name").status());
  absl::MutexLock lock(&state_->mutex);
  SIPCM_ASSIGN_OR_RETURN(const Endpoint* endpoint, state_->endpoints.Get(request.name(), "name"));
  return Shown(*endpoint);
}

absl::StatusOr<sipcm::v1::ListEndpointsResponse> EndpointCatalog::List(
    const sipcm::v1::ListEndpointsRequest& request) {
  sipcm::v1::ListEndpointsResponse response;
  absl::MutexLock lock(&state_->mutex);
  const auto complete = [this](Endpoint* endpoint)
                            ABSL_NO_THREAD_SAFETY_ANALYSIS { *endpoint = Shown(*endpoint); };
  SIPCM_RETURN_IF_ERROR(state_->endpoints.List(request, complete, response.mutable_endpoints(),
                                               response.mutable_next_page_token()));
  return response;
}

absl::StatusOr<Endpoint> EndpointCatalog::Update(const sipcm::v1::UpdateEndpointRequest& request) {
  const Endpoint& patch = request.endpoint();
  SIPCM_RETURN_IF_ERROR(ParseName(patch.name(), kEndpoints, "endpoint.name").status());
  absl::MutexLock lock(&state_->mutex);
  SIPCM_ASSIGN_OR_RETURN(const Endpoint* stored,
                         state_->endpoints.Get(patch.name(), "endpoint.name"));
  SIPCM_RETURN_IF_ERROR(CheckEtag(stored->name(), patch.etag(), stored->etag()));
  Endpoint changed = *stored;
  SIPCM_RETURN_IF_ERROR(
      ApplyUpdateMask(request.update_mask(), patch, "endpoint", Rules(), &changed));
  if (changed.has_registration() && changed.registration().instance_id().empty()) {
    changed.mutable_registration()->set_instance_id(stored->registration().instance_id());
  }
  SIPCM_RETURN_IF_ERROR(Within(NormalizeEndpoint(&changed), "endpoint"));
  std::string password;
  const bool has_password = TakePassword(&changed, &password);
  const ConnectionManager* manager = state_->managers.Find(changed.connection_manager());
  SIPCM_RETURN_IF_ERROR(Within(CheckFirstHop(changed, *manager), "endpoint"));
  if (request.validate_only() ||
      (!has_password && google::protobuf::util::MessageDifferencer::Equals(*stored, changed))) {
    return Shown(changed);
  }
  // Without one the old one stays.
  if (!has_password) password = state_->passwords[changed.name()];
  SIPCM_RETURN_IF_ERROR(
      Within(state_->engine->ApplyEndpoint(ToEndpoint(changed, *manager, password)), "endpoint"));
  state_->passwords[changed.name()] = std::move(password);
  Endpoint shown = Shown(state_->endpoints.Put(std::move(changed), state_->options.now()));
  state_->Tell(MakeEvent(Event::ENDPOINT_CHANGED, shown));
  return shown;
}

absl::Status EndpointCatalog::Delete(const sipcm::v1::DeleteEndpointRequest& request) {
  SIPCM_RETURN_IF_ERROR(ParseName(request.name(), kEndpoints, "name").status());
  absl::MutexLock lock(&state_->mutex);
  SIPCM_ASSIGN_OR_RETURN(const Endpoint* endpoint, state_->endpoints.Get(request.name(), "name"));
  SIPCM_RETURN_IF_ERROR(CheckEtag(endpoint->name(), request.etag(), endpoint->etag()));
  Endpoint last = Shown(*endpoint);
  SIPCM_RETURN_IF_ERROR(state_->engine->RemoveEndpoint(IdOf(request.name())));
  state_->Tell(MakeEvent(Event::ENDPOINT_REMOVED, std::move(last)));
  state_->endpoints_of[endpoint->connection_manager()].erase(request.name());
  state_->endpoints.Erase(request.name());
  state_->passwords.erase(request.name());
  return absl::OkStatus();
}

absl::Status EndpointCatalog::ReadQuestion(const sipcm::v1::ExplainDispatchRequest& request,
                                           Question* question) {
  SIPCM_ASSIGN_OR_RETURN(
      question->manager_id,
      ParseName(request.connection_manager(), kConnectionManagers, "connection_manager"));
  if (!request.has_request()) {
    return MissingField("request", "with raw, or with method and request_uri");
  }
  absl::StatusOr<std::string> text = ToRequestText(request.request());
  if (!text.ok()) return Within(text.status(), "request");
  question->text = *std::move(text);
  if (!request.connection().empty()) {
    SIPCM_ASSIGN_OR_RETURN(const ParsedConnectionName name,
                           ParseConnectionName(request.connection(), "connection"));
    question->connection = name.id;
  }
  absl::MutexLock lock(&state_->mutex);
  return state_->managers.Get(request.connection_manager(), "connection_manager").status();
}

void EndpointCatalog::ExplainDispatch(const sipcm::v1::ExplainDispatchRequest& request,
                                      Done<sipcm::v1::ExplainDispatchResponse> done) {
  Question question;
  if (absl::Status read = ReadQuestion(request, &question); !read.ok()) {
    return done(std::move(read));
  }
  state_->engine->ExplainDispatch(
      question.manager_id, std::move(question.text), question.connection,
      [has_raw = !request.request().raw().empty(),
       done = std::move(done)](absl::StatusOr<engine::DispatchExplanation> explanation) mutable {
        if (explanation.ok()) return done(ToProto(*explanation));
        done(Within(OfRequest(explanation.status(), has_raw), "request"));
      });
}

absl::optional<EndpointCatalog::Facts> EndpointCatalog::Find(const std::string& endpoint_id) {
  absl::MutexLock lock(&state_->mutex);
  const Endpoint* endpoint = state_->endpoints.Find(ResourceName(kEndpoints, endpoint_id));
  if (endpoint == nullptr) return absl::nullopt;
  const ConnectionManager* manager = state_->managers.Find(endpoint->connection_manager());
  if (manager == nullptr) return absl::nullopt;
  return Facts{IdOf(manager->name()), manager->kind() == ConnectionManager::SERVER_TLS
                                          ? connection::Transport::kTls
                                          : connection::Transport::kTcp};
}

void EndpointCatalog::TellState(uint64_t round) {
  absl::MutexLock lock(&state_->mutex);
  state_->TellAll(round, ObjectClass::kEndpoint, state_->endpoints,
                  [this](const auto& stored)
                      ABSL_NO_THREAD_SAFETY_ANALYSIS { return Shown(stored); });
}

Endpoint EndpointCatalog::Shown(const Endpoint& stored) { return server::Shown(stored, state_); }

}  // namespace sipcm::server
