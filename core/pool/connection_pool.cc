#include "core/pool/connection_pool.h"

#include <algorithm>
#include <utility>

#include "absl/time/time.h"
#include "core/base/check.h"
#include "core/pool/pool_error.h"

namespace sipcm::pool {

using connection::Connection;

ConnectionPool::ConnectionPool(Destination destination, PoolLimits limits, event::EventLoop* loop,
                               Owner* owner, RandomSource* random, PoolTotals* totals)
    : destination_(std::move(destination)),
      limits_(limits),
      in_force_(limits),
      loop_(loop),
      owner_(owner),
      meter_(loop->Now(), totals),
      sizer_(limits),
      selection_(&destination_, &members_, random),
      empty_since_(loop->Now()) {
  in_force_.max_connection_count = sizer_.size();
  alarm_.Start(loop, [this] { OnAlarm(); });
  if (limits_.min_connection_count > 0) ScheduleTurnEnd();
}

ConnectionPool::~ConnectionPool() {
  *alive_ = false;
  while (!line_.empty()) line_.front()->Delist();
  while (!ready_.empty()) ready_.front()->Delist();
  for (Connection* const connection : members_.Connections()) connection->SetUseMeter(nullptr);
}

int ConnectionPool::warm_count() const {
  return keeps_warm_ ? std::min(limits_.min_connection_count, sizer_.size()) : 0;
}

// --- Members -------------------------------------------------------------------------------------

int ConnectionPool::Open() {
  PoolMember* const member = members_.Add();
  tell_empty_ = true;
  member->attempt = owner_->StartAttempt(
      *this, [this, member](absl::StatusOr<std::unique_ptr<Connection>> result) {
        OnAttemptDone(member, std::move(result));
      });
  SIPCM_CHECK(member->attempt != nullptr);
  ScheduleTurnEnd();
  return members_.live_count() - 1;
}

void ConnectionPool::OnAttemptDone(PoolMember* member,
                                   absl::StatusOr<std::unique_ptr<Connection>> result) {
  const std::unique_ptr<connection::Attempt> done = std::move(member->attempt);
  absl::Status cause = result.status();
  if (result.ok()) {
    selection_.NoteEstablished();
    if (Connection* const adopted = owner_->Adopt(*this, *std::move(result)); adopted != nullptr) {
      members_.Establish(member, adopted);
      adopted->SetUseMeter(meter_.use());
      meter_.NoteOpened();
      ScheduleTurnEnd();
      while (!member->requests.empty()) Answer(member->requests.front(), member->connection);
      return PumpLine();
    }
    cause = OwnerEnds(destination_);
  } else {
    meter_.NoteFailedAttempt(cause);
    selection_.NoteFailedAttempt(cause, loop_->Now());
  }
  const std::unique_ptr<PoolMember> failed = Remove(members_.IndexOf(member));
  while (!failed->requests.empty()) MoveOn(failed->requests.front(), cause);
  PumpLine();
}

std::unique_ptr<PoolMember> ConnectionPool::Remove(int index) {
  ScheduleTurnEnd();  // it may have been the last, or is to be replaced
  return members_.Remove(index);
}

void ConnectionPool::End(int index, Instant deadline, connection::CloseReason reason,
                         PoolRequestList* orphans) {
  std::unique_ptr<PoolMember> member = Remove(index);
  while (!member->requests.empty()) member->requests.front()->Enlist(orphans);
  if (member->connection == nullptr) return;  // its attempt ends with it
  member->connection->Drain(deadline, reason);
  members_.KeepDraining(std::move(member));
}

void ConnectionPool::OnConnectionClosed(Connection* connection, connection::CloseReason reason) {
  meter_.NoteClosed();
  connection->SetUseMeter(nullptr);
  selection_.NoteLost(*connection, reason, loop_->Now());
  members_.Forget(connection);
  for (auto next = ready_.begin(); next != ready_.end();) {
    PoolRequest* const request = *next++;
    if (request->answer.ok() && *request->answer == connection) Again(request);
  }
  PumpLine();
  ScheduleTurnEnd();
}

void ConnectionPool::SetThrottled(Connection* connection, bool throttled) {
  if (PoolMember* const member = members_.Find(connection); member != nullptr) {
    member->throttled = throttled;
  }
  if (!throttled) PumpLine();
}

void ConnectionPool::SetLimits(PoolLimits limits) {
  limits_ = limits;
  in_force_ = limits;
  keeps_warm_ = true;
  sizer_.SetLimits(limits, members_.live_count());
  ApplySize();
}

// What is beyond the size drains, the newest first.
void ConnectionPool::ApplySize() {
  ScheduleTurnEnd();
  in_force_.max_connection_count = sizer_.size();
  members_.SetAside();
  PoolRequestList orphans;
  if (is_unshared()) {
    EndShared(&orphans);
  } else {
    for (const std::unique_ptr<PoolMember>& member : members_.live()) member->exclusive = false;
  }
  while (members_.live_count() > in_force_.max_connection_count) {
    End(members_.live_count() - 1, loop_->Now() + limits_.drain_timeout,
        connection::CloseReason::kSurplus, &orphans);
  }
  while (!orphans.empty()) Again(orphans.front());
  PumpLine();
}

void ConnectionPool::EndShared(PoolRequestList* orphans) {
  int surplus = -warm_count();
  for (const std::unique_ptr<PoolMember>& member : members_.live()) {
    if (!member->exclusive) ++surplus;
  }
  for (int i = members_.live_count() - 1; i >= 0 && surplus > 0; --i) {
    if (members_[i].exclusive) continue;
    End(i, loop_->Now() + limits_.drain_timeout, connection::CloseReason::kSurplus, orphans);
    --surplus;
  }
}

void ConnectionPool::KeepWarm() {
  if (warm_count() == 0) return;
  members_.SetAside();
  int missing = warm_count();
  for (const std::unique_ptr<PoolMember>& member : members_.live()) {
    if (!member->exclusive) --missing;
  }
  for (; missing > 0; --missing) {
    if (!selection_.MayWarm(loop_->Now())) return alarm_.ArmFor(selection_.next_warm());
    Open();
    selection_.NoteWarmed(loop_->Now());
  }
}

void ConnectionPool::Drain(Instant deadline, connection::CloseReason reason) {
  keeps_warm_ = false;
  for (const std::unique_ptr<PoolMember>& member : members_.draining()) {
    member->connection->Drain(deadline, reason);
  }
  PoolRequestList orphans;
  while (members_.live_count() > 0) End(members_.live_count() - 1, deadline, reason, &orphans);
  while (!line_.empty()) line_.front()->Enlist(&orphans);
  const absl::Status drained = PoolDrained(destination_);
  for (PoolRequest* const request : ready_) {
    if (request->answer.ok()) request->answer = drained;
  }
  while (!orphans.empty()) Answer(orphans.front(), drained);
  ScheduleTurnEnd();
}

// --- Requests ------------------------------------------------------------------------------------

ConnectionPool::Acquired ConnectionPool::Acquire(AcquireCallback done) {
  meter_.NoteRequest();
  empty_since_ = loop_->Now();
  tell_empty_ = true;
  keeps_warm_ = true;
  Acquired acquired;
  int index = selection_.NextInTurn(in_force_);
  PoolDecision decision{PoolAction::kUse, index};
  if (index < 0) {
    decision = selection_.Decide(in_force_, waiting_count_, loop_->Now(), &acquired.refused);
    index = decision.member;
  }
  if (decision.action == PoolAction::kRefuse) {
    if (IsLineFull(acquired.refused)) {
      meter_.NoteWaitRefused();
    } else {
      meter_.NoteBackedOff();
    }
    ScheduleTurnEnd();  // it may be as empty as before
    return acquired;
  }
  if (decision.action == PoolAction::kUse && members_[index].connection != nullptr) {
    meter_.NoteReuse();
    members_.NoteUse(index);
    members_[index].exclusive = is_unshared();
    if (is_unshared()) ScheduleTurnEnd();  // it was kept open, and is to be replaced
    acquired.connection = members_[index].connection;
    acquired.reused = true;
    return acquired;
  }
  auto request = std::make_unique<PoolRequest>(static_cast<PoolRequest::Owner*>(this),
                                               std::move(done), loop_->Now());
  ++unanswered_count_;
  meter_.NoteWaitBegun();
  Apply(decision, request.get());
  if (request->is_waiting) sizer_.NoteWait();
  ScheduleTurnEnd();
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
    members_.NoteUse(index);
    PoolMember& member = members_[index];
    member.exclusive = is_unshared();
    if (member.connection != nullptr) return Answer(request, member.connection);
    request->Enlist(&member.requests);
    if (decision.action == PoolAction::kOpen) return;
  } else {
    request->Enlist(&line_);
  }
  request->is_waiting = true;
  ++waiting_count_;
  alarm_.ArmFor(request->deadline);
}

// As if it came now.
void ConnectionPool::Again(PoolRequest* request) {
  absl::Status refused;
  const PoolDecision decision = selection_.Decide(
      in_force_, waiting_count_ - (request->is_waiting ? 1 : 0), loop_->Now(), &refused);
  if (decision.action == PoolAction::kRefuse) return Answer(request, refused);
  Apply(decision, request);
}

// Its attempt failed: another member, but no new attempt.
void ConnectionPool::MoveOn(PoolRequest* request, const absl::Status& cause) {
  if (is_unshared()) return Answer(request, cause);
  const PoolDecision decision =
      selection_.DecideWithoutGrowth(in_force_, waiting_count_ - (request->is_waiting ? 1 : 0));
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
  EndWait(request);
  const auto is_its_own = [&](const std::unique_ptr<PoolMember>& member) {
    return member->exclusive &&
           (request.is_in(member->requests) || (request.is_in(ready_) && request.answer.ok() &&
                                                *request.answer == member->connection));
  };
  const auto live = members_.live();
  const auto own = std::find_if(live.begin(), live.end(), is_its_own);
  const int place = own == live.end() ? -1 : static_cast<int>(own - live.begin());
  request.Delist();
  PoolRequestList none;
  if (place >= 0) End(place, loop_->Now(), connection::CloseReason::kDrained, &none);
  ScheduleTurnEnd();  // it may have been the last
}

void ConnectionPool::PumpLine() {
  while (!line_.empty()) {
    absl::Status refused;
    const PoolDecision decision =
        selection_.Decide(in_force_, waiting_count_ - 1, loop_->Now(), &refused);
    if (decision.action == PoolAction::kWait) return;
    if (decision.action == PoolAction::kRefuse) {
      Answer(line_.front(), refused);
    } else {
      Apply(decision, line_.front());
    }
  }
}

// It has its answer, or nobody waits for that any more.
void ConnectionPool::EndWait(const PoolRequest& request) {
  --unanswered_count_;
  meter_.NoteWaitEnded(loop_->Now() - request.since, loop_->Now());
}

// Whatever is due; the turn's end arms it again for what is not.
void ConnectionPool::OnAlarm() {
  EndLateWaits();
  if (sizer_.Look(loop_->Now(), *meter_.use())) ApplySize();
  ScheduleTurnEnd();
}

void ConnectionPool::EndLateWaits() {
  std::vector<PoolRequest*> late;
  const auto look = [&](const PoolRequestList& list) {
    for (PoolRequest* const request : list) {
      if (!request->is_waiting) continue;
      if (request->deadline <= loop_->Now()) {
        late.push_back(request);
      } else {
        alarm_.ArmFor(request->deadline);
      }
    }
  };
  look(line_);
  for (const std::unique_ptr<PoolMember>& member : members_.live()) look(member->requests);
  for (PoolRequest* const request : late) {
    meter_.NoteWaitTimedOut();
    Answer(request, WaitedTooLong(destination_, limits_.max_wait_time));
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
  KeepWarm();
  if (members_.live_count() > 0) {
    sizer_.Wake(loop_->Now(), *meter_.use());
    alarm_.ArmFor(sizer_.next_look());
  } else {
    sizer_.Rest();
    in_force_.max_connection_count = sizer_.size();
  }
  meter_.ShowGauges(members_.connecting_count(), members_.established_count(),
                    static_cast<int>(members_.draining().size()), unanswered_count_);
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
  EndWait(*request);
  AcquireCallback done = request->TakeCallback();
  absl::StatusOr<Connection*> answer = std::move(request->answer);
  done(std::move(answer));  // may destroy the request
}

bool ConnectionPool::empty() const {
  return members_.empty() && line_.empty() && ready_.empty() && warm_count() == 0;
}

PoolStatistics ConnectionPool::statistics() const {
  PoolStatistics statistics = meter_.Statistics(loop_->Now());
  statistics.waiting_count = unanswered_count_;
  members_.CountInto(&statistics);
  return statistics;
}

}  // namespace sipcm::pool
