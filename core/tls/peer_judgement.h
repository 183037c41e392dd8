#ifndef SIPCM_CORE_TLS_PEER_JUDGEMENT_H_
#define SIPCM_CORE_TLS_PEER_JUDGEMENT_H_

#include <memory>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/tls/chains/known_peer.h"
#include "core/tls/peer_identity.h"
#include "core/tls/peer_policy.h"
#include "core/tls/peer_verifier.h"
#include "core/tls/refused_peer.h"

struct x509_store_ctx_st;

namespace sipcm::tls {

// VerifyPeer in the middle of a handshake: what it found, kept as values, since OpenSSL's
// certificates go. Of `refused` and `identity` one is null, but of JudgeAgain() perhaps both.
struct PeerJudgement {
  std::shared_ptr<PeerIdentity> identity;  // when allowed; version and cipher still missing
  std::shared_ptr<const KnownPeer> peer;   // when allowed: to be judged again by
  std::shared_ptr<RefusedPeer> refused;    // when refused; the server name still missing
};

// `store_context` comes from OpenSSL's certificate verification callback; its error is set so that
// the peer of a refusal gets the alert of AlertOfRefusal().
PeerJudgement JudgePeer(x509_store_ctx_st* store_context, const PeerPolicy& policy, PeerRole role,
                        absl::string_view asked_host, absl::Time at);

// One that goes on with a session is judged as in a full handshake of now, by what it presented in
// its own. A refusal's reason is nobody's then: there is a full handshake, which tells it.
PeerJudgement JudgeAgain(std::shared_ptr<const KnownPeer> peer, const PeerPolicy& policy,
                         PeerRole role, absl::string_view asked_host, absl::Time at);

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_PEER_JUDGEMENT_H_
