#ifndef SIPCM_CORE_SIP_CHARACTERS_H_
#define SIPCM_CORE_SIP_CHARACTERS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace sipcm::sip {

// The character classes of RFC 3261 25.1 as one table look-up, shared by all parsers here.
// Everything is pure, allocates nothing and accepts any byte.

namespace internal {

enum CharacterClass : uint8_t {
  kTokenClass = 1,  // token
  kDigitClass = 2,
  kHexClass = 4,
  kHostClass = 8,   // hostname characters, and "_" which many private networks use
  kUserClass = 16,  // unreserved / user-unreserved / "&=+$," and "#", but not "%"
  kUriClass = 32,   // what may appear anywhere in a URI: no control, no space, none of <>"
  kUnreservedClass = 64,
  kSpaceClass = 128,  // SP, HTAB, CR, LF: what linear whitespace is made of
};

constexpr bool Contains(absl::string_view set, unsigned char c) {
  for (char member : set) {
    if (static_cast<unsigned char>(member) == c) return true;
  }
  return false;
}

constexpr uint8_t ClassOf(unsigned char c) {
  const bool digit = c >= '0' && c <= '9';
  const bool alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  const bool alphanumeric = alpha || digit;
  const bool hex = digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  const bool unreserved = alphanumeric || Contains("-_.!~*'()", c);
  uint8_t result = 0;
  if (alphanumeric || Contains("-.!%*_+`'~", c)) result |= kTokenClass;
  if (digit) result |= kDigitClass;
  if (hex) result |= kHexClass;
  if (alphanumeric || Contains("-._", c)) result |= kHostClass;
  if (unreserved || Contains("&=+$,;?/#", c) || c >= 0x80) result |= kUserClass;
  if (c > 0x20 && c != 0x7f && !Contains("<>\"", c)) result |= kUriClass;
  if (unreserved) result |= kUnreservedClass;
  if (c == ' ' || c == '\t' || c == '\r' || c == '\n') result |= kSpaceClass;
  return result;
}

constexpr std::array<uint8_t, 256> MakeClassTable() {
  std::array<uint8_t, 256> table{};
  for (int c = 0; c < 256; ++c) table[c] = ClassOf(static_cast<unsigned char>(c));
  return table;
}

inline constexpr std::array<uint8_t, 256> kClassTable = MakeClassTable();

inline bool Is(char c, uint8_t classes) {
  return (kClassTable[static_cast<unsigned char>(c)] & classes) != 0;
}

}  // namespace internal

inline bool IsTokenCharacter(char c) { return internal::Is(c, internal::kTokenClass); }
inline bool IsDigit(char c) { return internal::Is(c, internal::kDigitClass); }
inline bool IsHexDigit(char c) { return internal::Is(c, internal::kHexClass); }
inline bool IsHostCharacter(char c) { return internal::Is(c, internal::kHostClass); }
inline bool IsUserCharacter(char c) { return internal::Is(c, internal::kUserClass); }
inline bool IsUriCharacter(char c) { return internal::Is(c, internal::kUriClass); }
inline bool IsUnreserved(char c) { return internal::Is(c, internal::kUnreservedClass); }
inline bool IsSpace(char c) { return internal::Is(c, internal::kSpaceClass); }

// token = 1*(...): false for the empty text.
bool IsToken(absl::string_view text);

// Without leading or trailing linear whitespace, folds included.
inline absl::string_view Trim(absl::string_view text) {
  const char* begin = text.data();
  const char* end = begin + text.size();
  while (begin != end && IsSpace(*begin)) ++begin;
  while (begin != end && IsSpace(end[-1])) --end;
  return absl::string_view(begin, static_cast<size_t>(end - begin));
}

// The bytes of 1*DIGIT as a number; false when there is none, another byte, or more than `max`.
// Any number of leading zeros is fine; nothing wraps.
bool ParseNumber(absl::string_view text, uint64_t max, uint64_t* value);

// The first byte <= 0x0D (CR, LF, NUL, HTAB and other controls) in [begin, end), else `end`:
// everything that can end or break a header line.
const char* FindControl(const char* begin, const char* end);

// Replaces each fold (CRLF and the whitespace around it) of a header value by one SP, as
// RFC 3261 7.3.1 allows; answers `value` itself when there is none, else a view of `*storage`.
absl::string_view Unfold(absl::string_view value, std::string* storage);

}  // namespace sipcm::sip

#endif  // SIPCM_CORE_SIP_CHARACTERS_H_
