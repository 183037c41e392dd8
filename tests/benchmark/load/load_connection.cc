#include "tests/benchmark/load/load_connection.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace sipcm::load {
namespace {

constexpr ssize_t kBlocked = 0;
constexpr ssize_t kEnded = -1;

absl::Status BadFile(absl::string_view flag, const std::string& path) {
  const std::string why = ERR_reason_error_string(ERR_peek_last_error()) == nullptr
                              ? "not readable"
                              : ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return absl::InvalidArgumentError(
      absl::StrCat("--", flag, " \"", path, "\" cannot be used: ", why, "; give a PEM file"));
}

socklen_t SizeOf(const sockaddr_storage& address) {
  return address.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

}  // namespace

absl::StatusOr<SslContextPointer> NewTlsClientContext(const TlsFiles& files) {
  SslContextPointer context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  if (!files.ca_file.empty()) {
    if (SSL_CTX_load_verify_file(context.get(), files.ca_file.c_str()) != 1) {
      return BadFile("ca_file", files.ca_file);
    }
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  }
  if (files.certificate_file.empty()) return context;
  if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate_file.c_str()) != 1) {
    return BadFile("certificate_file", files.certificate_file);
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), files.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return BadFile("key_file", files.key_file);
  }
  return context;
}

absl::StatusOr<sockaddr_storage> ParseTarget(absl::string_view text) {
  const size_t colon = text.rfind(':');
  int port = 0;
  if (colon != absl::string_view::npos && absl::SimpleAtoi(text.substr(colon + 1), &port) &&
      port > 0 && port <= 65535) {
    absl::string_view host = text.substr(0, colon);
    sockaddr_storage address = {};
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address);
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address);
    if (absl::ConsumePrefix(&host, "[") && absl::ConsumeSuffix(&host, "]")) {
      v6->sin6_family = AF_INET6;
      v6->sin6_port = htons(static_cast<uint16_t>(port));
      if (::inet_pton(AF_INET6, std::string(host).c_str(), &v6->sin6_addr) == 1) return address;
    } else {
      v4->sin_family = AF_INET;
      v4->sin_port = htons(static_cast<uint16_t>(port));
      if (::inet_pton(AF_INET, std::string(host).c_str(), &v4->sin_addr) == 1) return address;
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--target \"", text, "\" is no IP:port like 127.0.0.1:5060 or [::1]:5060"));
}

absl::StatusOr<std::unique_ptr<LoadConnection>> LoadConnection::Open(const sockaddr_storage& target,
                                                                     SSL_CTX* context,
                                                                     SSL_SESSION* session) {
  const int descriptor =
      ::socket(target.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  if (descriptor < 0) return absl::UnavailableError(absl::StrCat("socket: ", strerror(errno)));
  std::unique_ptr<LoadConnection> connection(new LoadConnection(descriptor));
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&target), SizeOf(target)) != 0 &&
      errno != EINPROGRESS) {
    return absl::UnavailableError(absl::StrCat("connect: ", strerror(errno)));
  }
  if (context != nullptr) {
    connection->ssl_.reset(SSL_new(context));
    SSL_set_fd(connection->ssl_.get(), descriptor);
    SSL_set_connect_state(connection->ssl_.get());
    if (session != nullptr) SSL_set_session(connection->ssl_.get(), session);
  }
  return connection;
}

void LoadConnection::End() {
  if (ssl_ != nullptr && error_.empty()) SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

LoadConnection::~LoadConnection() {
  ssl_.reset();
  ::close(descriptor_);
}

ssize_t LoadConnection::Fail(absl::string_view what) {
  if (error_.empty()) error_ = std::string(what);
  return kEnded;
}

// Of an SSL call that gave `result`.
ssize_t LoadConnection::TlsResult(int result, absl::string_view what) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_NONE:
      return result;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return kBlocked;
    case SSL_ERROR_ZERO_RETURN:
      return Fail("closed by the server");
    default:
      break;
  }
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return Fail(absl::StrCat(what, ": ", reason != nullptr ? reason : strerror(errno)));
}

LoadConnection::Progress LoadConnection::Advance() {
  if (!error_.empty()) return Progress::kFailed;
  if (!connected_) {
    int code = 0;
    socklen_t size = sizeof(code);
    ::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &code, &size);
    if (code != 0) {
      Fail(absl::StrCat("connect: ", strerror(code)));
      return Progress::kFailed;
    }
    sockaddr_storage peer = {};
    size = sizeof(peer);
    if (::getpeername(descriptor_, reinterpret_cast<sockaddr*>(&peer), &size) != 0) {
      return Progress::kWaiting;
    }
    connected_ = true;
  }
  if (ssl_ == nullptr || SSL_is_init_finished(ssl_.get()) == 1) return Progress::kReady;
  const ssize_t done = TlsResult(SSL_do_handshake(ssl_.get()), "handshake");
  if (done == kBlocked) return Progress::kWaiting;
  return done > 0 ? Progress::kReady : Progress::kFailed;
}

ssize_t LoadConnection::Read(absl::Span<char> space) {
  if (ssl_ != nullptr) {
    return TlsResult(SSL_read(ssl_.get(), space.data(), static_cast<int>(space.size())), "read");
  }
  const ssize_t count = ::recv(descriptor_, space.data(), space.size(), 0);
  if (count > 0) return count;
  if (count == 0) return Fail("closed by the server");
  if (errno == EAGAIN || errno == EINTR) return kBlocked;
  return Fail(absl::StrCat("read: ", strerror(errno)));
}

ssize_t LoadConnection::Write(absl::string_view bytes) {
  if (ssl_ != nullptr) {
    return TlsResult(SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())), "write");
  }
  const ssize_t count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (count >= 0) return count;
  if (errno == EAGAIN || errno == EINTR) return kBlocked;
  return Fail(absl::StrCat("write: ", strerror(errno)));
}

bool LoadConnection::Flush() {
  while (written_ < output_.size()) {
    const ssize_t count = Write(absl::string_view(output_).substr(written_));
    if (count < 0) return false;
    if (count == kBlocked) return true;
    written_ += static_cast<size_t>(count);
  }
  output_.clear();
  written_ = 0;
  return true;
}

}  // namespace sipcm::load
