#ifndef SIPCM_SERVER_MESSAGING_CONVERSION_SIP_CONVERSION_H_
#define SIPCM_SERVER_MESSAGING_CONVERSION_SIP_CONVERSION_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/engine/message_order.h"
#include "core/sip/message_view.h"
#include "proto/sipcm/v1/sip.pb.h"
#include "server/messaging/conversion/delivery_format.h"

namespace sipcm::server {

// A received message as `view` says. RAW: the bytes and the start line's fields; PARSED: every
// header (compact names in full, folds joined), and the body.
void FillSipRequest(const sip::MessageView& message, View view, v1::SipRequest* out);
void FillSipResponse(const sip::MessageView& message, View view, v1::SipResponse* out);

// An application's message as the engine wants it; moves the bytes out of `message`. What SIP
// allows is judged by the engine. INVALID_ARGUMENT (CONFLICTING_FIELDS) with field "raw": it is
// given together with any of the parts.
absl::Status TakeParts(v1::SipRequest* message, engine::MessageParts* out);
absl::Status TakeParts(v1::SipResponse* message, engine::MessageParts* out);

// The engine names a field of a message by its own path ("headers[2].value"); callers know it below
// `path`, where the message stands in their request. Other fields and OK pass through.
absl::Status WithMessagePath(absl::Status status, absl::string_view path);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_MESSAGING_CONVERSION_SIP_CONVERSION_H_
