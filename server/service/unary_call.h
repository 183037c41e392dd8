#ifndef SIPCM_SERVER_SERVICE_UNARY_CALL_H_
#define SIPCM_SERVER_SERVICE_UNARY_CALL_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/catalog/control_state.h"
#include "server/conversion/status_conversion.h"
#include "server/service/grpc_status.h"

namespace sipcm::server {

// How the methods of the control services end (gRPC callback API).

inline grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context,
                                        const absl::Status& status) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(status));
  return reactor;
}

template <typename Response>
grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, Response* response,
                                 absl::StatusOr<Response> result) {
  const absl::Status status = result.status();
  if (status.ok()) *response = *std::move(result);
  return Answer(context, status);
}

// For catalogues that answer later: `ask` gets the Done to call, once, from any thread.
template <typename Response, typename Ask>
grpc::ServerUnaryReactor* AnswerLater(grpc::CallbackServerContext* context, Response* response,
                                      Ask ask) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  ask(Done<Response>([reactor, response](absl::StatusOr<Response> result) {
    const absl::Status status = result.status();
    if (status.ok()) *response = *std::move(result);
    reactor->Finish(ToGrpcStatus(status));
  }));
  return reactor;
}

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_SERVICE_UNARY_CALL_H_
