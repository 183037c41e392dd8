#include "core/engine/connection_table.h"

#include <utility>
namespace sipcm::engine {

ConnectionSlot* ConnectionTable::Insert(std::unique_ptr<connection::Connection> connection,
                                        LocalManager* manager, pool::ConnectionPool* pool) {
  const connection::ConnectionId id = connection->id();
  auto slot = std::make_unique<ConnectionSlot>();
  slot->connection = std::move(connection);
  slot->manager = manager;
  slot->pool = pool;
  slot->peer_host = slot->connection->remote_address().ip.ToString();
  slot->connection->set_owner_tag(slot.get());
  return (slots_[id] = std::move(slot)).get();
}

std::vector<connection::ConnectionId> ConnectionTable::Ids() const {
  std::vector<connection::ConnectionId> ids;
  ids.reserve(slots_.size());
  for (const auto& [id, slot] : slots_) ids.push_back(id);
  return ids;
}

ConnectionSnapshot SnapshotOf(const ConnectionSlot& slot, Instant now, absl::Time wall_now) {
  const connection::Connection& connection = *slot.connection;
  const auto wall = [&](Instant at) {
    // Infinite: it has not happened yet.
    return at.is_infinite() ? absl::InfinitePast() : wall_now - (now - at);
  };
  ConnectionSnapshot snapshot;
  snapshot.id = connection.id();
  snapshot.manager_id = slot.manager->state->id();
  snapshot.direction = connection.direction();
  snapshot.transport = connection.transport();
  snapshot.state = connection.state();
  snapshot.local_address = connection.local_address();
  snapshot.remote_address = connection.remote_address();
  snapshot.peer = connection.peer();
  if (slot.pool != nullptr) snapshot.pool_id = slot.pool->destination().PoolId();
  snapshot.idle_timeout = connection.idle_timeout();
  snapshot.open_time = wall(connection.open_time());
  snapshot.last_receive_time = wall(connection.last_receive_time());
  snapshot.last_send_time = wall(connection.last_send_time());
  snapshot.counters = connection.counters();
  snapshot.outstanding_count = connection.live_transactions();
  return snapshot;
}

}  // namespace sipcm::engine
