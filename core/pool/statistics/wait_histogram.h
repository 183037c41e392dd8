#ifndef SIPCM_CORE_POOL_STATISTICS_WAIT_HISTOGRAM_H_
#define SIPCM_CORE_POOL_STATISTICS_WAIT_HISTOGRAM_H_

#include <array>
#include <cstdint>
#include <memory>

#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "core/base/instant.h"

namespace sipcm::pool {

// How long requests waited over the last minute (in steps of kSlotLength, so between 50 s and 60 s
// of it), in log-linear buckets: a quantile is right to an eighth of its value, from 16 us to 73
// min. 2.7 KB, which are taken by the first wait and not before. Thread: its pool's.
class WaitHistogram {
 public:
  static constexpr absl::Duration kSlotLength = absl::Seconds(10);
  static constexpr int kSlotCount = 6;

  void Add(absl::Duration wait, Instant now);
  // The wait that `fraction` (0..1) of those who waited did not exceed; none: nobody waited.
  absl::optional<absl::Duration> Quantile(double fraction, Instant now) const;

 private:
  // Four for each doubling.
  static constexpr int kStepBits = 2;
  static constexpr int kLeastBits = 14;  // below 2^14 ns all is one
  static constexpr int kMostBits = 42;
  static constexpr int kBucketCount = ((kMostBits - kLeastBits) << kStepBits) + 1;
  struct Slot {
    int64_t number = -1;  // of its time since the clock's beginning
    std::array<uint32_t, kBucketCount> counts{};
  };
  using Slots = std::array<Slot, kSlotCount>;

  static int BucketOf(absl::Duration wait);
  static absl::Duration MiddleOf(int bucket);

  std::unique_ptr<Slots> slots_;
};

}  // namespace sipcm::pool

#endif  // SIPCM_CORE_POOL_STATISTICS_WAIT_HISTOGRAM_H_
