#include "server/service/connection_pools_service.h"

#include <utility>

#include "proto/sipcm/v1/connection_pools.grpc.pb.h"
#include "server/service/unary_call.h"

namespace sipcm::server {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

class ConnectionPoolsService final : public sipcm::v1::ConnectionPools::CallbackService {
 public:
  explicit ConnectionPoolsService(ConnectionPoolCatalog* pools) : pools_(pools) {}

  ServerUnaryReactor* GetConnectionPool(CallbackServerContext* context,
                                        const sipcm::v1::GetConnectionPoolRequest* request,
                                        sipcm::v1::ConnectionPool* response) override {
    return AnswerLater(context, response, [&](Done<sipcm::v1::ConnectionPool> done) {
      pools_->Get(*request, std::move(done));
    });
  }

  ServerUnaryReactor* ListConnectionPools(
      CallbackServerContext* context, const sipcm::v1::ListConnectionPoolsRequest* request,
      sipcm::v1::ListConnectionPoolsResponse* response) override {
    return AnswerLater(context, response, [&](Done<sipcm::v1::ListConnectionPoolsResponse> done) {
      pools_->List(*request, std::move(done));
    });
  }

  ServerUnaryReactor* UpdateConnectionPool(CallbackServerContext* context,
                                           const sipcm::v1::UpdateConnectionPoolRequest* request,
                                           sipcm::v1::ConnectionPool* response) override {
    return AnswerLater(context, response, [&](Done<sipcm::v1::ConnectionPool> done) {
      pools_->Update(*request, std::move(done));
    });
  }

  ServerUnaryReactor* DeleteConnectionPool(CallbackServerContext* context,
                                           const sipcm::v1::DeleteConnectionPoolRequest* request,
                                           google::protobuf::Empty* response) override {
    return AnswerLater(context, response, [&](Done<google::protobuf::Empty> done) {
      pools_->Delete(*request, std::move(done));
    });
  }

 private:
  ConnectionPoolCatalog* const pools_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeConnectionPoolsService(ConnectionPoolCatalog* pools) {
  return std::make_unique<ConnectionPoolsService>(pools);
}

}  // namespace sipcm::server
