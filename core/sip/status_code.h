#ifndef SIPCM_CORE_SIP_STATUS_CODE_H_
#define SIPCM_CORE_SIP_STATUS_CODE_H_

#include "absl/strings/string_view.h"

namespace sipcm::sip {

// The registered phrase of a status code ("Temporarily Unavailable"), else that of its class
// ("Request Failure"), else "Unknown". Never empty.
absl::string_view ReasonPhrase(int status_code);

// 100 <= status_code <= 699.
inline bool IsStatusCode(int status_code) { return status_code >= 100 && status_code <= 699; }
inline bool IsFinal(int status_code) { return status_code >= 200; }
inline bool IsSuccess(int status_code) { return status_code >= 200 && status_code < 300; }

}  // namespace sipcm::sip

#endif  // SIPCM_CORE_SIP_STATUS_CODE_H_
