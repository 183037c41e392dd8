#ifndef SIPCM_SERVER_SERVICE_CONNECTION_POOLS_SERVICE_H_
#define SIPCM_SERVER_SERVICE_CONNECTION_POOLS_SERVICE_H_

#include <memory>

#include "server/catalog/connection_pool_catalog.h"

namespace grpc {
class Service;
}

namespace sipcm::server {

// Serves sipcm.v1.ConnectionPools from the catalogue, which outlives it.
std::unique_ptr<grpc::Service> MakeConnectionPoolsService(ConnectionPoolCatalog* pools);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_SERVICE_CONNECTION_POOLS_SERVICE_H_
