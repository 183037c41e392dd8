#ifndef SIPCM_CORE_ENGINE_DIALOGS_VERIFIED_NAME_H_
#define SIPCM_CORE_ENGINE_DIALOGS_VERIFIED_NAME_H_

#include <string>

#include "absl/strings/string_view.h"
#include "core/engine/connection_table.h"
#include "core/tls/peer_identity.h"

namespace sipcm::engine {

// The name that the peer of a TLS connection proved to have, by which another connection to it is
// verified (RFC 5922 7.3): of one that we opened the name that was asked for, of one that it opened
// the first DNS name of its certificate. Empty: none.
std::string VerifiedNameOf(const ConnectionSlot& slot);

// Whether that peer proved this name too.
bool HasVerifiedName(const tls::PeerIdentity* peer, absl::string_view name);

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_DIALOGS_VERIFIED_NAME_H_
