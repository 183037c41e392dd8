#include "core/pool/pool_members.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"

namespace sipcm::pool {

using connection::Connection;

PoolMember* PoolMembers::Add() {
  live_.push_back(std::make_unique<PoolMember>());
  ++connecting_count_;
  return live_.back().get();
}

void PoolMembers::Establish(PoolMember* member, Connection* connection) {
  SIPCM_CHECK(member->connection == nullptr);
  member->connection = connection;
  --connecting_count_;
}

std::unique_ptr<PoolMember> PoolMembers::Remove(int index) {
  std::unique_ptr<PoolMember> member = std::move(live_[index]);
  live_.erase(live_.begin() + index);
  if (cursor_ > index) --cursor_;
  if (member->connection == nullptr) --connecting_count_;
  return member;
}

void PoolMembers::Forget(const Connection* connection) {
  if (const PoolMember* const member = Find(connection); member != nullptr) {
    Remove(IndexOf(member));
    return;
  }
  draining_.erase(std::find_if(draining_.begin(), draining_.end(), [&](const auto& member) {
    return member->connection == connection;
  }));
}

void PoolMembers::SetAside() {
  for (int i = 0; i < live_count();) {
    const PoolMember& member = *live_[i];
    if (member.connection != nullptr && !member.connection->is_usable()) {
      draining_.push_back(Remove(i));
    } else {
      ++i;
    }
  }
}

int PoolMembers::IndexOf(const PoolMember* member) const {
  const auto place = std::find_if(live_.begin(), live_.end(),
                                  [member](const auto& other) { return other.get() == member; });
  SIPCM_CHECK(place != live_.end());
  return static_cast<int>(place - live_.begin());
}

PoolMember* PoolMembers::Find(const Connection* connection) const {
  const auto place = std::find_if(live_.begin(), live_.end(), [connection](const auto& member) {
    return member->connection == connection;
  });
  return place == live_.end() ? nullptr : place->get();
}

bool PoolMembers::has_usable() const {
  return std::any_of(live_.begin(), live_.end(), [](const auto& member) {
    const MemberSnapshot snapshot = member->Snapshot();
    return snapshot.usable && !snapshot.connecting;
  });
}

absl::Span<const MemberSnapshot> PoolMembers::Snapshots() {
  snapshots_.clear();
  for (const std::unique_ptr<PoolMember>& member : live_) snapshots_.push_back(member->Snapshot());
  return snapshots_;
}

std::vector<Connection*> PoolMembers::Connections() const {
  std::vector<Connection*> connections;
  for (const auto& part : {live(), draining()}) {
    for (const std::unique_ptr<PoolMember>& member : part) {
      if (member->connection != nullptr) connections.push_back(member->connection);
    }
  }
  return connections;
}

void PoolMembers::CountInto(PoolStatistics* statistics) const {
  statistics->connecting_count = connecting_count_;
  for (const Connection* const connection : Connections()) {
    ++(connection->is_usable() ? statistics->live_count : statistics->draining_count);
    statistics->outstanding_count += connection->live_transactions();
  }
}

}  // namespace sipcm::pool
