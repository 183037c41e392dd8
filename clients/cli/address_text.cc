#include "clients/cli/address_text.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace sipcm::cli {

std::string ParseHostAndPort(const std::string& text, HostAndPort& parsed) {
  std::string port;
  if (absl::StartsWith(text, "[")) {
    const auto end = text.find(']');
    if (end == std::string::npos) return absl::StrCat("\"", text, "\" lacks the closing ]");
    parsed.host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!port.empty() && port[0] != ':') {
      return absl::StrCat("\"", text, "\" is not [address]:port");
    }
  } else {
    const auto colon = text.find(':');
    if (colon != std::string::npos && text.find(':', colon + 1) != std::string::npos) {
      return absl::StrCat("\"", text, "\": write IPv6 addresses as [address]:port");
    }
    parsed.host = text.substr(0, colon);
    port = colon == std::string::npos ? "" : text.substr(colon);
  }
  if (parsed.host.empty()) return absl::StrCat("\"", text, "\" has no host");
  parsed.port = 0;
  if (port.empty()) return "";
  if (!absl::SimpleAtoi(port.substr(1), &parsed.port) || parsed.port < 0 || parsed.port > 65535) {
    return absl::StrCat("\"", text, "\": a port is 0 to 65535");
  }
  return "";
}

}  // namespace sipcm::cli
