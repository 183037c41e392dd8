#include "server/admin_http/admin_http.h"

#include <httplib.h>

#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace sipcm::server {

class AdminHttp::Http {
 public:
  explicit Http(Pages pages) : pages_(std::move(pages)) {
    // Two readers are enough for a probe and a scraper; a slow one holds neither for long.
    server_.new_task_queue = [] { return new httplib::ThreadPool(2); };
    server_.set_read_timeout(5);
    server_.set_write_timeout(5);
    server_.set_keep_alive_timeout(2);
    server_.set_keep_alive_max_count(5);
    server_.set_payload_max_length(4096);
    server_.set_socket_options([](int socket) {
      // No SO_REUSEPORT, the library's default: a second server must be told, not share the port.
      const int on = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    });
    server_.Get("/healthz", [this](const httplib::Request&, httplib::Response& response) {
      const Health health = pages_.health();
      response.status = health.serving ? 200 : 503;
      response.set_content(absl::StrCat(health.text, "\n"), "text/plain; charset=utf-8");
    });
    server_.Get("/metrics", [this](const httplib::Request&, httplib::Response& response) {
      response.set_content(pages_.metrics(), "text/plain; version=0.0.4; charset=utf-8");
    });
  }

  // The port that is listened on, or -1.
  int Bind(const net::SocketAddress& address) {
    const std::string host = address.ip.ToString();
    if (address.port == 0) return server_.bind_to_any_port(host);
    return server_.bind_to_port(host, address.port) ? address.port : -1;
  }

  void Run() {
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();  // stop() before that does nothing
  }

  void Stop() {
    server_.stop();
    thread_.join();
  }

 private:
  const Pages pages_;
  httplib::Server server_;
  std::thread thread_;
};

AdminHttp::AdminHttp(std::unique_ptr<Http> http, net::SocketAddress address)
    : http_(std::move(http)), address_(address) {}

AdminHttp::~AdminHttp() { http_->Stop(); }

absl::StatusOr<std::unique_ptr<AdminHttp>> AdminHttp::Start(const net::SocketAddress& address,
                                                            Pages pages) {
  auto http = std::make_unique<Http>(std::move(pages));
  const int port = http->Bind(address);
  if (port <= 0) {
    return MakeError(absl::StatusCode::kUnavailable, "ADDRESS_IN_USE",
                     absl::StrCat("cannot listen on \"", address.ToString(),
                                  "\": in use, or not an address of this machine; choose another "
                                  "with --admin_address, port 0 for any"));
  }
  http->Run();
  net::SocketAddress bound = address;
  bound.port = static_cast<uint16_t>(port);
  return std::unique_ptr<AdminHttp>(new AdminHttp(std::move(http), bound));
}

}  // namespace sipcm::server
