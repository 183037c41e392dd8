#include "core/sip/characters.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "absl/numeric/bits.h"

namespace sipcm::sip {

bool IsToken(absl::string_view text) {
  for (char c : text) {
    if (!IsTokenCharacter(c)) return false;
  }
  return !text.empty();
}

bool ParseNumber(absl::string_view text, uint64_t max, uint64_t* value) {
  if (text.empty()) return false;
  uint64_t number = 0;
  for (char c : text) {
    if (!IsDigit(c)) return false;
    const uint64_t digit = static_cast<uint64_t>(c - '0');
    if (number > max / 10) return false;
    number *= 10;
    if (digit > max - number) return false;
    number += digit;
  }
  *value = number;
  return true;
}

const char* FindControl(const char* begin, const char* end) {
  constexpr unsigned char kLast = '\r';
#if defined(__SSE2__)
  const __m128i last = _mm_set1_epi8(kLast);
  for (; end - begin >= 16; begin += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(begin));
    // Unsigned bytes <= last are those that the minimum leaves unchanged.
    const int hits = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(bytes, last), bytes));
    if (hits != 0) return begin + absl::countr_zero(static_cast<uint32_t>(hits));
  }
#endif
  while (begin != end && static_cast<unsigned char>(*begin) > kLast) ++begin;
  return begin;
}

absl::string_view Unfold(absl::string_view value, std::string* storage) {
  if (value.find('\n') == absl::string_view::npos) return value;
  storage->clear();
  for (size_t i = 0; i < value.size(); ++i) {
    if (value[i] != '\r' && value[i] != '\n') {
      storage->push_back(value[i]);
      continue;
    }
    while (!storage->empty() && IsSpace(storage->back())) storage->pop_back();
    while (i + 1 < value.size() && IsSpace(value[i + 1])) ++i;
    storage->push_back(' ');
  }
  return *storage;
}

}  // namespace sipcm::sip
