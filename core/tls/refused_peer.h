#ifndef SIPCM_CORE_TLS_REFUSED_PEER_H_
#define SIPCM_CORE_TLS_REFUSED_PEER_H_

#include <string>
#include <vector>

#include "core/tls/certificate.h"
#include "core/tls/peer_verdict.h"

namespace sipcm::tls {

// A peer that was turned away in its handshake: what it presented and which rule refused it. Made
// once, immutable, held by shared_ptr<const>: for events and logs. All text is escaped.
struct RefusedPeer {
  // Of a longer chain the rest is not kept.
  static constexpr size_t kMaxCertificates = 10;

  std::string server_name;         // SNI: the name asked for; empty without one
  std::vector<Certificate> chain;  // as presented, leaf first, those that can be read
  PeerVerdict verdict;             // never allowed()
};

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_REFUSED_PEER_H_
