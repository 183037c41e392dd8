#ifndef SIPCM_SERVER_MESSAGING_MESSAGING_SERVICE_H_
#define SIPCM_SERVER_MESSAGING_MESSAGING_SERVICE_H_

#include <memory>

#include "absl/status/status.h"
#include "core/engine/engine.h"
#include "server/messaging/conversion/endpoint_lookup.h"

namespace grpc {
class ServerBuilder;
}

namespace sipcm::server {

// The Messaging service (proto/sipcm/v1/messaging.proto) over an engine.
//
// In this order, each once, from one thread:
//   Register(builder); builder.BuildAndStart(); Start(); ... EndStreams(why);
//   grpc::Server::Shutdown(deadline); Stop().
// Without Start() no call is ever served; when the server could not start, destroy this at once.
// The engine must outlive Stop(); it may call sinks of ended streams after that, which does
// nothing.
class MessagingService {
 public:
  MessagingService(engine::Engine* engine, EndpointLookup lookup);
  ~MessagingService();  // Stop() before, when it was registered
  MessagingService(const MessagingService&) = delete;
  MessagingService& operator=(const MessagingService&) = delete;

  // Adds the service and its completion queue, and has silent connections pinged. The builder's
  // server must be destroyed before this.
  void Register(grpc::ServerBuilder& builder);
  // Begins to accept calls, on a thread of its own.
  void Start();
  // Ends running calls with `why` once what waits for them is written, and at once each that comes
  // later. Returns at once; a call whose client does not read lasts until the server's shutdown
  // deadline cancels it. Typically UNAVAILABLE (SHUTTING_DOWN or DRAINING).
  void EndStreams(const absl::Status& why);
  // After grpc::Server::Shutdown() returned: waits until the calls are over, joins the thread.
  void Stop();

 private:
  class Rpc;
  const std::unique_ptr<Rpc> rpc_;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_MESSAGING_MESSAGING_SERVICE_H_
