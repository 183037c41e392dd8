#ifndef SIPCM_TESTS_CORE_TLS_RAW_TLS_PEER_H_
#define SIPCM_TESTS_CORE_TLS_RAW_TLS_PEER_H_

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "core/net/byte_stream.h"
#include "tests/pki/certificate_authority.h"

namespace sipcm::tls {

// A TLS peer of OpenSSL's own making, over any stream: for what our own streams never do (old
// versions, floods, other sessions). It verifies nothing.
class RawTlsPeer final : public net::ByteStream::Listener {
 public:
  enum class Role { kClient, kServer };

  RawTlsPeer(Role role, std::unique_ptr<net::ByteStream> stream);
  // Presents these certificates, whatever they are worth. Before Start().
  void Present(const std::string& chain_pem, const std::string& private_key_pem);
  // Before Start(): servers that share `tickets` know each other's.
  struct Tickets {
    std::string keys;  // made by the first
  };
  void ShareTickets(Tickets* tickets);
  // `session`: what a client asks to go on with; null: nothing.
  void Start(SSL_SESSION* session = nullptr);
  // Goes on with the handshake, sends what it has, reads what there is.
  void Pump();
  void Send(absl::string_view bytes);

  SSL* ssl() { return ssl_.get(); }
  SSL_CTX* context() { return context_.get(); }
  net::ByteStream* stream() { return stream_.get(); }
  const std::string& received() const { return received_; }
  // OpenSSL's words for what went wrong, or "".
  const std::string& fault() const { return fault_; }
  bool done() const { return SSL_is_init_finished(ssl_.get()) == 1; }

 private:
  void OnReady() override {}
  void OnReadable() override { Pump(); }
  void OnWritable() override { Pump(); }
  void OnFailed() override {}

  const Role role_;
  std::unique_ptr<net::ByteStream> stream_;
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
  std::unique_ptr<SSL, void (*)(SSL*)> ssl_;
  std::string received_;
  std::string fault_;
};

}  // namespace sipcm::tls

#endif  // SIPCM_TESTS_CORE_TLS_RAW_TLS_PEER_H_
