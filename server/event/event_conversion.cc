#include "server/event/event_conversion.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/conversion/address_conversion.h"
#include "server/conversion/connection_conversion.h"
#include "server/conversion/peer_conversion.h"
#include "server/conversion/pool_conversion.h"
#include "server/store/resource_name.h"
#include "server/store/resource_store.h"

namespace sipcm::server {

using engine::EngineEvent;
using engine::ThrottlingChange;
using sipcm::v1::Event;

namespace {

// event.proto: at most so many names of each kind.
constexpr size_t kMaxNames = 20;

Event::Kind KindOf(EngineEvent::Kind kind) {
  switch (kind) {
    case EngineEvent::Kind::kManagerListening:
    case EngineEvent::Kind::kManagerStopping:
    case EngineEvent::Kind::kManagerIdle:
    case EngineEvent::Kind::kManagerFailed:
      return Event::CONNECTION_MANAGER_STATE;
    case EngineEvent::Kind::kPoolAdded:
      return Event::POOL_ADDED;
    case EngineEvent::Kind::kPoolChanged:
      return Event::POOL_CHANGED;
    case EngineEvent::Kind::kPoolRemoved:
      return Event::POOL_REMOVED;
    case EngineEvent::Kind::kTargetHealth:
      return Event::TARGET_HEALTH;
    case EngineEvent::Kind::kConnectionOpened:
      return Event::CONNECTION_OPENED;
    case EngineEvent::Kind::kConnectionAuthorized:
      return Event::CONNECTION_AUTHORIZED;
    case EngineEvent::Kind::kConnectionEstablished:
      return Event::CONNECTION_ESTABLISHED;
    case EngineEvent::Kind::kTlsRefused:
      return Event::PEER_REFUSED;
    case EngineEvent::Kind::kConnectionClosed:
      return Event::CONNECTION_CLOSED;
    case EngineEvent::Kind::kConnectFailed:
      return Event::CONNECTION_FAILED;
    case EngineEvent::Kind::kEndpointState:
      return Event::ENDPOINT_STATE;
    case EngineEvent::Kind::kThrottlingStarted:
      return Event::THROTTLING_STARTED;
    case EngineEvent::Kind::kThrottlingEnded:
      return Event::THROTTLING_ENDED;
    case EngineEvent::Kind::kAcceptFailed:
    case EngineEvent::Kind::kMalformed:
    case EngineEvent::Kind::kWorkerState:
      break;
  }
  return Event::KIND_UNSPECIFIED;
}

std::string AddressesText(const engine::ManagerStatus& status) {
  return absl::StrJoin(status.bound_addresses, ", ",
                       [](std::string* out, const net::SocketAddress& address) {
                         absl::StrAppend(out, address.ToString());
                       });
}

std::string RegistrationText(const registration::RegistrationStatus& status) {
  return absl::StrCat("the registration is ", registration::RegistrationStateName(status.state),
                      status.reason.empty() ? "" : ": ", status.reason);
}

std::string ExplanationOf(const EngineEvent& event) {
  switch (event.kind) {
    case EngineEvent::Kind::kManagerListening:
      return absl::StrCat("listens on ", AddressesText(*event.manager));
    case EngineEvent::Kind::kManagerStopping:
      return "stops listening; its connections stay";
    case EngineEvent::Kind::kManagerIdle:
      return "does not listen any more";
    case EngineEvent::Kind::kManagerFailed:
      return absl::StrCat("does not listen: ", event.detail.message());
    case EngineEvent::Kind::kPoolAdded:
      return "the first request to its destination came";
    case EngineEvent::Kind::kPoolChanged:
      return "the pool's settings changed";
    case EngineEvent::Kind::kPoolRemoved:
      return "its last connection is gone";
    case EngineEvent::Kind::kConnectionOpened:
      return event.connection->direction == connection::Direction::kIncoming ? "accepted"
                                                                             : "connected";
    case EngineEvent::Kind::kConnectionAuthorized:
      return absl::StrCat("the peer's certificate passed: ", event.connection->peer->subject);
    case EngineEvent::Kind::kConnectionEstablished:
      return "SIP messages may flow";
    case EngineEvent::Kind::kConnectionClosed:
      return absl::StrCat("closed: ", connection::CloseReasonName(event.close_reason));
    case EngineEvent::Kind::kConnectFailed:
      return absl::StrCat("an attempt to connect failed: ",
                          connection::CloseReasonName(event.close_reason));
    case EngineEvent::Kind::kTlsRefused:
      return event.refused_peer->verdict.explanation;
    case EngineEvent::Kind::kEndpointState:
      return RegistrationText(event.endpoint->registration);
    case EngineEvent::Kind::kThrottlingStarted:
      return absl::StrCat(event.throttling->outstanding_count,
                          " outstanding: above the high mark of ", event.throttling->high);
    case EngineEvent::Kind::kThrottlingEnded:
      return absl::StrCat(event.throttling->outstanding_count,
                          " outstanding: below the low mark of ", event.throttling->low);
    default:
      return "";
  }
}

sipcm::v1::Connection ConnectionOf(const EngineEvent& event) {
  sipcm::v1::Connection connection = ToProto(*event.connection);
  if (event.kind != EngineEvent::Kind::kConnectionClosed) return connection;
  connection.set_state(sipcm::v1::Connection::CLOSED);
  connection.set_close_reason(ToProto(event.close_reason));
  connection.set_close_explanation(std::string(event.detail.message()));
  return connection;
}

// It never was one: no name, no times, no counters.
sipcm::v1::Connection FailedAttemptOf(const EngineEvent& event) {
  const engine::ConnectionSnapshot& attempt = *event.connection;
  sipcm::v1::Connection connection;
  connection.set_direction(server::ToProto(attempt.direction));
  connection.set_transport(server::ToProto(attempt.transport));
  if (attempt.remote_address.port != 0) {
    *connection.mutable_remote_address() = server::ToProto(attempt.remote_address);
  }
  connection.set_state(sipcm::v1::Connection::CLOSED);
  if (attempt.endpoint_id.empty()) {
    connection.set_pool(PoolName(attempt.manager_id, attempt.pool_id));
  } else {
    connection.set_endpoint(ResourceName(kEndpoints, attempt.endpoint_id));
  }
  connection.set_close_reason(ToProto(event.close_reason));
  connection.set_close_explanation(std::string(event.detail.message()));
  return connection;
}

sipcm::v1::PresentedCertificate ToProto(const tls::Certificate& certificate) {
  sipcm::v1::PresentedCertificate proto;
  proto.set_subject(certificate.subject);
  proto.set_issuer(certificate.issuer);
  proto.set_fingerprint(certificate.fingerprint_sha256);
  const auto& dns = certificate.dns_names;
  const auto& uris = certificate.uri_names;
  proto.mutable_dns_names()->Add(dns.begin(), dns.begin() + std::min(dns.size(), kMaxNames));
  proto.mutable_uri_names()->Add(uris.begin(), uris.begin() + std::min(uris.size(), kMaxNames));
  *proto.mutable_not_before_time() = ToTimestamp(certificate.not_before);
  *proto.mutable_not_after_time() = ToTimestamp(certificate.not_after);
  return proto;
}

sipcm::v1::PeerRefused ToProto(const engine::ConnectionSnapshot& connection,
                               const tls::RefusedPeer& refused) {
  sipcm::v1::PeerRefused proto;
  proto.set_direction(server::ToProto(connection.direction));
  *proto.mutable_remote_address() = server::ToProto(connection.remote_address);
  *proto.mutable_local_address() = server::ToProto(connection.local_address);
  proto.set_server_name(refused.server_name);
  *proto.mutable_verdict() = server::ToProto(refused.verdict);
  for (const tls::Certificate& certificate : refused.chain) {
    *proto.add_chain() = ToProto(certificate);
  }
  return proto;
}

sipcm::v1::Throttling ToProto(const ThrottlingChange& change) {
  using sipcm::v1::Throttling;
  Throttling proto;
  switch (change.mechanism) {
    case ThrottlingChange::Mechanism::kConnection:
      proto.set_mechanism(Throttling::CONNECTION);
      break;
    case ThrottlingChange::Mechanism::kManager:
      proto.set_mechanism(Throttling::CONNECTION_MANAGER);
      break;
    case ThrottlingChange::Mechanism::kClientConnection:
      proto.set_mechanism(Throttling::CLIENT_CONNECTION);
      break;
    case ThrottlingChange::Mechanism::kEndpoint:
      proto.set_mechanism(Throttling::ENDPOINT);
      break;
  }
  proto.set_outstanding_count(change.outstanding_count);
  proto.mutable_marks()->set_high(change.high);
  proto.mutable_marks()->set_low(change.low);
  return proto;
}

std::string NameOf(const EngineEvent& event) {
  if (!event.endpoint_id.empty()) return ResourceName(kEndpoints, event.endpoint_id);
  if (event.throttling != nullptr && !event.throttling->endpoint_id.empty()) {
    return ResourceName(kEndpoints, event.throttling->endpoint_id);
  }
  if (event.connection != nullptr) return ConnectionName(event.manager_id, event.connection->id);
  if (event.pool != nullptr) return PoolName(event.manager_id, event.pool->destination.PoolId());
  return ResourceName(kConnectionManagers, event.manager_id);
}

}  // namespace

bool IsKept(const EngineEvent& event) {
  return event.manager != nullptr || event.endpoint != nullptr;
}

bool IsTold(EngineEvent::Kind kind) { return KindOf(kind) != Event::KIND_UNSPECIFIED; }

Event ToProto(const EngineEvent& event) {
  Event proto;
  proto.set_kind(KindOf(event.kind));
  proto.set_name(NameOf(event));
  std::string explanation = ExplanationOf(event);
  if (explanation.empty()) explanation = std::string(event.detail.message());
  proto.set_explanation(std::move(explanation));
  if (event.refused_peer != nullptr) {
    *proto.mutable_peer_refused() = ToProto(*event.connection, *event.refused_peer);
  } else if (event.throttling != nullptr) {
    *proto.mutable_throttling() = ToProto(*event.throttling);
  } else if (event.kind == EngineEvent::Kind::kConnectFailed) {
    *proto.mutable_connection() = FailedAttemptOf(event);
    proto.set_name(proto.connection().endpoint().empty() ? proto.connection().pool()
                                                         : proto.connection().endpoint());
  } else if (event.connection != nullptr) {
    *proto.mutable_connection() = ConnectionOf(event);
  } else if (event.pool != nullptr) {
    *proto.mutable_connection_pool() = server::ToProto(*event.pool);
  }
  return proto;
}

Event ToExisting(const engine::ConnectionSnapshot& connection) {
  Event proto;
  proto.set_kind(Event::EXISTING);
  proto.set_name(ConnectionName(connection.manager_id, connection.id));
  *proto.mutable_connection() = server::ToProto(connection);
  return proto;
}

Event ToExisting(const engine::PoolSnapshot& pool) {
  Event proto;
  proto.set_kind(Event::EXISTING);
  proto.set_name(PoolName(pool.manager_id, pool.destination.PoolId()));
  *proto.mutable_connection_pool() = server::ToProto(pool);
  return proto;
}

}  // namespace sipcm::server
