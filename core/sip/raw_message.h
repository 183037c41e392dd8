#ifndef SIPCM_CORE_SIP_RAW_MESSAGE_H_
#define SIPCM_CORE_SIP_RAW_MESSAGE_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/sip/framer.h"
#include "core/sip/message_view.h"

namespace sipcm::sip {

// Judges bytes that an application wrote itself, before they go out as they are: exactly one whole
// message that our own framer and parser accept, so that nothing can be smuggled behind it.
// INVALID_ARGUMENT (INVALID_SIP_MESSAGE, MESSAGE_TOO_LARGE) with field "raw" and the fault; OK
// fills
// `*out`, whose views point into `raw`.
absl::Status CheckRawRequest(absl::string_view raw, const FramerLimits& limits, MessageView* out);

// Also: it answers `request` (same top Via branch and sent-by, Call-ID, CSeq and From tag), so that
// no application can answer another's request. `request` was parsed with kOk.
absl::Status CheckRawResponse(absl::string_view raw, const FramerLimits& limits,
                              const MessageView& request, MessageView* out);

// INVALID_ARGUMENT for `field`: MESSAGE_TOO_LARGE when a limit was passed, else
// INVALID_SIP_MESSAGE.
absl::Status FrameFault(absl::string_view field, const FrameError& error);

}  // namespace sipcm::sip

#endif  // SIPCM_CORE_SIP_RAW_MESSAGE_H_
