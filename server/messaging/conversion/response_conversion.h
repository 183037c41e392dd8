#ifndef SIPCM_SERVER_MESSAGING_CONVERSION_RESPONSE_CONVERSION_H_
#define SIPCM_SERVER_MESSAGING_CONVERSION_RESPONSE_CONVERSION_H_

#include <string>

#include "absl/status/status.h"
#include "core/engine/message_order.h"
#include "proto/sipcm/v1/attach.pb.h"
#include "proto/sipcm/v1/subscription.pb.h"

namespace sipcm::server {

// What the engine shall answer; moves the bytes out of `request`, but leaves its request_id.
// INVALID_ARGUMENT naming the field (REQUIRED_FIELD_MISSING, CONFLICTING_FIELDS); NOT_FOUND
// (REQUEST_NOT_FOUND) for an id that is none of ours. What SIP allows is judged by the engine.
absl::Status TakeResponse(v1::RespondRequest* request, engine::ResponseOrder* order);

// The engine names fields as of the message; the caller knows them as of RespondRequest.
absl::Status RespondStatus(const engine::ResponseResult& result);

v1::RespondResponse ToRespondResponse(const engine::ResponseResult& result);

// What an Attach stream tells instead of Respond's status and response.
v1::RespondResult ToRespondResult(const engine::ResponseResult& result);
// The same for an answer that the engine was not asked for.
v1::RespondResult RefusedAnswer(const std::string& request_id, const absl::Status& why);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_MESSAGING_CONVERSION_RESPONSE_CONVERSION_H_
