#include "core/pool/pool_policy.h"

namespace sipcm::pool {
namespace {

// The best usable member, searched from `cursor` on; of equals the first. -1 when none is usable.
int Select(SelectionPolicy selection, absl::Span<const MemberSnapshot> members, int cursor,
           bool may_wait) {
  const int count = static_cast<int>(members.size());
  int best = -1;
  for (int i = 0; i < count; ++i) {
    const int candidate = (cursor + i) % count;
    const MemberSnapshot& member = members[candidate];
    if (!member.usable || (member.connecting && !may_wait)) continue;
    if (best < 0 || (selection == SelectionPolicy::kLeastOutstanding &&
                     member.outstanding < members[best].outstanding)) {
      best = candidate;
    }
  }
  return best;
}

int SelectIdle(absl::Span<const MemberSnapshot> members, int cursor) {
  const int count = static_cast<int>(members.size());
  for (int i = 0; i < count; ++i) {
    const MemberSnapshot& member = members[(cursor + i) % count];
    if (member.usable && !member.connecting && member.outstanding == 0) {
      return (cursor + i) % count;
    }
  }
  return -1;
}

}  // namespace

PoolDecision DecideAcquire(const PoolLimits& limits, absl::Span<const MemberSnapshot> members,
                           int cursor, int waiting_count) {
  if (limits.max_connection_count == kNoSharing) return {PoolAction::kOpen, -1};
  if (limits.selection != SelectionPolicy::kGrowFirst) {
    const int idle = SelectIdle(members, cursor);
    if (idle >= 0) return {PoolAction::kUse, idle};
  }
  if (static_cast<int>(members.size()) < limits.max_connection_count) {
    return {PoolAction::kOpen, -1};
  }
  const bool may_wait = waiting_count < limits.max_waiting_count;
  const int selected = Select(limits.selection, members, cursor, may_wait);
  if (selected >= 0) return {PoolAction::kUse, selected};
  return {may_wait ? PoolAction::kWait : PoolAction::kRefuse, -1};
}

}  // namespace sipcm::pool
