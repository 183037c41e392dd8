#ifndef SIPCM_CORE_TRANSACTION_INVITE_TRANSACTION_H_
#define SIPCM_CORE_TRANSACTION_INVITE_TRANSACTION_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "core/event/timeout_queue.h"
#include "core/sip/message_view.h"

namespace sipcm::transaction {

// An INVITE that came: found by its branch and sent-by (RFC 3261 17.2.3), so that its CANCEL and
// the ACK of a failure reach it. Other requests need no such thing over a reliable transport.
struct InviteTransaction final : event::TimeoutQueue::Entry {
  enum class State : uint8_t {
    kProceeding,  // no final answer yet: may be cancelled
    kCompleted,   // 300 and above was sent: its ACK ends here
  };
  State state = State::kProceeding;
  uint64_t request_id = 0;  // of the open request, while kProceeding
  std::string key;
  std::string call;  // what all copies of the INVITE share, whichever way they came
};

// A worker's INVITE transactions. Owns them. Thread: the worker's.
class InviteTransactionTable final : private event::TimeoutQueue::Listener {
 public:
  static constexpr size_t kMaxCompleted = 16384;

  explicit InviteTransactionTable(event::EventLoop* loop) : timeouts_(loop, this) {}
  ~InviteTransactionTable();

  enum class Added : uint8_t {
    kNew,
    kRetransmission,  // the same flow and branch again: its transaction answers (RFC 3261 17.2.1)
    kMerged,          // it came here by another way and has no final answer yet (8.2.2.2)
  };
  // `flow` names the connection: only who sent an INVITE can cancel it, whoever else guesses its
  // branch.
  Added Add(const sip::MessageView& invite, uint64_t flow, uint64_t request_id);
  // The INVITE that a CANCEL or ACK on that flow belongs to; null: none.
  InviteTransaction* Match(const sip::MessageView& follower, uint64_t flow);
  // The final answer went out: 2xx forgets it, as its ACK is a request of its own; a failure waits
  // for the ACK for timer H, 64*T1 = 32 s, unless kMaxCompleted do: then that ACK finds no
  // transaction, which hurts nobody, and no peer can fill the memory.
  void Finish(const sip::MessageView& invite, uint64_t flow, int status_code);
  void Remove(InviteTransaction* transaction);
  size_t size() const { return by_key_.size(); }

 private:
  void OnTimeout(event::TimeoutQueue::Entry& entry) override;
  static std::string KeyOf(const sip::MessageView& request, uint64_t flow);
  static std::string CallOf(const sip::MessageView& invite);

  event::TimeoutQueue timeouts_;
  absl::flat_hash_map<std::string, std::unique_ptr<InviteTransaction>> by_key_;
  absl::flat_hash_set<std::string> proceeding_calls_;  // of those outside dialogs
};

}  // namespace sipcm::transaction

#endif  // SIPCM_CORE_TRANSACTION_INVITE_TRANSACTION_H_
