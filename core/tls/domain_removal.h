#ifndef SIPCM_CORE_TLS_DOMAIN_REMOVAL_H_
#define SIPCM_CORE_TLS_DOMAIN_REMOVAL_H_

#include <vector>

#include "absl/time/time.h"
#include "core/tls/allowed_domains.h"
#include "core/tls/certificate_chain.h"
#include "core/tls/peer_identity.h"
#include "core/tls/peer_policy.h"

namespace sipcm::tls {

// Entries that were taken out of a list of allowed domains, and whom that concerns. Immutable; any
// thread.
class DomainRemoval {
 public:
  explicit DomainRemoval(std::vector<AllowedDomain> removed);

  // False: Concerns() would be false, whatever the policy. Costs no reading of certificates, which
  // for ten thousand peers would hold up a worker for seconds.
  bool MayConcern(const PeerIdentity& peer) const;

  // Whether a connected peer, whose chain was found good before, has to go: a removed entry fits
  // one of its names, whether or not that is the one that let it in, and `policy`, with what is
  // left of the list, does not let it in any more. A peer that cannot be read has to go as well.
  // `at` is wall time.
  bool Concerns(const PeerPolicy& policy, const CertificateChain& chain, absl::Time at) const;

 private:
  const AllowedDomains removed_;  // without expiry: they may have let in the peer before
};

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_DOMAIN_REMOVAL_H_
