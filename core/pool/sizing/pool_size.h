#ifndef SIPCM_CORE_POOL_SIZING_POOL_SIZE_H_
#define SIPCM_CORE_POOL_SIZING_POOL_SIZE_H_

#include "absl/time/time.h"

namespace sipcm::pool {

// How often an AUTO pool looks at its size.
inline constexpr absl::Duration kSizeInterval = absl::Seconds(5);
// The busy share at which a pool grows, the one it aims for, and the one below which it shrinks
// after kQuietIntervals of them. They are so far apart that no step calls for the opposite one:
// growing by 1.5 takes 0.75 to 0.5 and more, halving takes 0.25 to 0.5 and less.
inline constexpr double kGrowUtilization = 0.75;
inline constexpr double kWantedUtilization = 0.5;
inline constexpr double kShrinkUtilization = 0.25;
inline constexpr int kQuietIntervals = 6;

struct SizeBounds {
  int min = 1;  // >= 1
  int max = 5;  // >= min
};

// What was seen in one interval.
struct SizeMeasurement {
  int size = 1;                  // wanted until now
  double connection_count = 0;   // established ones, on average
  double busy_count = 0;         // of these with live transactions, on average
  int waited_count = 0;          // requests that waited for a connection that they did not open
  int quiet_interval_count = 0;  // intervals just before it that were quiet too
};

// Nobody waited, and the pool could be smaller.
bool IsQuiet(const SizeMeasurement& measurement);

// How many connections an AUTO pool should have. Pure, with hysteresis: grows at once, to double
// at most, when requests wait or the connections are busy for most of their time; shrinks by a
// quarter at most when it has long been quiet. A pool whose connections do not come up is not made
// larger. `next.size` is this in the interval that follows.
int DecideSize(const SizeBounds& bounds, const SizeMeasurement& measurement);

}  // namespace sipcm::pool

#endif  // SIPCM_CORE_POOL_SIZING_POOL_SIZE_H_
