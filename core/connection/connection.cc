#include "core/connection/connection.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"
#include "core/sip/keepalive.h"
#include "core/tls/tls_stream.h"

namespace sipcm::connection {

// performance.md P8: with the alarm and the TCP stream, an idle connection stays under 1 KB.
static_assert(sizeof(Connection) <= 424);

Connection::Connection(ConnectionId id, Direction direction, Transport transport,
                       std::unique_ptr<net::ByteStream> stream, tls::TlsStream* tls,
                       std::shared_ptr<const ConnectionSettings> settings,
                       ConnectionEnvironment* environment)
    : TurnEndTask(environment),
      direction_(direction),
      transport_(transport),
      id_(id),
      stream_(std::move(stream)),
      addresses_(stream_.get()),
      tls_(tls),
      settings_(std::move(settings)),
      inbox_(settings_->framer),
      outbox_(settings_->max_write_queue_bytes) {
  timers_.opened = environment->loop()->Now();
  timers_.idle_timeout = direction == Direction::kIncoming ? settings_->incoming_idle_timeout
                                                           : settings_->outgoing_idle_timeout;
}

void Connection::Start(Listener* listener) {
  environment().loop()->thread().AssertHeld();
  SIPCM_CHECK(!alarm_.is_started() && listener != nullptr);
  listener_ = listener;
  alarm_.Start(environment().loop(), [this] { OnAlarm(); });
  stream_->Start(this);
  if (stream_->is_ready()) return ScheduleTurnEnd();  // where it becomes established
  Rearm();
}

void Connection::OnReadable() {
  if (state_ == ConnectionState::kHandshaking && stream_->is_ready()) BecomeEstablished();
  if (!ending_.is_lingering()) {
    if (!can_deliver()) return;
    if (inbox_.is_paused()) return ResumeInbox();  // first what came first; we are told again
  }
  const absl::Span<char> buffer = environment().read_buffer();
  const net::IoResult result = stream_->Read(buffer);
  if (result.outcome == net::IoResult::Outcome::kWouldBlock) return;
  if (result.outcome == net::IoResult::Outcome::kEnd) return OnEnd();
  if (result.outcome == net::IoResult::Outcome::kFailed) return CloseBroken(stream_->error());
  timers_.last_receive = now();
  timers_.ping_sent = Instant::Infinite();
  counters_.bytes_in += result.bytes;
  if (ending_.is_lingering()) return;  // after our last byte: what comes now is nobody's
  NoteRest(inbox_.Receive(
      absl::string_view(buffer.data(), result.bytes),
      [this](absl::string_view data, const sip::Frame& frame) { return Take(data, frame); }));
}

void Connection::OnWritable() {
  outbox_.Unblock();
  if (outbox_.empty() && !stream_->has_unsent()) timers_.stalled_since = Instant::Infinite();
  Flush();
  FinishFlush();
}

void Connection::CloseBroken(const absl::Status& error) {
  if (ending_.has_begun()) return Close(ending_.reason());  // why it was ending anyway
  const CloseReason reason = state_ == ConnectionState::kHandshaking
                                 ? ReasonOfFailedHandshake(error)
                                 : ReasonOfBrokenStream(error);
  Close(reason, error);
}

// The peer ended its side.
void Connection::OnEnd() {
  if (ending_.is_lingering()) return Close(ending_.reason());
  read_ended_ = true;
  const CloseReason reason = inbox_.empty() ? CloseReason::kPeerClosed : CloseReason::kTruncated;
  inbox_.Clear();
  NoteRest(false);
  UpdateReading();
  absl::Status detail = EndDetail(name(), reason);
  if (live_transactions() == 0 || direction_ == Direction::kOutgoing) {
    return CloseAfterFlush(reason, std::move(detail));
  }
  if (state_ == ConnectionState::kEstablished) ending_.Foresee(std::move(detail));
  Drain(now() + settings_->write_stall_timeout, reason);
}

bool Connection::can_deliver() const {
  return reading_ && !ending_.has_begun() &&
         (state_ == ConnectionState::kEstablished || state_ == ConnectionState::kDraining);
}

Inbox::Verdict Connection::Take(absl::string_view data, const sip::Frame& frame) {
  switch (frame.kind) {
    case sip::FrameKind::kMessage:
      Deliver(data.substr(frame.offset, frame.header_length + frame.body_length),
              frame.header_length);
      break;
    case sip::FrameKind::kPing:
    case sip::FrameKind::kPong:
      if (crlf_pairs_.Take()) AppendKeepalive(sip::kKeepalivePong);
      break;
    case sip::FrameKind::kError:
      LoseFraming(data, frame);
      break;
    case sip::FrameKind::kNeedMore:
      break;
  }
  if (ending_.has_begun() || state_ == ConnectionState::kClosed) return Inbox::Verdict::kDrop;
  return can_deliver() ? Inbox::Verdict::kGoOn : Inbox::Verdict::kPause;
}

void Connection::ResumeInbox() {
  timers_.resume_at = Instant::Infinite();
  if (!can_deliver()) return;
  NoteRest(inbox_.Resume(
      [this](absl::string_view data, const sip::Frame& frame) { return Take(data, frame); }));
}

// The clock of the unfinished message that is left, if one is.
void Connection::NoteRest(bool begun) {
  if (inbox_.empty() || inbox_.is_paused()) {
    timers_.partial_since = Instant::Infinite();
  } else if (begun) {
    timers_.partial_since = now();
    alarm_.ArmFor(timers_.partial_since + settings_->partial_message_timeout);
  }
}

void Connection::Deliver(absl::string_view message, size_t header_length) {
  sip::MessageView& view = environment().scratch_message();
  const sip::ParseVerdict verdict = sip::Parse(message, header_length, view);
  ++counters_.messages_in;
  crlf_pairs_.NoteMessage();
  if (verdict.ok()) {
    timers_.last_message = now();
    if (!has_first_message_) {
      // From now on the idle limit counts, which may come before the first-message limit.
      has_first_message_ = true;
      Rearm();
    }
    listener_->OnMessage(*this, view);
    return;
  }
  listener_->OnMalformed(*this, view, verdict);
  if (verdict.after == sip::AfterVerdict::kClose) {
    ending_.SetFarewell(Ending::Farewell::kLinger);
    CloseAfterFlush(CloseReason::kProtocolError, MalformedDetail(name(), verdict));
  }
}

void Connection::LoseFraming(absl::string_view data, const sip::Frame& frame) {
  const size_t readable = std::max(frame.header_length, frame.partial_header_length);
  if (readable > 0) {
    sip::MessageView& view = environment().scratch_message();
    sip::ParseVerdict verdict = sip::Parse(data.substr(frame.offset, readable), readable, view);
    verdict.kind = sip::VerdictKind::kBad;
    verdict.after = sip::AfterVerdict::kClose;
    verdict.status_code = frame.error.status_code;
    verdict.field = frame.error.field;
    verdict.reason = frame.error.text;
    listener_->OnMalformed(*this, view, verdict);
  }
  ending_.SetFarewell(Ending::Farewell::kLinger);
  CloseAfterFlush(ReasonOfFrameError(frame.error.reason), FramingDetail(name(), frame.error));
}

void Connection::UpdateReading() {
  if (state_ == ConnectionState::kHandshaking) return;  // from BecomeEstablished again
  const bool on =
      state_ != ConnectionState::kClosed && !read_ended_ &&
      (ending_.is_lingering() || (reading_wanted_ && !reading_paused_ && !ending_.has_begun()));
  if (on == reading_) return;
  reading_ = on;
  stream_->SetReading(on);
  if (!on || ending_.is_lingering()) return;
  // While we did not read, the peer could not prove anything: its time begins anew.
  const Instant now = this->now();
  if (!timers_.partial_since.is_infinite()) timers_.partial_since = now;
  if (!timers_.ping_sent.is_infinite()) timers_.ping_sent = now;
  if (inbox_.is_paused()) timers_.resume_at = now;
  Rearm();
}

std::string* Connection::tail() {
  SIPCM_CHECK_MESSAGE(state_ != ConnectionState::kHandshaking, "not established yet");
  return outbox_.tail(environment());
}

void Connection::Commit() {
  // While lingering our side has ended: nothing may be written any more.
  if (state_ == ConnectionState::kClosed || ending_.is_lingering()) return outbox_.Abandon();
  const size_t message_bytes = outbox_.Commit();
  ++counters_.messages_out;
  timers_.last_message = now();
  AfterAppend();
  if (outbox_.size() <= outbox_.limit()) return;
  // Perhaps only this turn was busy: what the stream takes now does not count.
  Flush();
  if (state_ == ConnectionState::kClosed || outbox_.size() <= outbox_.limit() ||
      outbox_.size() <= message_bytes) {
    return;
  }
  Close(CloseReason::kLimit, WriteQueueDetail(name(), outbox_.limit()));
}

void Connection::Send(absl::string_view message) {
  tail()->append(message.data(), message.size());
  Commit();
}

// Not a message: counts for no timer. Without room for it, the write stall watches.
void Connection::AppendKeepalive(absl::string_view bytes) {
  if (outbox_.Append(bytes, environment())) AfterAppend();
}

void Connection::AfterAppend() {
  if (!outbox_.is_blocked()) ScheduleTurnEnd();
  if (!reading_paused_ && outbox_.is_half_full()) {
    reading_paused_ = true;
    UpdateReading();
  }
}

void Connection::Flush() {
  if (state_ == ConnectionState::kClosed || ending_.is_lingering()) return;
  const Outbox::Flushed flushed = outbox_.Flush(*stream_, environment());
  if (flushed.outcome == Outbox::Outcome::kNothing) return;
  if (flushed.outcome == Outbox::Outcome::kFailed) return CloseBroken(stream_->error());
  const Instant now = this->now();
  if (flushed.bytes > 0) {
    counters_.bytes_out += flushed.bytes;
    last_send_time_ = now;
    timers_.stalled_since = Instant::Infinite();  // progress
  }
  if (reading_paused_ && outbox_.is_drained()) {
    reading_paused_ = false;
    UpdateReading();
  }
  if (outbox_.empty() && !stream_->has_unsent()) return;
  if (timers_.stalled_since.is_infinite()) timers_.stalled_since = now;
  alarm_.ArmFor(timers_.stalled_since + settings_->write_stall_timeout);
}

// The end of a closing that waited for the flush.
void Connection::FinishFlush() {
  if (!ending_.has_begun() || ending_.is_lingering()) return;
  if (state_ == ConnectionState::kClosed || !outbox_.empty()) return;
  if (stream_->has_unsent()) return;  // until OnWritable, or the write stall
  if (!ending_.is_to_linger() || read_ended_ || counters_.bytes_out == 0) {
    return Close(ending_.reason());
  }
  stream_->CloseWrite();
  ending_.BeginLingering();
  timers_.forced_close_at = now() + Ending::kLingerTime;
  UpdateReading();
  alarm_.ArmFor(timers_.forced_close_at);
}

void Connection::SetState(ConnectionState state) {
  if (state == state_) return;
  SIPCM_CHECK(IsLegalTransition(state_, state));
  state_ = state;
}

void Connection::BecomeEstablished() {
  if (state_ != ConnectionState::kHandshaking) return;
  SetState(ConnectionState::kEstablished);
  const Instant now = this->now();
  timers_.established = now;
  timers_.last_message = now;
  timers_.last_receive = now;
  if (tls_ != nullptr) peer_ = tls_->peer_identity();
  UpdateReading();
  Rearm();
  listener_->OnEstablished(*this);
}

void Connection::OnTurnEnd() {
  if (state_ == ConnectionState::kHandshaking && stream_->is_ready()) BecomeEstablished();
  Flush();
  FinishFlush();
  if (state_ == ConnectionState::kClosed) TellClosed();
}

void Connection::CloseAfterFlush(CloseReason reason, absl::Status detail) {
  if (ending_.has_begun() || state_ == ConnectionState::kClosed) return;
  if (state_ == ConnectionState::kHandshaking) return Close(reason, std::move(detail));
  SetState(ConnectionState::kDraining);
  ending_.Begin(reason, std::move(detail));
  timers_.partial_since = Instant::Infinite();
  timers_.resume_at = Instant::Infinite();
  timers_.forced_close_at = Instant::Infinite();
  UpdateReading();
  ScheduleTurnEnd();
}

void Connection::Close(CloseReason reason, absl::Status detail) {
  if (state_ == ConnectionState::kClosed) return;
  ending_.Begin(reason, std::move(detail));
  SetState(ConnectionState::kClosed);
  UpdateReading();
  ScheduleTurnEnd();
}

void Connection::Drain(Instant deadline, CloseReason reason) {
  if (ending_.has_begun() || state_ == ConnectionState::kClosed) return;
  if (live_transactions() == 0 || state_ == ConnectionState::kHandshaking) {
    return CloseAfterFlush(reason, ending_.detail());
  }
  if (state_ == ConnectionState::kEstablished) {
    SetState(ConnectionState::kDraining);
    ending_.Foresee(reason);
  }
  timers_.forced_close_at = std::min(timers_.forced_close_at, deadline);
  alarm_.ArmFor(timers_.forced_close_at);
}

void Connection::RemoveTransaction() {
  if (!live_transactions_.Remove(now())) return;
  if (state_ == ConnectionState::kDraining) {
    CloseAfterFlush(ending_.reason(), ending_.detail());
  } else if (state_ == ConnectionState::kEstablished) {
    alarm_.ArmFor(timers_.last_message + timers_.idle_timeout);
  }
}

// May destroy this.
void Connection::TellClosed() {
  if (!ending_.Tell()) return;
  alarm_.Stop();
  inbox_.Clear();
  outbox_.Clear();
  // Our end in order where the stream still can. It lives until the listener has looked at tls().
  const std::unique_ptr<net::ByteStream> stream = std::move(stream_);
  if (stream->is_ready()) stream->CloseWrite();
  if (listener_ != nullptr) listener_->OnClosed(*this, ending_.reason(), ending_.detail());
}

void Connection::SetIdleTimeout(absl::Duration timeout) {
  timers_.idle_timeout = timeout;
  Rearm();
}

void Connection::Ping() {
  if (ending_.has_begun() || !can_send() || !timers_.ping_sent.is_infinite()) return;
  timers_.ping_sent = now();
  crlf_pairs_.NotePingSent();
  AppendKeepalive(sip::kKeepalivePing);
  alarm_.ArmFor(timers_.ping_sent + settings_->pong_timeout);
}

TimerSituation Connection::situation() const {
  return {.state = state_,
          .direction = direction_,
          .has_first_message = has_first_message_,
          .has_live_transactions = live_transactions() > 0,
          .is_reading = reading_ && !ending_.has_begun()};
}

void Connection::Rearm() { alarm_.ArmFor(NextDeadline(timers_, *settings_, situation()).at); }

void Connection::OnAlarm() {
  while (state_ != ConnectionState::kClosed) {
    const Deadline next = NextDeadline(timers_, *settings_, situation());
    if (next.at > now()) return alarm_.ArmFor(next.at);
    RunTimer(next.kind);
  }
}

void Connection::RunTimer(TimerKind kind) {
  switch (kind) {
    case TimerKind::kNone:
      return;
    case TimerKind::kResume:
      return ResumeInbox();
    case TimerKind::kPing:
      return Ping();
    case TimerKind::kForcedClose:
      return Close(ending_.reason(), ending_.detail());
    case TimerKind::kHandshake:
    case TimerKind::kFirstMessage:
    case TimerKind::kIdle:
    case TimerKind::kPartialMessage:
    case TimerKind::kWriteStall:
    case TimerKind::kPong:
      return Close(ReasonOfTimer(kind),
                   TimerDetail(name(), kind, *settings_, timers_.idle_timeout));
  }
}

}  // namespace sipcm::connection
