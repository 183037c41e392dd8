#include "core/sip/name_address.h"

#include "absl/strings/match.h"
#include "core/sip/characters.h"
#include "core/sip/parameters.h"

namespace sipcm::sip {
namespace {

bool IsAlpha(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

// absolute-URI far enough to be unambiguous: a scheme, a colon, something, only URI characters.
bool LooksLikeUri(absl::string_view text) {
  if (text.empty() || !IsAlpha(text[0])) return false;
  size_t i = 1;
  while (i < text.size() && IsTokenCharacter(text[i])) ++i;
  if (i + 1 >= text.size() || text[i] != ':') return false;
  for (++i; i < text.size(); ++i) {
    if (!IsUriCharacter(text[i])) return false;
  }
  return true;
}

// Where a display name, or a scheme, ends: the first of <:;" or the end.
size_t FindMark(absl::string_view text) {
  size_t i = 0;
  while (i < text.size() && text[i] != '<' && text[i] != ':' && text[i] != ';' && text[i] != '"') {
    ++i;
  }
  return i;
}

// Splits `text`, which starts with "<", into URI and what follows.
absl::string_view ReadBracketed(absl::string_view text, NameAddress* address) {
  const size_t close = text.find('>');
  if (close == absl::string_view::npos) return "\"<\" without \">\"";
  address->form = AddressForm::kNameAddress;
  address->uri = Trim(text.substr(1, close - 1));
  address->parameters = Trim(text.substr(close + 1));
  return {};
}

// Without <> every parameter is the header's, and "," and "?" may not stand in the URI.
absl::string_view ReadPlain(absl::string_view text, NameAddress* address) {
  size_t end = 0;
  while (end < text.size() && text[end] != ';' && !IsSpace(text[end])) {
    if (text[end] == ',' || text[end] == '?') return "a URI with \",\" or \"?\" must be in <>";
    ++end;
  }
  address->uri = text.substr(0, end);
  address->parameters = Trim(text.substr(end));
  return {};
}

absl::string_view ReadParameters(NameAddress* address) {
  ParameterIterator parameters(address->parameters);
  for (Parameter parameter; parameters.Next(&parameter);) {
    if (parameter.name.size() != 3 || !absl::EqualsIgnoreCase(parameter.name, "tag")) continue;
    if (!address->tag.empty()) return "tag is given twice";
    if (!IsToken(parameter.value)) return "tag is not a token";
    address->tag = parameter.value;
  }
  if (!parameters.well_formed()) return "malformed parameter";
  return parameters.rest().empty() ? absl::string_view() : "more than one address";
}

}  // namespace

absl::string_view ParseNameAddress(absl::string_view text, NameAddress* address) {
  *address = NameAddress();
  text = Trim(text);
  absl::string_view fault;
  if (!text.empty() && text[0] == '"') {
    const size_t length = QuotedStringLength(text);
    if (length == 0) return "unterminated quoted string";
    address->display_name = text.substr(1, length - 2);
    text = Trim(text.substr(length));
    if (text.empty() || text[0] != '<') return "no <URI> behind the display name";
    fault = ReadBracketed(text, address);
  } else {
    const size_t mark = FindMark(text);
    if (mark == text.size() || text[mark] == ';') return "no URI";
    if (text[mark] == '"') return "stray quote";
    if (text[mark] == '<') {
      address->display_name = Trim(text.substr(0, mark));
      fault = ReadBracketed(text.substr(mark), address);
    } else {
      fault = ReadPlain(text, address);
    }
  }
  if (!fault.empty()) return fault;
  if (!LooksLikeUri(address->uri)) return "not a URI";
  return address->parameters.empty() ? absl::string_view() : ReadParameters(address);
}

}  // namespace sipcm::sip
