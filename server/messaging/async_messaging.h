#ifndef SIPCM_SERVER_MESSAGING_ASYNC_MESSAGING_H_
#define SIPCM_SERVER_MESSAGING_ASYNC_MESSAGING_H_

#include "proto/sipcm/v1/messaging.grpc.pb.h"
#include "server/messaging/respond_call.h"
#include "server/messaging/send_call.h"

namespace sipcm::server {

// How each method is served (performance.md, design 4): streams on the completion queue, single
// calls on the callback API. For .cc files only: it brings gRPC's headers with it.
using AsyncMessagingBase = v1::Messaging::WithAsyncMethod_Subscribe<
    v1::Messaging::WithAsyncMethod_Attach<v1::Messaging::WithCallbackMethod_Respond<
        v1::Messaging::WithCallbackMethod_Send<v1::Messaging::Service>>>>;

class AsyncMessaging final : public AsyncMessagingBase {
 public:
  AsyncMessaging(engine::Engine* engine, SendCalls* send_calls)
      : engine_(engine), send_calls_(send_calls) {}

  grpc::ServerUnaryReactor* Respond(grpc::CallbackServerContext* context,
                                    const v1::RespondRequest* request,
                                    v1::RespondResponse* response) override {
    return StartRespondCall(engine_, context, *request, response);
  }
  grpc::ServerWriteReactor<v1::SendEvent>* Send(grpc::CallbackServerContext* context,
                                                const v1::SendRequest* request) override {
    return send_calls_->Start(context, *request);
  }

 private:
  engine::Engine* const engine_;
  SendCalls* const send_calls_;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_MESSAGING_ASYNC_MESSAGING_H_
