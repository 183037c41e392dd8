#include "core/engine/reuse/reusable_connections.h"

#include <algorithm>

#include "core/base/check.h"

namespace sipcm::engine {

std::unique_ptr<ReusableConnections::Hold> ReusableConnections::Add(
    const pool::Destination& destination, connection::ConnectionId id) {
  {
    absl::MutexLock lock(&mutex_);
    connections_[destination].push_back(id);
  }
  count_.fetch_add(1);
  return std::make_unique<Hold>(this, destination, id);
}

void ReusableConnections::Release(const pool::Destination& destination,
                                  connection::ConnectionId id) {
  absl::MutexLock lock(&mutex_);
  const auto found = connections_.find(destination);
  SIPCM_CHECK(found != connections_.end());
  std::vector<connection::ConnectionId>& ids = found->second;
  ids.erase(std::remove(ids.begin(), ids.end(), id), ids.end());
  if (ids.empty()) connections_.erase(found);
  count_.fetch_sub(1);
}

connection::ConnectionId ReusableConnections::Find(const pool::Destination& destination) const {
  if (count_.load() == 0) return {};
  absl::MutexLock lock(&mutex_);
  const auto found = connections_.find(destination);
  return found == connections_.end() ? connection::ConnectionId() : found->second.back();
}

}  // namespace sipcm::engine
