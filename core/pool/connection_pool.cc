#include "core/pool/connection_pool.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/check.h"
#include "core/base/error.h"

namespace sipcm::pool {

using connection::Connection;

namespace {

constexpr absl::string_view kWaitQueueFull = "POOL_WAIT_QUEUE_FULL";

}  // namespace

ConnectionPool::ConnectionPool(Destination destination, PoolLimits limits, event::EventLoop* loop,
                               Owner* owner, RandomSource* random)
    : destination_(std::move(destination)),
      limits_(limits),
      loop_(loop),
      owner_(owner),
      gate_(random),
      empty_since_(loop->Now()) {
  wait_alarm_.Start(loop, [this] { OnWaitAlarm(); });
}

ConnectionPool::~ConnectionPool() {
  *alive_ = false;
  while (!line_.empty()) line_.front()->Delist();
  while (!ready_.empty()) ready_.front()->Delist();
}

PoolDecision ConnectionPool::Decide(int waiting_count, absl::Status* refused) {
  // Thousands of connections that nobody shares are not looked through for each request.
  if (limits_.max_connection_count == kNoSharing && !gate_.is_failing()) {
    return {PoolAction::kOpen, -1};
  }
  SetAside();
  PoolDecision decision = DecideAcquire(limits_, snapshots_, cursor_, waiting_count);
  if (decision.action == PoolAction::kOpen && !MayOpen()) {
    if (members_.empty() || limits_.max_connection_count == kNoSharing) {
      *refused = gate_.Refusal(loop_->Now());
      return {PoolAction::kRefuse, -1};
    }
    decision = DecideWithoutGrowth(waiting_count);
  }
  if (decision.action == PoolAction::kRefuse) {
    *refused = MakeError(
        absl::StatusCode::kResourceExhausted, kWaitQueueFull,
        absl::StrCat("pool \"", destination_.PoolId(), "\": ", waiting_count_,
                     " requests wait for a connection already; send more slowly, or raise "
                     "max_waiting_count or max_connection_count"));
  }
  return decision;
}

PoolDecision ConnectionPool::DecideWithoutGrowth(int waiting_count) {
  PoolLimits limits = limits_;
  limits.max_connection_count = static_cast<int>(members_.size());
  return DecideAcquire(limits, snapshots_, cursor_, waiting_count);
}

bool ConnectionPool::MayOpen() const {
  bool is_connecting = false;
  bool has_usable = false;
  for (const MemberSnapshot& member : snapshots_) {
    is_connecting = is_connecting || member.connecting;
    has_usable = has_usable || (member.usable && !member.connecting);
  }
  return gate_.MayOpen(is_connecting, has_usable, loop_->Now());
}

// Also takes the snapshots that decisions stand on.
void ConnectionPool::SetAside() {
  snapshots_.clear();
  for (size_t i = 0; i < members_.size();) {
    const PoolMember& member = *members_[i];
    if (member.connection != nullptr && !member.connection->is_usable()) {
      draining_.push_back(Remove(i));
      continue;
    }
    snapshots_.push_back(member.Snapshot());
    ++i;
  }
}

int ConnectionPool::Open() {
  members_.push_back(std::make_unique<PoolMember>());
  PoolMember* const member = members_.back().get();
  member->exclusive = limits_.max_connection_count == kNoSharing;
  member->attempt = owner_->StartAttempt(
      *this, [this, member](absl::StatusOr<std::unique_ptr<Connection>> result) {
        OnAttemptDone(member, std::move(result));
      });
  SIPCM_CHECK(member->attempt != nullptr);
  return static_cast<int>(members_.size()) - 1;
}

void ConnectionPool::OnAttemptDone(PoolMember* member,
                                   absl::StatusOr<std::unique_ptr<Connection>> result) {
  const std::unique_ptr<connection::Attempt> done = std::move(member->attempt);
  absl::Status cause = result.status();
  if (result.ok()) {
    gate_.NoteSuccess();
    member->connection = owner_->Adopt(*this, *std::move(result));
    if (member->connection != nullptr) {
      ++totals_.opened_total;
      while (!member->requests.empty()) Answer(member->requests.front(), member->connection);
      return PumpLine();
    }
    cause = MakeError(absl::StatusCode::kUnavailable, "SHUTTING_DOWN",
                      absl::StrCat("the connection to pool \"", destination_.PoolId(),
                                   "\" came too late: its connection manager ends"));
  } else {
    ++totals_.failed_attempts_total;
    gate_.NoteFailure(cause, loop_->Now());
  }
  const auto place = std::find_if(members_.begin(), members_.end(),
                                  [member](const auto& other) { return other.get() == member; });
  const std::unique_ptr<PoolMember> failed = Remove(place - members_.begin());
  while (!failed->requests.empty()) MoveOn(failed->requests.front(), cause);
  PumpLine();
}

std::unique_ptr<PoolMember> ConnectionPool::Remove(size_t index) {
  std::unique_ptr<PoolMember> member = std::move(members_[index]);
  members_.erase(members_.begin() + index);
  if (cursor_ > static_cast<int>(index)) --cursor_;
  ScheduleTurnEnd();  // it may have been the last
  return member;
}

void ConnectionPool::End(size_t index, Instant deadline, connection::CloseReason reason,
                         PoolRequestList* orphans) {
  std::unique_ptr<PoolMember> member = Remove(index);
  while (!member->requests.empty()) member->requests.front()->Enlist(orphans);
  if (member->connection == nullptr) return;  // its attempt ends with it
  member->connection->Drain(deadline, reason);
  draining_.push_back(std::move(member));
}

void ConnectionPool::OnConnectionClosed(Connection* connection) {
  const auto is_its = [connection](const std::unique_ptr<PoolMember>& member) {
    return member->connection == connection;
  };
  ++totals_.closed_total;
  if (const auto live = std::find_if(members_.begin(), members_.end(), is_its);
      live != members_.end()) {
    Remove(live - members_.begin());
  } else {
    draining_.erase(std::find_if(draining_.begin(), draining_.end(), is_its));
  }
  for (auto next = ready_.begin(); next != ready_.end();) {
    PoolRequest* const request = *next++;
    if (request->answer.ok() && *request->answer == connection) Again(request);
  }
  PumpLine();
  ScheduleTurnEnd();
}

void ConnectionPool::SetThrottled(Connection* connection, bool throttled) {
  for (const std::unique_ptr<PoolMember>& member : members_) {
    if (member->connection == connection) member->throttled = throttled;
  }
  if (!throttled) PumpLine();
}

void ConnectionPool::SetLimits(PoolLimits limits) {
  limits_ = limits;
  if (limits_.max_connection_count == kNoSharing) return PumpLine();
  for (const std::unique_ptr<PoolMember>& member : members_) member->exclusive = false;
  SetAside();
  PoolRequestList orphans;
  while (static_cast<int>(members_.size()) > limits_.max_connection_count) {
    End(members_.size() - 1, loop_->Now() + limits_.drain_timeout,
        connection::CloseReason::kSurplus, &orphans);
  }
  while (!orphans.empty()) Again(orphans.front());
  PumpLine();
}

void ConnectionPool::Drain(Instant deadline, connection::CloseReason reason) {
  for (const std::unique_ptr<PoolMember>& member : draining_) {
    member->connection->Drain(deadline, reason);
  }
  PoolRequestList orphans;
  while (!members_.empty()) End(members_.size() - 1, deadline, reason, &orphans);
  while (!line_.empty()) line_.front()->Enlist(&orphans);
  const absl::Status drained =
      MakeError(absl::StatusCode::kUnavailable, "POOL_DRAINED",
                absl::StrCat("pool \"", destination_.PoolId(),
                             "\" was drained before a connection was free"));
  for (PoolRequest* const request : ready_) {
    if (request->answer.ok()) request->answer = drained;
  }
  while (!orphans.empty()) Answer(orphans.front(), drained);
  ScheduleTurnEnd();
}

ConnectionPool::Acquired ConnectionPool::Acquire(AcquireCallback done) {
  ++totals_.request_total;
  empty_since_ = loop_->Now();
  tell_empty_ = true;
  Acquired acquired;
  const PoolDecision decision = Decide(waiting_count_, &acquired.refused);
  if (decision.action == PoolAction::kRefuse) {
    const bool is_full = ReasonOf(acquired.refused) == kWaitQueueFull;
    ++(is_full ? totals_.refused_total : totals_.backed_off_total);
    ScheduleTurnEnd();  // it may be as empty as before
    return acquired;
  }
  if (decision.action == PoolAction::kUse && members_[decision.member]->connection != nullptr) {
    ++totals_.reused_total;
    cursor_ = decision.member + 1;
    acquired.connection = members_[decision.member]->connection;
    acquired.reused = true;
    return acquired;
  }
  auto request =
      std::make_unique<PoolRequest>(static_cast<PoolRequest::Owner*>(this), std::move(done));
  Apply(decision, request.get());
  acquired.waiter = std::move(request);
  return acquired;
}

// Only what Decide() said just now, and not kRefuse.
void ConnectionPool::Apply(const PoolDecision& decision, PoolRequest* request) {
  if (request->is_waiting) --waiting_count_;
  request->is_waiting = false;
  int index = decision.member;
  if (decision.action == PoolAction::kOpen) {
    index = Open();
  } else if (request->deadline.is_infinite()) {
    request->deadline = loop_->Now() + limits_.max_wait_time;
  }
  if (decision.action != PoolAction::kWait) {
    cursor_ = index + 1;
    PoolMember& member = *members_[index];
    if (member.connection != nullptr) return Answer(request, member.connection);
    request->Enlist(&member.requests);
    if (decision.action == PoolAction::kOpen) return;
  } else {
    request->Enlist(&line_);
  }
  request->is_waiting = true;
  ++waiting_count_;
  wait_alarm_.ArmFor(request->deadline);
}

// As if it came now.
void ConnectionPool::Again(PoolRequest* request) {
  absl::Status refused;
  const PoolDecision decision = Decide(waiting_count_ - (request->is_waiting ? 1 : 0), &refused);
  if (decision.action == PoolAction::kRefuse) return Answer(request, refused);
  Apply(decision, request);
}

// Its attempt failed: another member, but no new attempt.
void ConnectionPool::MoveOn(PoolRequest* request, const absl::Status& cause) {
  SetAside();
  if (limits_.max_connection_count == kNoSharing) return Answer(request, cause);
  const PoolDecision decision = DecideWithoutGrowth(waiting_count_ - (request->is_waiting ? 1 : 0));
  if (decision.action != PoolAction::kUse) return Answer(request, cause);
  Apply(decision, request);
}

void ConnectionPool::Answer(PoolRequest* request, absl::StatusOr<Connection*> answer) {
  if (request->is_waiting) --waiting_count_;
  request->is_waiting = false;
  request->answer = std::move(answer);
  request->Enlist(&ready_);
  ScheduleTurnEnd();
}

// Nobody else may use a connection that it opened with kNoSharing.
void ConnectionPool::OnRequestDropped(PoolRequest& request) {
  if (request.is_waiting) --waiting_count_;
  const auto is_its_own = [&](const std::unique_ptr<PoolMember>& member) {
    return member->exclusive &&
           (request.is_in(member->requests) || (request.is_in(ready_) && request.answer.ok() &&
                                                *request.answer == member->connection));
  };
  const auto own = std::find_if(members_.begin(), members_.end(), is_its_own);
  request.Delist();
  PoolRequestList none;
  if (own != members_.end()) {
    End(own - members_.begin(), loop_->Now(), connection::CloseReason::kDrained, &none);
  }
  ScheduleTurnEnd();  // it may have been the last
}

void ConnectionPool::PumpLine() {
  while (!line_.empty()) {
    absl::Status refused;
    const PoolDecision decision = Decide(waiting_count_ - 1, &refused);
    if (decision.action == PoolAction::kWait) return;
    if (decision.action == PoolAction::kRefuse) {
      Answer(line_.front(), refused);
    } else {
      Apply(decision, line_.front());
    }
  }
}

void ConnectionPool::OnWaitAlarm() {
  std::vector<PoolRequest*> late;
  const auto look = [&](const PoolRequestList& list) {
    for (PoolRequest* const request : list) {
      if (!request->is_waiting) continue;
      if (request->deadline <= loop_->Now()) {
        late.push_back(request);
      } else {
        wait_alarm_.ArmFor(request->deadline);
      }
    }
  };
  look(line_);
  for (const std::unique_ptr<PoolMember>& member : members_) look(member->requests);
  for (PoolRequest* const request : late) {
    ++totals_.refused_total;
    Answer(request, MakeError(absl::StatusCode::kDeadlineExceeded, "POOL_WAIT_TIMEOUT",
                              absl::StrCat("pool \"", destination_.PoolId(),
                                           "\": no connection was free within ",
                                           absl::FormatDuration(limits_.max_wait_time),
                                           "; raise max_connection_count or max_wait_time")));
  }
}

void ConnectionPool::ScheduleTurnEnd() {
  if (turn_end_scheduled_) return;
  turn_end_scheduled_ = true;
  loop_->AtTurnEnd([this, alive = alive_] {
    if (*alive) OnTurnEnd();
  });
}

void ConnectionPool::OnTurnEnd() {
  turn_end_scheduled_ = false;
  const std::shared_ptr<bool> alive = alive_;
  while (!ready_.empty()) {
    DeliverNext();
    if (!*alive) return;
  }
  if (!empty() || !tell_empty_) return;
  tell_empty_ = false;
  empty_since_ = loop_->Now();
  owner_->OnPoolEmpty(*this);  // may destroy this
}

// Calls back; whatever the callback does, nothing of this is on the stack but here.
void ConnectionPool::DeliverNext() {
  PoolRequest* const request = ready_.front();
  // It may have closed or begun to drain since.
  if (request->answer.ok() && !(*request->answer)->is_usable()) return Again(request);
  request->Delist();
  AcquireCallback done = request->TakeCallback();
  absl::StatusOr<Connection*> answer = std::move(request->answer);
  done(std::move(answer));  // may destroy the request
}

bool ConnectionPool::empty() const {
  return members_.empty() && draining_.empty() && line_.empty() && ready_.empty();
}

PoolStatistics ConnectionPool::statistics() const {
  PoolStatistics statistics = totals_;
  statistics.waiting_count = static_cast<int>(line_.size() + ready_.size());
  for (const std::unique_ptr<PoolMember>& member : members_) {
    statistics.waiting_count += static_cast<int>(member->requests.size());
    if (member->connection == nullptr) {
      ++statistics.connecting_count;
    } else {
      ++(member->connection->is_usable() ? statistics.live_count : statistics.draining_count);
      statistics.outstanding_count += member->connection->live_transactions();
    }
  }
  statistics.draining_count += static_cast<int>(draining_.size());
  for (const std::unique_ptr<PoolMember>& member : draining_) {
    statistics.outstanding_count += member->connection->live_transactions();
  }
  return statistics;
}

std::vector<Connection*> ConnectionPool::members() const {
  std::vector<Connection*> members;
  for (const std::unique_ptr<PoolMember>& member : members_) {
    if (member->connection != nullptr) members.push_back(member->connection);
  }
  for (const std::unique_ptr<PoolMember>& member : draining_) members.push_back(member->connection);
  return members;
}

}  // namespace sipcm::pool
