#include "server/messaging/conversion/utf8_text.h"

#include <cstdint>
#include <cstring>

namespace sipcm::server {
namespace {

constexpr char kReplacement[] = "\xEF\xBF\xBD";

// Length of the ASCII run at the start; eight bytes at a time, because nearly every message is one.
size_t AsciiLength(absl::string_view bytes) {
  constexpr uint64_t kHighBits = 0x8080808080808080ULL;
  size_t at = 0;
  for (; at + sizeof(uint64_t) <= bytes.size(); at += sizeof(uint64_t)) {
    uint64_t word;
    std::memcpy(&word, bytes.data() + at, sizeof(word));
    if ((word & kHighBits) != 0) break;
  }
  while (at < bytes.size() && static_cast<unsigned char>(bytes[at]) < 0x80) ++at;
  return at;
}

// Length of the well-formed sequence at the start of non-ASCII `bytes`; 0 when there is none.
size_t SequenceLength(absl::string_view bytes) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char lead = byte(0);
  const size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                        : lead >= 0xE0 && lead <= 0xEF ? 3
                        : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                       : 0;
  if (length == 0 || length > bytes.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (lead == 0xE0 && byte(1) < 0xA0) return 0;  // overlong
  if (lead == 0xED && byte(1) > 0x9F) return 0;  // surrogate
  if (lead == 0xF0 && byte(1) < 0x90) return 0;  // overlong
  if (lead == 0xF4 && byte(1) > 0x8F) return 0;  // above U+10FFFF
  return length;
}

}  // namespace

void AssignUtf8(absl::string_view bytes, std::string* text) {
  const size_t ascii = AsciiLength(bytes);
  text->assign(bytes.data(), ascii);
  bytes.remove_prefix(ascii);
  while (!bytes.empty()) {
    const size_t length = SequenceLength(bytes);
    if (length == 0) {
      text->append(kReplacement);
      bytes.remove_prefix(1);
    } else {
      text->append(bytes.data(), length);
      bytes.remove_prefix(length);
    }
    const size_t run = AsciiLength(bytes);
    text->append(bytes.data(), run);
    bytes.remove_prefix(run);
  }
}

}  // namespace sipcm::server
