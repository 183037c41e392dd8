#ifndef SIPCM_CORE_ENGINE_MANAGER_MANAGER_RUNTIME_H_
#define SIPCM_CORE_ENGINE_MANAGER_MANAGER_RUNTIME_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/connection/connection_settings.h"
#include "core/engine/engine_config.h"
#include "core/tls/certificate_chain.h"
#include "core/tls/peer_policy.h"
#include "core/tls/peer_verdict.h"
#include "core/tls/peer_verifier.h"
#include "core/tls/tls_context.h"

namespace sipcm::engine {

// One version of a manager's settings, made ready for its workers: what later connections are made
// with. Immutable; swapped whole, so that a handshake sees exactly one version.
struct ManagerRuntime {
  ManagerConfig config;
  std::shared_ptr<const connection::ConnectionSettings> connection_settings;
  tls::PeerPolicy peer_policy;
  std::shared_ptr<const tls::ServerTlsContext> server_tls;  // kServerTls only
  std::shared_ptr<const tls::ClientTlsContext> client_tls;  // outgoing TLS

  uint64_t generation = 0;  // grows with each version

  // FAILED_PRECONDITION when a TLS manager has no certificate, or what core/tls refuses.
  static absl::StatusOr<std::shared_ptr<const ManagerRuntime>> Create(ManagerConfig config,
                                                                      uint64_t generation = 0);
};

// By what incoming peers are judged, AUTO entries apart, and by what the servers that we connect to
// are: by chain, usage and asked host, not by whom we let in.
tls::PeerPolicy IncomingPeerPolicy(const ManagerConfig& config);
tls::PeerPolicy OutgoingPeerPolicy(const ManagerConfig& config);

// What a handshake with a peer that has this chain would end in, at wall time `at`, by the policy
// of that role. Incoming: ALLOWED where none is asked for (MutualTls::kOff); FAILED_PRECONDITION
// (NO_TLS_LISTENER) of a manager that accepts no TLS. `asked_host`: outgoing.
absl::StatusOr<tls::PeerVerdict> JudgeAsHandshake(const ManagerConfig& config,
                                                  const tls::PeerPolicy& policy,
                                                  const tls::CertificateChain& chain,
                                                  tls::PeerRole role, absl::string_view asked_host,
                                                  absl::Time at);

// What a person should know of these settings; empty when all is well.
std::vector<std::string> WarningsOf(const ManagerConfig& config);

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_MANAGER_MANAGER_RUNTIME_H_
