#ifndef SIPCM_CORE_POOL_CONNECTION_POOL_H_
#define SIPCM_CORE_POOL_CONNECTION_POOL_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/instant.h"
#include "core/base/random_source.h"
#include "core/connection/attempt.h"
#include "core/connection/connection.h"
#include "core/connection/timers/lazy_alarm.h"
#include "core/event/event_loop.h"
#include "core/pool/attempt_gate.h"
#include "core/pool/destination.h"
#include "core/pool/pool_member.h"
#include "core/pool/pool_policy.h"
#include "core/pool/pool_request.h"

namespace sipcm::pool {

struct PoolStatistics {
  int connecting_count = 0;
  int live_count = 0;  // established and usable
  int draining_count = 0;
  int waiting_count = 0;      // requests that wait for a connection, their own or a shared one
  int outstanding_count = 0;  // live transactions of all members, draining ones too
  uint64_t request_total = 0;
  uint64_t opened_total = 0;
  uint64_t closed_total = 0;
  uint64_t reused_total = 0;  // requests answered at once by a connection that was there
  uint64_t failed_attempts_total = 0;
  uint64_t refused_total = 0;     // too many waited, or waited too long
  uint64_t backed_off_total = 0;  // failed fast, because the destination just had
};

// The outgoing connections to one destination (semantics.md 4). Grows, then round-robin; a
// request on a connecting member shares its outcome, or goes to another member when that fails and
// one is usable; a bounded line waits when none is usable.
//
// After a failure one attempt at a time probes the destination (AttemptGate). Until then requests
// use the members that are there, or fail at once with the same cause when there is none.
//
// With kNoSharing a connection serves the one request that opened it: who acquired it calls its
// Drain() when that request's transaction has ended.
//
// It lends; connections are owned by `Owner` (the worker's table), who hears of each new one and
// tells the pool of each that closed. Thread: its loop's. Destroy when empty() is true, or together
// with all it serves: attempts then end, and waiters that are left are never answered.
class ConnectionPool final : private PoolRequest::Owner {
 public:
  // The pool asks its owner for attempts and hands it what they gave.
  class Owner {
   public:
    // Begins one attempt; never null; `done` as of connection::Attempt.
    virtual std::unique_ptr<connection::Attempt> StartAttempt(
        ConnectionPool& pool, connection::Attempt::Callback done) = 0;
    // Takes ownership, sets the listener, and calls OnConnectionClosed on the pool at its end.
    // Null: it has no use for it any more (it shuts down); who waited fails with UNAVAILABLE.
    virtual connection::Connection* Adopt(ConnectionPool& pool,
                                          std::unique_ptr<connection::Connection> connection) = 0;
    // After a use the pool holds nothing any more, since this turn; the owner decides when to
    // remove it, even now.
    virtual void OnPoolEmpty(ConnectionPool& pool) = 0;

   protected:
    ~Owner() = default;
  };

  using AcquireCallback = PoolRequest::Callback;

  // Waits for a connection; destroying it leaves the line without a call.
  using Waiter = PoolWaiter;

  struct Acquired {
    connection::Connection* connection = nullptr;  // at once: established and usable
    std::unique_ptr<Waiter> waiter;                // or: `done` will be called, exactly once
    absl::Status refused;                          // or: neither (RESOURCE_EXHAUSTED, ...)
    bool reused = false;
  };

  // `loop`, `owner` and `random` (for the jitter of back-off) outlive the pool.
  ConnectionPool(Destination destination, PoolLimits limits, event::EventLoop* loop, Owner* owner,
                 RandomSource* random);
  ~ConnectionPool();
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;

  // One answer exactly. RESOURCE_EXHAUSTED (POOL_WAIT_QUEUE_FULL): too many wait;
  // DEADLINE_EXCEEDED (POOL_WAIT_TIMEOUT): waited max_wait_time; otherwise the attempt's failure.
  // `done` is called at the end of a turn, never from inside a call of the pool or the owner; it
  // may acquire and destroy waiters. A connection it gets is usable.
  Acquired Acquire(AcquireCallback done);

  // Holds from now on; lowering the maximum drains the surplus, newest first (kSurplus).
  // Connections that were opened with kNoSharing are shared when that ends.
  void SetLimits(PoolLimits limits);
  const PoolLimits& limits() const { return limits_; }
  // All members drain until `deadline`; waiters fail with UNAVAILABLE (POOL_DRAINED). Requests that
  // come later open new connections.
  void Drain(Instant deadline, connection::CloseReason reason = connection::CloseReason::kDrained);

  // From the owner: a member closed; or is above, and below again, its throttling marks: it gets no
  // new request meanwhile.
  void OnConnectionClosed(connection::Connection* connection);
  void SetThrottled(connection::Connection* connection, bool throttled);

  bool empty() const;
  // Since when it has been empty and unused; Infinite while it is not.
  Instant empty_since() const { return empty() ? empty_since_ : Instant::Infinite(); }
  const Destination& destination() const { return destination_; }
  PoolStatistics statistics() const;
  // Those with a connection, the draining ones last.
  std::vector<connection::Connection*> members() const;

 private:
  // --- Deciding. What a request shall do now, back-off included; for kRefuse, `refused` says why.
  PoolDecision Decide(int waiting_count, absl::Status* refused);
  PoolDecision DecideWithoutGrowth(int waiting_count);
  bool MayOpen() const;

  // --- Members.
  void SetAside();  // those that drain by now
  int Open();       // the index of a new member
  void OnAttemptDone(PoolMember* member,
                     absl::StatusOr<std::unique_ptr<connection::Connection>> result);
  std::unique_ptr<PoolMember> Remove(size_t index);
  // Removes a member that is to end, and hands on who waits for it.
  void End(size_t index, Instant deadline, connection::CloseReason reason,
           PoolRequestList* orphans);

  // --- Requests. Each moves one to where it waits next, or to those that are ready.
  void Apply(const PoolDecision& decision, PoolRequest* request);
  void Again(PoolRequest* request);
  void MoveOn(PoolRequest* request, const absl::Status& cause);
  void Answer(PoolRequest* request, absl::StatusOr<connection::Connection*> answer);
  void OnRequestDropped(PoolRequest& request) override;
  void PumpLine();
  void OnWaitAlarm();
  void OnTurnEnd();
  void DeliverNext();
  void ScheduleTurnEnd();

  const Destination destination_;
  PoolLimits limits_;
  event::EventLoop* const loop_;
  Owner* const owner_;

  std::vector<std::unique_ptr<PoolMember>> members_;  // live, in the order they were opened
  std::vector<std::unique_ptr<PoolMember>> draining_;
  std::vector<MemberSnapshot> snapshots_;  // kept for its capacity
  int cursor_ = 0;
  PoolRequestList line_;
  PoolRequestList ready_;  // answered at the turn's end
  int waiting_count_ = 0;  // in line, or sharing a connection another opened

  AttemptGate gate_;
  connection::LazyAlarm wait_alarm_;
  Instant empty_since_;
  bool tell_empty_ = false;  // used since it was told
  bool turn_end_scheduled_ = false;
  PoolStatistics totals_;  // only the *_total
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sipcm::pool

#endif  // SIPCM_CORE_POOL_CONNECTION_POOL_H_
