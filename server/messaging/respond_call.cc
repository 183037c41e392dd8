#include "server/messaging/respond_call.h"

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <memory>
#include <utility>
#include <vector>

#include "server/messaging/conversion/response_conversion.h"
#include "server/service/grpc_status.h"

namespace sipcm::server {
namespace {

// Hands the engine's one result to the call, which lives until it is finished.
class OneResult final : public engine::ResponseSink {
 public:
  OneResult(grpc::ServerUnaryReactor* reactor, v1::RespondResponse* response)
      : reactor_(reactor), response_(response) {}
  // An engine that lets go without a result must not leave the caller waiting.
  ~OneResult() override {
    if (reactor_ != nullptr) {
      reactor_->Finish(ToGrpcStatus(absl::InternalError("the engine gave no result")));
    }
  }

  void OnResponseResults(std::vector<engine::ResponseResult> results) override {
    if (results.empty() || reactor_ == nullptr) return;
    const engine::ResponseResult& result = results.front();
    if (result.status.ok()) *response_ = ToRespondResponse(result);
    std::exchange(reactor_, nullptr)->Finish(ToGrpcStatus(RespondStatus(result)));
  }

 private:
  grpc::ServerUnaryReactor* reactor_;
  v1::RespondResponse* const response_;
};

}  // namespace

grpc::ServerUnaryReactor* StartRespondCall(engine::Engine* engine,
                                           grpc::CallbackServerContext* context,
                                           const v1::RespondRequest& request,
                                           v1::RespondResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  v1::RespondRequest copy = request;
  engine::ResponseOrder order;
  if (const absl::Status taken = TakeResponse(&copy, &order); !taken.ok()) {
    reactor->Finish(ToGrpcStatus(taken));
    return reactor;
  }
  std::vector<engine::ResponseOrder> orders;
  orders.push_back(std::move(order));
  engine->Respond(std::move(orders), std::make_shared<OneResult>(reactor, response));
  return reactor;
}

}  // namespace sipcm::server
