#ifndef SIPCM_CORE_CONNECTION_CONNECTION_H_
#define SIPCM_CORE_CONNECTION_CONNECTION_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/connection/bytes/crlf_pairs.h"
#include "core/connection/bytes/inbox.h"
#include "core/connection/bytes/outbox.h"
#include "core/connection/close_detail.h"
#include "core/connection/close_reason.h"
#include "core/connection/connection_environment.h"
#include "core/connection/connection_id.h"
#include "core/connection/connection_listener.h"
#include "core/connection/connection_settings.h"
#include "core/connection/connection_state.h"
#include "core/connection/ending.h"
#include "core/connection/live_transactions.h"
#include "core/connection/timers/connection_timers.h"
#include "core/connection/timers/lazy_alarm.h"
#include "core/net/byte_stream.h"
#include "core/sip/framer.h"

namespace sipcm::tls {
class TlsStream;
struct PeerIdentity;
}  // namespace sipcm::tls

namespace sipcm::connection {

// One byte stream with SIP framing. Reads, frames and parses what comes; queues and flushes what
// goes (one write per turn); watches its own timers with one lazily re-armed alarm.
//
// Thread: its loop's. Listener calls never come from inside a call into the connection. OnClosed
// comes exactly once, after it nothing; the owner may destroy the connection inside OnClosed, and
// in no other listener call. Destroying it before that closes without a call.
class Connection final : private net::ByteStream::Listener,
                         private ConnectionEnvironment::TurnEndTask {
 public:
  using Listener = ConnectionListener;
  using Counters = ConnectionCounters;

  // `tls` is `stream` itself when that is a TlsStream, else null. `environment` outlives this.
  Connection(ConnectionId id, Direction direction, Transport transport,
             std::unique_ptr<net::ByteStream> stream, tls::TlsStream* tls,
             std::shared_ptr<const ConnectionSettings> settings,
             ConnectionEnvironment* environment);

  // Begins the handshake (TLS) or reading (TCP). `listener` may be changed later, e.g. from the
  // attempt to the worker once established.
  void Start(Listener* listener);
  void SetListener(Listener* listener) { listener_ = listener; }

  // Where the builder of one outgoing message appends its bytes (never changes what is there); call
  // Commit() after. Not when kHandshaking. On a closed connection what is committed is dropped.
  std::string* tail();
  // Counts one message and has it flushed at the end of the turn. Closes with kLimit when more
  // than max_write_queue_bytes wait; a single message larger than that goes out alone.
  void Commit();
  // Takes back what was appended since the last Commit().
  void Abandon() { outbox_.Abandon(); }
  // Whether what is committed may still reach the peer.
  bool can_send() const {
    return !ending_.is_lingering() &&
           (state_ == ConnectionState::kEstablished || state_ == ConnectionState::kDraining);
  }
  // tail() + Commit() of ready bytes.
  void Send(absl::string_view message);

  // Closes after what is queued went out, or at once when the peer does not read for the
  // write-stall limit. Nothing is read any more. OnClosed comes in a later turn step, never from
  // inside. The first reason given stays.
  void CloseAfterFlush(CloseReason reason, absl::Status detail = absl::OkStatus());
  void Close(CloseReason reason, absl::Status detail = absl::OkStatus());
  // No new work is given to it; closes with `reason` once no transaction is live, or at `deadline`.
  // Drained again: the earlier deadline holds.
  //
  // A peer that ends its side between messages (kPeerClosed, inside one: kTruncated) drains an
  // incoming connection too, for write_stall_timeout at most: our answers may still go out. An
  // outgoing one is closed once its queue is flushed, because no answer can come on it.
  void Drain(Instant deadline, CloseReason reason = CloseReason::kDrained);

  // A connection with live transactions is never closed as idle; drained ones wait for them.
  void AddTransaction() { live_transactions_.Add(now()); }
  void RemoveTransaction();
  int live_transactions() const { return live_transactions_.count(); }
  // Who measures its use from now on; null: nobody. A meter is left before it is destroyed.
  void SetUseMeter(UseMeter* meter) { live_transactions_.MoveTo(meter, now()); }

  // Back-pressure: nothing is read, framed or delivered while paused.
  void SetReading(bool on) {
    reading_wanted_ = on;
    UpdateReading();
  }

  // Asks the peer now whether it lives (RFC 5626 3.5.1), unless it is asked already: closes with
  // kPongTimeout when nothing comes within pong_timeout.
  void Ping();

  // absl::InfiniteDuration(): never. Overrides the setting for this connection.
  void SetIdleTimeout(absl::Duration timeout);
  absl::Duration idle_timeout() const { return timers_.idle_timeout; }

  ConnectionId id() const { return id_; }
  Direction direction() const { return direction_; }
  Transport transport() const { return transport_; }
  ConnectionState state() const { return state_; }
  bool is_usable() const { return state_ == ConnectionState::kEstablished; }
  // Still valid inside OnClosed.
  const net::SocketAddress& local_address() const { return addresses_->local_address(); }
  const net::SocketAddress& remote_address() const { return addresses_->remote_address(); }
  // Null for TCP and before the verdict.
  const std::shared_ptr<const tls::PeerIdentity>& peer() const { return peer_; }
  const Counters& counters() const { return counters_; }
  // Only until OnClosed returned; null for TCP.
  const tls::TlsStream* tls() const { return tls_; }
  // Infinite: nothing was received or sent yet.
  Instant open_time() const { return timers_.opened; }
  Instant last_receive_time() const {
    return counters_.bytes_in == 0 ? Instant::Infinite() : timers_.last_receive;
  }
  Instant last_send_time() const { return last_send_time_; }
  size_t queued_bytes() const { return outbox_.size(); }
  // What its buffers hold at this moment.
  size_t buffer_bytes() const { return inbox_.heap_bytes() + outbox_.heap_bytes(); }

  // A word of the owner's, to find what it keeps beside the connection (its manager, its pool).
  void* owner_tag() const { return owner_tag_; }
  void set_owner_tag(void* tag) { owner_tag_ = tag; }

 private:
  // net::ByteStream::Listener
  void OnReady() override { BecomeEstablished(); }
  void OnReadable() override;
  void OnWritable() override;
  void OnFailed() override { CloseBroken(stream_->error()); }

  void OnTurnEnd() override;
  void BecomeEstablished();
  void SetState(ConnectionState state);
  void TellClosed();

  bool can_deliver() const;
  Inbox::Verdict Take(absl::string_view data, const sip::Frame& frame);
  void NoteRest(bool begun);
  void Deliver(absl::string_view message, size_t header_length);
  void LoseFraming(absl::string_view data, const sip::Frame& frame);
  void OnEnd();
  void CloseBroken(const absl::Status& error);
  void ResumeInbox();
  void UpdateReading();

  void AppendKeepalive(absl::string_view bytes);
  void AfterAppend();
  void Flush();
  void FinishFlush();

  TimerSituation situation() const;
  void Rearm();
  void OnAlarm();
  void RunTimer(TimerKind kind);
  ConnectionName name() const { return {direction_, remote_address()}; }
  Instant now() const { return environment().loop()->Now(); }

  // Here, where the base leaves room: see the size that connection.cc asserts.
  const Direction direction_;
  const Transport transport_;
  CrlfPairs crlf_pairs_;
  const ConnectionId id_;
  std::unique_ptr<net::ByteStream> stream_;
  const net::ByteStream* const addresses_;  // stream_, also while OnClosed is told
  tls::TlsStream* tls_;
  const std::shared_ptr<const ConnectionSettings> settings_;
  Listener* listener_ = nullptr;
  void* owner_tag_ = nullptr;
  LazyAlarm alarm_;
  ConnectionTimers timers_;
  Instant last_send_time_ = Instant::Infinite();
  Inbox inbox_;
  Outbox outbox_;
  std::shared_ptr<const tls::PeerIdentity> peer_;
  Counters counters_;
  LiveTransactions live_transactions_;
  Ending ending_;
  ConnectionState state_ = ConnectionState::kHandshaking;
  bool reading_wanted_ = true;   // the owner's wish
  bool reading_paused_ = false;  // by our own full outbox
  bool reading_ = true;          // what the stream was told
  bool read_ended_ = false;      // the peer ended its side
  bool has_first_message_ = false;
};

}  // namespace sipcm::connection

#endif  // SIPCM_CORE_CONNECTION_CONNECTION_H_
