#ifndef SIPCM_CORE_DIALOG_EXCHANGE_H_
#define SIPCM_CORE_DIALOG_EXCHANGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/dialog/dialog.h"
#include "core/sip/message_view.h"
#include "core/sip/method.h"

namespace sipcm::dialog {

// A request in a dialog and its final answer, as far as the dialog changes by them. A value: it is
// made where the messages are and settled where the dialog is.
struct Exchange {
  enum class Side : uint8_t { kOurs, kTheirs };  // who sent the request
  static constexpr int kNoAnswer = 0;            // in 64*T1; to BYE: it timed out
  // Who acknowledges a 2xx to our INVITE (RFC 3261 13.2.2.4). The server does when the INVITE had a
  // body: then the offer was in it, and the ACK has nothing to say.
  enum class Acknowledgement : uint8_t {
    kServer,
    kApplication,  // within DialogTable's time, else the server does, and ends the call
    kRaw,          // the application writes its own messages
  };

  Side side = Side::kOurs;
  sip::Method method = sip::Method::kOther;
  int status_code = kNoAnswer;
  uint32_t cseq = 0;
  std::string target;        // the peer's Contact in it, of a method that refreshes; empty: none
  std::string subscription;  // SubscriptionKey() of SUBSCRIBE, NOTIFY and REFER
  bool ends_subscription = false;         // NOTIFY: Subscription-State says "terminated"
  std::optional<absl::Duration> expires;  // of SUBSCRIBE's 2xx, or NOTIFY's Subscription-State
  Acknowledgement acknowledgement = Acknowledgement::kServer;
  std::vector<std::pair<std::string, std::string>> credentials;  // of our INVITE, as header fields

  // What can be told from the request alone.
  static Exchange Of(Side side, const sip::MessageView& request);
  // With the final answer to it.
  void Finish(const sip::MessageView& response);
};

// What identifies a subscription in its dialog: the package and id of the Event header; "refer" of
// all that REFERs began, since their NOTIFYs may leave the id out (RFC 3515 2.4.6).
std::string SubscriptionKey(sip::Method method, absl::string_view event);

// Whether it makes a dialog when it is answered with 101 to 299 (RFC 3261 12.1, RFC 6665, RFC
// 3515).
bool MakesDialog(sip::Method method);
// Whether the Contacts of the request and of its 2xx become targets (RFC 3261 12.2, RFC 3311,
// RFC 6665 4.4.1).
bool RefreshesTarget(sip::Method method);

// Whether the dialog lives on after the exchange. 481 and 408 and no answer at all end it
// (RFC 3261 12.2.1.2); those to SUBSCRIBE and NOTIFY only the subscription (RFC 5057 5.1).
enum class Outcome : uint8_t {
  kLives,
  kEnds,
  kHangsUp,  // it ends, but the peer may have the call still: it is to be told by BYE
};
Outcome Settle(const Exchange& exchange, Instant now, Dialog* dialog);

// Beyond these the server keeps no subscription, or not that long, without a message in between.
inline constexpr size_t kMaxSubscriptions = 16;  // of one dialog
inline constexpr size_t kMaxSubscriptionKey = 256;
inline constexpr absl::Duration kMaxSubscription = absl::Hours(24);

// How long a subscription is waited for that does not say when it ends.
inline constexpr absl::Duration kDefaultSubscription = absl::Minutes(3);
// The last NOTIFY may come this much later (64*T1).
inline constexpr absl::Duration kSubscriptionGrace = absl::Seconds(32);

}  // namespace sipcm::dialog

#endif  // SIPCM_CORE_DIALOG_EXCHANGE_H_
