#include "server/service/connection_managers_service.h"

#include <utility>

#include "proto/sipcm/v1/connection_managers.grpc.pb.h"
#include "server/service/unary_call.h"

namespace sipcm::server {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

class ConnectionManagersService final : public sipcm::v1::ConnectionManagers::CallbackService {
 public:
  explicit ConnectionManagersService(ConnectionManagerCatalog* managers) : managers_(managers) {}

  ServerUnaryReactor* CreateConnectionManager(
      CallbackServerContext* context, const sipcm::v1::CreateConnectionManagerRequest* request,
      sipcm::v1::ConnectionManager* response) override {
    return Answer(context, response, managers_->Create(*request));
  }

  ServerUnaryReactor* GetConnectionManager(CallbackServerContext* context,
                                           const sipcm::v1::GetConnectionManagerRequest* request,
                                           sipcm::v1::ConnectionManager* response) override {
    return Answer(context, response, managers_->Get(*request));
  }

  ServerUnaryReactor* ListConnectionManagers(
      CallbackServerContext* context, const sipcm::v1::ListConnectionManagersRequest* request,
      sipcm::v1::ListConnectionManagersResponse* response) override {
    return Answer(context, response, managers_->List(*request));
  }

  ServerUnaryReactor* UpdateConnectionManager(
      CallbackServerContext* context, const sipcm::v1::UpdateConnectionManagerRequest* request,
      sipcm::v1::ConnectionManager* response) override {
    return Answer(context, response, managers_->Update(*request));
  }

  ServerUnaryReactor* DeleteConnectionManager(
      CallbackServerContext* context, const sipcm::v1::DeleteConnectionManagerRequest* request,
      google::protobuf::Empty*) override {
    return Answer(context, managers_->Delete(*request));
  }

  ServerUnaryReactor* StartListening(CallbackServerContext* context,
                                     const sipcm::v1::StartListeningRequest* request,
                                     sipcm::v1::ConnectionManager* response) override {
    return Answer(context, response, managers_->StartListening(*request));
  }

  ServerUnaryReactor* StopListening(CallbackServerContext* context,
                                    const sipcm::v1::StopListeningRequest* request,
                                    sipcm::v1::ConnectionManager* response) override {
    return AnswerLater(context, response, [&](Done<sipcm::v1::ConnectionManager> done) {
      managers_->StopListening(*request, std::move(done));
    });
  }

  ServerUnaryReactor* AddAllowedDomain(CallbackServerContext* context,
                                       const sipcm::v1::AddAllowedDomainRequest* request,
                                       sipcm::v1::AddAllowedDomainResponse* response) override {
    return Answer(context, response, managers_->AddAllowedDomain(*request));
  }

  ServerUnaryReactor* RemoveAllowedDomain(
      CallbackServerContext* context, const sipcm::v1::RemoveAllowedDomainRequest* request,
      sipcm::v1::RemoveAllowedDomainResponse* response) override {
    return AnswerLater(context, response, [&](Done<sipcm::v1::RemoveAllowedDomainResponse> done) {
      managers_->RemoveAllowedDomain(*request, std::move(done));
    });
  }

  ServerUnaryReactor* CheckPeer(CallbackServerContext* context,
                                const sipcm::v1::CheckPeerRequest* request,
                                sipcm::v1::CheckPeerResponse* response) override {
    return Answer(context, response, managers_->CheckPeer(*request));
  }

 private:
  ConnectionManagerCatalog* const managers_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeConnectionManagersService(ConnectionManagerCatalog* managers) {
  return std::make_unique<ConnectionManagersService>(managers);
}

}  // namespace sipcm::server
