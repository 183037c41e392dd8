#ifndef SIPCM_CORE_TLS_TLS_VERSIONS_H_
#define SIPCM_CORE_TLS_TLS_VERSIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/tls/credential.h"
#include "core/tls/peer_policy.h"

namespace sipcm::tls {

// Which versions of our certificates and trust bundles a connection was made with: all that it
// keeps of them, so that an old version's memory goes while its connections stay. Immutable and
// shared by the connections of one context; any thread.
struct TlsVersions {
  // `credential` null: none is presented. `policy` null: no peer is judged. `generation` counts the
  // settings of one manager: what was made later has a higher one.
  static TlsVersions Of(const Credential* credential, const PeerPolicy* policy,
                        uint64_t generation);

  // "certificates/edge@2"; empty without one.
  std::string CredentialText() const;
  // The same object ("certificates/edge", "trustBundles/partners") in another version.
  bool HasOther(absl::string_view object, absl::string_view version) const;

  struct Object {
    std::string name;
    std::string version;
  };
  Object credential;                  // empty name: none
  std::vector<Object> trust_bundles;  // the policy's, then those of its allowed domains
  uint64_t generation = 0;
};

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_TLS_VERSIONS_H_
