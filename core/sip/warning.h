#ifndef SIPCM_CORE_SIP_WARNING_H_
#define SIPCM_CORE_SIP_WARNING_H_

#include <string>

#include "absl/strings/string_view.h"

namespace sipcm::sip {

inline constexpr int kMiscellaneousWarning = 399;  // RFC 3261 20.43

// Appends `399 host "text"`: quotes and backslashes of the text are escaped, control bytes become
// "?", text beyond kMaxWarningText bytes is cut (never inside a UTF-8 sequence). `agent` is our
// host name or address, or a pseudonym; characters that cannot stand there become "?".
inline constexpr size_t kMaxWarningText = 200;
void AppendWarning(int code, absl::string_view agent, absl::string_view text, std::string* out);

// The same as a new string.
std::string MakeWarning(int code, absl::string_view agent, absl::string_view text);

// Appends `text` as a quoted-string (RFC 3261 25.1), by the same rules, uncut.
void AppendQuoted(absl::string_view text, std::string* out);

}  // namespace sipcm::sip

#endif  // SIPCM_CORE_SIP_WARNING_H_
