#include "core/engine/worker_drain.h"

#include <utility>

#include "core/base/check.h"

namespace sipcm::engine {
namespace {

// After the last answer is flushed a peer has this long to read it before we leave.
constexpr absl::Duration kCloseLimit = absl::Seconds(2);

}  // namespace

void WorkerDrain::Begin(absl::Duration timeout, absl::AnyInvocable<void()> done) {
  SIPCM_CHECK(state_ == State::kNot);
  state_ = State::kWaiting;
  done_ = std::move(done);
  alarm_ = loop_->NewAlarm([this] { OnAlarm(); });
  alarm_->Set(loop_->Now() + timeout);
  Check();
}

void WorkerDrain::OnAlarm() {
  if (state_ != State::kWaiting) return Finish();
  host_->EndOpenWork();
  Close();
}

void WorkerDrain::Check() {
  // Not from inside whoever ended the last one.
  if (state_ == State::kWaiting && !host_->HasOpenWork()) {
    loop_->Post([this] {
      if (state_ == State::kWaiting && !host_->HasOpenWork()) Close();
    });
  } else if (state_ == State::kClosing && !host_->HasConnections()) {
    loop_->Post([this] { Finish(); });
  }
}

void WorkerDrain::Close() {
  state_ = State::kClosing;
  host_->CloseConnections();
  alarm_->Set(loop_->Now() + kCloseLimit);
  Check();
}

void WorkerDrain::Finish() {
  if (state_ != State::kClosing) return;
  state_ = State::kDone;
  alarm_->Cancel();
  if (done_) done_();
}

}  // namespace sipcm::engine
