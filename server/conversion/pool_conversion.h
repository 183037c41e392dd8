#ifndef SIPCM_SERVER_CONVERSION_POOL_CONVERSION_H_
#define SIPCM_SERVER_CONVERSION_POOL_CONVERSION_H_

#include <string>

#include "core/engine/engine_snapshot.h"
#include "core/pool/pool_policy.h"
#include "proto/sipcm/v1/connection_pool.pb.h"

namespace sipcm::server {

// "connectionManagers/edge/pools/tcp:127.0.0.1:5070"
std::string PoolName(const std::string& manager_id, const std::string& pool_id);

// Everything but etag and create_time.
sipcm::v1::ConnectionPool ToProto(const engine::PoolSnapshot& pool);

pool::SelectionPolicy FromProto(sipcm::v1::ConnectionPool::SelectionPolicy selection);
sipcm::v1::ConnectionPool::SelectionPolicy ToProto(pool::SelectionPolicy selection);

// Changes with the settings only.
std::string EtagOf(const std::string& name, const pool::PoolLimits& limits);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CONVERSION_POOL_CONVERSION_H_
