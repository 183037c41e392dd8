#ifndef SIPCM_SERVER_SERVICE_CONNECTION_MANAGERS_SERVICE_H_
#define SIPCM_SERVER_SERVICE_CONNECTION_MANAGERS_SERVICE_H_

#include <memory>

#include "server/catalog/connection_manager_catalog.h"

namespace grpc {
class Service;
}

namespace sipcm::server {

// Serves sipcm.v1.ConnectionManagers from the catalogue, which outlives it.
std::unique_ptr<grpc::Service> MakeConnectionManagersService(ConnectionManagerCatalog* managers);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_SERVICE_CONNECTION_MANAGERS_SERVICE_H_
