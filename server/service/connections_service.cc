#include "server/service/connections_service.h"

#include <utility>

#include "proto/sipcm/v1/connections.grpc.pb.h"
#include "server/service/unary_call.h"

namespace sipcm::server {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

class ConnectionsService final : public sipcm::v1::Connections::CallbackService {
 public:
  explicit ConnectionsService(ConnectionCatalog* connections) : connections_(connections) {}

  ServerUnaryReactor* GetConnection(CallbackServerContext* context,
                                    const sipcm::v1::GetConnectionRequest* request,
                                    sipcm::v1::Connection* response) override {
    return AnswerLater(context, response, [&](Done<sipcm::v1::Connection> done) {
      connections_->Get(*request, std::move(done));
    });
  }

  ServerUnaryReactor* ListConnections(CallbackServerContext* context,
                                      const sipcm::v1::ListConnectionsRequest* request,
                                      sipcm::v1::ListConnectionsResponse* response) override {
    return AnswerLater(context, response, [&](Done<sipcm::v1::ListConnectionsResponse> done) {
      connections_->List(*request, std::move(done));
    });
  }

  ServerUnaryReactor* UpdateConnection(CallbackServerContext* context,
                                       const sipcm::v1::UpdateConnectionRequest* request,
                                       sipcm::v1::Connection* response) override {
    return AnswerLater(context, response, [&](Done<sipcm::v1::Connection> done) {
      connections_->Update(*request, std::move(done));
    });
  }

  ServerUnaryReactor* CloseConnection(CallbackServerContext* context,
                                      const sipcm::v1::CloseConnectionRequest* request,
                                      sipcm::v1::Connection* response) override {
    return AnswerLater(context, response, [&](Done<sipcm::v1::Connection> done) {
      connections_->Close(*request, std::move(done));
    });
  }

 private:
  ConnectionCatalog* const connections_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeConnectionsService(ConnectionCatalog* connections) {
  return std::make_unique<ConnectionsService>(connections);
}

}  // namespace sipcm::server
