#include "core/connection/targets/connect_race.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace sipcm::connection {

using net::ServiceTarget;

namespace {

// A shortage of our own says nothing about the target.
bool IsTargetsFault(const absl::Status& failure) { return !absl::IsResourceExhausted(failure); }

absl::Status TimedOut(const ServiceTarget& target, absl::Duration limit) {
  return MakeError(absl::StatusCode::kUnavailable, "CONNECT_TIMEOUT",
                   absl::StrCat(target.address.ToString(), " did not answer within ",
                                absl::FormatDuration(limit),
                                "; check that the address is right and that no firewall drops it"));
}

}  // namespace

// One connect under way.
struct ConnectRace::Runner {
  ServiceTarget target;
  std::unique_ptr<net::ConnectAttempt> connect;
  std::unique_ptr<event::Alarm> limit;
};

ConnectRace::ConnectRace(event::EventLoop* loop, net::Network* network, TargetRoster* roster,
                         std::optional<net::IpAddress> local, absl::Duration limit,
                         std::vector<ServiceTarget> plan, Host* host)
    : loop_(loop),
      network_(network),
      roster_(roster),
      local_(local),
      limit_(limit),
      host_(host),
      waiting_(std::move(plan)),
      alarm_(loop->NewAlarm([this] { Step(); })) {}

ConnectRace::~ConnectRace() {
  for (const auto& runner : runners_) roster_->NoteAbandoned(runner->target);
}

void ConnectRace::Run() {
  next_begin_ = loop_->Now();
  alarm_->Set(next_begin_);
}

bool ConnectRace::MayBeginNext() const {
  if (waiting_.empty()) return false;
  if (runners_.empty()) return true;
  return waiting_.front().priority == runners_.front()->target.priority &&
         loop_->Now() >= next_begin_;
}

void ConnectRace::Step() {
  while (MayBeginNext()) {
    const ServiceTarget target = waiting_.front();
    // Another attempt may have found it dead meanwhile, or be at it; but one is always tried.
    if (!roster_->MayTry(target) && (has_begun_ || waiting_.size() > 1)) {
      waiting_.erase(waiting_.begin());
      continue;
    }
    if (!Begin(target)) return;
    waiting_.erase(waiting_.begin());
    next_begin_ = loop_->Now() + kHeadStart;
  }
  alarm_->Cancel();
  if (runners_.empty()) return host_->OnRaceLost(absl::OkStatus());
  const bool has_next =
      !waiting_.empty() && waiting_.front().priority == runners_.front()->target.priority;
  if (has_next) alarm_->Set(next_begin_);
}

bool ConnectRace::Begin(const ServiceTarget& target) {
  if (turn_ != nullptr) return false;
  if (!has_turn_) {
    turn_ = roster_->budget().Take([this](const absl::Status& status) { OnTurn(status); });
    if (turn_ != nullptr) {
      alarm_->Cancel();
      return false;
    }
  }
  has_turn_ = false;
  has_begun_ = true;
  roster_->NoteBegin(target);
  auto runner = std::make_unique<Runner>();
  Runner* const made = runner.get();
  made->target = target;
  made->limit =
      loop_->NewAlarm([this, made] { OnConnected(made, TimedOut(made->target, limit_)); });
  made->limit->Set(loop_->Now() + limit_);
  runners_.push_back(std::move(runner));
  made->connect =
      network_->Connect(loop_, target.address, local_,
                        [this, made](absl::StatusOr<std::unique_ptr<net::ByteStream>> stream) {
                          OnConnected(made, std::move(stream));
                        });
  return true;
}

void ConnectRace::OnTurn(const absl::Status& status) {
  turn_ = nullptr;
  if (!status.ok()) {
    waiting_.clear();
    if (runners_.empty()) host_->OnRaceLost(status);
    return;
  }
  has_turn_ = true;
  Step();
}

void ConnectRace::OnConnected(Runner* runner,
                              absl::StatusOr<std::unique_ptr<net::ByteStream>> stream) {
  const std::unique_ptr<Runner> done = Remove(runner);
  if (stream.ok()) {
    CallOffOthers();
    return host_->OnRaceWon(done->target, *std::move(stream));
  }
  if (IsTargetsFault(stream.status())) {
    roster_->NoteFailure(done->target, stream.status());
  } else {
    roster_->NoteAbandoned(done->target);
  }
  host_->OnTargetFailed(done->target, stream.status());
  // The next need not wait for its time.
  next_begin_ = loop_->Now();
  Step();
}

std::unique_ptr<ConnectRace::Runner> ConnectRace::Remove(Runner* runner) {
  const auto found = std::find_if(runners_.begin(), runners_.end(),
                                  [&](const auto& other) { return other.get() == runner; });
  std::unique_ptr<Runner> removed = std::move(*found);
  runners_.erase(found);
  return removed;
}

// They have not failed: should the winner's handshake fail, they are next.
void ConnectRace::CallOffOthers() {
  alarm_->Cancel();
  turn_ = nullptr;
  std::vector<ServiceTarget> again;
  for (const auto& runner : runners_) {
    roster_->NoteAbandoned(runner->target);
    again.push_back(runner->target);
  }
  runners_.clear();
  waiting_.insert(waiting_.begin(), again.begin(), again.end());
}

}  // namespace sipcm::connection
