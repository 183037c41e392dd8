#include "core/sip/address_of_record.h"

#include "absl/strings/ascii.h"
#include "core/sip/characters.h"
#include "core/sip/escape.h"

namespace sipcm::sip {
AddressOfRecord::AddressOfRecord(const UriView& uri) {
  if (!uri.ok()) return;
  if (uri.is_sip()) {
    if (uri.has_user) {
      AppendUser(uri.user);
      text_.push_back('@');
    }
    host_offset_ = text_.size();
    AppendHost(uri);
    return;
  }
  if (uri.scheme == UriScheme::kTel) {
    Append("tel:");
    AppendNumber(uri.user);
  } else {
    Append(uri.text);
  }
  host_offset_ = text_.size();
}

void AddressOfRecord::AppendUser(absl::string_view user) {
  for (size_t i = 0; i < user.size(); ++i) {
    if (user[i] != '%') {
      text_.push_back(user[i]);
      continue;
    }
    // ParseUri() saw to it that two hex digits follow.
    const char decoded = static_cast<char>(DecodeEscape(user, i));
    if (IsUnreserved(decoded)) {
      text_.push_back(decoded);
    } else {
      text_.push_back('%');
      text_.push_back(absl::ascii_toupper(static_cast<unsigned char>(user[i + 1])));
      text_.push_back(absl::ascii_toupper(static_cast<unsigned char>(user[i + 2])));
    }
    i += 2;
  }
}

void AddressOfRecord::AppendHost(const UriView& uri) {
  absl::string_view host = uri.host;
  const bool is_reference = uri.host_kind == HostKind::kIpv6;
  if (!is_reference && host.back() == '.') host.remove_suffix(1);
  if (is_reference) text_.push_back('[');
  for (char c : host) text_.push_back(absl::ascii_tolower(static_cast<unsigned char>(c)));
  if (is_reference) text_.push_back(']');
}

void AddressOfRecord::AppendNumber(absl::string_view number) {
  for (char c : number) {
    if (c == '-' || c == '.' || c == '(' || c == ')') continue;  // RFC 3966 visual-separator
    text_.push_back(absl::ascii_tolower(static_cast<unsigned char>(c)));
  }
}

}  // namespace sipcm::sip
