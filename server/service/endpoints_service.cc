#include "server/service/endpoints_service.h"

#include <utility>

#include "proto/sipcm/v1/endpoints.grpc.pb.h"
#include "server/service/unary_call.h"

namespace sipcm::server {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

class EndpointsService final : public sipcm::v1::Endpoints::CallbackService {
 public:
  explicit EndpointsService(EndpointCatalog* endpoints) : endpoints_(endpoints) {}

  ServerUnaryReactor* CreateEndpoint(CallbackServerContext* context,
                                     const sipcm::v1::CreateEndpointRequest* request,
                                     sipcm::v1::Endpoint* response) override {
    return Answer(context, response, endpoints_->Create(*request));
  }

  ServerUnaryReactor* GetEndpoint(CallbackServerContext* context,
                                  const sipcm::v1::GetEndpointRequest* request,
                                  sipcm::v1::Endpoint* response) override {
    return Answer(context, response, endpoints_->Get(*request));
  }

  ServerUnaryReactor* ListEndpoints(CallbackServerContext* context,
                                    const sipcm::v1::ListEndpointsRequest* request,
                                    sipcm::v1::ListEndpointsResponse* response) override {
    return Answer(context, response, endpoints_->List(*request));
  }

  ServerUnaryReactor* UpdateEndpoint(CallbackServerContext* context,
                                     const sipcm::v1::UpdateEndpointRequest* request,
                                     sipcm::v1::Endpoint* response) override {
    return Answer(context, response, endpoints_->Update(*request));
  }

  ServerUnaryReactor* DeleteEndpoint(CallbackServerContext* context,
                                     const sipcm::v1::DeleteEndpointRequest* request,
                                     google::protobuf::Empty*) override {
    return Answer(context, endpoints_->Delete(*request));
  }

  ServerUnaryReactor* ExplainDispatch(CallbackServerContext* context,
                                      const sipcm::v1::ExplainDispatchRequest* request,
                                      sipcm::v1::ExplainDispatchResponse* response) override {
    return AnswerLater(context, response, [&](Done<sipcm::v1::ExplainDispatchResponse> done) {
      endpoints_->ExplainDispatch(*request, std::move(done));
    });
  }

 private:
  EndpointCatalog* const endpoints_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeEndpointsService(EndpointCatalog* endpoints) {
  return std::make_unique<EndpointsService>(endpoints);
}

}  // namespace sipcm::server
