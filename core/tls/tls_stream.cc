#include "core/tls/tls_stream.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/base/error.h"
#include "core/tls/certificate_chain.h"
#include "core/tls/domain_name.h"
#include "core/tls/openssl/error_queue.h"
#include "core/tls/openssl/peer_certificates.h"
#include "core/tls/stream_handshake.h"
#include "core/tls/tls_fault.h"

namespace sipcm::tls {
namespace {

using net::IoResult;
using Outcome = net::IoResult::Outcome;

constexpr size_t kMaxRecordBytes = SSL3_RT_MAX_PLAIN_LENGTH;
// KeyUpdates, tickets and refused renegotiations in a row, without a byte of data between them.
constexpr int kMaxMessagesWithoutData = 32;

}  // namespace

std::unique_ptr<TlsStream> TlsStream::Accept(event::EventLoop* loop, HandshakeGate* gate,
                                             std::shared_ptr<const ServerTlsContext> context,
                                             std::unique_ptr<net::ByteStream> inner,
                                             std::shared_ptr<const PeerPolicy> policy) {
  std::unique_ptr<TlsStream> stream(new TlsStream(loop, std::move(inner)));
  stream->versions_ = context->VersionsOf(context->native());
  stream->BeginAs(PeerRole::kIncomingClient, context->native(), gate);
  stream->handshake_->server_context = std::move(context);
  stream->handshake_->policy = std::move(policy);
  return stream;
}

std::unique_ptr<TlsStream> TlsStream::Connect(event::EventLoop* loop, HandshakeGate* gate,
                                              std::shared_ptr<const ClientTlsContext> context,
                                              absl::string_view asked_host,
                                              std::unique_ptr<net::ByteStream> inner,
                                              std::shared_ptr<OfferedSessions> offered) {
  std::unique_ptr<TlsStream> stream(new TlsStream(loop, std::move(inner)));
  stream->versions_ = context->versions();
  stream->BeginAs(PeerRole::kOutgoingServer, context->native(), gate);
  stream->handshake_->client_context = std::move(context);
  stream->handshake_->offered = std::move(offered);
  stream->handshake_->asked_host = std::string(asked_host);
  const absl::StatusOr<std::string> name = CanonicalDomainName(asked_host);
  if (!net::IpAddress::Parse(asked_host).ok() && name.ok()) {
    SSL_set_tlsext_host_name(stream->ssl_.get(), name->c_str());
    stream->server_name_ = *name;
  }
  return stream;
}

TlsStream::TlsStream(event::EventLoop* loop, std::unique_ptr<net::ByteStream> inner)
    : loop_(loop), inner_(std::move(inner)), bio_(inner_.get()) {}

TlsStream::~TlsStream() { loop_->thread().AssertHeld(); }

void TlsStream::BeginAs(PeerRole role, ssl_ctx_st* context, HandshakeGate* gate) {
  handshake_ =
      std::make_unique<StreamHandshake>(gate, static_cast<HandshakeGate::Ticket::Owner*>(this));
  ssl_.reset(SSL_new(context));
  SIPCM_CHECK_MESSAGE(ssl_ != nullptr, "out of memory for a TLS connection");
  bio_.AttachTo(ssl_.get());
  SSL_set_app_data(ssl_.get(), static_cast<SslOwner*>(this));
  if (role == PeerRole::kIncomingClient) {
    SSL_set_accept_state(ssl_.get());
  } else {
    SSL_set_connect_state(ssl_.get());
  }
}

CertificateChain TlsStream::PeerChain() const {
  return peer_chain_ == nullptr ? CertificateChain() : CertificateChain::FromDer(*peer_chain_);
}

std::string TlsStream::PeerName() const {
  std::string address = remote_address().ToString();
  if (handshake_ == nullptr || handshake_->asked_host.empty()) return address;
  return absl::StrCat("\"", absl::CHexEscape(handshake_->asked_host), "\" (", address, ")");
}

void TlsStream::Start(net::ByteStream::Listener* listener) {
  loop_->thread().AssertHeld();
  SIPCM_CHECK_MESSAGE(state_ == State::kIdle, "started twice");
  listener_ = listener;
  state_ = State::kHandshaking;
  inner_->Start(this);
  if (inner_->is_ready()) OnReady();
}

void TlsStream::OnReady() {
  // A server waits for the ClientHello; a client's own is a costly step already.
  if (handshake_->client_context != nullptr) handshake_->ticket.Wait();
}

void TlsStream::OnFailed() {
  error_ = inner_->error();
  state_ = State::kFailed;
  listener_->OnFailed();
}

void TlsStream::OnReadable() {
  if (state_ == State::kReady) {
    listener_->OnReadable();
    return;
  }
  if (state_ != State::kHandshaking || handshake_->ticket.waiting()) return;
  if (handshake_->ticket.TryEnter()) {
    TakeHandshakeStep();
  } else {
    inner_->SetReading(false);  // not to be told each turn while in line
    handshake_->ticket.Wait();
  }
}

void TlsStream::OnHandshakeTurn() {
  inner_->SetReading(true);
  TakeHandshakeStep();
}

void TlsStream::OnWritable() {
  const bool flushed = bio_.Flush();
  switch (state_) {
    case State::kHandshaking:
      if (bio_.failed()) FailHandshake();
      return;
    case State::kFailing:
      if (flushed) TellFailure();
      return;
    case State::kReady:
      if (!flushed) return;
      // The inner stream tells a fault once; the owner, if not by its next write, hears it by
      // reading.
      if (bio_.failed()) SetInputWaits(true);
      if (std::exchange(write_blocked_, false) && !write_closed_) listener_->OnWritable();
      return;
    case State::kIdle:
    case State::kFailed:
      return;
  }
}

void TlsStream::TakeHandshakeStep() {
  bio_.ExpectInput();
  ClearOpensslErrors();
  handshake_->Offer(ssl_.get(), loop_->WallNow());
  const OSSL_HANDSHAKE_STATE before = SSL_get_state(ssl_.get());
  const int result = SSL_do_handshake(ssl_.get());
  const bool waits = result != 1 && SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ;
  const bool trifling = waits && SSL_get_state(ssl_.get()) == before;
  handshake_->ticket.Finished(trifling ? HandshakeGate::StepCost::kTrifling
                                       : HandshakeGate::StepCost::kCostly);
  if (result == 1) {
    FinishHandshake();
  } else if (!waits) {
    FailHandshake();
  }
}

int TlsStream::JudgePeer(x509_store_ctx_st* store_context) {
  SIPCM_CHECK_MESSAGE(handshake_ != nullptr, "a peer presents certificates after its handshake");
  auto refused = handshake_->JudgePresented(store_context, loop_->WallNow());
  if (refused == nullptr) return 1;
  Refuse(std::move(refused));
  return 0;
}

OpensslHandle<ssl_session_st> TlsStream::TakeUp(absl::string_view session_id) {
  return handshake_->TakeUp(session_id, loop_->WallNow());
}

void TlsStream::OnCertificateAsked() { handshake_->NoteAsked(); }

void TlsStream::OnNewSession(const ssl_session_st& session) {
  if (handshake_ != nullptr) {
    handshake_->Keep(ssl_.get(), session, loop_->WallNow());
  } else if (later_sessions_ != nullptr) {
    later_sessions_->Add(session);
  }
}

bool TlsStream::is_resumed() const { return SSL_session_reused(ssl_.get()) == 1; }

void TlsStream::TakeServerName() {
  const ServerTlsContext* const server = handshake_->server_context.get();
  if (server == nullptr) return;
  versions_ = server->VersionsOf(SSL_get_SSL_CTX(ssl_.get()));
  const char* name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
  if (name != nullptr) server_name_ = absl::CHexEscape(name);
}

void TlsStream::Refuse(std::shared_ptr<RefusedPeer> refused) {
  TakeServerName();
  refused->server_name = server_name_;
  refused_ = std::move(refused);
}

// Who it is, from the handshake into what the stream keeps.
void TlsStream::TakePeer() {
  SSL* const ssl = ssl_.get();
  const Authentication& outcome = handshake_->outcome(ssl);
  const ServerTlsContext* const server = handshake_->server_context.get();
  const bool must_be_verified = server == nullptr || server->mutual_tls() == MutualTls::kRequire;
  std::shared_ptr<PeerIdentity> identity = outcome.identity;
  SIPCM_CHECK_MESSAGE(identity != nullptr || !must_be_verified, "a handshake without a verdict");
  if (identity == nullptr) identity = std::make_shared<PeerIdentity>();
  identity->tls_version = SSL_get_version(ssl);
  identity->cipher_suite = SSL_get_cipher_name(ssl);
  identity_ = std::move(identity);
  TakeServerName();
  if (outcome.versions != nullptr) versions_ = outcome.versions;
  DropPeerCertificates(ssl);
  if (server != nullptr && outcome.peer != nullptr) peer_chain_ = outcome.peer->chain;
  later_sessions_ = handshake_->KeepLater(ssl, loop_->WallNow());
}

void TlsStream::FinishHandshake() {
  SSL* const ssl = ssl_.get();
  TakePeer();
  SSL_set_msg_callback(ssl, [](int write, int /*version*/, int type, const void* /*bytes*/,
                               size_t /*size*/, SSL* /*ssl*/, void* stream) {
    if (write == 0 && type == SSL3_RT_HANDSHAKE) static_cast<TlsStream*>(stream)->CountMessage();
  });
  SSL_set_msg_callback_arg(ssl, this);
  handshake_.reset();
  state_ = State::kReady;
  inner_->SetReading(reading_);
  SetInputWaits(SSL_has_pending(ssl) == 1);
  listener_->OnReady();
}

absl::Status TlsStream::TakeHandshakeError() {
  const std::string peer = PeerName();
  if (refused_ == nullptr && bio_.failed()) {
    ClearOpensslErrors();
    return inner_->error();
  }
  if (refused_ == nullptr) {
    if (bio_.input_ended()) {
      ClearOpensslErrors();
      return MakeError(
          absl::StatusCode::kUnavailable, "HANDSHAKE_FAILED",
          absl::StrCat("tls handshake with ", peer, " failed: it closed the connection half-way"));
    }
    HandshakeFault fault = TakeHandshakeFault(peer, bio_.first_bytes());
    std::shared_ptr<RefusedPeer> refused = handshake_->RefusedBy(fault, *ssl_, loop_->WallNow());
    if (refused == nullptr) return std::move(fault.status);
    Refuse(std::move(refused));
  }
  ClearOpensslErrors();
  const PeerVerdict& verdict = refused_->verdict;
  return MakeError(absl::StatusCode::kFailedPrecondition, ReasonOfRefusal(verdict.refusal),
                   absl::StrCat("tls handshake with ", peer, " failed: ", verdict.explanation));
}

void TlsStream::FailHandshake() {
  error_ = TakeHandshakeError();
  state_ = State::kFailing;
  bio_.DropInput();
  inner_->SetReading(false);
  if (bio_.Flush()) TellFailure();  // else when the alert is on its way
}

void TlsStream::TellFailure() {
  state_ = State::kFailed;
  bio_.CloseWrite();
  handshake_.reset();
  listener_->OnFailed();
}

IoResult TlsStream::Read(absl::Span<char> into) {
  loop_->thread().AssertHeld();
  SIPCM_CHECK_MESSAGE(state_ == State::kReady, "read before ready");
  if (!error_.ok()) return EndInput(Outcome::kFailed);
  bio_.ExpectInput();
  ClearOpensslErrors();
  SSL* const ssl = ssl_.get();
  size_t filled = 0;
  while (filled < into.size()) {
    size_t count = 0;
    if (SSL_read_ex(ssl, into.data() + filled, into.size() - filled, &count) == 1) {
      filled += count;
      messages_without_data_ = 0;
      if (bio_.drained() && SSL_has_pending(ssl) == 0) break;
      continue;
    }
    const int fault = SSL_get_error(ssl, 0);
    if (fault == SSL_ERROR_WANT_READ && messages_without_data_ <= kMaxMessagesWithoutData) {
      SetInputWaits(false);
      return {filled > 0 ? Outcome::kDone : Outcome::kWouldBlock, filled};
    }
    const bool ended = fault == SSL_ERROR_ZERO_RETURN;
    if (!ended) TakeReadFault();
    if (filled == 0) return EndInput(ended ? Outcome::kEnd : Outcome::kFailed);
    // After data, end or fault is for the next Read, which nobody else would call for.
    SetInputWaits(true);
    return {Outcome::kDone, filled};
  }
  SetInputWaits(SSL_has_pending(ssl) == 1);
  return {Outcome::kDone, filled};
}

IoResult TlsStream::EndInput(Outcome outcome) {
  // Whatever the inner stream has yet (a FIN after close_notify) is of no interest.
  input_over_ = true;
  inner_->SetReading(false);
  SetInputWaits(false);
  return {outcome, 0};
}

void TlsStream::TakeReadFault() {
  if (bio_.failed()) {
    error_ = inner_->error();
  } else if (bio_.input_ended()) {
    error_ = MakeError(absl::StatusCode::kUnavailable, "TRUNCATED",
                       absl::StrCat(PeerName(), " closed the connection without close_notify"));
  } else if (messages_without_data_ > kMaxMessagesWithoutData) {
    error_ = MakeError(absl::StatusCode::kUnavailable, "TLS_PROTOCOL_ERROR",
                       absl::StrCat(PeerName(),
                                    " floods the connection with TLS handshake "
                                    "messages (KeyUpdate or renegotiation)"));
  } else {
    error_ = TakeStreamFault(PeerName());
  }
  ClearOpensslErrors();
}

IoResult TlsStream::Write(absl::string_view bytes) {
  loop_->thread().AssertHeld();
  SIPCM_CHECK_MESSAGE(state_ == State::kReady && !write_closed_, "write before ready, or closed");
  if (!error_.ok()) return {Outcome::kFailed, 0};
  if (bio_.blocked()) {
    if (!bio_.Flush()) {
      write_blocked_ = true;
      return {Outcome::kWouldBlock, 0};
    }
    if (bio_.failed()) return FailWrite();
  }
  ClearOpensslErrors();
  size_t written = 0;
  while (written < bytes.size() && !bio_.blocked()) {
    size_t count = 0;
    const size_t size = std::min(bytes.size() - written, kMaxRecordBytes);
    if (SSL_write_ex(ssl_.get(), bytes.data() + written, size, &count) != 1) return FailWrite();
    written += count;
  }
  write_blocked_ = written < bytes.size() || bio_.blocked();
  return {Outcome::kDone, written};
}

IoResult TlsStream::FailWrite() {
  error_ = bio_.failed() ? inner_->error() : TakeStreamFault(PeerName());
  ClearOpensslErrors();
  return {Outcome::kFailed, 0};
}

void TlsStream::SetReading(bool on) {
  loop_->thread().AssertHeld();
  reading_ = on;
  if (state_ != State::kReady || input_over_) return;  // a handshake reads by itself
  inner_->SetReading(on);
  SetInputWaits(input_waits_);
}

void TlsStream::SetInputWaits(bool waits) {
  input_waits_ = waits;
  if (!waits || !reading_) {
    more_input_.reset();
    return;
  }
  if (more_input_ == nullptr) {
    more_input_ = loop_->NewAlarm([this] {
      more_input_->Set(loop_->Now());  // level-triggered: until it is read or reading is off
      listener_->OnReadable();
    });
  }
  more_input_->Set(loop_->Now());
}

void TlsStream::CloseWrite() {
  loop_->thread().AssertHeld();
  if (std::exchange(write_closed_, true)) return;
  if (state_ == State::kReady && error_.ok()) {
    ClearOpensslErrors();
    SSL_shutdown(ssl_.get());
    ClearOpensslErrors();
  }
  if (state_ != State::kIdle) bio_.CloseWrite();
}

}  // namespace sipcm::tls
