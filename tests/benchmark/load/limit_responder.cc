// The least that a SIP server can do: one thread, epoll, frames requests and answers each with 200
// and copies of its Via, From, To, Call-ID and CSeq. No parsing beyond line starts, no limits, no
// timers, no checks: what the machine allows, as a measure for what sipcm does.
//
//   limit_responder                         prints its port, serves 127.0.0.1 until its input ends
//   limit_responder CERTIFICATE KEY [CA]    the same over TLS, by bare OpenSSL; with a CA only
//                                           clients that it issued a certificate

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <unordered_map>

#include "absl/strings/string_view.h"
#include "core/base/check.h"
#include "tests/benchmark/load/minimal_sip.h"

namespace sipcm::load {
namespace {

constexpr size_t kReadSize = 64 * 1024;

struct Connection {
  std::unique_ptr<SSL, void (*)(SSL*)> ssl{nullptr, SSL_free};  // null: plain TCP
  std::string rest;                                             // a partial message
};

class LimitResponder {
 public:
  explicit LimitResponder(SSL_CTX* context);
  int port() const { return listening_.port; }
  void ServeUntilInputEnds();

 private:
  void Watch(int descriptor);
  void Accept();
  void Serve(int descriptor);
  ssize_t Read(int descriptor, Connection& connection);
  void Take(absl::string_view bytes, Connection& connection);

  SSL_CTX* const context_;
  const Listening listening_;
  const int epoll_;
  std::array<char, kReadSize> buffer_;
  std::unordered_map<int, Connection> connections_;  // by descriptor
  std::string output_;
};

LimitResponder::LimitResponder(SSL_CTX* context)
    : context_(context), listening_(ListenOnLoopback()), epoll_(::epoll_create1(0)) {
  Watch(listening_.descriptor);
  Watch(STDIN_FILENO);
}

void LimitResponder::Watch(int descriptor) {
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.fd = descriptor;
  SIPCM_CHECK(::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0);
}

void LimitResponder::Accept() {
  while (true) {
    const int descriptor = ::accept4(listening_.descriptor, nullptr, nullptr, SOCK_NONBLOCK);
    if (descriptor < 0) return;
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    Connection& connection = connections_[descriptor];
    if (context_ != nullptr) {
      connection.ssl.reset(SSL_new(context_));
      SSL_set_fd(connection.ssl.get(), descriptor);
      SSL_set_accept_state(connection.ssl.get());
    }
    Watch(descriptor);
  }
}

// As recv(2), but 0 for nothing yet and -1 for the end.
ssize_t LimitResponder::Read(int descriptor, Connection& connection) {
  if (connection.ssl == nullptr) {
    const ssize_t count = ::recv(descriptor, buffer_.data(), buffer_.size(), 0);
    return count > 0 ? count : -1;
  }
  const int count =
      SSL_read(connection.ssl.get(), buffer_.data(), static_cast<int>(buffer_.size()));
  if (count > 0) return count;
  const int fault = SSL_get_error(connection.ssl.get(), count);
  ERR_clear_error();
  return fault == SSL_ERROR_WANT_READ ? 0 : -1;
}

// Answers all that is whole in `bytes`, after what was left of the last ones.
void LimitResponder::Take(absl::string_view bytes, Connection& connection) {
  std::string joined;
  if (!connection.rest.empty()) {
    joined = std::move(connection.rest);
    joined.append(bytes.data(), bytes.size());
    bytes = joined;
    connection.rest.clear();
  }
  RawRequest request;
  while (NextRequest(&bytes, &request)) AppendAnswer(request.head, &output_);
  if (!bytes.empty()) connection.rest = std::string(bytes);
}

void LimitResponder::Serve(int descriptor) {
  Connection& connection = connections_[descriptor];
  output_.clear();
  ssize_t count = 0;
  do {
    count = Read(descriptor, connection);
    if (count > 0) Take({buffer_.data(), static_cast<size_t>(count)}, connection);
  } while (count > 0 && connection.ssl != nullptr);
  if (count < 0) {
    if (connection.ssl != nullptr) SSL_shutdown(connection.ssl.get());  // else its session goes
    connections_.erase(descriptor);
    ::close(descriptor);
    return;
  }
  if (output_.empty()) return;
  // A window of replies always fits into the socket's buffer.
  const int size = static_cast<int>(output_.size());
  const ssize_t sent = connection.ssl != nullptr
                           ? SSL_write(connection.ssl.get(), output_.data(), size)
                           : ::send(descriptor, output_.data(), output_.size(), MSG_NOSIGNAL);
  SIPCM_CHECK(sent < 0 || sent == size);
}

void LimitResponder::ServeUntilInputEnds() {
  std::array<epoll_event, 256> events;
  while (true) {
    const int count = ::epoll_wait(epoll_, events.data(), events.size(), -1);
    for (int i = 0; i < count; ++i) {
      const int descriptor = events[i].data.fd;
      if (descriptor == STDIN_FILENO) return;
      if (descriptor == listening_.descriptor) {
        Accept();
      } else {
        Serve(descriptor);
      }
    }
  }
}

using Context = std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)>;

// TLS 1.2 and 1.3 with sessions that the server keeps, as sipcm's.
Context NewContext(const char* certificate, const char* key, const char* client_ca) {
  Context context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context.get(), 1);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context.get(), 1);
  SSL_CTX_sess_set_cache_size(context.get(), 1024);
  SSL_CTX_set_session_id_context(context.get(), reinterpret_cast<const unsigned char*>("l"), 1);
  SIPCM_CHECK(SSL_CTX_use_certificate_chain_file(context.get(), certificate) == 1);
  SIPCM_CHECK(SSL_CTX_use_PrivateKey_file(context.get(), key, SSL_FILETYPE_PEM) == 1);
  if (client_ca != nullptr) {
    SIPCM_CHECK(SSL_CTX_load_verify_file(context.get(), client_ca) == 1);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return context;
}

}  // namespace
}  // namespace sipcm::load

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  sipcm::load::Context context(nullptr, SSL_CTX_free);
  if (argc > 2) context = sipcm::load::NewContext(argv[1], argv[2], argc > 3 ? argv[3] : nullptr);
  sipcm::load::LimitResponder responder(context.get());
  std::printf("%d\n", responder.port());
  std::fflush(stdout);
  responder.ServeUntilInputEnds();
  return 0;
}
