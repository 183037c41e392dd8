#include "core/engine/manager/manager_runtime.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace sipcm::engine {
namespace {

// What is presented to servers that ask: a TLS server manager's own certificate, a CLIENT manager's
// when it has one (semantics.md 2).
std::shared_ptr<const tls::Credential> ClientCredential(const ManagerConfig& config) {
  return config.kind == ManagerKind::kServerTcp ? nullptr : config.credential;
}

}  // namespace

tls::PeerPolicy IncomingPeerPolicy(const ManagerConfig& config) {
  tls::PeerPolicy policy;
  policy.trust_bundle = config.trust_bundle;
  policy.extended_key_usage = config.extended_key_usage;
  policy.name_check = config.name_check;
  policy.max_chain_length = config.max_chain_length;
  policy.allowed_domains = std::make_shared<const tls::AllowedDomains>(config.allowed_domains);
  policy.empty_list = config.allow_any_domain ? tls::PeerPolicy::EmptyList::kAllowsAnyDomain
                                              : tls::PeerPolicy::EmptyList::kRefusesAll;
  return policy;
}

tls::PeerPolicy OutgoingPeerPolicy(const ManagerConfig& config) {
  tls::PeerPolicy policy = IncomingPeerPolicy(config);
  policy.allowed_domains = nullptr;
  return policy;
}

absl::StatusOr<std::shared_ptr<const ManagerRuntime>> ManagerRuntime::Create(ManagerConfig config,
                                                                             uint64_t generation) {
  auto runtime = std::make_shared<ManagerRuntime>();
  runtime->generation = generation;
  runtime->connection_settings =
      std::make_shared<const connection::ConnectionSettings>(config.connection);
  runtime->peer_policy = IncomingPeerPolicy(config);
  if (config.kind == ManagerKind::kServerTls) {
    if (config.credential == nullptr) {
      return WithField(
          MakeError(absl::StatusCode::kFailedPrecondition, "CERTIFICATE_MISSING",
                    absl::StrCat("connection manager \"", config.id,
                                 "\" of kind SERVER_TLS has no certificate; create one with "
                                 "Certificates/CreateCertificate and name it in "
                                 "\"certificate\"")),
          "certificate");
    }
    SIPCM_ASSIGN_OR_RETURN(
        runtime->server_tls,
        tls::ServerTlsContext::Create(config.credential, config.mutual_tls, runtime->peer_policy,
                                      config.additional_credentials, generation));
  }
  SIPCM_ASSIGN_OR_RETURN(runtime->client_tls,
                         tls::ClientTlsContext::Create(OutgoingPeerPolicy(config),
                                                       ClientCredential(config), generation));
  runtime->config = std::move(config);
  return runtime;
}

absl::StatusOr<tls::PeerVerdict> JudgeAsHandshake(const ManagerConfig& config,
                                                  const tls::PeerPolicy& policy,
                                                  const tls::CertificateChain& chain,
                                                  tls::PeerRole role, absl::string_view asked_host,
                                                  absl::Time at) {
  if (role == tls::PeerRole::kOutgoingServer) {
    return tls::VerifyPeer(policy, chain, role, asked_host, at);
  }
  if (config.kind != ManagerKind::kServerTls) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "NO_TLS_LISTENER",
                     absl::StrCat("connection manager \"connectionManagers/", config.id,
                                  "\" accepts no TLS, so no incoming peer is judged by its "
                                  "certificate; ask one of kind SERVER_TLS, or for OUTGOING"));
  }
  if (config.mutual_tls == tls::MutualTls::kOff) {
    tls::PeerVerdict verdict;
    verdict.explanation =
        "mutual_tls is OFF: no certificate is asked for, and everyone is let in unverified; set "
        "mutual_tls to REQUIRE";
    return verdict;
  }
  return tls::VerifyPeer(policy, chain, role, asked_host, at);
}

std::vector<std::string> WarningsOf(const ManagerConfig& config) {
  std::vector<std::string> warnings;
  if (config.kind == ManagerKind::kServerTcp) {
    warnings.emplace_back(
        "SERVER_TCP carries SIP in clear text and cannot tell who a peer is: use SERVER_TLS with "
        "mutual_tls REQUIRE wherever peers are not on a network of your own");
  }
  const bool consulted =
      config.kind == ManagerKind::kServerTls && config.mutual_tls != tls::MutualTls::kOff;
  if (consulted && config.allow_any_domain && config.allowed_domains.empty()) {
    warnings.emplace_back(
        "allow_any_domain: every peer whose certificate leads to the trust bundle is let in; add "
        "allowed domains and set it to false");
  }
  if (!consulted && !config.allowed_domains.empty() && config.kind == ManagerKind::kServerTls) {
    warnings.emplace_back(
        "mutual_tls is OFF: the allowed domains are kept but not consulted; set mutual_tls to "
        "REQUIRE");
  }
  if (consulted && config.trust_bundle == nullptr) {
    warnings.emplace_back(
        "mutual_tls asks for certificates but there is no trust_bundle: every certificate is "
        "refused; name a trust bundle");
  }
  if (config.kind == ManagerKind::kServerTls && config.credential != nullptr) {
    std::string warning = config.credential->ServerUsageWarning();
    if (!warning.empty()) warnings.push_back(std::move(warning));
  }
  return warnings;
}

}  // namespace sipcm::engine
