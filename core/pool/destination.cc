#include "core/pool/destination.h"

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/base/error.h"

namespace sipcm::pool {
namespace {

constexpr size_t kMaxHostBytes = 255;
constexpr size_t kMaxLabelBytes = 63;
constexpr absl::string_view kServicePart = "srv";
constexpr absl::string_view kTlsNamePart = "tls_name=";
constexpr absl::string_view kLocalPart = "local=";

absl::Status BadHost(absl::string_view field, absl::string_view host, absl::string_view why) {
  return InvalidField(field, absl::StrCat("host \"", absl::CHexEscape(host.substr(0, 80)),
                                          host.size() > 80 ? "..." : "", "\" ", why));
}

bool IsNumber(absl::string_view label) {
  return label.find_first_not_of("0123456789") == absl::string_view::npos;
}

// A name of labels, or a literal address. Lower case, without trailing dot or brackets.
struct Host {
  std::string text;
  bool is_literal = false;
};

absl::StatusOr<Host> NormalizedHost(absl::string_view field, absl::string_view host) {
  if (host.empty()) return InvalidField(field, "is required: a host name or a literal address");
  if (host.size() > kMaxHostBytes) {
    return BadHost(field, host, absl::StrCat("is longer than ", kMaxHostBytes, " bytes"));
  }
  if (const absl::StatusOr<net::IpAddress> literal = net::IpAddress::Parse(host); literal.ok()) {
    return Host{literal->ToString(), /*is_literal=*/true};
  }
  if (absl::StrContains(host, ':') || host[0] == '[') {
    return BadHost(field, host, "is not an IPv6 address; the port has a field of its own");
  }
  const absl::string_view name = absl::StripSuffix(host, ".");
  const std::vector<absl::string_view> labels = absl::StrSplit(name, '.');
  for (const absl::string_view label : labels) {
    if (label.empty() || label.size() > kMaxLabelBytes) {
      return BadHost(field, host, "has a label that is empty or longer than 63 bytes");
    }
    for (const char c : label) {
      if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_') continue;
      return BadHost(field, host,
                     "has a character that no host name has; write an international name in its "
                     "xn-- form");
    }
  }
  if (IsNumber(labels.back())) return BadHost(field, host, "is not an IPv4 address");
  return Host{absl::AsciiStrToLower(name)};
}

std::string HostInId(const std::string& host) {
  return absl::StrContains(host, ':') ? absl::StrCat("[", host, "]") : host;
}

}  // namespace

absl::StatusOr<Destination> Destination::Normalized(Destination raw) {
  absl::StatusOr<Host> host = NormalizedHost("host", raw.host);
  if (!host.ok()) return host.status();
  raw.host = std::move(host->text);
  if (raw.transport == connection::Transport::kTcp) {
    raw.tls_name.clear();
  } else if (!raw.tls_name.empty()) {
    absl::StatusOr<Host> tls_name = NormalizedHost("tls_name", raw.tls_name);
    if (!tls_name.ok()) return tls_name.status();
    raw.tls_name = tls_name->text == raw.host ? std::string() : std::move(tls_name->text);
  }
  if (raw.port == 0) raw.location = Location::kService;
  const uint16_t usual_port = raw.transport == connection::Transport::kTls ? 5061 : 5060;
  if (raw.location == Location::kService) raw.port = usual_port;
  if (host->is_literal) raw.location = Location::kAddress;
  return raw;
}

std::string Destination::PoolId() const {
  std::string id = absl::StrCat(
      transport == connection::Transport::kTls ? "tls:" : "tcp:", HostInId(host), ":", port);
  if (location == Location::kService) absl::StrAppend(&id, ";", kServicePart);
  if (!tls_name.empty()) absl::StrAppend(&id, ";", kTlsNamePart, tls_name);
  if (local_address.has_value()) {
    absl::StrAppend(&id, ";", kLocalPart, local_address->ToString());
  }
  return id;
}

absl::StatusOr<Destination> Destination::ParsePoolId(absl::string_view pool_id) {
  const absl::Status refused = MakeError(
      absl::StatusCode::kInvalidArgument, "INVALID_NAME",
      absl::StrCat("pool id \"", absl::CHexEscape(pool_id.substr(0, 80)),
                   "\" is not of the form {tcp|tls}:{host}:{port} in lower case, for example "
                   "\"tcp:sip.example.com:5060\", \"tls:[2001:db8::1]:5061\", or "
                   "\"tcp:example.com:5060;srv\" for a name that was given without a port"));
  const std::vector<absl::string_view> parts = absl::StrSplit(pool_id, ';');
  absl::string_view address = parts[0];
  Destination raw;
  if (absl::ConsumePrefix(&address, "tls:")) {
    raw.transport = connection::Transport::kTls;
  } else if (!absl::ConsumePrefix(&address, "tcp:")) {
    return refused;
  }
  const size_t colon = address.rfind(':');
  uint32_t port = 0;
  if (colon == absl::string_view::npos || !absl::SimpleAtoi(address.substr(colon + 1), &port) ||
      port == 0 || port > 65535) {
    return refused;
  }
  raw.port = static_cast<uint16_t>(port);
  raw.host = std::string(address.substr(0, colon));
  for (size_t i = 1; i < parts.size(); ++i) {
    absl::string_view part = parts[i];
    if (part == kServicePart) {
      raw.location = Location::kService;
    } else if (absl::ConsumePrefix(&part, kTlsNamePart)) {
      raw.tls_name = std::string(part);
    } else if (absl::ConsumePrefix(&part, kLocalPart)) {
      const absl::StatusOr<net::IpAddress> local = net::IpAddress::Parse(part);
      if (!local.ok()) return refused;
      raw.local_address = *local;
    }
  }
  absl::StatusOr<Destination> destination = Normalized(std::move(raw));
  // The one spelling: "tcp:A:05060" names no pool.
  if (!destination.ok() || destination->PoolId() != pool_id) return refused;
  return destination;
}

}  // namespace sipcm::pool
