#include "core/pool/sizing/pool_sizer.h"

#include <algorithm>

namespace sipcm::pool {

void PoolSizer::SetLimits(const PoolLimits& limits, int connection_count) {
  const bool was_auto = is_auto_;
  is_auto_ = limits.sizing == Sizing::kAuto;
  bounds_ = {std::max(limits.min_connection_count, 1), limits.max_connection_count};
  if (!is_auto_) {
    size_ = limits.max_connection_count;
    Rest();
  } else {
    size_ = std::clamp(was_auto ? size_ : connection_count, bounds_.min, bounds_.max);
  }
}

void PoolSizer::Wake(Instant now, const connection::UseMeter& use) {
  if (!is_auto_ || !next_look_.is_infinite()) return;
  next_look_ = now + kSizeInterval;
  seen_ = use.total(now);
}

void PoolSizer::Rest() {
  next_look_ = Instant::Infinite();
  waited_count_ = 0;
  quiet_interval_count_ = 0;
  if (is_auto_) size_ = bounds_.min;
}

bool PoolSizer::Look(Instant now, const connection::UseMeter& use) {
  if (now < next_look_) return false;
  const connection::UseMeter::Times total = use.total(now);
  const absl::Duration interval = now - next_look_ + kSizeInterval;
  SizeMeasurement measurement;
  measurement.size = size_;
  measurement.connection_count = absl::FDivDuration(total.connected - seen_.connected, interval);
  measurement.busy_count = absl::FDivDuration(total.busy - seen_.busy, interval);
  measurement.waited_count = waited_count_;
  measurement.quiet_interval_count = quiet_interval_count_;
  size_ = DecideSize(bounds_, measurement);
  const bool has_changed = size_ != measurement.size;
  quiet_interval_count_ = has_changed || !IsQuiet(measurement) ? 0 : quiet_interval_count_ + 1;
  waited_count_ = 0;
  seen_ = total;
  next_look_ = now + kSizeInterval;
  return has_changed;
}

}  // namespace sipcm::pool
