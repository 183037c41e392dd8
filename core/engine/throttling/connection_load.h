#ifndef SIPCM_CORE_ENGINE_THROTTLING_CONNECTION_LOAD_H_
#define SIPCM_CORE_ENGINE_THROTTLING_CONNECTION_LOAD_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/types/optional.h"
#include "core/connection/connection_id.h"
#include "core/engine/connection_table.h"
#include "core/engine/throttling/throttle.h"
#include "core/event/event_loop.h"
#include "core/sip/message_view.h"

namespace sipcm::engine {

// Whose request a transaction is.
enum class TransactionSide : uint8_t { kReceived, kSent };

// Counts the outstanding transactions of a worker's connections, and holds requests back where
// there are too many (semantics.md 8, mechanisms 1 and 3).
//
// A connection above its high mark gets no sends (its pool is told), and the requests that it
// brings wait here, in order and bounded, until it is below its low mark. Its bytes are read on:
// only so do responses flow, and the CANCELs and ACKs that end what is outstanding. What the bound
// does not hold is answered with 503. Thread: the worker's.
class ConnectionLoad {
 public:
  // A peer that pipelines more than that does not look at answers anyway.
  static constexpr size_t kMaxHeldRequests = 100;
  static constexpr size_t kMaxHeldBytes = 256 * 1024;

  class Host {
   public:
    // Began or ended; of kClientConnection `marks` are the limit.
    virtual void OnThrottling(ConnectionSlot& slot, ThrottleMechanism mechanism,
                              ThrottleChange change, int count, ThrottleMarks marks) = 0;
    // One that was held; it may be held no more. In a turn of its own.
    virtual void OnHeldRequest(ConnectionSlot& slot, const sip::MessageView& request) = 0;

   protected:
    ~Host() = default;
  };

  // All outlive this.
  ConnectionLoad(event::EventLoop* loop, ConnectionTable* connections, Host* host)
      : loop_(loop), connections_(connections), host_(host) {}
  ~ConnectionLoad() { *alive_ = false; }
  ConnectionLoad(const ConnectionLoad&) = delete;
  ConnectionLoad& operator=(const ConnectionLoad&) = delete;

  // A transaction on that connection begins, ends.
  void Begin(ConnectionSlot& slot, TransactionSide side);
  void End(ConnectionSlot& slot, TransactionSide side);

  // Before it is gone: what it throttled is told to have ended.
  void Forget(ConnectionSlot& slot);

  // Its own, which hold from now on; without: its manager's.
  void SetMarks(ConnectionSlot& slot, const absl::optional<ThrottleMarks>& own);
  // The manager's have changed: its connections without marks of their own have the new ones.
  void ApplyMarks(LocalManager* manager);

  // kHeld: it was copied and comes back. kRefused: as many are held as may be.
  enum class Admission : uint8_t { kNow, kHeld, kRefused, kOverClientLimit };
  // Whether Admit() would have any request wait or refused.
  bool HoldsBack(const ConnectionSlot& slot) const {
    return slot.throttled || HoldsAny(slot) || IsClientOverLimit(slot);
  }
  // What shall happen to a request that came and is no copy of one that is outstanding. A copy of
  // one that is held is dropped: it is answered with that one.
  Admission Admit(ConnectionSlot& slot, const sip::MessageView& request);
  // Whether what the request follows may be among those that are held.
  bool HoldsAny(const ConnectionSlot& slot) const;

 private:
  bool IsClientOverLimit(const ConnectionSlot& slot) const;
  void EndHolding(ConnectionSlot& slot);
  Admission Hold(ConnectionSlot& slot, const sip::MessageView& request);
  void Weigh(ConnectionSlot& slot);
  void WeighClient(ConnectionSlot& slot);
  void ReleaseSoon(ConnectionSlot& slot);
  void Release(connection::ConnectionId id);

  event::EventLoop* const loop_;
  ConnectionTable* const connections_;
  Host* const host_;
  sip::MessageView view_;  // reused
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_THROTTLING_CONNECTION_LOAD_H_
