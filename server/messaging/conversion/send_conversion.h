#ifndef SIPCM_SERVER_MESSAGING_CONVERSION_SEND_CONVERSION_H_
#define SIPCM_SERVER_MESSAGING_CONVERSION_SEND_CONVERSION_H_

#include "absl/status/status.h"
#include "core/engine/message_order.h"
#include "proto/sipcm/v1/send.pb.h"
#include "server/messaging/conversion/delivery_format.h"
#include "server/messaging/conversion/endpoint_lookup.h"

namespace sipcm::server {

// What the engine shall send, and how responses shall be shown; moves the bytes out of `request`.
// INVALID_ARGUMENT naming the field (REQUIRED_FIELD_MISSING, CONFLICTING_FIELDS, INVALID_NAME,
// FIELD_OUT_OF_RANGE); NOT_FOUND for what no dialog is called. What SIP allows is judged by the
// engine.
absl::Status TakeSend(v1::SendRequest* request, const EndpointLookup& lookup,
                      engine::SendOrder* order, View* view);

// Writes `event`; its bytes are moved from.
void FillSendEvent(engine::SendEvent* event, View view, v1::SendEvent* out);

// A failure that is known before the engine was asked.
void FillSendFailure(const absl::Status& status, v1::SendEvent* out);

// Whether a failure before `sent` is an error of Messaging.Send rather than a `failure` event: what
// the caller did wrong, or this server taking no more; not what befell the request on its way.
bool IsCallError(const absl::Status& failure);

v1::SendFailure::Cause CauseOf(const absl::Status& failure);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_MESSAGING_CONVERSION_SEND_CONVERSION_H_
