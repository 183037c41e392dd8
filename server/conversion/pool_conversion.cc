#include "server/conversion/pool_conversion.h"

#include "absl/strings/str_cat.h"
#include "server/conversion/address_conversion.h"
#include "server/store/fingerprint.h"
#include "server/store/resource_name.h"
#include "server/store/resource_store.h"

namespace sipcm::server {

using sipcm::v1::ConnectionPool;
using sipcm::v1::PoolTarget;

std::string PoolName(const std::string& manager_id, const std::string& pool_id) {
  return absl::StrCat(kConnectionManagers, "/", manager_id, "/", kPools, "/", pool_id);
}

pool::SelectionPolicy FromProto(ConnectionPool::SelectionPolicy selection) {
  switch (selection) {
    case ConnectionPool::REUSE_FIRST:
      return pool::SelectionPolicy::kReuseFirst;
    case ConnectionPool::LEAST_OUTSTANDING:
      return pool::SelectionPolicy::kLeastOutstanding;
    default:
      return pool::SelectionPolicy::kGrowFirst;
  }
}

ConnectionPool::SelectionPolicy ToProto(pool::SelectionPolicy selection) {
  switch (selection) {
    case pool::SelectionPolicy::kGrowFirst:
      return ConnectionPool::GROW_FIRST;
    case pool::SelectionPolicy::kReuseFirst:
      return ConnectionPool::REUSE_FIRST;
    case pool::SelectionPolicy::kLeastOutstanding:
      return ConnectionPool::LEAST_OUTSTANDING;
  }
  return ConnectionPool::SELECTION_POLICY_UNSPECIFIED;
}

namespace {

PoolTarget::Health HealthOf(connection::Health health) {
  switch (health) {
    case connection::Health::kHealthy:
      return PoolTarget::HEALTHY;
    case connection::Health::kDead:
      return PoolTarget::DEAD;
    case connection::Health::kProbing:
      return PoolTarget::PROBING;
  }
  return PoolTarget::HEALTH_UNSPECIFIED;
}

void FillTarget(const engine::TargetSnapshot& target, PoolTarget* proto) {
  *proto->mutable_address() = ToProto(target.address);
  proto->set_priority(target.priority);
  proto->set_weight(target.weight);
  proto->set_health(HealthOf(target.health));
  if (target.health == connection::Health::kDead) {
    *proto->mutable_retry_time() = ToTimestamp(target.retry_time);
  }
  proto->set_last_failure(std::string(target.last_failure.message()));
}

}  // namespace

std::string EtagOf(const std::string& name, const pool::PoolLimits& limits) {
  return Fingerprint(absl::StrCat(name, "|", limits.max_connection_count, "|",
                                  static_cast<int>(limits.selection)));
}

ConnectionPool ToProto(const engine::PoolSnapshot& pool) {
  ConnectionPool proto;
  proto.set_name(PoolName(pool.manager_id, pool.destination.PoolId()));
  *proto.mutable_destination() = ToProto(pool.destination);
  proto.set_max_connection_count(pool.limits.max_connection_count);
  proto.set_min_connection_count(0);
  proto.set_selection(ToProto(pool.limits.selection));
  proto.set_sizing(ConnectionPool::FIXED);
  const pool::PoolStatistics& counts = pool.statistics;
  const bool draining =
      counts.draining_count > 0 && counts.live_count == 0 && counts.connecting_count == 0;
  proto.set_state(!pool.live ? ConnectionPool::CONFIGURED
                             : (draining ? ConnectionPool::DRAINING : ConnectionPool::ACTIVE));
  proto.set_target_connection_count(pool.limits.max_connection_count);
  proto.set_etag(EtagOf(proto.name(), pool.limits));
  sipcm::v1::PoolStatistics* statistics = proto.mutable_statistics();
  statistics->set_live_connection_count(counts.live_count + counts.connecting_count);
  statistics->set_connecting_connection_count(counts.connecting_count);
  statistics->set_established_connection_count(counts.live_count);
  statistics->set_draining_connection_count(counts.draining_count);
  statistics->set_waiting_request_count(counts.waiting_count);
  statistics->set_outstanding_request_count(counts.outstanding_count);
  statistics->set_opened_connection_count(static_cast<int64_t>(counts.opened_total));
  statistics->set_reused_count(static_cast<int64_t>(counts.reused_total));
  statistics->set_refused_count(static_cast<int64_t>(counts.refused_total));
  for (const engine::TargetSnapshot& target : pool.targets) FillTarget(target, proto.add_targets());
  return proto;
}

}  // namespace sipcm::server
