#ifndef SIPCM_CORE_POOL_POOL_SELECTION_H_
#define SIPCM_CORE_POOL_POOL_SELECTION_H_

#include <algorithm>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/random_source.h"
#include "core/connection/close_reason.h"
#include "core/connection/connection.h"
#include "core/pool/attempt_gate.h"
#include "core/pool/destination.h"
#include "core/pool/pool_members.h"
#include "core/pool/pool_policy.h"

namespace sipcm::pool {

// What a request of one pool shall do: the policy (DecideAcquire), and whether the destination may
// be tried now.
//
// Never a storm of attempts: at most kMostAttempts at once, or as many as are established (so that
// a large pool doubles with each round trip); who finds no place for its attempt waits in line.
// After a failure one at a time probes the destination (AttemptGate). A peer that closes
// kMostSilentLosses connections in a row, each within kSilentLossAge and without a message, has
// failed too, until one proves itself. Thread: the pool's.
class PoolSelection {
 public:
  static constexpr int kMostAttempts = 5;
  static constexpr int kMostSilentLosses = 3;
  static constexpr absl::Duration kSilentLossAge = absl::Seconds(1);
  static constexpr absl::Duration kWarmPause = absl::Milliseconds(200);

  // All outlive this. `destination` is for messages.
  PoolSelection(const Destination* destination, PoolMembers* members, RandomSource* random)
      : destination_(destination), members_(members), gate_(random) {}

  // The usual case, without a look at the other members: the pool has its size, and the next in
  // round-robin is usable. -1: it is another case.
  int NextInTurn(const PoolLimits& limits) const;
  // For kRefuse `refused` says why: POOL_WAIT_QUEUE_FULL, or the cause of the last failure. Members
  // that drain are set aside.
  PoolDecision Decide(const PoolLimits& limits, int waiting_count, Instant now,
                      absl::Status* refused);
  // The same among the members that are there.
  PoolDecision DecideWithoutGrowth(const PoolLimits& limits, int waiting_count);

  // Whether one more attempt may begin at all; not: from when on it may, Infinite: once one of
  // those under way has ended.
  bool MayOpen(Instant now) { return !IsBackingOff(now) && HasPlaceForAttempt(); }
  Instant next_try() const;
  // The same for one that nobody waits for. While the peer ends what is opened within
  // kSilentLossAge, whatever it says on it, kWarmPause is between two of them.
  bool MayWarm(Instant now) { return now >= next_warm_ && MayOpen(now); }
  Instant next_warm() const { return std::max(next_warm_, next_try()); }
  void NoteWarmed(Instant now) {
    if (early_losses_ >= kMostSilentLosses) next_warm_ = now + kWarmPause;
  }

  void NoteFailedAttempt(const absl::Status& cause, Instant now) { gate_.NoteFailure(cause, now); }
  void NoteEstablished();
  void NoteLost(const connection::Connection& connection, connection::CloseReason reason,
                Instant now);

 private:
  PoolDecision DecideGrowth(const PoolLimits& limits, int waiting_count, Instant now,
                            absl::Status* refused);
  bool IsBackingOff(Instant now);
  bool HasPlaceForAttempt() const;
  int FindSpare() const;

  const Destination* const destination_;
  PoolMembers* const members_;
  AttemptGate gate_;
  int silent_losses_ = 0;
  int early_losses_ = 0;
  Instant next_warm_;
};

}  // namespace sipcm::pool

#endif  // SIPCM_CORE_POOL_POOL_SELECTION_H_
