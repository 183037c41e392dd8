#include "core/engine/sends/send_failure.h"

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace sipcm::engine {

absl::Status SendCancelled() {
  return MakeError(absl::StatusCode::kCancelled, "REQUEST_CANCELLED",
                   "the send was given up by its application");
}

absl::Status SendWhileDraining() {
  return MakeError(absl::StatusCode::kUnavailable, "DRAINING",
                   "the server is draining and sends nothing new; use another server");
}

absl::Status NoFinalAnswer(absl::string_view method, const SendOrder& order, SentSoFar sent) {
  return MakeError(
      absl::StatusCode::kDeadlineExceeded, "REQUEST_TIMEOUT",
      absl::StrCat(method, " to \"", order.request_uri, "\" had no final answer ",
                   sent == SentSoFar::kNothing ? "(no connection came up in time)" : "in time",
                   "; raise timeout, or look at the peer"));
}

absl::Status ConnectionLost(absl::string_view method, const SendOrder& order,
                            const net::SocketAddress& remote, const absl::Status& why,
                            SendEvent::Written written) {
  // Ours is the limit that it passed.
  const bool is_unread = ReasonOf(why) == "WRITE_QUEUE_FULL";
  return MakeError(
      is_unread ? absl::StatusCode::kResourceExhausted : absl::StatusCode::kUnavailable,
      is_unread ? "WRITE_QUEUE_FULL" : "CONNECTION_CLOSED",
      absl::StrCat(method, " to \"", order.request_uri, "\": the connection to ", remote.ToString(),
                   " closed before the final answer (", why.message(), "); ",
                   written == SendEvent::Written::kNothing
                       ? "no byte of it went out, so it may be sent again"
                       : "the peer may have acted on it"));
}

}  // namespace sipcm::engine
