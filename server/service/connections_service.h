#ifndef SIPCM_SERVER_SERVICE_CONNECTIONS_SERVICE_H_
#define SIPCM_SERVER_SERVICE_CONNECTIONS_SERVICE_H_

#include <memory>

#include "server/catalog/connection_catalog.h"

namespace grpc {
class Service;
}

namespace sipcm::server {

// Serves sipcm.v1.Connections from the catalogue, which outlives it.
std::unique_ptr<grpc::Service> MakeConnectionsService(ConnectionCatalog* connections);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_SERVICE_CONNECTIONS_SERVICE_H_
