#include "core/engine/connection_table.h"

#include <algorithm>
#include <utility>

#include "core/tls/tls_stream.h"

namespace sipcm::engine {

// performance.md P8: one for each connection, idle ones too.
static_assert(sizeof(ConnectionSlot) <= 120);

ConnectionSlot* ConnectionTable::Insert(std::unique_ptr<connection::Connection> connection,
                                        LocalManager* manager, pool::ConnectionPool* pool) {
  const connection::ConnectionId id = connection->id();
  auto slot = std::make_unique<ConnectionSlot>();
  slot->connection = std::move(connection);
  slot->manager = manager;
  slot->pool = pool;
  slot->marks = manager->runtime.Get()->config.connection_throttling;
  if (pool != nullptr) slot->ForSending().endpoint_id = pool->destination().dedicated_to;
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

namespace {

// Whether it was for this one, which ends then.
bool EndIfMeant(const ConnectionSlot& slot, const Retirement& retirement, Instant now) {
  connection::Connection& connection = *slot.connection;
  if (connection.tls() == nullptr || !connection.is_usable() ||
      !retirement.AppliesTo(connection.tls()->versions(), connection.peer().get())) {
    return false;
  }
  if (retirement.retiring == Retiring::kNow) {
    connection.CloseAfterFlush(connection::CloseReason::kCertificateRotated);
  } else {
    connection.Drain(now + slot.manager->runtime.Get()->config.drain_timeout,
                     connection::CloseReason::kCertificateRotated);
  }
  return true;
}

}  // namespace

int ConnectionTable::Retire(LocalManager* manager, const Retirement& retirement, Instant now) {
  std::vector<Retirement>& all = manager->retirements;
  const auto same = std::find_if(all.begin(), all.end(), [&](const Retirement& earlier) {
    return earlier.object == retirement.object;
  });
  if (same == all.end()) {
    all.push_back(retirement);
  } else {
    *same = retirement;
  }
  int ended = 0;
  for (const auto& [id, slot] : slots_) {
    if (slot->manager == manager && EndIfMeant(*slot, retirement, now)) ++ended;
  }
  return ended;
}

void ConnectionTable::RetireIfDue(const ConnectionSlot& slot, Instant now) {
  for (const Retirement& retirement : slot.manager->retirements) {
    EndIfMeant(slot, retirement, now);
  }
}

ConnectionSnapshot SnapshotOf(const ConnectionSlot& slot, Instant now, absl::Time wall_now) {
  ConnectionSnapshot snapshot = SnapshotOf(*slot.connection, *slot.manager->state, now, wall_now);
  snapshot.endpoint_id = std::string(slot.endpoint_id());
  snapshot.throttling = slot.marks;
  snapshot.throttled = slot.throttled;
  snapshot.client_throttled = slot.client_throttled;
  snapshot.received_count = slot.received_count;
  snapshot.outstanding_count = slot.outstanding_count();
  if (slot.has_named_pool()) snapshot.pool_id = slot.pool->destination().PoolId();
  return snapshot;
}

ConnectionSnapshot SnapshotOf(const connection::Connection& connection, const ManagerState& manager,
                              Instant now, absl::Time wall_now) {
  const auto wall = [&](Instant at) {
    // Infinite: it has not happened yet.
    return at.is_infinite() ? absl::InfinitePast() : wall_now - (now - at);
  };
  ConnectionSnapshot snapshot;
  snapshot.id = connection.id();
  snapshot.manager_id = manager.id();
  snapshot.direction = connection.direction();
  snapshot.transport = connection.transport();
  snapshot.state = connection.state();
  snapshot.local_address = connection.local_address();
  snapshot.remote_address = connection.remote_address();
  snapshot.peer = connection.peer();
  if (connection.tls() != nullptr) {
    snapshot.certificate_version = connection.tls()->versions().CredentialText();
  }
  snapshot.idle_timeout = connection.idle_timeout();
  snapshot.open_time = wall(connection.open_time());
  snapshot.last_receive_time = wall(connection.last_receive_time());
  snapshot.last_send_time = wall(connection.last_send_time());
  snapshot.counters = connection.counters();
  snapshot.queued_byte_count = static_cast<int64_t>(connection.queued_bytes());
  snapshot.outstanding_count = connection.live_transactions();
  return snapshot;
}

}  // namespace sipcm::engine
