#ifndef SIPCM_SERVER_SERVICE_ADMIN_SERVICE_H_
#define SIPCM_SERVER_SERVICE_ADMIN_SERVICE_H_

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "proto/sipcm/v1/admin.pb.h"
#include "server/catalog/control_state.h"
#include "server/catalog/server_catalog.h"

namespace grpc {
class Service;
}

namespace sipcm::server {

// Begins or shortens a drain and answers the server as it is then. Any thread.
using BeginDrain = std::function<absl::StatusOr<sipcm::v1::Server>(const sipcm::v1::DrainRequest&)>;

// Serves sipcm.v1.Admin from the catalogues, which outlive it. In this version without ApplyConfig.
std::unique_ptr<grpc::Service> MakeAdminService(ServerCatalog* server, ControlState* state,
                                                BeginDrain drain);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_SERVICE_ADMIN_SERVICE_H_
