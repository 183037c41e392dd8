#include "server/catalog/connection_catalog.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/catalog/snapshot_list.h"
#include "server/conversion/connection_conversion.h"
#include "server/conversion/limits_conversion.h"
#include "server/store/resource_name.h"
#include "server/store/update_mask.h"
#include "server/validation/field_checks.h"
#include "server/validation/refusal.h"

namespace sipcm::server {

using connection::ConnectionId;
using engine::ConnectionSnapshot;
using sipcm::v1::Connection;

namespace {

constexpr absl::Duration kDefaultDrainTimeout = absl::Seconds(30);

const FieldRules& Rules() {
  static const FieldRules* const rules = new FieldRules{
      {"state", "peer", "statistics", "last_receive_time", "last_send_time", "throttled",
       "client_throttled", "close_reason", "close_explanation", "certificate_version", "open_time",
       "direction", "transport", "local_address", "remote_address", "pool", "endpoint"},
      {}};
  return *rules;
}

absl::Status NoSuchConnection(const std::string& name) {
  return WithField(
      MakeError(absl::StatusCode::kNotFound, "RESOURCE_NOT_FOUND",
                absl::StrCat("there is no connection \"", name, "\"; it is closed, or never was")),
      "name");
}

absl::StatusOr<sipcm::v1::ListConnectionsResponse> MakePage(
    const sipcm::v1::ListConnectionsRequest& request,
    const std::vector<ConnectionSnapshot>& snapshots) {
  sipcm::v1::ListConnectionsResponse response;
  SIPCM_ASSIGN_OR_RETURN(*response.mutable_next_page_token(),
                         FillPage(
                             kConnections, request, snapshots,
                             [](const ConnectionSnapshot& snapshot) {
                               return ConnectionName(snapshot.manager_id, snapshot.id);
                             },
                             [](const ConnectionSnapshot& snapshot) { return ToProto(snapshot); },
                             response.mutable_connections()));
  return response;
}

}  // namespace

engine::Engine::Callback<ConnectionSnapshot> ConnectionCatalog::Answer(std::string name,
                                                                       Done<Connection> done) {
  return [this, name = std::move(name),
          done = std::move(done)](absl::StatusOr<ConnectionSnapshot> connection) mutable {
    state_->thread.Post([name = std::move(name), done = std::move(done),
                         connection = std::move(connection)]() mutable {
      if (connection.ok()) return done(ToProto(*connection));
      const bool gone = connection.status().code() == absl::StatusCode::kNotFound;
      done(gone ? NoSuchConnection(name) : connection.status());
    });
  };
}

void ConnectionCatalog::Ask(const std::string& name, absl::string_view field,
                            Done<ConnectionSnapshot> done) {
  absl::StatusOr<ParsedConnectionName> target = ParseConnectionName(name, field);
  if (!target.ok()) return done(target.status());
  state_->engine->GetConnection(
      target->id, [this, name, manager_id = target->manager_id,
                   done = std::move(done)](absl::StatusOr<ConnectionSnapshot> connection) mutable {
        state_->thread.Post([name, manager_id = std::move(manager_id), done = std::move(done),
                             connection = std::move(connection)]() mutable {
          const bool here = connection.ok() && connection->manager_id == manager_id;
          const bool gone =
              connection.ok() || connection.status().code() == absl::StatusCode::kNotFound;
          if (here) return done(*std::move(connection));
          done(gone ? NoSuchConnection(name) : connection.status());
        });
      });
}

void ConnectionCatalog::Get(const sipcm::v1::GetConnectionRequest& request, Done<Connection> done) {
  Ask(request.name(), "name",
      [done = std::move(done)](absl::StatusOr<ConnectionSnapshot> connection) mutable {
        if (!connection.ok()) return done(connection.status());
        done(ToProto(*connection));
      });
}

void ConnectionCatalog::List(const sipcm::v1::ListConnectionsRequest& request,
                             Done<sipcm::v1::ListConnectionsResponse> done) {
  ListSnapshots(state_, request, &engine::Engine::ListConnections, MakePage, std::move(done));
}

void ConnectionCatalog::Update(const sipcm::v1::UpdateConnectionRequest& request,
                               Done<Connection> done) {
  const Connection& patch = request.connection();
  std::vector<std::string> fields;
  absl::Status checked = WrittenFields(request.update_mask(), patch, Rules(), &fields);
  absl::optional<engine::ThrottleMarks> marks;  // nothing: the manager's
  bool set_marks = false;
  bool set_idle = false;
  absl::StatusOr<absl::Duration> idle = absl::ZeroDuration();
  for (const std::string& field : fields) {
    if (field == "idle_timeout") {
      set_idle = true;
      idle = CheckDuration(patch.idle_timeout(), absl::ZeroDuration(), absl::Hours(24 * 365),
                           ZeroMeaning::kNever, "connection.idle_timeout");
      if (checked.ok()) checked = idle.status();
    } else if (field == "throttling" && checked.ok()) {
      set_marks = true;
      if (!patch.has_throttling()) continue;
      sipcm::v1::ThrottleMarks given = patch.throttling();
      checked = NormalizeMarks("connection.throttling", &given);
      marks = ToMarks(given);
    }
  }
  if (!checked.ok()) return done(checked);
  Ask(patch.name(), "connection.name",
      [this, request, set_idle, idle = *idle, set_marks, marks,
       done = std::move(done)](absl::StatusOr<ConnectionSnapshot> found) mutable {
        if (!found.ok()) return done(found.status());
        const std::string& name = request.connection().name();
        const absl::Status etag =
            CheckEtag(name, request.connection().etag(), ToProto(*found).etag());
        if (!etag.ok()) return done(etag);
        if (request.validate_only() || (!set_idle && !set_marks)) {
          if (set_idle) found->idle_timeout = idle;
          if (set_marks) found->throttling = marks.value_or(MarksOf(found->manager_id));
          return done(ToProto(*found));
        }
        // Each is done in the order it was asked for, so that the last tells of both.
        Done<ConnectionSnapshot> answer = Answer(name, std::move(done));
        if (!set_marks) {
          return state_->engine->SetConnectionIdleTimeout(found->id, idle, std::move(answer));
        }
        if (set_idle) state_->engine->SetConnectionIdleTimeout(found->id, idle, [](auto) {});
        state_->engine->SetConnectionThrottling(found->id, marks, std::move(answer));
      });
}

engine::ThrottleMarks ConnectionCatalog::MarksOf(const std::string& manager_id) const {
  absl::MutexLock lock(&state_->mutex);
  const sipcm::v1::ConnectionManager* const manager =
      state_->managers.Find(ResourceName(kConnectionManagers, manager_id));
  return manager == nullptr ? engine::ThrottleMarks() : ToMarks(manager->connection_throttling());
}

void ConnectionCatalog::Close(const sipcm::v1::CloseConnectionRequest& request,
                              Done<Connection> done) {
  using Request = sipcm::v1::CloseConnectionRequest;
  absl::Status checked = CheckEnum(request.mode(), Request::Mode_descriptor(), "mode");
  if (!checked.ok()) return done(checked);
  absl::optional<absl::Duration> drain_timeout;
  if (request.mode() == Request::WHEN_IDLE) drain_timeout = kDefaultDrainTimeout;
  if (request.has_drain_timeout()) {
    const absl::StatusOr<absl::Duration> given =
        CheckDuration(request.drain_timeout(), absl::ZeroDuration(), absl::Hours(1),
                      ZeroMeaning::kNoException, "drain_timeout");
    if (!given.ok()) return done(given.status());
    if (drain_timeout.has_value()) drain_timeout = *given;
  }
  Ask(request.name(), "name",
      [this, request, drain_timeout,
       done = std::move(done)](absl::StatusOr<ConnectionSnapshot> found) mutable {
        if (!found.ok()) return done(found.status());
        const absl::Status etag = CheckEtag(request.name(), request.etag(), ToProto(*found).etag());
        if (!etag.ok()) return done(etag);
        state_->engine->CloseConnection(found->id, drain_timeout,
                                        Answer(request.name(), std::move(done)));
      });
}

}  // namespace sipcm::server
