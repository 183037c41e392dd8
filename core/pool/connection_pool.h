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
#include "core/pool/destination.h"
#include "core/pool/pool_members.h"
#include "core/pool/pool_policy.h"
#include "core/pool/pool_request.h"
#include "core/pool/pool_selection.h"
#include "core/pool/sizing/pool_sizer.h"
#include "core/pool/statistics/pool_meter.h"
#include "core/pool/statistics/pool_statistics.h"
#include "core/pool/statistics/pool_totals.h"

namespace sipcm::pool {

// The outgoing connections to one destination (semantics.md 4). Grows, then round-robin; a
// request on a connecting member shares its outcome, or goes to another member when that fails and
// one is usable; a bounded line waits when none is usable.
//
// min_connection_count members are kept open (a lost one is replaced in the same turn); with
// Sizing::kAuto the maximum is what PoolSizer makes of waiting and utilization.
//
// After a failure requests use the members that are there, or fail at once with the same cause when
// there is none, until the destination is tried again (PoolSelection).
//
// With kNoSharing a connection serves the one request that got it: who acquired it calls its
// Drain() when that request's transaction has ended. Those that are kept open wait for a request.
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

  // `loop`, `owner`, `random` (for the jitter of back-off) and `totals` outlive the pool. What is
  // to be kept open is opened at the end of this turn.
  ConnectionPool(Destination destination, PoolLimits limits, event::EventLoop* loop, Owner* owner,
                 RandomSource* random, PoolTotals* totals);
  ~ConnectionPool();
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;

  // One answer exactly. RESOURCE_EXHAUSTED (POOL_WAIT_QUEUE_FULL): too many wait;
  // DEADLINE_EXCEEDED (POOL_WAIT_TIMEOUT): waited max_wait_time; otherwise the attempt's failure.
  // `done` is called at the end of a turn, never from inside a call of the pool or the owner; it
  // may acquire and destroy waiters. A connection it gets is usable.
  Acquired Acquire(AcquireCallback done);

  // Holds from now on; lowering the maximum drains the surplus, newest first (kSurplus), and so
  // does kNoSharing with what was shared and is not to be kept open. Connections that were opened
  // with kNoSharing are shared when that ends.
  void SetLimits(PoolLimits limits);
  // As SetLimits() with only these changed, for later requests; made to be called with each one.
  void SetWaitLimits(int max_waiting_count, absl::Duration max_wait_time) {
    limits_.max_waiting_count = in_force_.max_waiting_count = max_waiting_count;
    limits_.max_wait_time = in_force_.max_wait_time = max_wait_time;
  }
  const PoolLimits& limits() const { return limits_; }
  // As many connections as there should be at most: the maximum, or with kAuto what it chose.
  int size() const { return sizer_.size(); }
  // All members drain until `deadline`; waiters fail with UNAVAILABLE (POOL_DRAINED). None is kept
  // open any more. Requests that come later, and SetLimits(), begin anew.
  void Drain(Instant deadline, connection::CloseReason reason = connection::CloseReason::kDrained);

  // From the owner: a member closed; or is above, and below again, its throttling marks: it gets no
  // new request meanwhile.
  void OnConnectionClosed(connection::Connection* connection, connection::CloseReason reason);
  void SetThrottled(connection::Connection* connection, bool throttled);

  // It holds nothing, and keeps nothing open.
  bool empty() const;
  // Since when it has been empty and unused; Infinite while it is not.
  Instant empty_since() const { return empty() ? empty_since_ : Instant::Infinite(); }
  const Destination& destination() const { return destination_; }
  PoolStatistics statistics() const;
  // Those with a connection, the draining ones last.
  std::vector<connection::Connection*> members() const { return members_.Connections(); }

 private:
  bool is_unshared() const { return in_force_.max_connection_count == kNoSharing; }
  // Connections that are to be open without requests.
  int warm_count() const;

  // --- Members.
  int Open();  // the index of a new member
  void OnAttemptDone(PoolMember* member,
                     absl::StatusOr<std::unique_ptr<connection::Connection>> result);
  std::unique_ptr<PoolMember> Remove(int index);
  // Removes a member that is to end, and hands on who waits for it.
  void End(int index, Instant deadline, connection::CloseReason reason, PoolRequestList* orphans);
  void ApplySize();
  // With kNoSharing those that others were to share serve nobody: but for the warm ones they drain.
  void EndShared(PoolRequestList* orphans);
  void KeepWarm();

  // --- Requests. Each moves one to where it waits next, or to those that are ready.
  void Apply(const PoolDecision& decision, PoolRequest* request);
  void Again(PoolRequest* request);
  void MoveOn(PoolRequest* request, const absl::Status& cause);
  void Answer(PoolRequest* request, absl::StatusOr<connection::Connection*> answer);
  void EndWait(const PoolRequest& request);
  void OnRequestDropped(PoolRequest& request) override;
  void PumpLine();
  void OnAlarm();
  void EndLateWaits();
  void OnTurnEnd();
  void DeliverNext();
  void ScheduleTurnEnd();

  const Destination destination_;
  PoolLimits limits_;
  PoolLimits in_force_;  // with the sizer's maximum
  event::EventLoop* const loop_;
  Owner* const owner_;

  PoolMeter meter_;
  PoolSizer sizer_;
  PoolMembers members_;
  PoolRequestList line_;
  PoolRequestList ready_;     // answered at the turn's end
  int waiting_count_ = 0;     // in line, or sharing a connection another opened
  int unanswered_count_ = 0;  // all that wait, their own attempt or the turn's end too

  PoolSelection selection_;
  connection::LazyAlarm alarm_;
  Instant empty_since_;
  bool keeps_warm_ = true;
  bool tell_empty_ = false;  // used since it was told
  bool turn_end_scheduled_ = false;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sipcm::pool

#endif  // SIPCM_CORE_POOL_CONNECTION_POOL_H_
