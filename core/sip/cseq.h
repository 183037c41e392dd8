#ifndef SIPCM_CORE_SIP_CSEQ_H_
#define SIPCM_CORE_SIP_CSEQ_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace sipcm::sip {

inline constexpr uint32_t kMaxCseq = 0x7fffffff;  // RFC 3261 8.1.1.5: below 2^31

struct Cseq {
  uint32_t number = 0;
  absl::string_view method;  // view into the text; case-sensitive
};

enum class CseqForm : uint8_t {
  kValid,
  kOutOfRange,  // 1*DIGIT LWS method, but the number is above kMaxCseq: may only be echoed
  kMalformed,
};

// CSeq = 1*DIGIT LWS Method (RFC 3261 20.16). `text` must be trimmed. kOutOfRange fills `method`.
CseqForm ParseCseq(absl::string_view text, Cseq* cseq);

}  // namespace sipcm::sip

#endif  // SIPCM_CORE_SIP_CSEQ_H_
