#include "core/sip/escape.h"

#include "core/sip/characters.h"

namespace sipcm::sip {
namespace {

int HexValue(char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; }

}  // namespace

int DecodeEscape(absl::string_view text, size_t at) {
  if (text.size() < at + 3 || text[at] != '%') return -1;
  if (!IsHexDigit(text[at + 1]) || !IsHexDigit(text[at + 2])) return -1;
  return HexValue(text[at + 1]) * 16 + HexValue(text[at + 2]);
}

}  // namespace sipcm::sip
