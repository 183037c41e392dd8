#ifndef SIPCM_CORE_TLS_PEER_VERIFIER_H_
#define SIPCM_CORE_TLS_PEER_VERIFIER_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/tls/certificate.h"
#include "core/tls/certificate_chain.h"
#include "core/tls/chains/chain_findings.h"
#include "core/tls/chains/known_peer.h"
#include "core/tls/peer_policy.h"
#include "core/tls/peer_verdict.h"

namespace sipcm::tls {

enum class PeerRole : unsigned char {
  kIncomingClient,  // names are tested against the allowed domains
  kOutgoingServer,  // names are tested against the host that was asked for
};

// Judges a peer by its certificates: chain, time and revocation -> extended key usage -> names. The
// first rule that refuses decides. A pure function: handshakes and the dry run (CheckPeer) both
// call it. `at` is wall time.
//
// `asked_host`, for kOutgoingServer only: the host before DNS, a name or an IP literal. A name must
// equal one of the certificate's (RFC 5922 7.3, no wildcards), an IP literal an iPAddress
// (RFC 6125 1.7.2 leaves those to us). Text that is neither mismatches every certificate.
PeerVerdict VerifyPeer(const PeerPolicy& policy, const CertificateChain& chain, PeerRole role,
                       absl::string_view asked_host, absl::Time at);

// The same with the leaf already read, or the reason why it cannot be: a handshake needs its values
// for the peer's identity as well and reads them once. `findings` are of this chain and learn from
// it.
PeerVerdict VerifyPeer(const PeerPolicy& policy, const CertificateChain& chain,
                       const absl::StatusOr<Certificate>& leaf, PeerRole role,
                       absl::string_view asked_host, absl::Time at, ChainFindings* findings);

// The same of one that was let in before. `findings` are a copy of its own, and learn.
PeerVerdict VerifyKnownPeer(const PeerPolicy& policy, const KnownPeer& peer, PeerRole role,
                            absl::string_view asked_host, absl::Time at, ChainFindings* findings);

// The verdict on a chain of more than CertificateChain::kMaxPresentedBytes, of which nothing is
// read: VerifyPeer's own, and a handshake's where OpenSSL stops reading by itself.
PeerVerdict RefuseTooLargeChain();

// Only the last rule for an incoming client: which allowed domain of `policy` lets it in now. For a
// peer that is connected and whose chain was found good before, when the list is edited.
PeerVerdict JudgeAllowedDomains(const PeerPolicy& policy, const CertificateChain& chain,
                                const Certificate& leaf, absl::Time at);

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_PEER_VERIFIER_H_
