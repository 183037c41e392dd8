#ifndef SIPCM_CORE_ENGINE_RETIREMENT_H_
#define SIPCM_CORE_ENGINE_RETIREMENT_H_

#include <cstdint>
#include <string>

#include "core/tls/peer_identity.h"
#include "core/tls/tls_versions.h"

namespace sipcm::engine {

enum class Retiring : uint8_t {
  kDrain,  // no new work; closed when nothing is outstanding, or after the manager's drain_timeout
  kNow,
};

// An order to end the connections of one manager that were made with an old version of a
// certificate or trust bundle. Those in the middle of a handshake end when it is done, so that no
// handshake fails because of a rotation.
struct Retirement {
  std::string object;   // "certificates/edge", "trustBundles/partners"
  std::string version;  // in force now: what was made with it stays
  // Of the manager's settings when it was ordered: what was made with later ones stays, whatever
  // version these have.
  uint64_t generation = 0;
  Retiring retiring = Retiring::kDrain;

  // `peer` null, or not verified: no trust bundle let it in.
  bool AppliesTo(const tls::TlsVersions& versions, const tls::PeerIdentity* peer) const {
    if (versions.generation >= generation || !versions.HasOther(object, version)) return false;
    return versions.credential.name == object || (peer != nullptr && peer->verified);
  }
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_RETIREMENT_H_
