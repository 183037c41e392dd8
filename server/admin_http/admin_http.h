#ifndef SIPCM_SERVER_ADMIN_HTTP_ADMIN_HTTP_H_
#define SIPCM_SERVER_ADMIN_HTTP_ADMIN_HTTP_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/net/address.h"

namespace sipcm::server {

// /healthz and /metrics over HTTP, on threads of its own, for probes and scrapers.
class AdminHttp {
 public:
  struct Health {
    bool serving = false;
    std::string text;  // one line: "ok", or why not
  };
  // Both are called from its threads.
  struct Pages {
    std::function<Health()> health;        // 200 or 503
    std::function<std::string()> metrics;  // Prometheus text
  };

  // Listens; port 0 lets the system choose. UNAVAILABLE (ADDRESS_IN_USE) naming the address.
  static absl::StatusOr<std::unique_ptr<AdminHttp>> Start(const net::SocketAddress& address,
                                                          Pages pages);
  // Ends running answers and joins its threads.
  ~AdminHttp();

  // With the real port.
  const net::SocketAddress& address() const { return address_; }

 private:
  class Http;
  AdminHttp(std::unique_ptr<Http> http, net::SocketAddress address);

  std::unique_ptr<Http> http_;
  net::SocketAddress address_;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_ADMIN_HTTP_ADMIN_HTTP_H_
