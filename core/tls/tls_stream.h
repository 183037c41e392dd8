#ifndef SIPCM_CORE_TLS_TLS_STREAM_H_
#define SIPCM_CORE_TLS_TLS_STREAM_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/event/event_loop.h"
#include "core/net/byte_stream.h"
#include "core/tls/certificate_chain.h"
#include "core/tls/chains/known_peer.h"
#include "core/tls/handshake_gate.h"
#include "core/tls/openssl/handle.h"
#include "core/tls/openssl/stream_bio.h"
#include "core/tls/peer_identity.h"
#include "core/tls/peer_verifier.h"
#include "core/tls/refused_peer.h"
#include "core/tls/sessions/offered_sessions.h"
#include "core/tls/tls_context.h"
#include "core/tls/tls_versions.h"

struct x509_store_ctx_st;

namespace sipcm::tls {

class StreamHandshake;

// TLS over another stream. Ready only after handshake and verdict: no byte of a refused peer is
// ever read. The peer of a refused or broken handshake gets the fitting alert, sent before the
// listener hears OnFailed. Thread: the loop's. Who gives up on a slow handshake is the owner: it
// destroys the stream.
//
// error() carries the inner stream's RESET or IO_ERROR, or one of these reasons; messages name the
// peer.
//   before ready  NOT_TLS (plain SIP or HTTP on a TLS port), HANDSHAKE_FAILED (no common version or
//                 cipher, an alert of the peer, closed half-way), PEER_REFUSED_US (an alert about
//                 our certificate), and those of ReasonOfRefusal(); then refused_peer() has the
//                 rule
//   after         TRUNCATED (FIN without close_notify), PEER_REFUSED_US (a TLS 1.3 server judges
//   our
//                 certificate only then), PEER_ALERT, TLS_PROTOCOL_ERROR (damaged records,
//                 renegotiation, a flood of KeyUpdates)
class TlsStream final : public net::ByteStream,
                        private net::ByteStream::Listener,
                        private HandshakeGate::Ticket::Owner,
                        private SslOwner {
 public:
  // Serves a client. `loop` and `gate` must outlive the stream; certificates are judged at
  // loop->WallNow() by `policy`, or by the context's when that is null.
  static std::unique_ptr<TlsStream> Accept(event::EventLoop* loop, HandshakeGate* gate,
                                           std::shared_ptr<const ServerTlsContext> context,
                                           std::unique_ptr<net::ByteStream> inner,
                                           std::shared_ptr<const PeerPolicy> policy = nullptr);
  // Speaks to the server `asked_host` (the host before DNS, or the TLS name set): SNI unless
  // it is an IP literal, and the name check. Resumes one of `offered` when it can and adds those
  // that the server gives; null: every handshake is a full one.
  static std::unique_ptr<TlsStream> Connect(event::EventLoop* loop, HandshakeGate* gate,
                                            std::shared_ptr<const ClientTlsContext> context,
                                            absl::string_view asked_host,
                                            std::unique_ptr<net::ByteStream> inner,
                                            std::shared_ptr<OfferedSessions> offered = nullptr);
  ~TlsStream() override;

  void Start(net::ByteStream::Listener* listener) override;
  bool is_ready() const override { return state_ == State::kReady; }
  net::IoResult Read(absl::Span<char> into) override;
  net::IoResult Write(absl::string_view bytes) override;
  void SetReading(bool on) override;
  void CloseWrite() override;
  bool has_unsent() const override { return bio_.blocked(); }
  absl::Status error() const override { return error_; }
  const net::SocketAddress& local_address() const override { return inner_->local_address(); }
  const net::SocketAddress& remote_address() const override { return inner_->remote_address(); }

  // Null until ready.
  const std::shared_ptr<const PeerIdentity>& peer_identity() const { return identity_; }
  // What the peer presented, leaf first, to judge it again when a policy changes. Empty until ready
  // and without a certificate.
  CertificateChain PeerChain() const;
  // Why the policy refused the peer; null unless it did.
  const std::shared_ptr<const RefusedPeer>& refused_peer() const { return refused_; }
  // SNI: the name that the client asked for, or that we asked for; escaped; empty without one, and
  // until ready or refused.
  const std::string& server_name() const { return server_name_; }
  // Once ready: whether it goes on with an earlier session, without a proof of the peer's key.
  bool is_resumed() const;
  // What it is made with; of a listener with several certificates: until ready, the default one;
  // resumed: what its full handshake was made with.
  const TlsVersions& versions() const { return *versions_; }

 private:
  enum class State : unsigned char { kIdle, kHandshaking, kFailing, kReady, kFailed };

  TlsStream(event::EventLoop* loop, std::unique_ptr<net::ByteStream> inner);
  void BeginAs(PeerRole role, ssl_ctx_st* context, HandshakeGate* gate);

  // The inner stream's listener.
  void OnReady() override;
  void OnReadable() override;
  void OnWritable() override;
  void OnFailed() override;
  void OnHandshakeTurn() override;

  // SslOwner
  int JudgePeer(x509_store_ctx_st* store_context) override;
  OpensslHandle<ssl_session_st> TakeUp(absl::string_view session_id) override;
  void OnCertificateAsked() override;
  void OnNewSession(const ssl_session_st& session) override;

  std::string PeerName() const;
  void TakeHandshakeStep();
  void TakeServerName();
  void Refuse(std::shared_ptr<RefusedPeer> refused);
  void FinishHandshake();
  void TakePeer();
  void FailHandshake();
  absl::Status TakeHandshakeError();
  void TellFailure();

  void CountMessage() { ++messages_without_data_; }
  // Input waits here that the inner stream knows nothing of, or not any more.
  void SetInputWaits(bool waits);
  // Nothing more will be read.
  net::IoResult EndInput(net::IoResult::Outcome outcome);
  void TakeReadFault();
  net::IoResult FailWrite();

  event::EventLoop* const loop_;
  std::unique_ptr<net::ByteStream> inner_;
  std::shared_ptr<const TlsVersions> versions_;
  net::ByteStream::Listener* listener_ = nullptr;
  StreamBio bio_;
  OpensslHandle<ssl_st> ssl_;
  std::unique_ptr<StreamHandshake> handshake_;  // until it is done
  std::shared_ptr<const PeerIdentity> identity_;
  std::shared_ptr<const RefusedPeer> refused_;
  std::string server_name_;
  std::shared_ptr<const DerChain> peer_chain_;     // of an incoming one; null: none
  std::unique_ptr<LaterSessions> later_sessions_;  // of an outgoing one
  absl::Status error_;
  // Armed while input waits here and reading is on.
  std::unique_ptr<event::Alarm> more_input_;
  // Handshake messages after the handshake (KeyUpdate, tickets) since the last byte of data.
  int messages_without_data_ = 0;
  State state_ = State::kIdle;
  bool reading_ = true;
  bool input_waits_ = false;
  bool input_over_ = false;
  bool write_closed_ = false;
  bool write_blocked_ = false;  // the owner waits for OnWritable
};

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_TLS_STREAM_H_
