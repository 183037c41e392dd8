#include "core/sip/warning.h"

#include "absl/strings/str_cat.h"

namespace sipcm::sip {
namespace {

bool IsControl(char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }

bool IsContinuationByte(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

absl::string_view Cut(absl::string_view text) {
  if (text.size() <= kMaxWarningText) return text;
  size_t size = kMaxWarningText;
  while (size > 0 && IsContinuationByte(text[size])) --size;
  return text.substr(0, size);
}

// hostport or token; ":" and brackets are for IPv6 addresses.
bool IsAgentCharacter(char c) {
  const bool alphanumeric = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
  return alphanumeric || c == '.' || absl::string_view("-_[]:").find(c) != absl::string_view::npos;
}

}  // namespace

void AppendQuoted(absl::string_view text, std::string* out) {
  out->push_back('"');
  size_t begin = 0;  // of what goes out as it is
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_quoted = c == '"' || c == '\\';
    if (!is_quoted && !IsControl(c)) continue;
    out->append(text.data() + begin, i - begin);
    if (is_quoted) out->push_back('\\');
    out->push_back(is_quoted ? c : '?');
    begin = i + 1;
  }
  out->append(text.data() + begin, text.size() - begin);
  out->push_back('"');
}

void AppendWarning(int code, absl::string_view agent, absl::string_view text, std::string* out) {
  absl::StrAppend(out, code, " ", agent.empty() ? "-" : agent, " ");
  for (size_t i = out->size() - 1 - agent.size(); i < out->size() - 1; ++i) {
    if (!IsAgentCharacter((*out)[i])) (*out)[i] = '?';
  }
  AppendQuoted(Cut(text), out);
}

std::string MakeWarning(int code, absl::string_view agent, absl::string_view text) {
  std::string warning;
  AppendWarning(code, agent, text, &warning);
  return warning;
}

}  // namespace sipcm::sip
