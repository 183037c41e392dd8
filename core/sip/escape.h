#ifndef SIPCM_CORE_SIP_ESCAPE_H_
#define SIPCM_CORE_SIP_ESCAPE_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace sipcm::sip {

// The byte that the escape "%41" at `text[at]` stands for (RFC 3261 25.1); -1 when there is none.
int DecodeEscape(absl::string_view text, size_t at);

}  // namespace sipcm::sip

#endif  // SIPCM_CORE_SIP_ESCAPE_H_
