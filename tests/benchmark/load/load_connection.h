#ifndef SIPCM_TESTS_BENCHMARK_LOAD_LOAD_CONNECTION_H_
#define SIPCM_TESTS_BENCHMARK_LOAD_LOAD_CONNECTION_H_

#include <netinet/in.h>
#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace sipcm::load {

struct SslContextFree {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct SslFree {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using SslSessionPointer = std::unique_ptr<SSL_SESSION, SslFree>;
using SslContextPointer = std::unique_ptr<SSL_CTX, SslContextFree>;

// Paths of PEM files. An empty ca_file: the peer's chain is not checked; an empty
// certificate_file: no certificate is presented.
struct TlsFiles {
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
};

// TLS 1.2 and 1.3, as a client that keeps its own memory small. INVALID_ARGUMENT: a file cannot be
// used; the message names it.
absl::StatusOr<SslContextPointer> NewTlsClientContext(const TlsFiles& files);

// "127.0.0.1:5060" or "[::1]:5060".
absl::StatusOr<sockaddr_storage> ParseTarget(absl::string_view text);

// A non-blocking connection, TCP or TLS, for an edge-triggered epoll: after each event call
// Advance() until it says kReady or worse, then read until Read() gives 0. Thread: one.
class LoadConnection {
 public:
  enum class Progress : unsigned char {
    kReady,    // connected, and the handshake is done
    kWaiting,  // for an event
    kFailed,   // see error()
  };

  // `context` null: plain TCP; it outlives the connection. UNAVAILABLE: no descriptor, or refused
  // at once. `session`: to go on with; null: none.
  static absl::StatusOr<std::unique_ptr<LoadConnection>> Open(const sockaddr_storage& target,
                                                              SSL_CTX* context,
                                                              SSL_SESSION* session = nullptr);
  ~LoadConnection();
  LoadConnection(const LoadConnection&) = delete;
  LoadConnection& operator=(const LoadConnection&) = delete;

  int descriptor() const { return descriptor_; }
  const std::string& error() const { return error_; }

  Progress Advance();
  // Bytes read; 0: none for now; less: the connection has ended, see error().
  ssize_t Read(absl::Span<char> space);
  // Where what is to be written is appended; Flush() writes what the socket takes of it. False: the
  // connection has ended, see error().
  std::string* output() { return &output_; }
  bool Flush();

  // Of TLS, once there was data: whether it goes on with an earlier session, and its own for later.
  bool is_resumed() const { return ssl_ != nullptr && SSL_session_reused(ssl_.get()) == 1; }
  SslSessionPointer TakeSession() const {
    return SslSessionPointer(ssl_ == nullptr ? nullptr : SSL_get1_session(ssl_.get()));
  }
  // Says close_notify, without which the session is lost.
  void End();

 private:
  explicit LoadConnection(int descriptor) : descriptor_(descriptor) {}
  ssize_t Write(absl::string_view bytes);
  ssize_t TlsResult(int result, absl::string_view what);
  ssize_t Fail(absl::string_view what);

  const int descriptor_;
  std::unique_ptr<SSL, SslFree> ssl_;
  bool connected_ = false;
  std::string output_;
  size_t written_ = 0;  // of output_
  std::string error_;
};

}  // namespace sipcm::load

#endif  // SIPCM_TESTS_BENCHMARK_LOAD_LOAD_CONNECTION_H_
