#ifndef SIPCM_CORE_TRANSACTION_ACCEPTED_INVITE_H_
#define SIPCM_CORE_TRANSACTION_ACCEPTED_INVITE_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "core/event/timeout_queue.h"

namespace sipcm::transaction {

// An INVITE that was answered with 2xx, whose ACK is a request of its own (RFC 3261 13.3.1.4). The
// owner derives from it.
struct AcceptedInvite : event::TimeoutQueue::Entry {
  virtual ~AcceptedInvite() = default;
  bool is_acknowledged = false;
  std::string response;  // the 2xx, until it is acknowledged or given up

 private:
  friend class AcceptedInviteTable;
  std::string key;
  absl::Duration interval;  // of the timeout that runs
  absl::Duration waited;    // when it ends, since the 2xx
};

// Those of one worker, by CallKeyOf(). Owns them. Repeats each 2xx until its ACK comes or kAckLimit
// is over, and keeps what was acknowledged as long again, for the ACKs of the copies.
// Thread: the worker's.
class AcceptedInviteTable final : private event::TimeoutQueue::Listener {
 public:
  static constexpr size_t kMaxCount = 16384;
  // Of keys and of the 2xx that are kept; one more is not repeated, or not kept.
  static constexpr size_t kMaxBytes = 32 << 20;

  class Owner {
   public:
    virtual void RepeatResponse(AcceptedInvite& invite) = 0;
    // It goes when this returns.
    virtual void OnAckMissing(AcceptedInvite& invite) = 0;

   protected:
    ~Owner() = default;
  };

  // Both outlive this.
  AcceptedInviteTable(event::EventLoop* loop, Owner* owner)
      : owner_(owner), timeouts_(loop, this) {}
  ~AcceptedInviteTable();

  // `response` just went out. False: there are too many, or it is there; its ACK will be a stray.
  bool Add(std::string key, std::unique_ptr<AcceptedInvite> invite, std::string response);
  // Whether the first ACK of that key is still to come.
  bool Awaits(const std::string& key) const;
  // Of the first ACK: true in `*is_first`, and the 2xx is not repeated any more. Null: none has
  // that key.
  AcceptedInvite* Acknowledge(const std::string& key, bool* is_first);
  size_t size() const { return by_key_.size(); }
  // How many wait for their ACK.
  size_t unacknowledged_count() const { return unacknowledged_count_; }

 private:
  void OnTimeout(event::TimeoutQueue::Entry& entry) override;
  void DropResponse(AcceptedInvite& invite);
  // What a key costs: the map has one, and the invite.
  static size_t BytesOf(const std::string& key) { return 2 * key.size(); }

  Owner* const owner_;
  event::TimeoutQueue timeouts_;
  absl::flat_hash_map<std::string, std::unique_ptr<AcceptedInvite>> by_key_;
  size_t bytes_ = 0;
  size_t unacknowledged_count_ = 0;
};

}  // namespace sipcm::transaction

#endif  // SIPCM_CORE_TRANSACTION_ACCEPTED_INVITE_H_
