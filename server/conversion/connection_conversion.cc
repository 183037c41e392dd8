#include "server/conversion/connection_conversion.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "server/conversion/address_conversion.h"
#include "server/conversion/peer_conversion.h"
#include "server/conversion/pool_conversion.h"
#include "server/store/fingerprint.h"
#include "server/store/resource_name.h"
#include "server/store/resource_store.h"
#include "server/validation/field_checks.h"
#include "server/validation/refusal.h"

namespace sipcm::server {
namespace {

using sipcm::v1::Connection;

Connection::State ToProto(connection::ConnectionState state) {
  switch (state) {
    case connection::ConnectionState::kHandshaking:
      return Connection::HANDSHAKING;
    case connection::ConnectionState::kEstablished:
      return Connection::ESTABLISHED;
    case connection::ConnectionState::kDraining:
      return Connection::DRAINING;
    case connection::ConnectionState::kClosed:
      return Connection::CLOSED;
  }
  return Connection::STATE_UNSPECIFIED;
}

}  // namespace

std::string ConnectionName(const std::string& manager_id, connection::ConnectionId id) {
  return absl::StrCat(kConnectionManagers, "/", manager_id, "/", kConnections, "/", id.ToString());
}

absl::StatusOr<ParsedConnectionName> ParseConnectionName(const std::string& name,
                                                         absl::string_view field) {
  SIPCM_ASSIGN_OR_RETURN(ChildName parts, ParseChildName(name, kConnections, field));
  ParsedConnectionName parsed;
  parsed.manager_id = std::move(parts.manager_id);
  if (connection::ConnectionId::Parse(parts.id, &parsed.id)) return parsed;
  return BadField("INVALID_NAME", field,
                  absl::StrCat("\"", absl::Utf8SafeCEscape(name),
                               "\" does not end in a connection's id; list them"));
}

Connection::CloseReason ToProto(connection::CloseReason reason) {
  Connection::CloseReason proto = Connection::CLOSE_REASON_UNSPECIFIED;
  Connection::CloseReason_Parse(absl::AsciiStrToUpper(connection::CloseReasonName(reason)), &proto);
  return proto;
}

Connection ToProto(const engine::ConnectionSnapshot& connection) {
  Connection proto;
  proto.set_name(ConnectionName(connection.manager_id, connection.id));
  proto.set_direction(ToProto(connection.direction));
  proto.set_transport(ToProto(connection.transport));
  *proto.mutable_local_address() = ToProto(connection.local_address);
  *proto.mutable_remote_address() = ToProto(connection.remote_address);
  proto.set_state(ToProto(connection.state));
  *proto.mutable_peer() = ToProto(connection.remote_address, connection.peer.get());
  if (!connection.pool_id.empty()) {
    proto.set_pool(PoolName(connection.manager_id, connection.pool_id));
  }
  if (!connection.endpoint_id.empty()) {
    proto.set_endpoint(ResourceName(kEndpoints, connection.endpoint_id));
  }
  proto.set_certificate_version(connection.certificate_version);
  *proto.mutable_idle_timeout() = ToDuration(connection.idle_timeout);
  *proto.mutable_open_time() = ToTimestamp(connection.open_time);
  if (connection.last_receive_time != absl::InfinitePast()) {
    *proto.mutable_last_receive_time() = ToTimestamp(connection.last_receive_time);
  }
  if (connection.last_send_time != absl::InfinitePast()) {
    *proto.mutable_last_send_time() = ToTimestamp(connection.last_send_time);
  }
  sipcm::v1::ConnectionStatistics* statistics = proto.mutable_statistics();
  statistics->set_received_byte_count(static_cast<int64_t>(connection.counters.bytes_in));
  statistics->set_sent_byte_count(static_cast<int64_t>(connection.counters.bytes_out));
  // Messages are not counted by kind in the engine: their counts stay unset rather than guessed.
  statistics->set_outstanding_incoming_count(connection.received_count);
  statistics->set_outstanding_outgoing_count(connection.outstanding_count -
                                             connection.received_count);
  statistics->set_queued_byte_count(static_cast<int32_t>(connection.queued_byte_count));
  const engine::ThrottleMarks& marks = connection.throttling;
  if (!marks.is_off()) {
    proto.mutable_throttling()->set_high(marks.high);
    proto.mutable_throttling()->set_low(marks.low);
  }
  proto.set_throttled(connection.throttled);
  proto.set_client_throttled(connection.client_throttled);
  proto.set_etag(
      Fingerprint(absl::StrCat(proto.name(), "|", absl::ToInt64Nanoseconds(connection.idle_timeout),
                               "|", marks.high, "|", marks.low)));
  return proto;
}

}  // namespace sipcm::server
