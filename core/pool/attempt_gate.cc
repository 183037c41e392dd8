#include "core/pool/attempt_gate.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace sipcm::pool {

void AttemptGate::NoteFailure(const absl::Status& failure, Instant now) {
  last_failure_ = failure;
  if (now >= next_probe_) next_probe_ = now + probe_backoff_.NextDelay();
  if (now >= next_growth_) next_growth_ = now + growth_backoff_.NextDelay();
}

void AttemptGate::NoteSuccess() {
  if (!is_failing()) return;
  last_failure_ = absl::OkStatus();
  next_probe_ = Instant();
  next_growth_ = Instant();
  probe_backoff_.Reset();
  growth_backoff_.Reset();
}

bool AttemptGate::MayOpen(bool is_connecting, bool has_usable, Instant now) const {
  if (!is_failing()) return true;
  return !is_connecting && now >= (has_usable ? next_growth_ : next_probe_);
}

absl::Status AttemptGate::Refusal(Instant now) const {
  const absl::Duration left = absl::Ceil(next_probe_ - now, absl::Milliseconds(1));
  const std::string until =
      left > absl::ZeroDuration()
          ? absl::StrCat("not tried again for another ", absl::FormatDuration(left))
          : "being tried again now";
  return MakeError(last_failure_.code(), ReasonOf(last_failure_),
                   absl::StrCat(last_failure_.message(), "; ", until));
}

}  // namespace sipcm::pool
