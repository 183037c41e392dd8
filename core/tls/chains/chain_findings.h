#ifndef SIPCM_CORE_TLS_CHAINS_CHAIN_FINDINGS_H_
#define SIPCM_CORE_TLS_CHAINS_CHAIN_FINDINGS_H_

#include <memory>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "core/tls/certificate_chain.h"
#include "core/tls/certificate_names.h"
#include "core/tls/chains/chain_verifier.h"
#include "core/tls/peer_policy.h"
#include "core/tls/trust_bundle.h"

namespace sipcm::tls {

// What VerifyChain said of one chain, by trust bundle, so that it is not asked again while it would
// say the same. Of the time only those instants matter to it at which a certificate or a revocation
// list, of the bundle or of the chain, begins or ends to be valid; a finding holds from when it was
// made until the first of them. A value; the chain is always the same one.
class ChainFindings {
 public:
  using ReadChain = absl::FunctionRef<const CertificateChain&()>;

  // VerifyChain's verdict at wall time `at` by the rules of `policy`, but under `bundle`. Reads the
  // chain only when it has to. Valid until the next call.
  const ChainVerdict& Ask(const std::shared_ptr<const TrustBundle>& bundle,
                          const PeerPolicy& policy, const CertificateNames& names, ReadChain chain,
                          absl::Time at);

  // How often VerifyChain was asked.
  int verification_count() const { return verification_count_; }

 private:
  struct Finding {
    std::weak_ptr<const TrustBundle> bundle;  // its memory goes though sessions stay
    NameCheck name_check;
    int max_chain_length;
    absl::Time from;
    absl::Time until;
    ChainVerdict verdict;
  };

  std::vector<Finding> findings_;
  int verification_count_ = 0;
};

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_CHAINS_CHAIN_FINDINGS_H_
