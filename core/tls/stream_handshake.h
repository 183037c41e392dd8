#ifndef SIPCM_CORE_TLS_STREAM_HANDSHAKE_H_
#define SIPCM_CORE_TLS_STREAM_HANDSHAKE_H_

#include <memory>
#include <string>
#include <utility>

#include "core/tls/handshake_gate.h"
#include "core/tls/peer_identity.h"
#include "core/tls/peer_policy.h"
#include "core/tls/tls_context.h"

namespace sipcm::tls {

// What a TlsStream needs for its handshake only; it frees it when that is done.
struct StreamHandshake {
  StreamHandshake(HandshakeGate* gate, HandshakeGate::Ticket::Owner* owner, PeerJudge judges)
      : ticket(gate, owner), judge(std::move(judges)) {}

  HandshakeGate::Ticket ticket;
  PeerJudge judge;
  // One of the two. The policy and its trust bundle are not kept for longer than they are asked.
  std::shared_ptr<const ServerTlsContext> server_context;
  std::shared_ptr<const ClientTlsContext> client_context;
  std::string asked_host;                    // outgoing
  std::shared_ptr<const PeerPolicy> policy;  // incoming; null: the context's
  std::shared_ptr<PeerIdentity> identity;
};

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_STREAM_HANDSHAKE_H_
