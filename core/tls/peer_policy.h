#ifndef SIPCM_CORE_TLS_PEER_POLICY_H_
#define SIPCM_CORE_TLS_PEER_POLICY_H_

#include <memory>

#include "core/tls/allowed_domains.h"
#include "core/tls/certificate_names.h"
#include "core/tls/extended_key_usage.h"
#include "core/tls/trust_bundle.h"

namespace sipcm::tls {

// What a peer's certificate must satisfy: a snapshot, all of whose parts are immutable. A handshake
// sees exactly one.
struct PeerPolicy {
  // What an empty list of allowed domains means.
  enum class EmptyList : unsigned char {
    kRefusesAll,
    kAllowsAnyDomain,  // everyone with a valid chain: a threat, so it must be asked for
  };

  std::shared_ptr<const TrustBundle> trust_bundle;  // null: no chain is trusted
  ExtendedKeyUsagePolicy extended_key_usage;
  NameCheck name_check = NameCheck::kSubjectAndAlternative;
  // Certificates in a peer's chain, leaf and anchor included; also how many it may present (besides
  // CertificateChain::kMaxPresentedBytes).
  int max_chain_length = 10;
  // For incoming clients only.
  std::shared_ptr<const AllowedDomains> allowed_domains;  // null: empty
  EmptyList empty_list = EmptyList::kRefusesAll;
  // kAuto entries, looked at after allowed_domains where that is not empty. Out of force while an
  // entry of allowed_domains fits the same host. Null: none.
  std::shared_ptr<const AllowedDomains> auto_allowed_domains;
};

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_PEER_POLICY_H_
