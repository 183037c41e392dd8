#ifndef SIPCM_CORE_ENGINE_MESSAGE_ORDER_H_
#define SIPCM_CORE_ENGINE_MESSAGE_ORDER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "core/connection/connection_id.h"
#include "core/dialog/dialog_id.h"
#include "core/dispatch/request_id.h"
#include "core/net/address.h"
#include "core/pool/destination.h"
#include "core/sip/message_view.h"

namespace sipcm::engine {

// A SIP message by its parts, as an application gives it. When `raw` is set the rest is ignored:
// raw is a whole message, of which only what the server must own is replaced.
struct MessageParts {
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string raw;
};

// --- Answers -------------------------------------------------------------------------------

class SendSink;

struct ResponseOrder {
  dispatch::RequestId request_id;
  // As of SubscriptionOptions: whose answer it is. Null: of whoever knows the id.
  const SendSink* sender = nullptr;
  int status_code = 0;  // 100..699; of `raw` when that is set
  std::string reason_phrase;
  MessageParts message;
  uint64_t cookie = 0;  // comes back in the result
};

// How an answer was delivered (semantics.md 7, Responses; RFC 3261 18.2.2).
enum class ResponseRoute : uint8_t {
  kNone,
  kSameConnection,
  // The request's connection is gone, to where it came from:
  kOtherConnection,   // over one that was there
  kOpenedConnection,  // over one opened for it
};

struct ResponseResult {
  uint64_t cookie = 0;
  dispatch::RequestId request_id;
  // NOT_FOUND (REQUEST_NOT_FOUND), FAILED_PRECONDITION (REQUEST_ALREADY_ANSWERED,
  // REQUEST_EXPIRED, REQUEST_CANCELLED, REQUEST_NOT_YOURS), INVALID_ARGUMENT (a bad header, status
  // or body), UNAVAILABLE (CONNECTION_GONE: no way back to the peer). Nothing was sent unless OK.
  absl::Status status;
  ResponseRoute route = ResponseRoute::kNone;
  connection::ConnectionId connection = {};  // that it was written to
  std::string manager_id = {};               // of it
  dialog::DialogId dialog = {};              // that the answer made or belongs to
};

// Called from workers' threads; must not block. The results of one Respond() may come in several
// calls: an answer whose way back has to be opened takes longer.
class ResponseSink {
 public:
  virtual ~ResponseSink() = default;
  virtual void OnResponseResults(std::vector<ResponseResult> results) = 0;
};

// --- Requests ------------------------------------------------------------------------------

struct SendOrder {
  std::string endpoint_id;  // required: whose request it is
  // In that dialog, which says Request-URI, Route, From, To, Call-ID and CSeq, and where to.
  dialog::DialogId dialog;
  std::string method;
  std::string request_uri;
  MessageParts message;
  absl::optional<pool::Destination> destination;  // or:
  connection::ConnectionId connection;            // an existing flow; or neither: by request_uri
  // To the final answer; for an INVITE to the first provisional, and again from the last one.
  // Not given: 32 s (64*T1, RFC 3261 17.1), after a provisional to an INVITE 3 min (timer C).
  absl::optional<absl::Duration> timeout;
  uint64_t cookie = 0;  // the caller's own id of this request
};

struct SendEvent {
  enum class Kind : uint8_t { kSent, kResponse, kFailure };
  Kind kind = Kind::kSent;
  uint64_t cookie = 0;
  bool is_final = false;    // nothing follows for this cookie
  dialog::DialogId dialog;  // that it is in, or that the response made
  // kSent; of kFailure the connection that it was put on, and the address tried last
  connection::ConnectionId connection;
  std::string manager_id;
  bool reused_connection = false;
  net::SocketAddress target;
  std::string pool_id;  // "tcp:host:port"; empty without a pool that has a name
  std::string branch;   // of our Via
  std::string call_id;
  absl::Duration waited;  // from Send() until it was put on the connection
  // kResponse: the whole message and where its parts are
  std::string bytes;
  std::shared_ptr<const sip::MessageView> view;  // over `bytes`' content while the event lives
  // kFailure: UNAVAILABLE, DEADLINE_EXCEEDED (REQUEST_TIMEOUT, POOL_WAIT_TIMEOUT),
  // RESOURCE_EXHAUSTED, INVALID_ARGUMENT, NOT_FOUND, FAILED_PRECONDITION, CANCELLED; with reason
  absl::Status failure;
  // kFailure: how much of the request was handed to the network. Only with kNothing the peer cannot
  // have acted on it.
  enum class Written : uint8_t { kNothing, kSome, kWhole };
  Written written = Written::kNothing;
};

// Called from workers' threads; must not block.
class SendSink {
 public:
  virtual ~SendSink() = default;
  virtual void OnSendEvents(std::vector<SendEvent> events) = 0;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_MESSAGE_ORDER_H_
