#include "core/sip/parameters.h"

#include "absl/strings/match.h"
#include "core/sip/characters.h"

namespace sipcm::sip {
namespace {

const char* SkipSpace(const char* p, const char* end) {
  while (p != end && IsSpace(*p)) ++p;
  return p;
}

absl::string_view Between(const char* begin, const char* end) {
  return {begin, static_cast<size_t>(end - begin)};
}

bool IsNameCharacter(char c) {
  return IsTokenCharacter(c) || (IsUriCharacter(c) && c != ';' && c != '=' && c != ',' && c != '?');
}

}  // namespace

size_t QuotedStringLength(absl::string_view text) {
  if (text.empty() || text[0] != '"') return 0;
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1;
    if (text[i] == '\\') ++i;
  }
  return 0;
}

bool ParameterIterator::Fault() {
  well_formed_ = false;
  rest_ = absl::string_view();
  return false;
}

bool ParameterIterator::Next(Parameter* parameter) {
  const char* const end = rest_.data() + rest_.size();
  const char* const start = SkipSpace(rest_.data(), end);
  rest_ = Between(start, end);
  if (start == end || *start == ',') return false;
  if (*start != ';') return Fault();
  const char* const name = SkipSpace(start + 1, end);
  const char* p = name;
  while (p != end && IsNameCharacter(*p)) ++p;
  if (p == name) return Fault();
  parameter->name = Between(name, p);
  parameter->value = absl::string_view();
  parameter->has_value = false;
  const char* last = p;
  p = SkipSpace(p, end);
  if (p != end && *p == '=') {
    const char* const value = SkipSpace(p + 1, end);
    if (value != end && *value == '"') {
      const size_t length = QuotedStringLength(Between(value, end));
      if (length == 0) return Fault();
      last = value + length;
    } else {
      last = value;
      while (last != end && IsUriCharacter(*last) && *last != ';' && *last != ',') ++last;
    }
    parameter->value = Between(value, last);
    parameter->has_value = true;
    p = SkipSpace(last, end);
  }
  if (p != end && *p != ';' && *p != ',') return Fault();
  parameter->text = Between(start, last);
  rest_ = Between(p, end);
  return true;
}

bool FindParameter(absl::string_view text, absl::string_view name, Parameter* parameter) {
  ParameterIterator parameters(text);
  while (parameters.Next(parameter)) {
    if (absl::EqualsIgnoreCase(parameter->name, name)) return true;
  }
  return false;
}

bool ListIterator::Next(absl::string_view* element) {
  while (!rest_.empty()) {
    const absl::string_view text = rest_;
    size_t i = 0;
    bool in_brackets = false;
    for (; i < text.size() && (in_brackets || text[i] != ','); ++i) {
      if (text[i] == '<') in_brackets = true;
      if (text[i] == '>') in_brackets = false;
      if (text[i] != '"') continue;
      const size_t length = QuotedStringLength(text.substr(i));
      if (length == 0) {
        well_formed_ = false;
        i = text.size() - 1;
        in_brackets = false;
      } else {
        i += length - 1;
      }
    }
    if (in_brackets) well_formed_ = false;
    rest_ = i < text.size() ? text.substr(i + 1) : absl::string_view();
    *element = Trim(text.substr(0, i));
    if (!element->empty()) return true;
  }
  return false;
}

}  // namespace sipcm::sip
