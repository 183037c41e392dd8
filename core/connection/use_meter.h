#ifndef SIPCM_CORE_CONNECTION_USE_METER_H_
#define SIPCM_CORE_CONNECTION_USE_METER_H_

#include <array>
#include <cstdint>

#include "absl/time/time.h"
#include "core/base/counter.h"
#include "core/base/instant.h"

namespace sipcm::connection {

// How much of their time a group of connections has live transactions: exact sums, in all and over
// the last minute (in steps of kSlotLength, so between 55 s and 60 s of it). Costs a few additions
// when a connection gets its first transaction and when it loses its last. Thread: its loop's.
class UseMeter {
 public:
  static constexpr int64_t kSlotNanoseconds = 5'000'000'000;
  static constexpr absl::Duration kSlotLength = absl::Nanoseconds(kSlotNanoseconds);
  static constexpr int kSlotCount = 12;

  // Time that connections spent in the group, and that they had transactions in.
  struct Times {
    absl::Duration connected;
    absl::Duration busy;
  };

  // `busy_gauge` outlives this and counts busy connections, beside those of other meters.
  UseMeter(Instant now, Counter* busy_gauge) : busy_gauge_(busy_gauge), last_(now) {}
  // All connections have left.
  ~UseMeter() { busy_gauge_->Add(-busy_count_); }
  UseMeter(const UseMeter&) = delete;
  UseMeter& operator=(const UseMeter&) = delete;

  // A connection enters (+1) or leaves (-1) the group; begins (+1) or ends (-1) to be busy.
  void AddConnection(int change, Instant now) {
    Integrate(now);
    connection_count_ += change;
  }
  void AddBusy(int change, Instant now) {
    Integrate(now);
    busy_count_ += change;
    busy_gauge_->Add(change);
  }

  int busy_count() const { return busy_count_; }
  // Since the beginning.
  Times total(Instant now) const;
  Times last_minute(Instant now) const;
  // Busy time by connected time, 0..1; 0 without connections.
  double utilization(Instant now) const;

 private:
  struct Slot {
    int64_t connected_ns = 0;
    int64_t busy_ns = 0;
  };
  static int64_t SlotNumber(Instant at);
  void Integrate(Instant now);
  void SkipTo(Instant until);  // as AddSpan(), but no slot is to know
  void AddSpan(Instant until);

  Counter* const busy_gauge_;
  std::array<Slot, kSlotCount> slots_;
  Times total_;
  Instant last_;  // integrated up to here
  int connection_count_ = 0;
  int busy_count_ = 0;
};

}  // namespace sipcm::connection

#endif  // SIPCM_CORE_CONNECTION_USE_METER_H_
