#ifndef SIPCM_TESTS_CORE_TLS_TLS_PAIR_H_
#define SIPCM_TESTS_CORE_TLS_TLS_PAIR_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/base/check.h"
#include "core/tls/handshake_gate.h"
#include "core/tls/tls_context.h"
#include "core/tls/tls_stream.h"
#include "tests/core/tls/stream_owner.h"
#include "tests/core/tls/tls_fixture.h"
#include "tests/fakes/manual_event_loop.h"
#include "tests/fakes/memory_stream.h"

namespace sipcm::tls {

// Contexts of both sides, made from one root: the server is sip.example.org, the client
// edge.contoso.com. Change any part before MakePair().
struct TlsSides {
  pki::CertificateAuthority root{"Root"};
  std::shared_ptr<const TrustBundle> bundle = Trusting(root);
  pki::CertificateOptions server_options{.dns_names = {"sip.example.org"}};
  pki::CertificateOptions client_options{.common_name = "edge", .dns_names = {"edge.contoso.com"}};
  MutualTls mutual_tls = MutualTls::kOff;
  bool client_presents = false;
  std::optional<pki::IssuedCertificate> client_certificate;  // instead of client_options
  PeerPolicy server_policy = PolicyOf(bundle, {".contoso.com"});
  PeerPolicy client_policy = PolicyOf(bundle);
  std::string asked_host = "sip.example.org";

  std::shared_ptr<const ServerTlsContext> ServerContext() const {
    auto context = ServerTlsContext::Create(CredentialOf(root.Issue(server_options)), mutual_tls,
                                            server_policy);
    SIPCM_CHECK(context.ok());
    return *std::move(context);
  }
  std::shared_ptr<const ClientTlsContext> ClientContext() const {
    std::shared_ptr<const Credential> credential;
    if (client_presents) {
      credential = CredentialOf(client_certificate.value_or(root.Issue(client_options)));
    }
    auto context = ClientTlsContext::Create(client_policy, std::move(credential));
    SIPCM_CHECK(context.ok());
    return *std::move(context);
  }
};

// A TLS client and a TLS server over one memory connection.
class TlsPair {
 public:
  TlsPair(fakes::ManualEventLoop* loop, HandshakeGate* gate, const TlsSides& sides,
          const fakes::MemoryStreamOptions& options = {})
      : TlsPair(loop, gate, sides.ServerContext(), sides.ClientContext(), sides.asked_host,
                options) {}
  TlsPair(fakes::ManualEventLoop* loop, HandshakeGate* gate,
          std::shared_ptr<const ServerTlsContext> server_context,
          std::shared_ptr<const ClientTlsContext> client_context, const std::string& asked_host,
          const fakes::MemoryStreamOptions& options = {},
          std::shared_ptr<OfferedSessions> offered = nullptr) {
    auto [a, b] = fakes::MemoryStream::MakePair(
        {loop, *net::SocketAddress::Parse("192.0.2.1:40000")},
        {loop, *net::SocketAddress::Parse("192.0.2.7:5061")}, options);
    client_inner = a.get();
    server_inner = b.get();
    auto client_stream = TlsStream::Connect(loop, gate, std::move(client_context), asked_host,
                                            std::move(a), std::move(offered));
    auto server_stream = TlsStream::Accept(loop, gate, std::move(server_context), std::move(b));
    client_tls = client_stream.get();
    server_tls = server_stream.get();
    client = std::make_unique<StreamOwner>(std::move(client_stream));
    server = std::make_unique<StreamOwner>(std::move(server_stream));
  }
  void Start() {
    server->Start();
    client->Start();
  }

  // Valid while their owners have not destroyed them.
  fakes::MemoryStream* client_inner;
  fakes::MemoryStream* server_inner;
  TlsStream* client_tls;
  TlsStream* server_tls;
  std::unique_ptr<StreamOwner> client;
  std::unique_ptr<StreamOwner> server;
};

}  // namespace sipcm::tls

#endif  // SIPCM_TESTS_CORE_TLS_TLS_PAIR_H_
