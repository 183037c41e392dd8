#ifndef SIPCM_CORE_SIP_CREDENTIALS_H_
#define SIPCM_CORE_SIP_CREDENTIALS_H_

#include "core/sip/header_id.h"

namespace sipcm::sip {

// Whether such a header answers a challenge (RFC 3261 22).
inline bool IsCredentials(HeaderId id) {
  return id == HeaderId::kAuthorization || id == HeaderId::kProxyAuthorization;
}

}  // namespace sipcm::sip

#endif  // SIPCM_CORE_SIP_CREDENTIALS_H_
