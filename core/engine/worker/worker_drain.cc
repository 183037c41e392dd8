#include "core/engine/worker/worker_drain.h"

#include <utility>

namespace sipcm::engine {
namespace {

// After the last answer is flushed a peer has this long to read it before we leave.
constexpr absl::Duration kCloseLimit = absl::Seconds(2);

}  // namespace

void WorkerDrain::Begin(absl::Duration timeout, absl::AnyInvocable<void()> done) {
  if (state_ == State::kDone) return done();
  done_.push_back(std::move(done));
  const Instant deadline = loop_->Now() + timeout;
  if (state_ == State::kClosing || (state_ == State::kWaiting && deadline_ <= deadline)) return;
  deadline_ = deadline;
  if (state_ == State::kNot) alarm_ = loop_->NewAlarm([this] { OnAlarm(); });
  state_ = State::kWaiting;
  alarm_->Set(deadline);
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
  for (absl::AnyInvocable<void()>& done : std::exchange(done_, {})) done();
}

}  // namespace sipcm::engine
