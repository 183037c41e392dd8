#include "core/tls/domain_name.h"

#include <idn2.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sipcm::tls {
namespace {

constexpr size_t kMaxNameBytes = 253;
constexpr size_t kMaxLabelBytes = 63;

// The rule that `name` (ASCII, lower case, no trailing dot) breaks, or nullptr.
const char* BrokenRule(absl::string_view name) {
  if (name.empty()) return "it is empty";
  if (name.size() > kMaxNameBytes) return "it is longer than 253 bytes";
  size_t label_size = 0;
  bool label_is_number = true;
  for (size_t i = 0; i <= name.size(); ++i) {
    if (i == name.size() || name[i] == '.') {
      if (label_size == 0) return "it has an empty label";
      if (label_size > kMaxLabelBytes) return "a label is longer than 63 bytes";
      if (name[i - 1] == '-' || name[i - label_size] == '-') {
        return "a label begins or ends with \"-\"";
      }
      if (i == name.size() && label_is_number) {
        return "its last label is a number, and it is no IP address";
      }
      label_size = 0;
      label_is_number = true;
      continue;
    }
    const char c = name[i];
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '-') {
      return "only letters, digits, \"-\" and \".\" are allowed";
    }
    label_is_number = label_is_number && absl::ascii_isdigit(static_cast<unsigned char>(c));
    ++label_size;
  }
  return nullptr;
}

// Faults of habit, each with its own words.
const char* TypedRule(absl::string_view text) {
  if (text.empty()) return "it is empty";
  if (text == ".") return "\".\" alone is no name";
  if (absl::StrContains(text, '*')) {
    return "wildcards with \"*\" are not supported; write \".contoso.com\" for every name below "
           "contoso.com";
  }
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isspace(byte)) return "it has a space";
    if (absl::ascii_iscntrl(byte)) return "it has a control character";
  }
  if (absl::StrContains(text, '/') || absl::StrContains(text, '@') ||
      absl::StartsWithIgnoreCase(text, "sip:") || absl::StartsWithIgnoreCase(text, "sips:")) {
    return "it is a URI or an address with a user; give the host alone";
  }
  if (absl::StrContains(text, ':'))
    return "it has a port or is a mistyped IPv6 address; "
           "give the host alone";
  return nullptr;
}

absl::Status Refused(absl::string_view text, absl::string_view rule) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", absl::CHexEscape(text), "\" is no domain name: ", rule));
}

// U-labels to A-labels.
absl::StatusOr<std::string> ToAscii(absl::string_view text) {
  uint8_t* ascii = nullptr;
  const std::string terminated(text);
  const int result =
      idn2_lookup_u8(reinterpret_cast<const uint8_t*>(terminated.c_str()), &ascii,
                     IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL | IDN2_USE_STD3_ASCII_RULES);
  if (result != IDN2_OK) {
    return Refused(text, absl::StrCat("it is not valid by IDNA2008 (", idn2_strerror(result), ")"));
  }
  std::string name(reinterpret_cast<const char*>(ascii));
  idn2_free(ascii);
  return name;
}

}  // namespace

absl::StatusOr<std::string> CanonicalDomainName(absl::string_view text) {
  if (const char* rule = TypedRule(text); rule != nullptr) return Refused(text, rule);
  std::string name;
  if (std::any_of(text.begin(), text.end(), [](char c) { return !absl::ascii_isascii(c); })) {
    absl::StatusOr<std::string> ascii = ToAscii(text);
    if (!ascii.ok()) return ascii.status();
    name = *std::move(ascii);
  } else {
    name = std::string(text);
  }
  absl::AsciiStrToLower(&name);
  if (absl::EndsWith(name, ".")) name.pop_back();
  if (const char* rule = BrokenRule(name); rule != nullptr) return Refused(text, rule);
  return name;
}

std::optional<std::string> UsableCertificateDomain(absl::string_view name) {
  if (absl::EndsWith(name, ".")) name.remove_suffix(1);
  std::string canonical = absl::AsciiStrToLower(name);
  if (BrokenRule(canonical) != nullptr) return std::nullopt;
  return canonical;
}

}  // namespace sipcm::tls
