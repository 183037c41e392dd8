#ifndef SIPCM_CORE_TLS_CHAINS_KNOWN_PEER_H_
#define SIPCM_CORE_TLS_CHAINS_KNOWN_PEER_H_

#include <memory>
#include <string>
#include <vector>

#include "core/tls/certificate.h"
#include "core/tls/chains/chain_findings.h"

namespace sipcm::tls {

// A chain in DER, leaf first: a tenth of the memory of CertificateChain.
using DerChain = std::vector<std::string>;

// A peer that was let in by a full handshake, kept with its session to be judged again without
// reading and verifying its certificates each time. Immutable; any thread.
struct KnownPeer {
  std::shared_ptr<const DerChain> chain;  // as presented; never null
  Certificate leaf;
  ChainFindings findings;
};

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_CHAINS_KNOWN_PEER_H_
