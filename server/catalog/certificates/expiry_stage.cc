#include "server/catalog/certificates/expiry_stage.h"

namespace sipcm::server {
namespace {

constexpr absl::Duration kClockCorrection = absl::Hours(24);

absl::Duration LeadOf(ExpiryStage stage) {
  switch (stage) {
    case ExpiryStage::kFar:
      return absl::InfiniteDuration();
    case ExpiryStage::kWithinMonth:
      return absl::Hours(24 * 30);
    case ExpiryStage::kWithinWeek:
      return absl::Hours(24 * 7);
    case ExpiryStage::kWithinDay:
      return absl::Hours(24);
    case ExpiryStage::kEnded:
      break;
  }
  return absl::ZeroDuration();
}

}  // namespace

ExpiryStage StageOf(absl::Time end, absl::Time now) {
  for (const ExpiryStage stage : {ExpiryStage::kEnded, ExpiryStage::kWithinDay,
                                  ExpiryStage::kWithinWeek, ExpiryStage::kWithinMonth}) {
    if (end - now <= LeadOf(stage)) return stage;
  }
  return ExpiryStage::kFar;
}

ExpiryStage ToldAt(ExpiryStage told, absl::Time end, absl::Time now) {
  const bool far_back = end - now > LeadOf(told) + kClockCorrection;
  return far_back ? StageOf(end, now) : told;
}

}  // namespace sipcm::server
