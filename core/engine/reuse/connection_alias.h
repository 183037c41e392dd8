#ifndef SIPCM_CORE_ENGINE_REUSE_CONNECTION_ALIAS_H_
#define SIPCM_CORE_ENGINE_REUSE_CONNECTION_ALIAS_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "core/engine/connection_table.h"
#include "core/pool/destination.h"
#include "core/sip/message_view.h"
#include "core/sip/via.h"
#include "core/tls/peer_identity.h"

namespace sipcm::engine {

// The destination that `via`, the top one of a request of that peer, offers the connection for:
// with `alias` over TLS its sent-by, a name or address that the peer's verified certificate names
// (RFC 5923 5, RFC 5922 7.1; the subject's CN does not count). Nothing otherwise: who cannot prove
// that he is what he names gets none of its requests. Pure.
std::optional<pool::Destination> AliasOf(const sip::Via& via, const tls::PeerIdentity& peer);

// Lets the manager's requests to what the peer is go over this incoming connection from now on, if
// `request` offers it. The first offer of a connection counts.
void NoteAlias(ConnectionSlot& slot, const sip::MessageView& request);

// What our Vias on the connection say besides: ";alias" where the peer may send its requests to us
// over it, since it has seen our certificate and we have seen its; else nothing.
absl::string_view AliasParameter(ConnectionSlot& slot);

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_REUSE_CONNECTION_ALIAS_H_
