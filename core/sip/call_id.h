#ifndef SIPCM_CORE_SIP_CALL_ID_H_
#define SIPCM_CORE_SIP_CALL_ID_H_

#include "absl/strings/string_view.h"

namespace sipcm::sip {

// callid = word ["@" word] (RFC 3261 25.1), taken as: at least one byte, and no space or control
// character. Compared byte by byte (20.8).
bool IsCallId(absl::string_view text);

}  // namespace sipcm::sip

#endif  // SIPCM_CORE_SIP_CALL_ID_H_
