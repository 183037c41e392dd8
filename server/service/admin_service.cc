#include "server/service/admin_service.h"

#include <utility>

#include "proto/sipcm/v1/admin.grpc.pb.h"
#include "server/config/config_export.h"
#include "server/service/unary_call.h"

namespace sipcm::server {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

class AdminService final : public sipcm::v1::Admin::CallbackService {
 public:
  AdminService(ServerCatalog* server, ControlState* state, BeginDrain drain)
      : server_(server), state_(state), drain_(std::move(drain)) {}

  ServerUnaryReactor* GetServer(CallbackServerContext* context,
                                const sipcm::v1::GetServerRequest* request,
                                sipcm::v1::Server* response) override {
    return Answer(context, response, server_->Get(*request));
  }

  ServerUnaryReactor* Drain(CallbackServerContext* context, const sipcm::v1::DrainRequest* request,
                            sipcm::v1::Server* response) override {
    return Answer(context, response, drain_(*request));
  }

  ServerUnaryReactor* ExportConfig(CallbackServerContext* context,
                                   const sipcm::v1::ExportConfigRequest*,
                                   sipcm::v1::ExportConfigResponse* response) override {
    return Answer<sipcm::v1::ExportConfigResponse>(context, response, server::ExportConfig(state_));
  }

  ServerUnaryReactor* ApplyConfig(CallbackServerContext* context,
                                  const sipcm::v1::ApplyConfigRequest*,
                                  sipcm::v1::ApplyConfigResponse*) override {
    return Answer(context, NotInThisVersion("Admin.ApplyConfig",
                                            "give --config to the server when it starts, or call "
                                            "the methods of each resource"));
  }

 private:
  ServerCatalog* const server_;
  ControlState* const state_;
  const BeginDrain drain_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeAdminService(ServerCatalog* server, ControlState* state,
                                                BeginDrain drain) {
  return std::make_unique<AdminService>(server, state, std::move(drain));
}

}  // namespace sipcm::server
