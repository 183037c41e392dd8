#ifndef SIPCM_CORE_DISPATCH_DELIVERY_COUNTERS_H_
#define SIPCM_CORE_DISPATCH_DELIVERY_COUNTERS_H_

#include <cstdint>

#include "core/base/counter.h"

namespace sipcm::dispatch {

// What became of the requests of one endpoint, over all workers. A value.
struct DeliveryStatistics {
  int64_t outstanding = 0;  // now: delivered and not answered
  int64_t queued = 0;       // now: waiting for credit
  int64_t delivered = 0;    // in all, each once
  int64_t redelivered = 0;  // in all: further attempts
  int64_t expired = 0;      // in all
  int64_t cancelled = 0;    // in all
};

// The same as one worker counts it: written by that worker, read by any thread.
struct DeliveryCounters {
  Counter outstanding;
  Counter queued;
  Counter delivered;
  Counter redelivered;
  Counter expired;
  Counter cancelled;

  void AddTo(DeliveryStatistics* sum) const {
    sum->outstanding += outstanding.value();
    sum->queued += queued.value();
    sum->delivered += delivered.value();
    sum->redelivered += redelivered.value();
    sum->expired += expired.value();
    sum->cancelled += cancelled.value();
  }
};

}  // namespace sipcm::dispatch

#endif  // SIPCM_CORE_DISPATCH_DELIVERY_COUNTERS_H_
