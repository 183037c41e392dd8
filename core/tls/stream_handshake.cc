#include "core/tls/stream_handshake.h"

#include <openssl/ssl.h>

#include <utility>

#include "core/base/check.h"
#include "core/tls/peer_judgement.h"

namespace sipcm::tls {

const PeerPolicy& StreamHandshake::peer_policy() const {
  if (policy != nullptr) return *policy;
  return server_context != nullptr ? server_context->peer_policy() : client_context->peer_policy();
}

std::shared_ptr<RefusedPeer> StreamHandshake::JudgePresented(x509_store_ctx_st* store_context,
                                                             absl::Time now) {
  PeerJudgement judgement = JudgePeer(store_context, peer_policy(), role(), asked_host, now);
  presented_.identity = std::move(judgement.identity);
  presented_.peer = std::move(judgement.peer);
  return std::move(judgement.refused);
}

bool StreamHandshake::JudgeEarlier(std::shared_ptr<const KnownPeer> peer,
                                   std::shared_ptr<const TlsVersions> versions, absl::Time at,
                                   absl::Time now) {
  earlier_.reset();
  std::shared_ptr<PeerIdentity> identity;
  if (peer == nullptr) {
    const bool may_be_unknown =
        server_context != nullptr && server_context->mutual_tls() != MutualTls::kRequire;
    if (!may_be_unknown) return false;
  } else {
    PeerJudgement judgement = JudgeAgain(std::move(peer), peer_policy(), role(), asked_host, now);
    if (judgement.identity == nullptr) return false;
    identity = std::move(judgement.identity);
    peer = std::move(judgement.peer);
  }
  earlier_ = {std::move(identity), std::move(peer), std::move(versions), at};
  return true;
}

OpensslHandle<ssl_session_st> StreamHandshake::TakeUp(absl::string_view id, absl::Time now) {
  earlier_.reset();
  const std::shared_ptr<const ServerSession> session = server_context->sessions().Find(id, now);
  if (session == nullptr ||
      !JudgeEarlier(session->peer, session->versions, session->authenticated, now)) {
    return nullptr;
  }
  return session->state.Restore();
}

void StreamHandshake::Offer(ssl_st* ssl, absl::Time now) {
  if (offered == nullptr || SSL_in_before(ssl) != 1) return;
  const std::optional<ClientSession> session = offered->Take(client_context->versions().get(), now);
  if (!session.has_value() ||
      !JudgeEarlier(session->peer, session->versions, session->authenticated, now)) {
    return;
  }
  earlier_->identity->asks_for_certificate = session->certificate_asked;
  SSL_set_session(ssl, session->state.Restore().get());  // takes a reference of its own
}

void StreamHandshake::Keep(ssl_st* ssl, const ssl_session_st& session, absl::Time now) {
  const bool resumed = SSL_session_reused(ssl) == 1;
  const Authentication& known = outcome(ssl);
  const absl::Time at = resumed ? known.at : now;
  if (server_context != nullptr) {
    auto versions = resumed ? known.versions : server_context->VersionsOf(SSL_get_SSL_CTX(ssl));
    server_context->sessions().Add(
        IdOf(session), std::make_shared<const ServerSession>(ServerSession{
                           SessionState(session), known.peer, std::move(versions), at}));
  } else if (offered != nullptr) {
    offered->Add({SessionState(session), known.peer, client_context->versions(), at,
                  known.identity->asks_for_certificate});
  }
}

std::unique_ptr<LaterSessions> StreamHandshake::KeepLater(ssl_st* ssl, absl::Time now) {
  if (offered == nullptr) return nullptr;
  const bool resumed = SSL_session_reused(ssl) == 1;
  const Authentication& known = outcome(ssl);
  // Of TLS 1.2 a session that was resumed serves again, and no other comes.
  if (resumed && SSL_version(ssl) < TLS1_3_VERSION) Keep(ssl, *SSL_get_session(ssl), now);
  return std::make_unique<LaterSessions>(
      LaterSessions{offered, known.peer, client_context->versions(), resumed ? known.at : now,
                    known.identity->asks_for_certificate});
}

std::shared_ptr<RefusedPeer> StreamHandshake::RefusedBy(const HandshakeFault& fault,
                                                        const ssl_st& ssl, absl::Time now) const {
  const OSSL_HANDSHAKE_STATE state = SSL_get_state(&ssl);
  const bool of_certificates = state == TLS_ST_SR_CERT || state == TLS_ST_CR_CERT;
  auto refused = std::make_shared<RefusedPeer>();
  if (fault.certificate_missing) {
    refused->verdict =
        VerifyPeer(peer_policy(), CertificateChain(), PeerRole::kIncomingClient, "", now);
  } else if (fault.message_too_large && of_certificates) {
    refused->verdict = RefuseTooLargeChain();
  } else {
    return nullptr;
  }
  return refused;
}

const Authentication& StreamHandshake::outcome(ssl_st* ssl) const {
  if (SSL_session_reused(ssl) != 1) return presented_;
  SIPCM_CHECK_MESSAGE(earlier_.has_value(), "a session is taken up that nobody judged");
  return *earlier_;
}

}  // namespace sipcm::tls
