#ifndef SIPCM_CORE_POOL_SIZING_POOL_SIZER_H_
#define SIPCM_CORE_POOL_SIZING_POOL_SIZER_H_

#include "core/base/instant.h"
#include "core/connection/use_meter.h"
#include "core/pool/pool_policy.h"
#include "core/pool/sizing/pool_size.h"

namespace sipcm::pool {

// The size of one pool: its maximum, or with AUTO what DecideSize() made of what was measured. It
// measures only while the pool is awake. Thread: the pool's.
class PoolSizer {
 public:
  explicit PoolSizer(const PoolLimits& limits) { SetLimits(limits, 0); }

  // An AUTO pool begins with as many as it has, within its bounds.
  void SetLimits(const PoolLimits& limits, int connection_count);
  // Most connections there should be now.
  int size() const { return size_; }

  // The pool has connections, or has none any more: it then begins anew.
  void Wake(Instant now, const connection::UseMeter& use);
  void Rest();
  // When Look() has something to look at; Infinite: never.
  Instant next_look() const { return next_look_; }
  // A request waits for a connection that it did not open.
  void NoteWait() { ++waited_count_; }
  // At next_look(): true when the size is another now.
  bool Look(Instant now, const connection::UseMeter& use);

 private:
  bool is_auto_ = false;
  SizeBounds bounds_;
  int size_ = 1;
  Instant next_look_ = Instant::Infinite();
  connection::UseMeter::Times seen_;  // until the last look
  int waited_count_ = 0;
  int quiet_interval_count_ = 0;
};

}  // namespace sipcm::pool

#endif  // SIPCM_CORE_POOL_SIZING_POOL_SIZER_H_
