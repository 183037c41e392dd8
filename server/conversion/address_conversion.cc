#include "server/conversion/address_conversion.h"

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/validation/field_checks.h"
#include "server/validation/refusal.h"

namespace sipcm::server {
namespace {

absl::StatusOr<net::IpAddress> ParseIp(const std::string& text, absl::string_view field) {
  absl::StatusOr<net::IpAddress> ip = net::IpAddress::Parse(text);
  if (ip.ok()) return ip;
  return BadField("INVALID_FIELD", field,
                  absl::StrCat("\"", absl::Utf8SafeCEscape(text),
                               "\" is not an IPv4 or IPv6 address, like \"127.0.0.1\" or \"::1\""));
}

}  // namespace

sipcm::v1::SocketAddress ToProto(const net::SocketAddress& address) {
  sipcm::v1::SocketAddress proto;
  FillAddress(address, &proto);
  return proto;
}

void FillAddress(const net::SocketAddress& address, sipcm::v1::SocketAddress* proto) {
  proto->set_host(address.ip.ToString());
  proto->set_port(address.port);
}

sipcm::v1::Transport ToProto(connection::Transport transport) {
  return transport == connection::Transport::kTls ? sipcm::v1::TLS : sipcm::v1::TCP;
}

sipcm::v1::Direction ToProto(connection::Direction direction) {
  return direction == connection::Direction::kIncoming ? sipcm::v1::INCOMING : sipcm::v1::OUTGOING;
}

sipcm::v1::Destination ToProto(const pool::Destination& destination) {
  sipcm::v1::Destination proto;
  proto.set_host(destination.host);
  const bool by_service = destination.location == pool::Destination::Location::kService;
  proto.set_port(by_service ? 0 : destination.port);
  proto.set_transport(ToProto(destination.transport));
  proto.set_tls_name(destination.tls_name);
  if (destination.local_address.has_value()) {
    proto.set_local_address(destination.local_address->ToString());
  }
  return proto;
}

absl::StatusOr<net::SocketAddress> FromProto(const sipcm::v1::SocketAddress& proto,
                                             absl::string_view field) {
  const std::string host_field = absl::StrCat(field, ".host");
  if (proto.host().empty()) {
    return MissingField(host_field, "give an IP address like \"127.0.0.1\" or \"::1\"");
  }
  net::SocketAddress address;
  SIPCM_ASSIGN_OR_RETURN(address.ip, ParseIp(proto.host(), host_field));
  SIPCM_RETURN_IF_ERROR(CheckRange(proto.port(), 0, 65535, absl::StrCat(field, ".port")));
  address.port = static_cast<uint16_t>(proto.port());
  return address;
}

absl::StatusOr<pool::Destination> FromProto(const sipcm::v1::Destination& proto,
                                            connection::Transport default_transport,
                                            absl::string_view field) {
  if (proto.host().empty()) {
    return MissingField(absl::StrCat(field, ".host"), "give a host name or an IP address");
  }
  SIPCM_RETURN_IF_ERROR(CheckRange(proto.port(), 0, 65535, absl::StrCat(field, ".port")));
  pool::Destination raw;
  raw.host = proto.host();
  raw.port = static_cast<uint16_t>(proto.port());
  raw.tls_name = proto.tls_name();
  switch (proto.transport()) {
    case sipcm::v1::TRANSPORT_UNSPECIFIED:
      raw.transport = default_transport;
      break;
    case sipcm::v1::TCP:
      raw.transport = connection::Transport::kTcp;
      break;
    case sipcm::v1::TLS:
      raw.transport = connection::Transport::kTls;
      break;
    default:
      return BadField("INVALID_FIELD", absl::StrCat(field, ".transport"),
                      absl::StrCat(static_cast<int>(proto.transport()), " is not TCP or TLS"));
  }
  if (!raw.tls_name.empty() && raw.transport != connection::Transport::kTls) {
    return BadField("CONFLICTING_FIELDS", absl::StrCat(field, ".tls_name"),
                    "needs transport TLS; leave it out, or set transport to TLS");
  }
  if (!proto.local_address().empty()) {
    SIPCM_ASSIGN_OR_RETURN(raw.local_address,
                           ParseIp(proto.local_address(), absl::StrCat(field, ".local_address")));
  }
  absl::StatusOr<pool::Destination> destination = pool::Destination::Normalized(std::move(raw));
  if (!destination.ok()) return WithFieldPrefix(destination.status(), field);
  return destination;
}

}  // namespace sipcm::server
