#include "server/log/engine_event_log.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "core/base/error.h"

namespace sipcm::server {
namespace {

using engine::EngineEvent;

struct Line {
  LogLevel level;
  absl::string_view event;
};

Line LineOf(EngineEvent::Kind kind) {
  switch (kind) {
    case EngineEvent::Kind::kManagerListening:
      return {LogLevel::kInfo, "manager_listening"};
    case EngineEvent::Kind::kManagerIdle:
      return {LogLevel::kInfo, "manager_idle"};
    case EngineEvent::Kind::kManagerFailed:
      return {LogLevel::kError, "manager_failed"};
    case EngineEvent::Kind::kConnectionEstablished:
      return {LogLevel::kInfo, "connection_established"};
    case EngineEvent::Kind::kConnectionClosed:
      return {LogLevel::kInfo, "connection_closed"};
    case EngineEvent::Kind::kTlsRefused:
      return {LogLevel::kWarning, "tls_refused"};
    case EngineEvent::Kind::kAcceptFailed:
      return {LogLevel::kWarning, "accept_failed"};
    case EngineEvent::Kind::kPoolAdded:
      return {LogLevel::kInfo, "pool_added"};
    case EngineEvent::Kind::kPoolRemoved:
      return {LogLevel::kInfo, "pool_removed"};
    case EngineEvent::Kind::kMalformed:
      return {LogLevel::kWarning, "malformed_message"};
  }
  return {LogLevel::kInfo, "event"};
}

bool IsAboutConnection(EngineEvent::Kind kind) {
  switch (kind) {
    case EngineEvent::Kind::kConnectionEstablished:
    case EngineEvent::Kind::kConnectionClosed:
    case EngineEvent::Kind::kTlsRefused:
    case EngineEvent::Kind::kMalformed:
      return true;
    default:
      return false;
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
  const Line line = LineOf(event.kind);
  if (!logger_->Admit(line.level, line.event)) return;
  LogFields fields = {{"manager", event.manager_id}};
  if (IsAboutConnection(event.kind)) {
    fields.emplace_back("connection", event.connection.ToString());
    fields.emplace_back(
        "direction", event.direction == connection::Direction::kIncoming ? "incoming" : "outgoing");
    fields.emplace_back("transport",
                        event.transport == connection::Transport::kTls ? "tls" : "tcp");
    fields.emplace_back("remote", event.remote_address.ToString());
  }
  if (!event.pool_id.empty()) fields.emplace_back("pool", event.pool_id);
  if (event.kind == EngineEvent::Kind::kConnectionClosed) {
    fields.emplace_back("reason", std::string(connection::CloseReasonName(event.close_reason)));
  }
  if (event.peer != nullptr && !event.peer->subject.empty()) {
    fields.emplace_back("peer", event.peer->subject);
    if (!event.peer->matched_allowed_domain.empty()) {
      fields.emplace_back("allowed_by", event.peer->matched_allowed_domain);
    }
  }
  if (event.refused_peer != nullptr) AddRefusal(*event.refused_peer, &fields);
  if (!event.detail.ok()) {
    const std::string reason = ReasonOf(event.detail);
    if (!reason.empty()) fields.emplace_back("error", reason);
    fields.emplace_back("detail", std::string(event.detail.message()));
  }
  logger_->WriteAdmitted(line.level, line.event, fields);
}

}  // namespace sipcm::server
