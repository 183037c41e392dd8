#include "core/engine/sends/send_route.h"

#include <string>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/sip/framer.h"
#include "core/sip/header_id.h"
#include "core/sip/name_address.h"
#include "core/sip/parameters.h"
#include "core/sip/parser.h"
#include "core/sip/raw_message.h"
#include "core/sip/request_builder.h"
#include "core/sip/uri.h"

namespace sipcm::engine {
namespace {

using connection::Transport;

absl::StatusOr<pool::Destination> DestinationOf(absl::string_view text, absl::string_view field,
                                                const ManagerConfig& config) {
  const sip::UriView uri = sip::ParseUri(text);
  if (!uri.ok()) {
    return InvalidArgument("INVALID_SIP_URI", field,
                           absl::StrCat("\"", text, "\" is not a URI: ", uri.fault));
  }
  if (!uri.is_sip()) {
    return InvalidArgument("DESTINATION_MISSING", field,
                           absl::StrCat("\"", text,
                                        "\" is not a SIP URI, so it says no host to send to; "
                                        "give a destination"));
  }
  pool::Destination destination;
  destination.host = std::string(uri.host);
  destination.port = uri.port;
  destination.transport =
      config.kind == ManagerKind::kServerTls || uri.scheme == sip::UriScheme::kSips
          ? Transport::kTls
          : Transport::kTcp;
  sip::Parameter transport;
  if (uri.FindParameter("transport", &transport)) {
    if (absl::EqualsIgnoreCase(transport.value, "tls")) {
      destination.transport = Transport::kTls;
    } else if (!absl::EqualsIgnoreCase(transport.value, "tcp")) {
      return InvalidField(
          field, absl::StrCat("transport=", transport.value, " is not served; use tcp or tls"));
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

// Whether the request is so small that nobody need write it to know.
bool IsFarBelow(const sip::FramerLimits& limits, const sip::RequestParts& parts) {
  constexpr size_t kRows = 6;         // that are filled in
  constexpr size_t kRowBytes = 4;     // ": " and CRLF
  constexpr size_t kFilledIn = 1024;  // the Via has a host name of at most 255 bytes
  size_t bytes = kFilledIn + 2 * parts.method.size() + parts.request_uri.size();
  for (const sip::HeaderText& header : parts.headers) {
    bytes += header.name.size() + header.value.size() + kRowBytes;
  }
  return bytes <= limits.max_header_bytes && parts.body.size() <= limits.max_body_bytes &&
         parts.headers.size() + kRows <= limits.max_header_count;
}

// Whether a manager of that kind goes there.
absl::Status CheckTransport(const pool::Destination& destination, absl::string_view field,
                            const ManagerConfig& config) {
  const bool is_tls = destination.transport == Transport::kTls;
  if ((is_tls && config.kind == ManagerKind::kServerTcp) ||
      (!is_tls && config.kind == ManagerKind::kServerTls)) {
    return InvalidField(
        field, absl::StrCat("connection manager \"connectionManagers/", config.id, "\" is of kind ",
                            is_tls ? "SERVER_TCP and sends over TCP only, not TLS"
                                   : "SERVER_TLS and sends over TLS only, not TCP",
                            "; use an endpoint of another manager, or another transport"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckOrder(const SendOrder& order, const ManagerConfig& config) {
  const sip::FramerLimits& limits = config.connection.framer;
  if (!order.message.raw.empty()) {
    sip::MessageView view;
    return WithFieldPrefix(sip::CheckRawRequest(order.message.raw, limits, &view), "request");
  }
  absl::InlinedVector<sip::HeaderText, 16> headers;
  bool has_from = false;
  bool has_to = false;
  for (const auto& [name, value] : order.message.headers) {
    headers.push_back({name, value});
    has_from |= sip::LookupHeader(name) == sip::HeaderId::kFrom;
    has_to |= sip::LookupHeader(name) == sip::HeaderId::kTo;
  }
  // What the worker fills in later.
  if (!has_from) headers.push_back({"From", "<sip:a@b>"});
  if (!has_to) headers.push_back({"To", "<sip:a@b>"});
  sip::RequestParts parts;
  parts.method = order.method;
  // That of a dialog is the dialog's.
  parts.request_uri = order.dialog.is_valid() ? "sip:a@b" : absl::string_view(order.request_uri);
  parts.headers = headers;
  parts.body = order.message.body;
  parts.transport = "TCP";
  parts.sent_by = "192.0.2.1";
  parts.branch = "z9hG4bK0";
  parts.call_id = "0";
  parts.from_tag = "0";
  SIPCM_RETURN_IF_ERROR(WithFieldPrefix(sip::CheckRequest(parts), "request"));
  if (IsFarBelow(limits, parts)) return absl::OkStatus();
  std::string built;
  SIPCM_RETURN_IF_ERROR(WithFieldPrefix(sip::AppendRequest(parts, &built), "request"));
  sip::Framer framer(limits);
  const sip::Frame frame = framer.Next(built);
  if (frame.kind == sip::FrameKind::kMessage) return absl::OkStatus();
  return sip::FrameFault("request", frame.error);
}

absl::StatusOr<pool::Destination> RouteOf(const SendOrder& order, const ManagerConfig& config) {
  absl::StatusOr<pool::Destination> destination;
  if (order.destination.has_value()) {
    destination = pool::Destination::Normalized(*order.destination);
    if (!destination.ok()) return WithFieldPrefix(destination.status(), "destination");
  } else if (const std::string route = FirstRoute(order); !route.empty()) {
    SIPCM_ASSIGN_OR_RETURN(destination, DestinationOf(route, "request.headers", config));
  } else {
    sip::MessageView raw;
    SIPCM_ASSIGN_OR_RETURN(destination,
                           DestinationOf(RequestUri(order, &raw), "request.request_uri", config));
  }
  SIPCM_RETURN_IF_ERROR(CheckTransport(*destination, "destination.transport", config));
  return destination;
}

absl::StatusOr<pool::Destination> FirstHopOf(const dispatch::RegistrationSettings& registration,
                                             const ManagerConfig& config) {
  absl::StatusOr<pool::Destination> destination;
  const bool has_proxy = registration.outbound_proxy.has_value();
  const absl::string_view field =
      has_proxy ? "registration.outbound_proxy" : "registration.registrar";
  if (has_proxy) {
    destination = pool::Destination::Normalized(*registration.outbound_proxy);
    if (!destination.ok()) return WithFieldPrefix(destination.status(), field);
  } else {
    SIPCM_ASSIGN_OR_RETURN(destination, DestinationOf(registration.registrar, field, config));
  }
  SIPCM_RETURN_IF_ERROR(CheckTransport(*destination, field, config));
  return destination;
}

}  // namespace sipcm::engine
