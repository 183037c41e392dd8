#ifndef SIPCM_CORE_TLS_CHAINS_CHAIN_VERIFIER_H_
#define SIPCM_CORE_TLS_CHAINS_CHAIN_VERIFIER_H_

#include <string>

#include "absl/time/time.h"
#include "core/tls/certificate_chain.h"
#include "core/tls/certificate_names.h"
#include "core/tls/peer_verdict.h"
#include "core/tls/trust_bundle.h"

namespace sipcm::tls {

struct ChainVerdict {
  PeerRefusal refusal = PeerRefusal::kNone;
  std::string explanation;  // only when refused; escaped
};

// Does `chain`, which is not empty, lead to an anchor of `bundle` at wall time `at`: signatures,
// times, basic constraints, key strength, name constraints and revocation (RFC 5280 6). Extended
// key usage is the caller's matter. Of more than `max_length` certificates none is looked at.
//
// Name constraints hold for every name that `check` makes usable: for the CN even beside a
// subjectAltName, and DNS constraints for the hosts of SIP URIs as well. Otherwise a CA that is
// confined to its own domains could give itself any other by another kind of name.
ChainVerdict VerifyChain(const TrustBundle& bundle, const CertificateChain& chain,
                         const CertificateNames& names, NameCheck check, int max_length,
                         absl::Time at);

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_CHAINS_CHAIN_VERIFIER_H_
