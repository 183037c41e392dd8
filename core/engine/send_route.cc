#include "core/engine/send_route.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/sip/framer.h"
#include "core/sip/header_id.h"
#include "core/sip/name_address.h"
#include "core/sip/parameters.h"
#include "core/sip/parser.h"
#include "core/sip/uri.h"

namespace sipcm::engine {
namespace {

using connection::Transport;

absl::StatusOr<pool::Destination> DestinationOf(absl::string_view text, absl::string_view field,
                                                const ManagerConfig& config) {
  const sip::UriView uri = sip::ParseUri(text);
  if (!uri.ok()) {
    return InvalidField(field, absl::StrCat("\"", text, "\" is not a URI: ", uri.fault));
  }
  if (!uri.is_sip()) {
    return InvalidField(field, absl::StrCat("\"", text,
                                            "\" is not a SIP URI, so it says no host to send to; "
                                            "give a destination"));
  }
  pool::Destination destination;
  destination.host = std::string(uri.host);
  destination.port = uri.port;
  destination.transport = config.kind == ManagerKind::kServerTls || uri.scheme == sip::UriScheme::kSips
                              ? Transport::kTls
                              : Transport::kTcp;
  sip::Parameter transport;
  if (uri.FindParameter("transport", &transport)) {
    if (absl::EqualsIgnoreCase(transport.value, "tls")) {
      destination.transport = Transport::kTls;
    } else if (!absl::EqualsIgnoreCase(transport.value, "tcp")) {
      return InvalidField(field, absl::StrCat("transport=", transport.value,
                                              " is not served; use tcp or tls"));
    }
  }
  return pool::Destination::Normalized(std::move(destination));
}

// The first Route of parts or of raw bytes; empty: none.
std::string FirstRoute(const SendOrder& order) {
  std::string value;
  if (!order.message.raw.empty()) {
    sip::MessageView view;
    const size_t header_end = order.message.raw.find("\r\n\r\n");
    if (header_end == std::string::npos) return value;
    sip::Parse(order.message.raw, header_end + 4, view);
    value = std::string(view.FirstValue(sip::HeaderId::kRoute));
  } else {
    for (const auto& [name, text] : order.message.headers) {
      if (sip::LookupHeader(name) == sip::HeaderId::kRoute) {
        value = text;
        break;
      }
    }
  }
  sip::ListIterator list(value);
  absl::string_view element;
  sip::NameAddress address;
  if (!list.Next(&element) || !sip::ParseNameAddress(element, &address).empty()) return "";
  return std::string(address.uri);
}

absl::string_view RequestUri(const SendOrder& order, sip::MessageView* raw) {
  if (order.message.raw.empty()) return order.request_uri;
  const size_t header_end = order.message.raw.find("\r\n\r\n");
  if (header_end == std::string::npos) return "";
  sip::Parse(order.message.raw, header_end + 4, *raw);
  return raw->request_uri();
}

}  // namespace

absl::StatusOr<pool::Destination> RouteOf(const SendOrder& order, const ManagerConfig& config) {
  absl::StatusOr<pool::Destination> destination;
  if (order.destination.has_value()) {
    destination = pool::Destination::Normalized(*order.destination);
    if (!destination.ok()) return WithFieldPrefix(destination.status(), "destination");
  } else if (const std::string route = FirstRoute(order); !route.empty()) {
    SIPCM_ASSIGN_OR_RETURN(destination, DestinationOf(route, "request.headers", config));
  } else {
    sip::MessageView raw;
    SIPCM_ASSIGN_OR_RETURN(
        destination, DestinationOf(RequestUri(order, &raw), "request.request_uri", config));
  }
  const bool is_tls = destination->transport == Transport::kTls;
  if ((is_tls && config.kind == ManagerKind::kServerTcp) ||
      (!is_tls && config.kind == ManagerKind::kServerTls)) {
    return MakeError(
        absl::StatusCode::kFailedPrecondition, "TRANSPORT_NOT_SERVED",
        absl::StrCat("connection manager \"connectionManagers/", config.id, "\" is of kind ",
                     is_tls ? "SERVER_TCP and sends over TCP only, not TLS"
                            : "SERVER_TLS and sends over TLS only, not TCP",
                     "; use an endpoint of another manager, or another transport"));
  }
  return destination;
}

}  // namespace sipcm::engine
