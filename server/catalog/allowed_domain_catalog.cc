// The methods of ConnectionManagerCatalog that are about who may connect.

#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/catalog/connection_manager_catalog.h"
#include "server/conversion/managers/manager_defaults.h"
#include "server/conversion/peer_conversion.h"
#include "server/store/resource_name.h"
#include "server/validation/field_checks.h"
#include "server/validation/refusal.h"

namespace sipcm::server {

using sipcm::v1::ConnectionManager;

absl::StatusOr<sipcm::v1::AddAllowedDomainResponse> ConnectionManagerCatalog::AddAllowedDomain(
    const sipcm::v1::AddAllowedDomainRequest& request) {
  SIPCM_RETURN_IF_ERROR(ParseName(request.name(), kConnectionManagers, "name").status());
  sipcm::v1::AllowedDomain domain = request.domain();
  SIPCM_RETURN_IF_ERROR(Within(NormalizeAllowedDomain(&domain), "domain"));
  if (domain.has_expire_time()) {
    SIPCM_RETURN_IF_ERROR(CheckLater(FromTimestamp(domain.expire_time()), state_->options.now(),
                                     "give a later time, or leave it out for an entry that stays",
                                     "domain.expire_time"));
  }
  sipcm::v1::AddAllowedDomainResponse response;
  absl::MutexLock lock(&state_->mutex);
  SIPCM_ASSIGN_OR_RETURN(const ConnectionManager* stored,
                         state_->managers.Get(request.name(), "name"));
  SIPCM_RETURN_IF_ERROR(CheckEtag(stored->name(), request.etag(), stored->etag()));
  ConnectionManager changed = *stored;
  changed.clear_allowed_domains();
  for (const sipcm::v1::AllowedDomain& entry : stored->allowed_domains()) {
    if (entry.pattern() != domain.pattern()) {
      *changed.add_allowed_domains() = entry;
      continue;
    }
    const bool expired =
        entry.has_expire_time() && FromTimestamp(entry.expire_time()) <= state_->options.now();
    if (!expired) {
      *response.mutable_connection_manager() = Shown(*stored);
      return response;
    }
    // The new entry takes the place of one that has ended.
  }
  *changed.add_allowed_domains() = std::move(domain);
  SIPCM_ASSIGN_OR_RETURN(*response.mutable_connection_manager(),
                         Replace(std::move(changed), /*validate_only=*/false));
  response.set_added(true);
  return response;
}

absl::StatusOr<bool> ConnectionManagerCatalog::TakeOut(
    const sipcm::v1::RemoveAllowedDomainRequest& request, std::string* pattern,
    ConnectionManager* shown) {
  SIPCM_RETURN_IF_ERROR(ParseName(request.name(), kConnectionManagers, "name").status());
  sipcm::v1::AllowedDomain wanted;
  wanted.set_pattern(request.pattern());
  SIPCM_RETURN_IF_ERROR(NormalizeAllowedDomain(&wanted));
  *pattern = wanted.pattern();
  absl::MutexLock lock(&state_->mutex);
  SIPCM_ASSIGN_OR_RETURN(const ConnectionManager* stored,
                         state_->managers.Get(request.name(), "name"));
  SIPCM_RETURN_IF_ERROR(CheckEtag(stored->name(), request.etag(), stored->etag()));
  ConnectionManager changed = *stored;
  changed.clear_allowed_domains();
  for (const sipcm::v1::AllowedDomain& entry : stored->allowed_domains()) {
    if (entry.pattern() != *pattern) *changed.add_allowed_domains() = entry;
  }
  if (changed.allowed_domains_size() == stored->allowed_domains_size()) {
    *shown = Shown(*stored);
    return false;
  }
  if (changed.allowed_domains_size() == 0 && !changed.allow_any_domain()) {
    return WithField(
        MakeError(
            absl::StatusCode::kFailedPrecondition, "ALLOWED_DOMAINS_WOULD_BE_EMPTY",
            absl::StrCat("pattern: \"", *pattern, "\" is the last entry of \"", request.name(),
                         "\"; an empty list would let in everyone with a valid certificate. "
                         "Add another entry first, or set allow_any_domain")),
        "pattern");
  }
  SIPCM_ASSIGN_OR_RETURN(*shown, Replace(std::move(changed), /*validate_only=*/false));
  return true;
}

std::vector<tls::AllowedDomain> ConnectionManagerCatalog::EntriesTakenOut(
    const ConnectionManager& before, const ConnectionManager& after) {
  absl::flat_hash_set<absl::string_view> kept;
  for (const sipcm::v1::AllowedDomain& entry : after.allowed_domains()) {
    // An AUTO entry covers its host by itself: whoever it lets in stays.
    if (entry.origin() != sipcm::v1::AllowedDomain::AUTO) kept.insert(entry.pattern());
  }
  std::vector<tls::AllowedDomain> taken_out;
  for (const sipcm::v1::AllowedDomain& entry : before.allowed_domains()) {
    if (kept.contains(entry.pattern())) continue;
    absl::StatusOr<tls::AllowedDomainPattern> pattern =
        tls::AllowedDomainPattern::Parse(entry.pattern());
    if (pattern.ok())
      taken_out.push_back({.pattern = *std::move(pattern), .trust_bundle = nullptr});
  }
  return taken_out;
}

void ConnectionManagerCatalog::RemoveAllowedDomain(
    const sipcm::v1::RemoveAllowedDomainRequest& request,
    Done<sipcm::v1::RemoveAllowedDomainResponse> done) {
  std::string pattern;
  sipcm::v1::RemoveAllowedDomainResponse response;
  const absl::StatusOr<bool> removed =
      TakeOut(request, &pattern, response.mutable_connection_manager());
  if (!removed.ok()) return done(removed.status());
  response.set_removed(*removed);
  if (!*removed || !request.close_connections()) return done(std::move(response));
  tls::AllowedDomain entry{.pattern = *tls::AllowedDomainPattern::Parse(pattern),
                           .trust_bundle = nullptr};
  std::vector<tls::AllowedDomain> taken_out;
  taken_out.push_back(std::move(entry));
  state_->engine->CloseConnectionsOf(
      request.name().substr(request.name().find('/') + 1), std::move(taken_out),
      [this, response = std::move(response),
       done = std::move(done)](absl::StatusOr<int> count) mutable {
        state_->thread.Post(
            [response = std::move(response), done = std::move(done), count]() mutable {
              if (!count.ok()) return done(count.status());
              response.set_closed_connection_count(*count);
              done(std::move(response));
            });
      });
}

absl::StatusOr<sipcm::v1::CheckPeerResponse> ConnectionManagerCatalog::CheckPeer(
    const sipcm::v1::CheckPeerRequest& request) {
  SIPCM_ASSIGN_OR_RETURN(const std::string id,
                         ParseName(request.name(), kConnectionManagers, "name"));
  if (request.certificate_pem().empty()) {
    return MissingField("certificate_pem", "what the peer would present, in PEM, the leaf first");
  }
  SIPCM_RETURN_IF_ERROR(
      CheckEnum(request.direction(), sipcm::v1::Direction_descriptor(), "direction"));
  const bool outgoing = request.direction() == sipcm::v1::OUTGOING;
  if (outgoing && request.host().empty()) {
    return MissingField("host", "with OUTGOING: the host that would be asked for");
  }
  bool has_anchors = false;
  {
    absl::MutexLock lock(&state_->mutex);
    SIPCM_ASSIGN_OR_RETURN(const ConnectionManager* manager,
                           state_->managers.Get(request.name(), "name"));
    SIPCM_ASSIGN_OR_RETURN(const engine::ManagerConfig config, state_->ConfigOf(*manager));
    has_anchors = config.trust_bundle != nullptr;
  }
  absl::optional<absl::Time> at;
  if (request.has_at_time()) at = FromTimestamp(request.at_time());
  absl::StatusOr<tls::PeerVerdict> verdict = state_->engine->CheckPeer(
      id, request.certificate_pem(),
      outgoing ? tls::PeerRole::kOutgoingServer : tls::PeerRole::kIncomingClient, request.host(),
      at);
  if (!verdict.ok()) {
    const bool callers = verdict.status().code() == absl::StatusCode::kInvalidArgument;
    return callers ? WithField(verdict.status(), "certificate_pem") : verdict.status();
  }
  if (!verdict->allowed() && !has_anchors) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "TRUST_BUNDLE_MISSING",
                     absl::StrCat("\"", request.name(),
                                  "\" has no trust_bundle to judge with; update it with one"));
  }
  sipcm::v1::CheckPeerResponse response;
  *response.mutable_verdict() = ToProto(*verdict);
  return response;
}

}  // namespace sipcm::server
