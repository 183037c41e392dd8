#ifndef SIPCM_CORE_TLS_STREAM_HANDSHAKE_H_
#define SIPCM_CORE_TLS_STREAM_HANDSHAKE_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/tls/chains/known_peer.h"
#include "core/tls/handshake_gate.h"
#include "core/tls/openssl/handle.h"
#include "core/tls/peer_identity.h"
#include "core/tls/peer_policy.h"
#include "core/tls/peer_verifier.h"
#include "core/tls/refused_peer.h"
#include "core/tls/sessions/offered_sessions.h"
#include "core/tls/tls_context.h"
#include "core/tls/tls_fault.h"
#include "core/tls/tls_versions.h"

namespace sipcm::tls {

// Who the peer is, and since when that is known.
struct Authentication {
  std::shared_ptr<PeerIdentity> identity;  // null: it presented nothing, or was not asked
  std::shared_ptr<const KnownPeer> peer;   // null as above
  // Ours that it was made with; null: those of the handshake that is under way.
  std::shared_ptr<const TlsVersions> versions;
  absl::Time at;  // wall time of the full handshake
};

// What a TlsStream needs for its handshake only; it frees it when that is done.
class StreamHandshake {
 public:
  StreamHandshake(HandshakeGate* gate, HandshakeGate::Ticket::Owner* owner) : ticket(gate, owner) {}

  PeerRole role() const {
    return server_context != nullptr ? PeerRole::kIncomingClient : PeerRole::kOutgoingServer;
  }
  const PeerPolicy& peer_policy() const;

  // Judges what the peer presents now. Null: it is let in.
  std::shared_ptr<RefusedPeer> JudgePresented(x509_store_ctx_st* store_context, absl::Time now);

  // The server, which was judged by then, asks for our certificate.
  void NoteAsked() { presented_.identity->asks_for_certificate = true; }

  // A session is taken up only while its peer, by what it presented then, passes the policy of now:
  // otherwise there is a full handshake, and what that says counts. As SslOwner::TakeUp().
  OpensslHandle<ssl_session_st> TakeUp(absl::string_view id, absl::Time now);
  // Nothing, unless it is the first step of a client.
  void Offer(ssl_st* ssl, absl::Time now);
  // Of this handshake, which may be taken up later.
  void Keep(ssl_st* ssl, const ssl_session_st& session, absl::Time now);
  // For those that come later; null when they are not wanted.
  std::unique_ptr<LaterSessions> KeepLater(ssl_st* ssl, absl::Time now);
  // The peer that a handshake failed for, when that is why.
  std::shared_ptr<RefusedPeer> RefusedBy(const HandshakeFault& fault, const ssl_st& ssl,
                                         absl::Time now) const;
  // How it went; once the handshake is done, or nearly so.
  const Authentication& outcome(ssl_st* ssl) const;

  HandshakeGate::Ticket ticket;
  // One of the two. The policy and its trust bundle are not kept for longer than they are asked.
  std::shared_ptr<const ServerTlsContext> server_context;
  std::shared_ptr<const ClientTlsContext> client_context;
  std::string asked_host;                    // outgoing
  std::shared_ptr<OfferedSessions> offered;  // outgoing; null: none are
  std::shared_ptr<const PeerPolicy> policy;  // incoming; null: the context's

 private:
  // True: it passes, and is what `earlier_` says.
  bool JudgeEarlier(std::shared_ptr<const KnownPeer> peer,
                    std::shared_ptr<const TlsVersions> versions, absl::Time at, absl::Time now);

  Authentication presented_;
  std::optional<Authentication> earlier_;  // of the session that was taken up, or offered
};

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_STREAM_HANDSHAKE_H_
