#ifndef SIPCM_CORE_CONNECTION_LIVE_TRANSACTIONS_H_
#define SIPCM_CORE_CONNECTION_LIVE_TRANSACTIONS_H_

#include "core/base/check.h"
#include "core/base/instant.h"
#include "core/connection/use_meter.h"

namespace sipcm::connection {

// How many transactions one connection has, and who measures its use by that. Thread: its loop's.
class LiveTransactions {
 public:
  void Add(Instant now) {
    if (count_++ == 0 && meter_ != nullptr) meter_->AddBusy(1, now);
  }
  // True: it was the last.
  bool Remove(Instant now) {
    SIPCM_CHECK(count_ > 0);
    if (--count_ > 0) return false;
    if (meter_ != nullptr) meter_->AddBusy(-1, now);
    return true;
  }
  int count() const { return count_; }

  // From now on among the connections of that meter; null: among nobody's.
  void MoveTo(UseMeter* meter, Instant now) {
    Measure(-1, now);
    meter_ = meter;
    Measure(1, now);
  }

 private:
  void Measure(int change, Instant now) {
    if (meter_ == nullptr) return;
    meter_->AddConnection(change, now);
    if (count_ > 0) meter_->AddBusy(change, now);
  }

  int count_ = 0;
  UseMeter* meter_ = nullptr;
};

}  // namespace sipcm::connection

#endif  // SIPCM_CORE_CONNECTION_LIVE_TRANSACTIONS_H_
