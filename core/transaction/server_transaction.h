#ifndef SIPCM_CORE_TRANSACTION_SERVER_TRANSACTION_H_
#define SIPCM_CORE_TRANSACTION_SERVER_TRANSACTION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "core/base/random_source.h"
#include "core/event/timeout_queue.h"
#include "core/sip/message_view.h"
#include "core/transaction/ongoing_requests.h"

namespace sipcm::transaction {

// Which transaction a request belongs to (RFC 3261 17.2.3): its branch, sent-by and method, as a
// hash that no peer can foresee, and the connection, which is compared as it is: only who sent a
// request can cancel it, whoever else guesses its branch.
struct ServerKey {
  uint64_t flow = 0;
  uint64_t hash = 0;

  friend bool operator==(const ServerKey&, const ServerKey&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const ServerKey& key) {
    return H::combine(std::move(h), key.flow, key.hash);
  }
};

// A request that came and is being answered over a reliable transport (RFC 3261 17.2, RFC
// 6026 7.1).
struct ServerTransaction final : event::TimeoutQueue::Entry {
  enum class State : uint8_t {
    kTrying,      // nothing was answered yet; its timer is that of the server's own 100
    kProceeding,  // a provisional was
    kCompleted,   // INVITE, 300 and above: waits for its ACK, timer H
    kAccepted,    // INVITE, 2xx: absorbs copies, timer L
  };
  bool is_open() const { return state == State::kTrying || state == State::kProceeding; }

  State state = State::kTrying;
  bool is_invite = false;
  uint64_t request_id = 0;  // of the open request, while it is open
  ServerKey key;
  uint64_t fingerprint = 0;      // in OngoingRequests; 0: not there
  std::string last_provisional;  // as sent, for a copy of the request
};

// A worker's server transactions. Owns them. Thread: the worker's.
//
// Once its final answer went out, nothing is left of a transaction but for an INVITE: over a
// reliable transport timers I and J are zero. A copy of the request that comes later, against
// 18.1.1, is a new request.
class ServerTransactionTable final : private event::TimeoutQueue::Listener {
 public:
  // INVITEs in kCompleted and kAccepted. One more is forgotten at once: its ACK then finds no
  // transaction, which hurts nobody, and no peer can fill the memory.
  static constexpr size_t kMaxLingering = 16384;

  class Owner {
   public:
    // Nothing was answered for so long that the server has to say 100 (17.2.1, RFC 4320 4.1).
    virtual void OnTrying(ServerTransaction& transaction) = 0;

   protected:
    ~Owner() = default;
  };

  // All outlive this; `ongoing` is shared with the other workers.
  ServerTransactionTable(event::EventLoop* loop, RandomSource* random, OngoingRequests* ongoing,
                         Owner* owner);
  ~ServerTransactionTable();

  // The one that a request belongs to, which is then a copy, or of an ACK its INVITE; null: none.
  ServerTransaction* Match(const sip::MessageView& request, uint64_t flow) const;
  // The one that a CANCEL is about (RFC 3261 9.2); null: none.
  ServerTransaction* MatchCancelled(const sip::MessageView& cancel, uint64_t flow) const;
  // For a request that matches none. Null: it is merged, another copy is being answered for that
  // endpoint (8.2.2.2).
  ServerTransaction* Add(const sip::MessageView& request, uint64_t flow,
                         absl::string_view endpoint_id, uint64_t request_id);

  // A provisional answer went out; to the application's, or the server's 100.
  void OnProvisional(ServerTransaction* transaction, absl::string_view response);
  // No 100 will be needed any more: the final answer is on its way.
  void StopTrying(ServerTransaction* transaction) { timeouts_.Disarm(transaction); }
  // The final answer went out. The transaction may be gone.
  void Finish(ServerTransaction* transaction, int status_code);
  void Remove(ServerTransaction* transaction);
  size_t size() const { return by_key_.size(); }

 private:
  void OnTimeout(event::TimeoutQueue::Entry& entry) override;
  ServerKey KeyOf(const sip::MessageView& request, uint64_t flow, absl::string_view method) const;
  ServerTransaction* Find(const ServerKey& key) const;
  void LeaveOngoing(ServerTransaction* transaction);

  Owner* const owner_;
  OngoingRequests* const ongoing_;
  const uint64_t seed_;
  event::TimeoutQueue timeouts_;
  absl::flat_hash_map<ServerKey, std::unique_ptr<ServerTransaction>> by_key_;
  size_t lingering_count_ = 0;
};

}  // namespace sipcm::transaction

#endif  // SIPCM_CORE_TRANSACTION_SERVER_TRANSACTION_H_
