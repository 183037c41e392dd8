#ifndef SIPCM_SERVER_MESSAGING_ATTACHED_EVENT_H_
#define SIPCM_SERVER_MESSAGING_ATTACHED_EVENT_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "core/engine/message_order.h"
#include "proto/sipcm/v1/attach.pb.h"
#include "server/messaging/conversion/delivery_format.h"

namespace sipcm::server {

// One step of a send of an Attach stream, on its way to the application.
struct AttachedEvent {
  int64_t send_id = 0;
  View view = View::kParsed;
  engine::SendEvent event;
};

// The event of a send that was refused before the engine had it.
AttachedEvent RefusedSend(int64_t send_id, const absl::Status& why);

// About what it takes as a message.
size_t EstimateSize(const AttachedEvent& event);

// Writes it; its bytes are moved from.
void FillEvent(AttachedEvent* event, v1::AttachedSendEvent* out);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_MESSAGING_ATTACHED_EVENT_H_
