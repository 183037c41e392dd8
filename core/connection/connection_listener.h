#ifndef SIPCM_CORE_CONNECTION_CONNECTION_LISTENER_H_
#define SIPCM_CORE_CONNECTION_CONNECTION_LISTENER_H_

#include <cstdint>

#include "absl/status/status.h"
#include "core/connection/close_reason.h"
#include "core/sip/message_view.h"
#include "core/sip/parser.h"

namespace sipcm::connection {

class Connection;

// What a connection tells its owner. Thread: the connection's loop's. Never from inside a call into
// the connection; after OnClosed nothing more.
class ConnectionListener {
 public:
  virtual void OnEstablished(Connection& connection) = 0;
  // A well-formed message. `message` and what it views are valid during the call only.
  virtual void OnMessage(Connection& connection, const sip::MessageView& message) = 0;
  // A message that is not well-formed, or whose framing was lost. `message` holds what could be
  // read; verdict.answerable says whether an answer can be addressed. When framing was lost, or
  // verdict.after is kClose, the connection closes (kProtocolError or kLimit) after what the
  // listener appends is flushed. Bytes without one readable header row are not told: it closes.
  virtual void OnMalformed(Connection& connection, const sip::MessageView& message,
                           const sip::ParseVerdict& verdict) = 0;
  // `detail` says why in full: the address, what happened, for a peer's fault the remedy. OK
  // where the reason needs no more words (kAdmin, kDrained, ...) and none were given to Close().
  // tls() is still valid inside, for the refused certificate.
  virtual void OnClosed(Connection& connection, CloseReason reason, const absl::Status& detail) = 0;

 protected:
  ~ConnectionListener() = default;
};

// Of one connection. Messages in are all that were framed, well-formed or not; keep-alives count as
// bytes only.
struct ConnectionCounters {
  uint64_t messages_in = 0;
  uint64_t messages_out = 0;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
};

}  // namespace sipcm::connection

#endif  // SIPCM_CORE_CONNECTION_CONNECTION_LISTENER_H_
