#include "core/connection/targets/connect_budget.h"

#include <utility>

namespace sipcm::connection {

void ConnectBudget::Turn::Enter(Line* line) {
  Leave();
  line_ = line;
  line->PushBack(this);
}

void ConnectBudget::Turn::Leave() {
  if (line_ != nullptr && is_linked()) line_->Remove(this);
}

void ConnectBudget::Turn::Tell(const absl::Status& status) {
  Leave();
  auto done = std::move(done_);
  done(status);
}

ConnectBudget::ConnectBudget(event::EventLoop* loop)
    : loop_(loop), alarm_(loop->NewAlarm([this] { OnAlarm(); })) {}

ConnectBudget::~ConnectBudget() {
  while (!line_.empty()) line_.front()->Leave();
}

bool ConnectBudget::IsFree() const {
  return loop_->Now() < proven_until_ || count_ < kMaxConnects ||
         loop_->Now() >= last_[count_ % kMaxConnects] + kWindow;
}

void ConnectBudget::Count() { last_[count_++ % kMaxConnects] = loop_->Now(); }

std::unique_ptr<ConnectBudget::Turn> ConnectBudget::Take(
    absl::AnyInvocable<void(const absl::Status&)> done) {
  if (line_.empty() && IsFree()) {
    Count();
    return nullptr;
  }
  auto turn = std::make_unique<Turn>(std::move(done));
  turn->Enter(&line_);
  if (!alarm_->armed()) alarm_->Set(last_[count_ % kMaxConnects] + kWindow);
  return turn;
}

void ConnectBudget::OnAlarm() {
  while (!line_.empty() && IsFree()) {
    Count();
    line_.front()->Tell(absl::OkStatus());
  }
  if (!line_.empty()) alarm_->Set(last_[count_ % kMaxConnects] + kWindow);
}

void ConnectBudget::NoteSuccess() {
  proven_until_ = loop_->Now() + kWindow;
  if (!line_.empty()) alarm_->Set(loop_->Now());
}

void ConnectBudget::NoteFailure(const absl::Status& failure) {
  proven_until_ = Instant();
  // Who is told may come back at once: that is for the next failure.
  Line told;
  for (Turn* turn = line_.front(); turn != nullptr; turn = line_.front()) turn->Enter(&told);
  while (!told.empty()) told.front()->Tell(failure);
}

}  // namespace sipcm::connection
