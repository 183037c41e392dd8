#ifndef SIPCM_SERVER_SERVICE_ADMIN_SERVICE_H_
#define SIPCM_SERVER_SERVICE_ADMIN_SERVICE_H_

#include <memory>

#include "server/catalog/server_catalog.h"

namespace grpc {
class Service;
}

namespace sipcm::server {

// Serves sipcm.v1.Admin from the catalogue, which outlives it. In this version only GetServer.
std::unique_ptr<grpc::Service> MakeAdminService(ServerCatalog* server);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_SERVICE_ADMIN_SERVICE_H_
