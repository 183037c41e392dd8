#include "core/engine/sends/open_send.h"

namespace sipcm::engine {

SendEvent::Written OpenSend::written() const {
  if (slot == nullptr) return SendEvent::Written::kNothing;
  const uint64_t sent = slot->connection->counters().bytes_out;
  if (sent <= begins_at) return SendEvent::Written::kNothing;
  return sent < ends_at ? SendEvent::Written::kSome : SendEvent::Written::kWhole;
}

bool OpenSend::may_be_retried() const {
  const SendOrder& order = planned.order;
  const bool by_name = order.connection.is_valid() && order.connection != planned.flow;
  return !planned.retried && !given_up && !by_name && order.destination.has_value() &&
         !order.destination->is_dedicated() && written() == SendEvent::Written::kNothing;
}

}  // namespace sipcm::engine
