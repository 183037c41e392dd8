#ifndef SIPCM_CORE_TLS_PEER_JUDGEMENT_H_
#define SIPCM_CORE_TLS_PEER_JUDGEMENT_H_

#include <memory>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/tls/certificate_chain.h"
#include "core/tls/peer_identity.h"
#include "core/tls/peer_policy.h"
#include "core/tls/peer_verifier.h"
#include "core/tls/refused_peer.h"

struct x509_store_ctx_st;

namespace sipcm::tls {

// VerifyPeer in the middle of a handshake: what it found, kept as values, since OpenSSL's
// certificates go.
struct PeerJudgement {
  std::shared_ptr<PeerIdentity> identity;  // when allowed; version and cipher still missing
  std::shared_ptr<RefusedPeer> refused;    // when refused; the server name still missing
  CertificateChain chain;                  // what was judged
};

PeerJudgement JudgeChain(const CertificateChain& chain, const PeerPolicy& policy, PeerRole role,
                         absl::string_view asked_host, absl::Time at);

// `store_context` comes from OpenSSL's certificate verification callback; its error is set so that
// the peer of a refusal gets the alert of AlertOfRefusal().
PeerJudgement JudgePeer(x509_store_ctx_st* store_context, const PeerPolicy& policy, PeerRole role,
                        absl::string_view asked_host, absl::Time at);

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_PEER_JUDGEMENT_H_
