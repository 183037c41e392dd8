#ifndef SIPCM_TESTS_CORE_ENGINE_MUTUAL_TLS_FIXTURE_H_
#define SIPCM_TESTS_CORE_ENGINE_MUTUAL_TLS_FIXTURE_H_

#include <memory>
#include <string>
#include <vector>

#include "core/tls/handshake_gate.h"
#include "core/tls/tls_context.h"
#include "tests/core/engine/engine_fixture.h"
#include "tests/fakes/test_listener.h"
#include "tests/fakes/test_peer.h"
#include "tests/pki/certificate_authority.h"

namespace sipcm::engine {

// The engine with a SERVER_TLS manager "edge" at 192.0.2.1:5061 that requires mutual TLS, and TLS
// peers whose certificates come from one root. All in virtual time.
class MutualTlsFixture : public EngineFixture {
 public:
  explicit MutualTlsFixture(int worker_count = 1);

  // Trusts the root and lets in what `allowed` says; change it, then Apply() or Start().
  ManagerConfig Config(const std::vector<std::string>& allowed) const;
  void Apply(ManagerConfig config);
  void Start(ManagerConfig config);  // with the endpoint "alice"
  ManagerStatus Status() const;
  // Patterns of the AUTO entries.
  std::vector<std::string> AutoEntries() const;

  // A client with a certificate of these names (none: no certificate); the handshake is run.
  std::unique_ptr<fakes::TestPeer> ConnectTlsPeer(const pki::CertificateOptions& options);
  std::unique_ptr<fakes::TestPeer> ConnectTlsPeer(std::shared_ptr<const tls::Credential> presents,
                                                  const std::string& asked_host = "sip.edge.net");
  // A TLS server at `address` with a certificate of these names, which asks for ours or does not.
  std::unique_ptr<fakes::TestListener> ServeTls(
      const std::string& address, const pki::CertificateOptions& options,
      tls::MutualTls mutual_tls = tls::MutualTls::kRequire);
  // Sends an OPTIONS of alice's over TLS to that host and runs until it is there or failed.
  void SendOptions(const std::string& host, uint16_t port = 5061);
  const EngineEvent* LastEvent(EngineEvent::Kind kind) const;  // null: none

  const pki::CertificateAuthority root{"Root"};
  std::shared_ptr<const tls::TrustBundle> bundle;
  tls::HandshakeGate gate;  // of the peers
  std::shared_ptr<RecordingSendSink> sends = std::make_shared<RecordingSendSink>();
};

// Entries without expiry for these patterns.
std::vector<tls::AllowedDomain> Entries(const std::vector<std::string>& patterns);

}  // namespace sipcm::engine

#endif  // SIPCM_TESTS_CORE_ENGINE_MUTUAL_TLS_FIXTURE_H_
