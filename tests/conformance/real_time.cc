#include "tests/conformance/real_time.h"

#include <utility>

#include "absl/status/statusor.h"
#include "core/base/check.h"
#include "core/base/instant.h"

namespace sipcm::conformance {
namespace {

constexpr absl::Duration kLimit = absl::Seconds(10);
constexpr absl::Duration kLook = absl::Milliseconds(1);

}  // namespace

RealTime::RealTime() {
  absl::StatusOr<std::unique_ptr<event::LibeventLoop>> loop = event::LibeventLoop::Create();
  SIPCM_CHECK_MESSAGE(loop.ok(), loop.status().ToString().c_str());
  loop_ = *std::move(loop);
}

bool RealTime::RunUntil(const std::function<bool()>& condition) {
  bool holds = condition();
  if (holds) return true;
  const Instant end = loop_->Now() + kLimit;
  std::unique_ptr<event::Alarm> look;
  look = loop_->NewAlarm([&] {
    holds = condition();
    if (holds || loop_->Now() >= end) return loop_->Stop();
    look->Set(loop_->Now() + kLook);
  });
  look->Set(loop_->Now());
  loop_->Run();
  return holds;
}

void RealTime::RunFor(absl::Duration duration) {
  const Instant end = loop_->Now() + duration;
  static_cast<void>(RunUntil([&] { return loop_->Now() >= end; }));
}

}  // namespace sipcm::conformance
