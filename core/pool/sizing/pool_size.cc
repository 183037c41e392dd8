#include "core/pool/sizing/pool_size.h"

#include <algorithm>
#include <cmath>

namespace sipcm::pool {
namespace {

int Clamped(const SizeBounds& bounds, double size) {
  return static_cast<int>(std::clamp<double>(size, bounds.min, bounds.max));
}

}  // namespace

bool IsQuiet(const SizeMeasurement& measurement) {
  return measurement.waited_count == 0 &&
         measurement.busy_count <= kShrinkUtilization * measurement.size;
}

int DecideSize(const SizeBounds& bounds, const SizeMeasurement& measurement) {
  const double size = measurement.size;
  const double fitting = std::ceil(measurement.busy_count / kWantedUtilization);
  const bool is_up = measurement.connection_count >= size / 2;
  const bool is_short =
      measurement.waited_count > 0 || measurement.busy_count >= kGrowUtilization * size;
  if (is_up && is_short) return Clamped(bounds, std::clamp(fitting, size + 1, size * 2));
  if (IsQuiet(measurement) && measurement.quiet_interval_count + 1 >= kQuietIntervals) {
    const double least = size - std::max(1.0, std::floor(size / 4));
    return Clamped(bounds, std::max(fitting, least));
  }
  return Clamped(bounds, size);
}

}  // namespace sipcm::pool
