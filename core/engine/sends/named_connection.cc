#include "core/engine/sends/named_connection.h"

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace sipcm::engine {

absl::StatusOr<ConnectionSlot*> FindNamed(const SendOrder& order, sip::Method method,
                                          const LocalManager* manager,
                                          const ConnectionTable& connections) {
  ConnectionSlot* const slot = connections.Find(order.connection);
  const std::string quoted = absl::StrCat("connection \"", order.connection.ToString(), "\"");
  const auto state =
      slot == nullptr ? connection::ConnectionState::kClosed : slot->connection->state();
  // Dialogs go on over a connection that drains (semantics.md 7).
  const bool goes_on = slot != nullptr && order.dialog.is_valid() && slot->connection->can_send();
  if (state == connection::ConnectionState::kDraining && !goes_on) {
    return MakeError(
        absl::StatusCode::kUnavailable, "CONNECTION_DRAINING",
        absl::StrCat(quoted, " drains and takes no new requests; send by destination"));
  }
  if (state != connection::ConnectionState::kEstablished && !goes_on) {
    return MakeError(absl::StatusCode::kNotFound, "RESOURCE_NOT_FOUND",
                     absl::StrCat(quoted, " is closed or does not exist; send by destination"));
  }
  if (slot->manager != manager) {
    return MakeError(
        absl::StatusCode::kFailedPrecondition, "CONNECTION_OF_ANOTHER_MANAGER",
        absl::StrCat(quoted, " belongs to \"connectionManagers/", slot->manager->state->id(),
                     "\", endpoint \"endpoints/", order.endpoint_id, "\" to \"connectionManagers/",
                     manager->state->id(), "\"; send by destination"));
  }
  if (slot->throttled && method != sip::Method::kAck && method != sip::Method::kBye) {
    return MakeError(absl::StatusCode::kResourceExhausted, "CONNECTION_THROTTLED",
                     absl::StrCat(quoted, " has ", slot->outstanding_count(),
                                  " transactions outstanding, more than throttling.high (",
                                  slot->marks.high, "); wait for answers, or send by destination"));
  }
  return slot;
}

}  // namespace sipcm::engine
