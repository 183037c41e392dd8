#ifndef SIPCM_SERVER_SERVICE_ENDPOINTS_SERVICE_H_
#define SIPCM_SERVER_SERVICE_ENDPOINTS_SERVICE_H_

#include <memory>

#include "server/catalog/endpoint_catalog.h"

namespace grpc {
class Service;
}

namespace sipcm::server {

// Serves sipcm.v1.Endpoints from the catalogue, which outlives it.
std::unique_ptr<grpc::Service> MakeEndpointsService(EndpointCatalog* endpoints);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_SERVICE_ENDPOINTS_SERVICE_H_
