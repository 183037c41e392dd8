#ifndef SIPCM_SERVER_CONVERSION_PEER_CONVERSION_H_
#define SIPCM_SERVER_CONVERSION_PEER_CONVERSION_H_

#include "core/net/address.h"
#include "core/tls/peer_identity.h"
#include "core/tls/peer_verdict.h"
#include "proto/sipcm/v1/peer.pb.h"

namespace sipcm::server {

// `identity` is null for a TCP connection, and before the verdict.
sipcm::v1::Peer ToProto(const net::SocketAddress& address, const tls::PeerIdentity* identity);

sipcm::v1::PeerVerdict ToProto(const tls::PeerVerdict& verdict);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CONVERSION_PEER_CONVERSION_H_
