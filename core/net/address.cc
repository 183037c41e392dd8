#include "core/net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace sipcm::net {
namespace {

constexpr size_t kLongestQuoted = 80;

// Text may come from anywhere: escaped and cut before it goes into a message.
std::string Quoted(absl::string_view text) {
  const absl::string_view cut = text.substr(0, kLongestQuoted);
  return absl::StrCat("\"", absl::CHexEscape(cut), cut.size() < text.size() ? "...\"" : "\"");
}

absl::Status NotAnIpAddress(absl::string_view text) {
  return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_FIELD",
                   absl::StrCat(Quoted(text),
                                " is not an IPv4 or IPv6 address; write one like \"192.0.2.7\" or "
                                "\"2001:db8::1\", without host name or zone"));
}

absl::Status NotASocketAddress(absl::string_view text) {
  return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_FIELD",
                   absl::StrCat(Quoted(text),
                                " is not an address with a port; write one like "
                                "\"192.0.2.7:5060\" or \"[2001:db8::1]:5061\""));
}

bool IsDigits(absl::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

absl::StatusOr<IpAddress> IpAddress::Parse(absl::string_view text) {
  absl::string_view bare = text;
  const bool bracketed = bare.size() >= 2 && bare.front() == '[' && bare.back() == ']';
  if (bracketed) bare = bare.substr(1, bare.size() - 2);
  // inet_pton wants a NUL; a NUL inside would hide what follows it.
  char terminated[INET6_ADDRSTRLEN];
  if (bare.size() >= sizeof(terminated) || bare.find('\0') != absl::string_view::npos) {
    return NotAnIpAddress(text);
  }
  std::memcpy(terminated, bare.data(), bare.size());
  terminated[bare.size()] = '\0';

  uint8_t bytes[16];
  if (bare.find(':') != absl::string_view::npos) {
    if (inet_pton(AF_INET6, terminated, bytes) == 1) return FromBytes(AddressFamily::kIpv6, bytes);
  } else if (!bracketed && inet_pton(AF_INET, terminated, bytes) == 1) {
    return FromBytes(AddressFamily::kIpv4, bytes);
  }
  return NotAnIpAddress(text);
}

IpAddress IpAddress::FromBytes(AddressFamily family, const uint8_t* bytes) {
  IpAddress address;
  address.family_ = family;
  std::copy_n(bytes, address.size(), address.bytes_.begin());
  return address;
}

bool IpAddress::is_any() const {
  return std::all_of(bytes_.begin(), bytes_.end(), [](uint8_t byte) { return byte == 0; });
}

bool IpAddress::is_loopback() const {
  if (family_ == AddressFamily::kIpv4) return bytes_[0] == 127;
  return bytes_[15] == 1 &&
         std::all_of(bytes_.begin(), bytes_.end() - 1, [](uint8_t byte) { return byte == 0; });
}

std::string IpAddress::ToString() const {
  if (family_ == AddressFamily::kIpv4) {  // without inet_ntop, which prints by printf
    return absl::StrCat(bytes_[0], ".", bytes_[1], ".", bytes_[2], ".", bytes_[3]);
  }
  char text[INET6_ADDRSTRLEN];
  inet_ntop(AF_INET6, bytes_.data(), text, sizeof(text));
  return text;
}

std::string IpAddress::ToUriHost() const {
  return family_ == AddressFamily::kIpv4 ? ToString() : absl::StrCat("[", ToString(), "]");
}

absl::StatusOr<SocketAddress> SocketAddress::Parse(absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return NotASocketAddress(text);
  const absl::string_view host = text.substr(0, colon);
  const absl::string_view digits = text.substr(colon + 1);
  absl::StatusOr<IpAddress> ip = IpAddress::Parse(host);
  uint32_t port = 0;
  if (!ip.ok() || !IsDigits(digits) || !absl::SimpleAtoi(digits, &port) || port > 65535) {
    return NotASocketAddress(text);
  }
  // Without brackets an IPv6 address swallows its port.
  if (ip->family() == AddressFamily::kIpv6 && host.front() != '[') return NotASocketAddress(text);
  return SocketAddress{*ip, static_cast<uint16_t>(port)};
}

std::string SocketAddress::ToString() const { return absl::StrCat(ip.ToUriHost(), ":", port); }

}  // namespace sipcm::net
