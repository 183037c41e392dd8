#include "core/pool/statistics/wait_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace sipcm::pool {
namespace {

int64_t SlotNumber(Instant at) {
  return at.nanoseconds() / absl::ToInt64Nanoseconds(WaitHistogram::kSlotLength);
}

}  // namespace

int WaitHistogram::BucketOf(absl::Duration wait) {
  const int64_t nanoseconds = absl::ToInt64Nanoseconds(wait);
  if (nanoseconds < (int64_t{1} << kLeastBits)) return 0;
  const uint64_t value =
      std::min<uint64_t>(static_cast<uint64_t>(nanoseconds), (uint64_t{1} << kMostBits) - 1);
  const int exponent = std::bit_width(value) - 1;
  const auto step = static_cast<int>((value >> (exponent - kStepBits)) & ((1 << kStepBits) - 1));
  return 1 + ((exponent - kLeastBits) << kStepBits) + step;
}

absl::Duration WaitHistogram::MiddleOf(int bucket) {
  if (bucket == 0) return absl::Nanoseconds(int64_t{1} << (kLeastBits - 1));
  const int exponent = kLeastBits + ((bucket - 1) >> kStepBits);
  const int64_t step = (bucket - 1) & ((1 << kStepBits) - 1);
  const int64_t width = int64_t{1} << (exponent - kStepBits);
  return absl::Nanoseconds((int64_t{1} << exponent) + step * width + width / 2);
}

void WaitHistogram::Add(absl::Duration wait, Instant now) {
  if (slots_ == nullptr) slots_ = std::make_unique<Slots>();
  const int64_t number = SlotNumber(now);
  Slot& slot = (*slots_)[number % kSlotCount];
  if (slot.number != number) slot = Slot{.number = number};
  ++slot.counts[BucketOf(wait)];
}

absl::optional<absl::Duration> WaitHistogram::Quantile(double fraction, Instant now) const {
  if (slots_ == nullptr) return absl::nullopt;
  std::array<uint64_t, kBucketCount> counts{};
  uint64_t total = 0;
  for (const Slot& slot : *slots_) {
    if (slot.number <= SlotNumber(now) - kSlotCount) continue;
    for (int bucket = 0; bucket < kBucketCount; ++bucket) {
      counts[bucket] += slot.counts[bucket];
      total += slot.counts[bucket];
    }
  }
  if (total == 0) return absl::nullopt;
  const auto rank = static_cast<uint64_t>(std::ceil(fraction * static_cast<double>(total)));
  uint64_t seen = 0;
  for (int bucket = 0; bucket < kBucketCount; ++bucket) {
    seen += counts[bucket];
    if (seen >= std::max<uint64_t>(rank, 1)) return MiddleOf(bucket);
  }
  return MiddleOf(kBucketCount - 1);
}

}  // namespace sipcm::pool
