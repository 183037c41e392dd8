#ifndef SIPCM_CORE_DISPATCH_DELIVERY_H_
#define SIPCM_CORE_DISPATCH_DELIVERY_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/connection/connection_id.h"
#include "core/dialog/dialog_id.h"
#include "core/dispatch/endpoint.h"
#include "core/dispatch/request_id.h"
#include "core/net/address.h"
#include "core/sip/message_view.h"

namespace sipcm::tls {
struct PeerIdentity;
}

namespace sipcm::dispatch {

// Which step of semantics.md 7 decided. In step with sipcm.v1.DispatchReason.
enum class DispatchReason : uint8_t {
  kTransaction,      // 1
  kDialog,           // 1
  kGruu,             // 2
  kUniqueContext,    // 3: epid, instance or contact
  kRequestUri,       // 4
  kToAddress,        // 4
  kStrict,           // 5
  kDefaultEndpoint,  // 6
  kAutomaticAnswer,  // 7
};
absl::string_view DispatchReasonName(DispatchReason reason);

// Why a request is delivered to the subscription that gets it. In step with
// sipcm.v1.RequestDelivery.AttemptReason.
enum class AttemptReason : uint8_t {
  kFirstAttempt,
  kSubscriptionLost,  // the one that had it ended without an answer
  kDialogOwnerLost,   // the one that has its dialog has ended, or does not take the method
  kResumed,           // of the subscription that this one resumed
};

// One request as it came, shared between the worker that will answer it and the application's
// stream. Immutable.
struct RequestRecord {
  std::string bytes;      // the whole message
  sip::MessageView view;  // over `bytes`
  connection::ConnectionId connection;
  std::string manager_id;
  net::SocketAddress peer_address;
  std::shared_ptr<const tls::PeerIdentity> peer;  // null without TLS
};

// What a subscription gets to read.
struct Delivery {
  enum class Kind : uint8_t {
    kRequest,
    kCancelled,   // the peer cancelled it (RFC 3261 9.2); an answer is still welcome until expiry
    kExpired,     // its deadline passed; the server has answered
    kAckMissing,  // of a 2xx to INVITE that was repeated in vain (RFC 3261 13.3.1.4)
    kGap,         // `lost_count` requests of the subscription that this one resumed are lost to it
  };
  Kind kind = Kind::kRequest;
  RequestId request_id;
  std::shared_ptr<const RequestRecord> request;  // kRequest only
  std::shared_ptr<const Endpoint> endpoint;
  DispatchReason reason = DispatchReason::kRequestUri;
  dialog::DialogId dialog;  // that it is in; none: it is in none
  int attempt = 1;          // 2 and up: it was delivered before
  AttemptReason attempt_reason = AttemptReason::kFirstAttempt;
  absl::Time expire_time;  // when the server answers by itself
  int64_t lost_count = 0;  // kGap only
  int status_code = 0;     // kExpired only: what the server answered
};

// Takes a subscription's deliveries. Called from workers' threads, one or several at a time; must
// not block and must not call the engine from inside.
class DeliverySink {
 public:
  virtual ~DeliverySink() = default;
  // All that one worker's turn brought, in order.
  virtual void Deliver(std::vector<Delivery> batch) = 0;
  // The engine ended the subscription: its endpoint or manager was deleted, or shutdown. The last
  // call.
  virtual void OnSubscriptionEnded(const absl::Status& why) = 0;
};

}  // namespace sipcm::dispatch

#endif  // SIPCM_CORE_DISPATCH_DELIVERY_H_
