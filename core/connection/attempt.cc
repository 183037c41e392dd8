#include "core/connection/attempt.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/base/error.h"

namespace sipcm::connection {
namespace {

// How much a failure tells: the further the attempt came, the more.
int Weight(const absl::Status& failure) {
  if (failure.ok()) return 0;
  const std::string reason = ReasonOf(failure);
  if (absl::IsFailedPrecondition(failure)) return 4;
  if (reason == "HANDSHAKE_TIMEOUT") return 2;
  if (absl::StartsWith(reason, "CONNECT_") || absl::StartsWith(reason, "DNS_")) return 1;
  return 3;
}

}  // namespace

Attempt::Attempt(Target target, Means means, std::shared_ptr<const ConnectionSettings> settings,
                 StreamDecorator decorator, Callback done)
    : target_(std::move(target)),
      means_(means),
      settings_(std::move(settings)),
      decorator_(std::move(decorator)),
      done_(std::move(done)) {
  connect_alarm_ = means_.environment->loop()->NewAlarm([this] { OnConnectTimeout(); });
  resolution_ =
      means_.resolver->Resolve(net::RecordType::kAddress, target_.host,
                               [this](const net::DnsAnswer& answer) { OnResolved(answer); });
}

Attempt::~Attempt() { *alive_ = false; }

void Attempt::OnResolved(const net::DnsAnswer& answer) {
  if (!answer.status.ok()) {
    Note(answer.status);
    return FinishSoon();
  }
  for (const net::IpAddress& address : answer.addresses) {
    if (addresses_.size() == kMaxAddresses) break;
    if (target_.local_address.has_value() && target_.local_address->family() != address.family()) {
      continue;
    }
    addresses_.push_back(address);
  }
  if (addresses_.empty()) {
    Note(
        MakeError(absl::StatusCode::kNotFound, "DNS_NO_ADDRESS",
                  absl::StrCat("host \"", target_.host, "\" has no address of the family of ",
                               target_.local_address.has_value() ? target_.local_address->ToString()
                                                                 : "IPv4 or IPv6",
                               "; correct local_address or the host")));
  }
  TryNext();
}

void Attempt::TryNext() {
  if (next_address_ == addresses_.size()) return FinishSoon();
  const net::SocketAddress remote{addresses_[next_address_++], target_.port};
  event::EventLoop* const loop = means_.environment->loop();
  connect_alarm_->Set(loop->Now() + settings_->connect_timeout);
  connect_ =
      means_.network->Connect(loop, remote, target_.local_address,
                              [this](absl::StatusOr<std::unique_ptr<net::ByteStream>> stream) {
                                OnConnected(std::move(stream));
                              });
}

void Attempt::OnConnectTimeout() {
  connect_ = nullptr;
  const net::SocketAddress remote{addresses_[next_address_ - 1], target_.port};
  Note(MakeError(absl::StatusCode::kUnavailable, "CONNECT_TIMEOUT",
                 absl::StrCat(remote.ToString(), " did not answer within ",
                              absl::FormatDuration(settings_->connect_timeout),
                              "; check that the address is right and that no firewall drops it")));
  TryNext();
}

void Attempt::OnConnected(absl::StatusOr<std::unique_ptr<net::ByteStream>> stream) {
  connect_alarm_->Cancel();
  connect_ = nullptr;
  if (!stream.ok()) {
    Note(stream.status());
    return TryNext();
  }
  DecoratedStream decorated = decorator_(*std::move(stream));
  connection_ = std::make_unique<Connection>((*means_.new_id)(), Direction::kOutgoing,
                                             target_.transport, std::move(decorated.stream),
                                             decorated.tls, settings_, means_.environment);
  connection_->Start(this);
}

void Attempt::OnEstablished(Connection& connection) {
  connection.SetReading(false);  // what comes is for who gets the connection
  FinishSoon();
}

void Attempt::OnMessage(Connection&, const sip::MessageView&) {
  SIPCM_CHECK_MESSAGE(false, "an attempt reads nothing");
}

void Attempt::OnMalformed(Connection&, const sip::MessageView&, const sip::ParseVerdict&) {
  SIPCM_CHECK_MESSAGE(false, "an attempt reads nothing");
}

void Attempt::OnClosed(Connection& connection, CloseReason reason, const absl::Status& detail) {
  if (means_.observer != nullptr) means_.observer->OnConnectionFailed(connection, reason, detail);
  Note(!detail.ok() ? detail
                    : MakeError(absl::StatusCode::kUnavailable, "CONNECTION_CLOSED",
                                absl::StrCat("closed: ", CloseReasonName(reason))));
  connection_ = nullptr;
  if (!finishing_) TryNext();
}

void Attempt::Note(const absl::Status& failure) {
  if (Weight(failure) >= Weight(failure_)) failure_ = failure;
}

absl::Status Attempt::Failure() const {
  const std::string where =
      absl::StrCat("\"", target_.host, "\" port ", target_.port,
                   target_.transport == Transport::kTls ? " (TLS)" : " (TCP)");
  const std::string tried =
      next_address_ > 1 ? absl::StrCat(" (", next_address_, " addresses tried)") : "";
  return MakeError(failure_.code(), ReasonOf(failure_),
                   absl::StrCat("cannot connect to ", where, ": ", failure_.message(), tried));
}

void Attempt::FinishSoon() {
  finishing_ = true;
  means_.environment->loop()->AtTurnEnd([this, alive = alive_] {
    if (*alive) Finish();
  });
}

void Attempt::Finish() {
  if (connection_ != nullptr && !connection_->is_usable()) {
    // Closed in this very turn: OnClosed is about to say why.
    finishing_ = false;
    return;
  }
  Callback done = std::move(done_);
  if (connection_ == nullptr) return done(Failure());
  connection_->SetListener(nullptr);
  connection_->SetReading(true);
  done(std::move(connection_));
}

}  // namespace sipcm::connection
