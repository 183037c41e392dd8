#include "server/service/admin_service.h"

#include "proto/sipcm/v1/admin.grpc.pb.h"
#include "server/service/unary_call.h"

namespace sipcm::server {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

class AdminService final : public sipcm::v1::Admin::CallbackService {
 public:
  explicit AdminService(ServerCatalog* server) : server_(server) {}

  ServerUnaryReactor* GetServer(CallbackServerContext* context,
                                const sipcm::v1::GetServerRequest* request,
                                sipcm::v1::Server* response) override {
    return Answer(context, response, server_->Get(*request));
  }

  ServerUnaryReactor* Drain(CallbackServerContext* context, const sipcm::v1::DrainRequest*,
                            sipcm::v1::Server*) override {
    return Answer(
        context, NotInThisVersion("Admin.Drain", "the work on operation; SIGTERM drains and ends"));
  }

  ServerUnaryReactor* ExportConfig(CallbackServerContext* context,
                                   const sipcm::v1::ExportConfigRequest*,
                                   sipcm::v1::ExportConfigResponse*) override {
    return Answer(context,
                  NotInThisVersion("Admin.ExportConfig", "the work on declarative configuration"));
  }

  ServerUnaryReactor* ApplyConfig(CallbackServerContext* context,
                                  const sipcm::v1::ApplyConfigRequest*,
                                  sipcm::v1::ApplyConfigResponse*) override {
    return Answer(context, NotInThisVersion("Admin.ApplyConfig",
                                            "the work on declarative configuration; --config sets "
                                            "up a server at its start"));
  }

 private:
  ServerCatalog* const server_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeAdminService(ServerCatalog* server) {
  return std::make_unique<AdminService>(server);
}

}  // namespace sipcm::server
