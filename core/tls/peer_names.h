#ifndef SIPCM_CORE_TLS_PEER_NAMES_H_
#define SIPCM_CORE_TLS_PEER_NAMES_H_

#include "absl/strings/string_view.h"
#include "core/tls/peer_identity.h"

namespace sipcm::tls {

// Whether the peer's certificate names that host, a domain or an IP literal, as RFC 5922 7.1 wants
// it of a server: a dNSName or sip: URI, whole and without wildcards; for an address an iPAddress.
// Says nothing of whether the certificate was verified.
bool NamesHost(const PeerIdentity& peer, absl::string_view host);

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_PEER_NAMES_H_
