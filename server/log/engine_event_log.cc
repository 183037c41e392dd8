#include "server/log/engine_event_log.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "core/base/error.h"

namespace sipcm::server {
namespace {

using engine::EngineEvent;

struct Line {
  LogLevel level;
  absl::string_view event;
};

// Nullopt: not for the log.
absl::optional<Line> LineOf(EngineEvent::Kind kind) {
  switch (kind) {
    case EngineEvent::Kind::kManagerListening:
      return Line{LogLevel::kInfo, "manager_listening"};
    case EngineEvent::Kind::kManagerStopping:
      return Line{LogLevel::kInfo, "manager_stopping"};
    case EngineEvent::Kind::kManagerIdle:
      return Line{LogLevel::kInfo, "manager_idle"};
    case EngineEvent::Kind::kManagerFailed:
      return Line{LogLevel::kError, "manager_failed"};
    case EngineEvent::Kind::kAcceptFailed:
      return Line{LogLevel::kWarning, "accept_failed"};
    case EngineEvent::Kind::kPoolAdded:
      return Line{LogLevel::kInfo, "pool_added"};
    case EngineEvent::Kind::kPoolRemoved:
      return Line{LogLevel::kInfo, "pool_removed"};
    case EngineEvent::Kind::kTargetHealth:
      return Line{LogLevel::kWarning, "target_health"};
    case EngineEvent::Kind::kConnectionEstablished:
      return Line{LogLevel::kInfo, "connection_established"};
    case EngineEvent::Kind::kConnectionClosed:
      return Line{LogLevel::kInfo, "connection_closed"};
    case EngineEvent::Kind::kConnectFailed:
      return Line{LogLevel::kWarning, "connect_failed"};
    case EngineEvent::Kind::kTlsRefused:
      return Line{LogLevel::kWarning, "tls_refused"};
    case EngineEvent::Kind::kMalformed:
      return Line{LogLevel::kWarning, "malformed_message"};
    case EngineEvent::Kind::kEndpointState:
      return Line{LogLevel::kInfo, "endpoint_state"};
    case EngineEvent::Kind::kThrottlingStarted:
      return Line{LogLevel::kWarning, "throttling_started"};
    case EngineEvent::Kind::kThrottlingEnded:
      return Line{LogLevel::kInfo, "throttling_ended"};
    case EngineEvent::Kind::kPoolChanged:
    case EngineEvent::Kind::kConnectionOpened:
    case EngineEvent::Kind::kConnectionAuthorized:
    case EngineEvent::Kind::kWorkerState:
      break;
  }
  return absl::nullopt;
}

void AddConnection(const EngineEvent& event, LogFields* fields) {
  const engine::ConnectionSnapshot& connection = *event.connection;
  const bool incoming = connection.direction == connection::Direction::kIncoming;
  const bool tls = connection.transport == connection::Transport::kTls;
  const bool is_failed_attempt = event.kind == EngineEvent::Kind::kConnectFailed;
  if (!is_failed_attempt) fields->emplace_back("connection", connection.id.ToString());
  fields->emplace_back("direction", incoming ? "incoming" : "outgoing");
  fields->emplace_back("transport", tls ? "tls" : "tcp");
  if (connection.remote_address.port != 0) {
    fields->emplace_back("remote", connection.remote_address.ToString());
  }
  if (!connection.pool_id.empty()) fields->emplace_back("pool", connection.pool_id);
  if (event.kind == EngineEvent::Kind::kConnectionClosed || is_failed_attempt) {
    fields->emplace_back("reason", std::string(connection::CloseReasonName(event.close_reason)));
  }
  if (connection.peer != nullptr && !connection.peer->subject.empty()) {
    fields->emplace_back("peer", connection.peer->subject);
    if (!connection.peer->matched_allowed_domain.empty()) {
      fields->emplace_back("allowed_by", connection.peer->matched_allowed_domain);
    }
  }
}

void AddRefusal(const tls::RefusedPeer& refused, LogFields* fields) {
  if (!refused.server_name.empty()) fields->emplace_back("server_name", refused.server_name);
  fields->emplace_back("rule", std::string(tls::NameOfRefusal(refused.verdict.refusal)));
  fields->emplace_back("alert", std::string(tls::AlertOfRefusal(refused.verdict.refusal)));
  if (refused.chain.empty()) return;
  fields->emplace_back("peer", refused.chain.front().subject);
  fields->emplace_back("names", absl::StrJoin(refused.verdict.names_tested, ","));
  fields->emplace_back("certificates", absl::StrCat(refused.chain.size()));
}

}  // namespace

void EngineEventLog::OnEvent(const EngineEvent& event) {
  const absl::optional<Line> line = LineOf(event.kind);
  if (!line.has_value() || !logger_->Admit(line->level, line->event)) return;
  LogFields fields = {{"manager", event.manager_id}};
  if (event.connection != nullptr) AddConnection(event, &fields);
  if (event.pool != nullptr) fields.emplace_back("pool", event.pool->destination.PoolId());
  if (event.endpoint != nullptr) {
    const registration::RegistrationStatus& status = event.endpoint->registration;
    fields.emplace_back("endpoint", event.endpoint_id);
    fields.emplace_back("registration",
                        std::string(registration::RegistrationStateName(status.state)));
    if (!status.reason.empty()) fields.emplace_back("detail", status.reason);
  }
  if (event.throttling != nullptr) {
    fields.emplace_back("mechanism", engine::NameOf(event.throttling->mechanism));
    fields.emplace_back("outstanding", absl::StrCat(event.throttling->outstanding_count));
    if (!event.throttling->endpoint_id.empty()) {
      fields.emplace_back("endpoint", event.throttling->endpoint_id);
    }
  }
  if (event.refused_peer != nullptr) AddRefusal(*event.refused_peer, &fields);
  if (!event.detail.ok()) {
    const std::string reason = ReasonOf(event.detail);
    if (!reason.empty()) fields.emplace_back("error", reason);
    fields.emplace_back("detail", std::string(event.detail.message()));
  }
  logger_->WriteAdmitted(line->level, line->event, fields);
}

}  // namespace sipcm::server
