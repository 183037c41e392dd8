#ifndef SIPCM_SERVER_SERVER_H_
#define SIPCM_SERVER_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/engine/engine.h"
#include "core/net/address.h"
#include "server/catalog/catalogs.h"
#include "server/event/event_hub.h"

namespace sipcm::server {

// Everything between an engine and its callers: catalogues, gRPC services with health and
// reflection, admin HTTP. Thread: whoever owns it.
class Server {
 public:
  struct Options {
    std::string grpc_address;          // "127.0.0.1:50061", "[::1]:0", "unix:/path"
    net::SocketAddress admin_address;  // port 0: any free one
    int worker_count = 1;              // for Admin.GetServer
    ControlState::Options control;
    // Hears the engine; outlives engine and server. Also what the catalogues tell, unless control
    // has another sink, which passes it on.
    EventHub* events = nullptr;
  };

  // `engine` outlives the server.
  Server(engine::Engine* engine, Options options);
  // Stop() must have returned, or Start() never succeeded.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // To put a configuration in force before Start().
  Catalogs* catalogs();

  // Binds and serves; healthy when it returns OK and SetServing() was called. UNAVAILABLE
  // (ADDRESS_IN_USE) names the address and the flag.
  absl::Status Start();
  // Health and /healthz say so from now on.
  void SetServing();

  // After Start(): with the real ports. A unix address as it was given.
  const std::string& grpc_address() const;
  const net::SocketAddress& admin_address() const;

  // Ends in order (reliability 39): health says no; no new work; what is under way is answered,
  // for at most `drain_timeout`; streams end with UNAVAILABLE (SHUTTING_DOWN); gRPC and HTTP stop.
  void Stop(absl::Duration drain_timeout);

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_SERVER_H_
