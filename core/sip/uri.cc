#include "core/sip/uri.h"

#include "absl/strings/match.h"
#include "core/sip/characters.h"

namespace sipcm::sip {
namespace {

bool IsAlpha(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

UriScheme SchemeOf(absl::string_view name) {
  if (name.size() == 3 && absl::EqualsIgnoreCase(name, "sip")) return UriScheme::kSip;
  if (name.size() == 4 && absl::EqualsIgnoreCase(name, "sips")) return UriScheme::kSips;
  if (name.size() == 3 && absl::EqualsIgnoreCase(name, "tel")) return UriScheme::kTel;
  return UriScheme::kOther;
}

// 1*(user character / "%" HEX HEX)
bool IsUserText(absl::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsUserCharacter(text[i])) continue;
    if (text[i] != '%' || text.size() - i < 3) return false;
    if (!IsHexDigit(text[i + 1]) || !IsHexDigit(text[i + 2])) return false;
    i += 2;
  }
  return true;
}

absl::string_view ReadUserInfo(absl::string_view info, UriView* uri) {
  uri->has_user = true;
  const size_t colon = info.find(':');
  uri->user = info.substr(0, colon);
  if (colon != absl::string_view::npos) uri->password = info.substr(colon + 1);
  if (uri->user.empty()) return "empty user";
  if (!IsUserText(uri->user)) return "bad character or %-escape in the user";
  if (!IsUserText(uri->password)) return "bad character or %-escape in the password";
  return {};
}

absl::string_view ReadPort(absl::string_view text, UriView* uri) {
  uint64_t port = 0;
  if (!ParseNumber(text, 65535, &port) || port == 0) return "port is not 1-65535";
  uri->port = static_cast<uint16_t>(port);
  return {};
}

// Eight groups at most, so that nothing absurd passes; three colons in a row do (RFC 5118 4.10).
bool IsIpv6(absl::string_view host) {
  size_t colons = 0;
  for (char c : host) {
    if (c == ':') ++colons;
    if (c != ':' && c != '.' && !IsHexDigit(c)) return false;
  }
  return colons >= 2 && colons <= 8 && host.size() <= 46;
}

bool IsIpv4(absl::string_view host) {
  int octets = 0;
  size_t start = 0;
  for (size_t i = 0; i <= host.size(); ++i) {
    if (i < host.size() && host[i] != '.') continue;
    uint64_t octet = 0;
    if (i - start > 3 || !ParseNumber(host.substr(start, i - start), 255, &octet)) return false;
    ++octets;
    start = i + 1;
  }
  return octets == 4;
}

// hostport; `end` gets the offset behind it.
absl::string_view ReadHostPort(absl::string_view text, UriView* uri, size_t* end) {
  size_t i = 0;
  if (!text.empty() && text[0] == '[') {
    const size_t close = text.find(']');
    if (close == absl::string_view::npos) return "\"[\" without \"]\"";
    uri->host = text.substr(1, close - 1);
    if (!IsIpv6(uri->host)) return "bad IPv6 reference";
    uri->host_kind = HostKind::kIpv6;
    i = close + 1;
  } else {
    while (i < text.size() && text[i] != ':' && text[i] != ';' && text[i] != '?') ++i;
    uri->host = text.substr(0, i);
    uri->host_kind = ClassifyHost(uri->host);
    if (uri->host_kind == HostKind::kNone) return "bad host";
  }
  if (i < text.size() && text[i] == ':') {
    const size_t start = ++i;
    while (i < text.size() && text[i] != ';' && text[i] != '?') ++i;
    *end = i;
    return ReadPort(text.substr(start, i - start), uri);
  }
  *end = i;
  return {};
}

absl::string_view ReadSip(UriView* uri) {
  absl::string_view rest = uri->opaque;
  const size_t at = rest.find('@');
  if (at != absl::string_view::npos) {
    const absl::string_view fault = ReadUserInfo(rest.substr(0, at), uri);
    if (!fault.empty()) return fault;
    rest.remove_prefix(at + 1);
    if (rest.find('@') != absl::string_view::npos) return "more than one \"@\"";
  }
  size_t end = 0;
  const absl::string_view fault = ReadHostPort(rest, uri, &end);
  if (!fault.empty()) return fault;
  rest.remove_prefix(end);
  const size_t question = rest.find('?');
  uri->parameters = rest.substr(0, question);
  if (question != absl::string_view::npos) {
    uri->has_headers = true;
    uri->headers = rest.substr(question + 1);
  }
  if (!uri->parameters.empty() && uri->parameters[0] != ';') return "stray text behind the host";
  return {};
}

absl::string_view ReadTel(UriView* uri) {
  const size_t end = uri->opaque.find(';');
  uri->user = uri->opaque.substr(0, end);
  if (end != absl::string_view::npos) uri->parameters = uri->opaque.substr(end);
  uri->has_user = true;
  return uri->user.empty() ? "empty number" : absl::string_view();
}

absl::string_view Read(UriView* uri) {
  const absl::string_view text = uri->text;
  size_t i = 0;
  while (i < text.size() && text[i] != ':' && IsTokenCharacter(text[i])) ++i;
  if (i == 0 || i >= text.size() || text[i] != ':' || !IsAlpha(text[0])) return "no scheme";
  uri->scheme_name = text.substr(0, i);
  uri->scheme = SchemeOf(uri->scheme_name);
  uri->opaque = text.substr(i + 1);
  if (uri->opaque.empty()) return "nothing behind the scheme";
  for (char c : uri->opaque) {
    if (!IsUriCharacter(c)) return "space, control character, quote or <> in the URI";
  }
  if (uri->is_sip()) return ReadSip(uri);
  return uri->scheme == UriScheme::kTel ? ReadTel(uri) : absl::string_view();
}

}  // namespace

UriView ParseUri(absl::string_view text) {
  UriView uri;
  uri.text = text;
  uri.fault = Read(&uri);
  return uri;
}

HostKind ClassifyHost(absl::string_view host) {
  if (host.empty()) return HostKind::kNone;
  bool label_is_number = true;  // of the label under scan; of the last one after the loop
  size_t label_start = 0;
  const size_t end = host.back() == '.' ? host.size() - 1 : host.size();
  for (size_t i = 0; i < end; ++i) {
    const char c = host[i];
    if (c == ':') return IsIpv6(host) ? HostKind::kIpv6 : HostKind::kNone;
    if (!IsHostCharacter(c)) return HostKind::kNone;
    if (c == '.') {
      if (i == label_start) return HostKind::kNone;
      label_start = i + 1;
      label_is_number = true;
    } else if (!IsDigit(c)) {
      label_is_number = false;
    }
  }
  if (label_start >= end) return HostKind::kNone;
  if (!label_is_number) return HostKind::kName;
  return IsIpv4(host) ? HostKind::kIpv4 : HostKind::kNone;
}

}  // namespace sipcm::sip
