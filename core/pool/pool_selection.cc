#include "core/pool/pool_selection.h"

#include <algorithm>
#include <memory>

#include "core/pool/pool_error.h"

namespace sipcm::pool {
namespace {

using connection::CloseReason;
using connection::Connection;

bool IsPeersDoing(CloseReason reason) {
  switch (reason) {
    case CloseReason::kPeerClosed:
    case CloseReason::kReset:
    case CloseReason::kTruncated:
    case CloseReason::kHandshakeFailed:
    case CloseReason::kProtocolError:  // it speaks something else
    case CloseReason::kLimit:
      return true;
    default:
      return false;
  }
}

bool IsNew(const Connection& connection, Instant now) {
  return now - connection.open_time() < PoolSelection::kSilentLossAge;
}

// It gave no sign yet that the peer means to serve it.
bool IsSilentAndNew(const Connection& connection, Instant now) {
  return connection.counters().messages_in == 0 && IsNew(connection, now);
}

}  // namespace

int PoolSelection::NextInTurn(const PoolLimits& limits) const {
  if (limits.selection != SelectionPolicy::kGrowFirst ||
      members_->live_count() < limits.max_connection_count) {
    return -1;
  }
  const int next = members_->next();
  const PoolMember& member = (*members_)[next];
  const bool is_usable = member.connection != nullptr && member.connection->is_usable() &&
                         !member.throttled && !member.exclusive;
  return is_usable ? next : -1;
}

PoolDecision PoolSelection::Decide(const PoolLimits& limits, int waiting_count, Instant now,
                                   absl::Status* refused) {
  PoolDecision decision{PoolAction::kOpen, -1};
  if (limits.max_connection_count == kNoSharing) {
    // Thousands of connections that nobody shares are not looked through for each request.
    const int spare = limits.min_connection_count > 0 ? FindSpare() : -1;
    if (spare >= 0) return {PoolAction::kUse, spare};
  } else {
    members_->SetAside();
    decision = DecideAcquire(limits, members_->Snapshots(), members_->cursor(), waiting_count);
  }
  if (decision.action == PoolAction::kOpen) {
    decision = DecideGrowth(limits, waiting_count, now, refused);
  }
  if (decision.action == PoolAction::kRefuse && refused->ok()) {
    *refused = LineFull(*destination_, waiting_count);
  }
  return decision;
}

PoolDecision PoolSelection::DecideGrowth(const PoolLimits& limits, int waiting_count, Instant now,
                                         absl::Status* refused) {
  if (IsBackingOff(now)) {
    if (members_->live_count() > 0 && limits.max_connection_count != kNoSharing) {
      return DecideWithoutGrowth(limits, waiting_count);
    }
    *refused = gate_.Refusal(now);
    return {PoolAction::kRefuse, -1};
  }
  if (HasPlaceForAttempt()) return {PoolAction::kOpen, -1};
  const bool may_wait = waiting_count < limits.max_waiting_count;
  return {may_wait ? PoolAction::kWait : PoolAction::kRefuse, -1};
}

PoolDecision PoolSelection::DecideWithoutGrowth(const PoolLimits& limits, int waiting_count) {
  members_->SetAside();
  PoolLimits as_is = limits;
  as_is.max_connection_count = members_->live_count();
  return DecideAcquire(as_is, members_->Snapshots(), members_->cursor(), waiting_count);
}

bool PoolSelection::IsBackingOff(Instant now) {
  if (!gate_.is_failing()) return false;
  const auto has_proved_itself = [now](const std::unique_ptr<PoolMember>& member) {
    return member->connection != nullptr && !IsSilentAndNew(*member->connection, now);
  };
  if (silent_losses_ >= kMostSilentLosses &&
      std::any_of(members_->live().begin(), members_->live().end(), has_proved_itself)) {
    silent_losses_ = 0;
    gate_.NoteSuccess();
    return false;
  }
  return !gate_.MayOpen(members_->connecting_count() > 0, members_->has_usable(), now);
}

bool PoolSelection::HasPlaceForAttempt() const {
  return members_->connecting_count() < std::max(kMostAttempts, members_->established_count());
}

Instant PoolSelection::next_try() const {
  return members_->connecting_count() > 0 ? Instant::Infinite()
                                          : gate_.next_try(members_->has_usable());
}

// One that was kept open for whoever comes.
int PoolSelection::FindSpare() const {
  for (int i = 0; i < members_->live_count(); ++i) {
    const PoolMember& member = (*members_)[i];
    if (member.connection != nullptr && member.connection->is_usable() && !member.exclusive &&
        !member.throttled && member.connection->live_transactions() == 0) {
      return i;
    }
  }
  return -1;
}

void PoolSelection::NoteEstablished() {
  if (silent_losses_ < kMostSilentLosses) gate_.NoteSuccess();
}

void PoolSelection::NoteLost(const Connection& connection, CloseReason reason, Instant now) {
  // The owner of a dedicated connection has a back-off of its own.
  if (!IsPeersDoing(reason) || destination_->is_dedicated()) return;
  early_losses_ = IsNew(connection, now) ? early_losses_ + 1 : 0;
  if (!IsSilentAndNew(connection, now)) {
    silent_losses_ = 0;
  } else if (++silent_losses_ >= kMostSilentLosses) {
    gate_.NoteFailure(PeerKeepsClosing(*destination_, silent_losses_), now);
  }
}

}  // namespace sipcm::pool
