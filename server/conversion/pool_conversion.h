#ifndef SIPCM_SERVER_CONVERSION_POOL_CONVERSION_H_
#define SIPCM_SERVER_CONVERSION_POOL_CONVERSION_H_

#include <string>

#include "core/engine/engine_snapshot.h"
#include "core/pool/pool_policy.h"
#include "core/pool/pool_setting.h"
#include "core/pool/statistics/pool_statistics.h"
#include "proto/sipcm/v1/connection_pool.pb.h"

namespace sipcm::server {

// "connectionManagers/edge/pools/tcp:127.0.0.1:5070"
std::string PoolName(const std::string& manager_id, const std::string& pool_id);

sipcm::v1::ConnectionPool ToProto(const engine::PoolSnapshot& pool);
sipcm::v1::PoolStatistics ToProto(const pool::PoolStatistics& statistics);

pool::SelectionPolicy FromProto(sipcm::v1::ConnectionPool::SelectionPolicy selection);
sipcm::v1::ConnectionPool::SelectionPolicy ToProto(pool::SelectionPolicy selection);

// Unspecified: the default, kFixed.
pool::Sizing FromProto(sipcm::v1::ConnectionPool::Sizing sizing);
sipcm::v1::ConnectionPool::Sizing ToProto(pool::Sizing sizing);

// Changes with what was asked of the pool only.
std::string EtagOf(const std::string& name, const pool::PoolSetting& setting);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CONVERSION_POOL_CONVERSION_H_
