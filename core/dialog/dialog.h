#ifndef SIPCM_CORE_DIALOG_DIALOG_H_
#define SIPCM_CORE_DIALOG_DIALOG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/base/instant.h"
#include "core/connection/connection_id.h"
#include "core/dialog/dialog_id.h"
#include "core/event/timeout_queue.h"
#include "core/sip/message_view.h"

namespace sipcm::dialog {

enum class DialogState : uint8_t {
  kReserved,   // only the local tag: our request is under way, or only its forks are left
  kEarly,      // a provisional response made it
  kConfirmed,  // a 2xx, or the NOTIFY of a subscription
};

// What a dialog is there for besides a call (RFC 5057): a subscription (RFC 6665), either way.
struct SubscriptionUsage {
  std::string event;  // "presence", "refer;id=4"; as SubscriptionKey() gives it
  Instant end;        // unless it is refreshed
};

// The state of one dialog (RFC 3261 12). `local` and `remote` are whole header values, with tags:
// what From and To of our requests in it say. Thread: its table's.
struct Dialog final : event::TimeoutQueue::Entry {
  DialogId id;
  DialogId set;  // the first of those that have its local tag: itself, or it is a fork
  Dialog* next_fork = nullptr;
  // Kept by its table: forks may still come, so that the first one stays.
  bool awaits_forks = false;
  DialogState state = DialogState::kReserved;

  std::string call_id;
  std::string local_tag;  // empty: TagText(set); else an application chose it
  std::string remote_tag;
  std::string local;
  std::string remote;
  std::string remote_target;            // the URI of the peer's Contact
  std::string routes;                   // the route set in our order, "<a>, <b>"; empty: none
  std::string contact;                  // that the application gave; empty: the server's own
  uint32_t local_cseq = 0;              // of our last request; 0: none yet
  uint32_t our_invite = 0;              // CSeq of our last INVITE: that of its ACK
  std::optional<uint32_t> remote_cseq;  // of the peer's last request; it may be 0
  bool owes_ack = false;                // the application has to send the ACK of a 2xx
  // Authorization and Proxy-Authorization of our last INVITE, until its ACK has them too
  // (13.2.2.4).
  std::vector<std::pair<std::string, std::string>> credentials;

  bool has_call = false;  // the usage that INVITE made
  std::vector<SubscriptionUsage> subscriptions;

  // Whose it is, and where its traffic goes.
  std::string manager_id;
  std::string endpoint_id;
  uint64_t owner = 0;             // the lineage_id of the subscription that has it; 0: none yet
  connection::ConnectionId flow;  // the connection it was last seen on
  std::string verified_name;      // that the peer's certificate proved (RFC 5922); empty: none

  // 101 to 299 to our request makes it (12.1.2). The response is well-formed and has a To tag.
  void BeginAsCaller(const sip::MessageView& response);
  // Our answer to the request makes it (12.1.1); `to` is that answer's To, with its tag.
  void BeginAsCallee(const sip::MessageView& request, absl::string_view to);
  // A NOTIFY that came before the answer to our SUBSCRIBE makes it (RFC 6665 4.1.2.4).
  void BeginByNotify(const sip::MessageView& notify);
  // The Contact of a target refresh (12.2.1.2, 12.2.2); nothing when there is none, or one of more
  // than kMaxKeptBytes.
  void RefreshTarget(absl::string_view contact_uri);
  // False: out of order, to be answered with 500 (12.2.2). So is a number that was there before: it
  // is a copy that came by another way, whose original has its answer or gets one.
  bool TakeRemoteCseq(uint32_t number);
  // The same without taking it.
  bool IsInOrder(uint32_t number) const {
    return !remote_cseq.has_value() || number > *remote_cseq;
  }
  std::string LocalTag() const { return local_tag.empty() ? TagText(set) : local_tag; }
};

// The URI of the first Contact; empty: none, or not one.
absl::string_view ContactUri(const sip::MessageView& message);

// The most that a dialog keeps of one message: Contact, From, To, Call-ID and Record-Route.
inline constexpr size_t kMaxKeptBytes = 8 << 10;
// Whether it has no more than that, so that it may make a dialog.
bool Fits(const sip::MessageView& message);

}  // namespace sipcm::dialog

#endif  // SIPCM_CORE_DIALOG_DIALOG_H_
