#include "core/connection/attempt.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
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

net::ServiceQuery QueryOf(const Attempt::Target& target) {
  net::ServiceQuery query;
  query.host = target.host;
  query.port = target.port;
  query.steps = target.steps;
  query.service = target.transport == Transport::kTls ? net::ServiceQuery::Service::kSips
                                                      : net::ServiceQuery::Service::kSip;
  return query;
}

}  // namespace

Attempt::Attempt(Target target, Means means, std::shared_ptr<const ConnectionSettings> settings,
                 StreamDecorator decorator, Callback done)
    : asked_(std::move(target)),
      means_(means),
      settings_(std::move(settings)),
      decorator_(std::move(decorator)),
      done_(std::move(done)) {
  search_ = std::make_unique<net::LocationSearch>(
      means_.environment->loop(), means_.resolver, means_.random, QueryOf(asked_),
      [this](absl::StatusOr<std::vector<net::ServiceTarget>> targets) {
        OnLocated(std::move(targets));
      });
}

Attempt::~Attempt() {
  *alive_ = false;
  if (connection_ != nullptr) means_.roster->NoteAbandoned(target_in_use_);
}

void Attempt::OnLocated(absl::StatusOr<std::vector<net::ServiceTarget>> targets) {
  if (!targets.ok()) {
    Note(targets.status());
    return FinishSoon();
  }
  means_.roster->Update(*std::move(targets));
  std::optional<net::AddressFamily> family;
  if (asked_.local_address.has_value()) family = asked_.local_address->family();
  std::vector<net::ServiceTarget> plan = means_.roster->Plan(family, kMaxTargets);
  if (plan.empty()) {
    Note(MakeError(
        absl::StatusCode::kNotFound, "DNS_NO_ADDRESS",
        absl::StrCat("host \"", asked_.host, "\" has no address of the family of ",
                     asked_.local_address->ToString(), "; correct local_address or the host")));
    return FinishSoon();
  }
  race_ = std::make_unique<ConnectRace>(means_.environment->loop(), means_.network, means_.roster,
                                        asked_.local_address, settings_->connect_timeout,
                                        std::move(plan), static_cast<ConnectRace::Host*>(this));
  race_->Run();
}

void Attempt::OnRaceWon(const net::ServiceTarget& target, std::unique_ptr<net::ByteStream> stream) {
  target_in_use_ = target;
  DecoratedStream decorated = decorator_(std::move(stream));
  connection_ = std::make_unique<Connection>((*means_.new_id)(), Direction::kOutgoing,
                                             asked_.transport, std::move(decorated.stream),
                                             decorated.tls, settings_, means_.environment);
  connection_->Start(this);
}

void Attempt::OnTargetFailed(const net::ServiceTarget& target, const absl::Status& failure) {
  last_tried_ = target.address.ToString();
  tried_.push_back(absl::StrCat(last_tried_, " ", ReasonOf(failure)));
  Note(failure);
}

void Attempt::OnRaceLost(const absl::Status& cause) {
  is_foreign_ = failure_.ok();
  if (is_foreign_) failure_ = cause;
  FinishSoon();
}

void Attempt::OnEstablished(Connection& connection) {
  connection.SetReading(false);  // what comes is for who gets the connection
  means_.roster->NoteSuccess(target_in_use_);
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
  const absl::Status failure = !detail.ok()
                                   ? detail
                                   : MakeError(absl::StatusCode::kUnavailable, "CONNECTION_CLOSED",
                                               absl::StrCat("closed: ", CloseReasonName(reason)));
  connection_ = nullptr;
  // Our verdict on a certificate is about the name that was asked for; others may use the address.
  if (absl::IsFailedPrecondition(failure)) {
    means_.roster->NoteAbandoned(target_in_use_);
  } else {
    means_.roster->NoteFailure(target_in_use_, failure);
  }
  OnTargetFailed(target_in_use_, failure);
  if (!finishing_) race_->Run();
}

void Attempt::Note(const absl::Status& failure) {
  if (Weight(failure) >= Weight(failure_)) failure_ = failure;
}

absl::Status Attempt::Failure() const {
  if (is_foreign_) return failure_;
  const bool by_service = asked_.steps == net::ServiceQuery::Steps::kService;
  const std::string where =
      absl::StrCat("\"", asked_.host, "\"", by_service ? " by service" : " port ",
                   by_service ? "" : absl::StrCat(asked_.port),
                   asked_.transport == Transport::kTls ? " (TLS)" : " (TCP)");
  const std::string tried =
      tried_.size() > 1 ? absl::StrCat(" (", tried_.size(),
                                       " addresses tried: ", absl::StrJoin(tried_, ", "), ")")
                        : "";
  absl::Status failure =
      MakeError(failure_.code(), ReasonOf(failure_),
                absl::StrCat("cannot connect to ", where, ": ", failure_.message(), tried));
  return last_tried_.empty() ? failure : WithTarget(std::move(failure), last_tried_);
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
  if (connection_ == nullptr) {
    const absl::Status failure = Failure();
    if (!tried_.empty()) means_.roster->budget().NoteFailure(failure);
    return done(failure);
  }
  means_.roster->budget().NoteSuccess();
  connection_->SetListener(nullptr);
  connection_->SetReading(true);
  done(std::move(connection_));
}

}  // namespace sipcm::connection
