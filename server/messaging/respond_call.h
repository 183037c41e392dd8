#ifndef SIPCM_SERVER_MESSAGING_RESPOND_CALL_H_
#define SIPCM_SERVER_MESSAGING_RESPOND_CALL_H_

#include "core/engine/engine.h"
#include "proto/sipcm/v1/subscription.pb.h"

namespace grpc {
class CallbackServerContext;
class ServerUnaryReactor;
}  // namespace grpc

namespace sipcm::server {

// Serves one Messaging.Respond: finishes once the engine has told what became of the answer.
// Nothing is undone when the caller cancels: the answer may be out.
grpc::ServerUnaryReactor* StartRespondCall(engine::Engine* engine,
                                           grpc::CallbackServerContext* context,
                                           const v1::RespondRequest& request,
                                           v1::RespondResponse* response);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_MESSAGING_RESPOND_CALL_H_
