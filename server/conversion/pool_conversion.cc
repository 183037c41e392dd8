#include "server/conversion/pool_conversion.h"

#include "absl/strings/str_cat.h"
#include "core/pool/statistics/failure_cause.h"
#include "server/conversion/address_conversion.h"
#include "server/store/fingerprint.h"
#include "server/store/resource_name.h"
#include "server/store/resource_store.h"
#include "server/validation/field_checks.h"

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

pool::Sizing FromProto(ConnectionPool::Sizing sizing) {
  return sizing == ConnectionPool::AUTO ? pool::Sizing::kAuto : pool::Sizing::kFixed;
}

ConnectionPool::Sizing ToProto(pool::Sizing sizing) {
  return sizing == pool::Sizing::kAuto ? ConnectionPool::AUTO : ConnectionPool::FIXED;
}

std::string EtagOf(const std::string& name, const pool::PoolSetting& setting) {
  const auto number = [](const auto& value) {
    return value.has_value() ? absl::StrCat(static_cast<int>(*value)) : std::string("-");
  };
  return Fingerprint(absl::StrCat(name, "|", number(setting.max_connection_count), "|",
                                  number(setting.min_connection_count), "|",
                                  number(setting.selection), "|", number(setting.sizing)));
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

ConnectionPool::State StateOf(const engine::PoolSnapshot& pool) {
  if (!pool.live) return ConnectionPool::CONFIGURED;
  return pool.removed ? ConnectionPool::DRAINING : ConnectionPool::ACTIVE;
}

}  // namespace

sipcm::v1::PoolStatistics ToProto(const pool::PoolStatistics& statistics) {
  sipcm::v1::PoolStatistics proto;
  const auto count = [](uint64_t total) { return static_cast<int64_t>(total); };
  proto.set_live_connection_count(statistics.live_count + statistics.connecting_count);
  proto.set_connecting_connection_count(statistics.connecting_count);
  proto.set_established_connection_count(statistics.live_count);
  proto.set_draining_connection_count(statistics.draining_count);
  proto.set_waiting_request_count(statistics.waiting_count);
  proto.set_outstanding_request_count(statistics.outstanding_count);
  proto.set_opened_connection_count(count(statistics.opened_total));
  proto.set_closed_connection_count(count(statistics.closed_total));
  proto.set_request_count(count(statistics.request_total));
  proto.set_reused_count(count(statistics.reused_total));
  proto.set_waited_count(count(statistics.waited_total));
  proto.set_refused_count(count(statistics.refused_total));
  for (int i = 0; i < pool::kFailureCauseCount; ++i) {
    const uint64_t failed = statistics.failed_attempts_by_cause[i];
    if (failed == 0) continue;
    const absl::string_view cause = pool::FailureCauseName(static_cast<pool::FailureCause>(i));
    (*proto.mutable_failure_counts())[std::string(cause)] = count(failed);
  }
  if (statistics.wait_p50.has_value()) *proto.mutable_wait_p50() = ToDuration(*statistics.wait_p50);
  if (statistics.wait_p99.has_value()) *proto.mutable_wait_p99() = ToDuration(*statistics.wait_p99);
  proto.set_utilization(statistics.utilization);
  if (statistics.request_total > 0) {
    proto.set_reuse_ratio(static_cast<double>(statistics.reused_total) /
                          static_cast<double>(statistics.request_total));
  }
  return proto;
}

ConnectionPool ToProto(const engine::PoolSnapshot& pool) {
  ConnectionPool proto;
  proto.set_name(PoolName(pool.manager_id, pool.destination.PoolId()));
  *proto.mutable_destination() = ToProto(pool.destination);
  proto.set_max_connection_count(pool.limits.max_connection_count);
  proto.set_min_connection_count(pool.limits.min_connection_count);
  proto.set_selection(ToProto(pool.limits.selection));
  proto.set_sizing(ToProto(pool.limits.sizing));
  proto.set_state(StateOf(pool));
  proto.set_target_connection_count(pool.target_connection_count);
  proto.set_etag(EtagOf(proto.name(), pool.setting));
  if (pool.create_time != absl::InfinitePast()) {
    *proto.mutable_create_time() = ToTimestamp(pool.create_time);
  }
  *proto.mutable_statistics() = ToProto(pool.statistics);
  for (const engine::TargetSnapshot& target : pool.targets) FillTarget(target, proto.add_targets());
  return proto;
}

}  // namespace sipcm::server
