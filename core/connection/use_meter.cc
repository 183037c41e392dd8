#include "core/connection/use_meter.h"

#include <algorithm>

namespace sipcm::connection {

int64_t UseMeter::SlotNumber(Instant at) { return at.nanoseconds() / kSlotNanoseconds; }

// The counts have stood still since `last_`.
void UseMeter::Integrate(Instant now) {
  if (now <= last_) return;
  const int64_t skipped = SlotNumber(now) - SlotNumber(last_) - kSlotCount;
  if (skipped > 0) SkipTo(last_ + skipped * kSlotLength);
  while (SlotNumber(last_) < SlotNumber(now)) {
    AddSpan(Instant() + (SlotNumber(last_) + 1) * kSlotLength);
    slots_[SlotNumber(last_) % kSlotCount] = Slot();
  }
  AddSpan(now);
}

void UseMeter::SkipTo(Instant until) {
  total_.connected += (until - last_) * connection_count_;
  total_.busy += (until - last_) * busy_count_;
  last_ = until;
}

void UseMeter::AddSpan(Instant until) {
  const int64_t span = until.nanoseconds() - last_.nanoseconds();
  Slot& slot = slots_[SlotNumber(last_) % kSlotCount];
  slot.connected_ns += span * connection_count_;
  slot.busy_ns += span * busy_count_;
  SkipTo(until);
}

UseMeter::Times UseMeter::total(Instant now) const {
  const absl::Duration rest = std::max(now - last_, absl::ZeroDuration());
  return {total_.connected + rest * connection_count_, total_.busy + rest * busy_count_};
}

UseMeter::Times UseMeter::last_minute(Instant now) const {
  // Slots that ended more than a minute ago are of a time that nothing overwrote yet.
  const int64_t oldest = SlotNumber(now) - kSlotCount + 1;
  Slot sum;
  for (int64_t number = std::max<int64_t>(oldest, SlotNumber(last_) - kSlotCount + 1);
       number <= SlotNumber(last_); ++number) {
    const Slot& slot = slots_[(number + kSlotCount) % kSlotCount];
    sum.connected_ns += slot.connected_ns;
    sum.busy_ns += slot.busy_ns;
  }
  const Instant begin = std::max(last_, Instant() + oldest * kSlotLength);
  const absl::Duration rest = std::max(now - begin, absl::ZeroDuration());
  return {absl::Nanoseconds(sum.connected_ns) + rest * connection_count_,
          absl::Nanoseconds(sum.busy_ns) + rest * busy_count_};
}

double UseMeter::utilization(Instant now) const {
  const Times times = last_minute(now);
  if (times.connected <= absl::ZeroDuration()) return 0;
  return absl::FDivDuration(times.busy, times.connected);
}

}  // namespace sipcm::connection
