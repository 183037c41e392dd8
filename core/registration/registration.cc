#include "core/registration/registration.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/sip/uri.h"

namespace sipcm::registration {
namespace {

using State = RegistrationState;

// Credentials of a proxy and of the registrar, one stale nonce each, and one 423.
constexpr int kMaxRegistersOfRound = 6;

// Before the end of a binding: ten minutes, of a short one half its time, so that a refresh that
// fails can be tried again.
absl::Duration RefreshAfter(absl::Duration lifetime) {
  constexpr absl::Duration kMargin = absl::Minutes(10);
  return lifetime > 2 * kMargin ? lifetime - kMargin : lifetime / 2;
}

std::string RandomText(RandomSource* random) {
  return absl::StrCat(absl::Hex(random->Next(), absl::kZeroPad16));
}

absl::string_view HostOf(const std::string& uri) { return sip::ParseUri(uri).host; }

}  // namespace

Registration::Registration(Identity identity,
                           std::shared_ptr<const dispatch::RegistrationSettings> settings,
                           FlowLoss flow_loss, Means means, Host* host)
    : identity_(std::move(identity)),
      settings_(std::move(settings)),
      flow_loss_(flow_loss),
      means_(means),
      host_(host),
      call_id_(RandomText(means.random)),
      from_tag_(RandomText(means.random)),
      backoff_(kFirstRetryDelay, kLongestRetryDelay, means.random),
      alarm_(means.loop->NewAlarm([this] { OnAlarm(); })),
      authenticator_(settings_, HostOf(identity_.address), means.random, means.hash),
      lifetime_(settings_->requested_lifetime) {}

// --- What happens to it --------------------------------------------------------------------------

void Registration::OnFlowUp(Flow flow) {
  flow_ = std::move(flow);
  flow_up_ = true;
  if (ending_ || status_.state == State::kFailed) return;
  if (!in_flight_) BeginRound();  // else the REGISTER under way has opened it
}

void Registration::OnFlowLost(const absl::Status& why) {
  flow_up_ = false;
  if (flow_loss_ == FlowLoss::kKeepsRegistration && status_.is_registered()) return;
  in_flight_ = false;
  if (ending_) return FinishEnding();
  if (status_.state == State::kFailed) return;
  due_at_ = Instant::Infinite();  // with the next flow
  Unregistered();
  SetState(State::kUnregistered, std::string(why.message()));
}

void Registration::OnResponse(const sip::MessageView& response) {
  if (!in_flight_ || response.cseq_number() != cseq_) return;
  in_flight_ = false;
  const std::string contact_uri = ContactUri();
  const RegistrationReply reply = ReadRegistrationReply(
      response,
      {contact_uri, lifetime_, settings_->instance_id, settings_->reg_id, identity_.address});
  proof_ = authenticator_.TakeInfo(response);
  if (status_.state == State::kUnregistering &&
      reply.kind != RegistrationReply::Kind::kChallenged) {
    return FinishEnding();
  }
  switch (reply.kind) {
    case RegistrationReply::Kind::kAccepted:
      return OnAccepted(reply);
    case RegistrationReply::Kind::kChallenged:
      return OnChallenged(reply, response);
    case RegistrationReply::Kind::kTooBrief:
      lifetime_ = reply.lifetime;
      return SendRegister();
    case RegistrationReply::Kind::kNoOutbound:
      return OnNoOutbound(reply);
    case RegistrationReply::Kind::kTryLater:
      return TryLater(reply.text, reply.retry_after);
    case RegistrationReply::Kind::kRefused:
      return Refuse(reply.text);
  }
}

void Registration::OnNoResponse(uint32_t cseq, const absl::Status& why) {
  if (!in_flight_ || cseq != cseq_) return;
  in_flight_ = false;
  if (ending_) return FinishEnding();
  TryLater(std::string(why.message()), absl::ZeroDuration());
}

void Registration::Change(std::shared_ptr<const dispatch::RegistrationSettings> settings) {
  settings_ = std::move(settings);
  lifetime_ = settings_->requested_lifetime;
  authenticator_.Change(settings_);
  outbound_refused_ = false;
  backoff_.Reset();
  if (ending_) return;
  // An answer to what was asked with the old settings says nothing about the new ones.
  in_flight_ = false;
  if (!status_.is_registered()) SetState(State::kUnregistered, "");
  if (may_send()) BeginRound();
}

void Registration::End() {
  if (ending_) return;
  ending_ = true;
  due_at_ = Instant::Infinite();
  alarm_->Cancel();
  if (in_flight_) return;  // one at a time: its answer goes on with it
  if (!status_.is_registered() || !may_send()) return FinishEnding();
  SetState(State::kUnregistering, "");
  BeginRound();
}

// --- REGISTER ------------------------------------------------------------------------------------

void Registration::BeginRound() {
  due_at_ = Instant::Infinite();
  registers_of_round_ = 0;
  round_ = Authenticator::Round();
  SendRegister();
}

void Registration::SendRegister() {
  if (registers_of_round_ >= kMaxRegistersOfRound) {
    if (ending_) return FinishEnding();
    return TryLater(
        absl::StrCat("the registrar asked again after ", registers_of_round_, " REGISTERs"),
        absl::ZeroDuration());
  }
  ++registers_of_round_;
  const absl::Duration asked = ending_ ? absl::ZeroDuration() : lifetime_;
  Request request;
  request.cseq = ++cseq_;
  request.request_uri = settings_->registrar;
  request.headers = {
      {"From", absl::StrCat("<", identity_.address, ">;tag=", from_tag_)},
      {"To", absl::StrCat("<", identity_.address, ">")},
      {"Call-ID", call_id_},
      {"CSeq", absl::StrCat(cseq_, " REGISTER")},
      {"Contact", Contact()},
      {"Expires", absl::StrCat(absl::ToInt64Seconds(asked))},
      {"Supported", SupportedOptions()},
  };
  authenticator_.AppendAnswers({"REGISTER", settings_->registrar, ""},
                               Authenticator::Asker::kRegister, round_, &request.headers);
  in_flight_ = true;
  if (!ending_) {
    SetState(status_.is_registered() ? State::kRefreshing : State::kRegistering, status_.reason);
  }
  host_->SendRegister(std::move(request));
}

std::string Registration::ContactUri() const {
  return absl::StrCat("sip:", identity_.contact_user, identity_.contact_user.empty() ? "" : "@",
                      flow_.sent_by, ";transport=", flow_.transport);
}

std::string Registration::Contact() const {
  std::string contact = absl::StrCat("<", ContactUri(), ">");
  if (settings_->instance_id.empty()) return contact;
  absl::StrAppend(&contact, ";+sip.instance=\"<", settings_->instance_id, ">\"");
  // A reg-id without an instance means nothing (RFC 5626 4.2).
  if (uses_outbound()) absl::StrAppend(&contact, ";reg-id=", settings_->reg_id);
  return contact;
}

// Without an instance there is neither a flow to keep nor a GRUU to give.
const char* Registration::SupportedOptions() const {
  if (settings_->instance_id.empty()) return "path";
  return uses_outbound() ? "path, outbound, gruu" : "path, gruu";
}

// --- What it is answered -------------------------------------------------------------------------

void Registration::OnAccepted(const RegistrationReply& reply) {
  backoff_.Reset();
  const Instant now = means_.loop->Now();
  expires_at_ = now + reply.lifetime;
  if (ending_) {
    SetState(State::kUnregistering, "");
    return BeginRound();
  }
  if (reply.lifetime <= absl::ZeroDuration()) {
    return TryLater("the registrar accepted the REGISTER and kept no binding",
                    absl::ZeroDuration());
  }
  due_at_ = now + RefreshAfter(reply.lifetime);
  status_.expire_time = WallAt(expires_at_);
  Learn(reply);
  SetState(State::kRegistered, proof_ == Authenticator::Proof::kWrong
                                   ? "the registrar's proof that it knows the password too "
                                     "(rspauth) is wrong: it may be somebody else"
                                   : "");
  Rearm();
}

void Registration::Learn(const RegistrationReply& reply) {
  status_.service_routes = reply.service_routes;
  status_.associated_uris = reply.associated_uris;
  status_.paths = reply.paths;
  status_.is_outbound = uses_outbound() && reply.is_outbound;
  status_.flow_timer = reply.flow_timer;
  // "ob": requests of a dialog shall come by this flow too (RFC 5626 5.4).
  status_.contact_uri = absl::StrCat(ContactUri(), status_.is_outbound ? ";ob" : "");
  if (reply.public_gruu != status_.public_gruu) status_.temporary_gruus.clear();
  status_.public_gruu = reply.public_gruu;
  std::vector<std::string>& temporary = status_.temporary_gruus;
  if (reply.temporary_gruu.empty() ||
      std::count(temporary.begin(), temporary.end(), reply.temporary_gruu) > 0) {
    return;
  }
  temporary.insert(temporary.begin(), reply.temporary_gruu);
  if (temporary.size() > kMaxTemporaryGruus) temporary.pop_back();
}

void Registration::OnNoOutbound(const RegistrationReply& reply) {
  if (!uses_outbound()) return TryLater(reply.text, absl::ZeroDuration());
  outbound_refused_ = true;
  SendRegister();
}

void Registration::OnChallenged(const RegistrationReply& reply, const sip::MessageView& response) {
  const absl::Status taken =
      authenticator_.TakeChallenge(response, Authenticator::Asker::kRegister, &round_);
  if (!taken.ok()) return Refuse(absl::StrCat(reply.text, ": ", taken.message()));
  SendRegister();
}

void Registration::TryLater(std::string reason, absl::Duration not_before) {
  if (ending_) return FinishEnding();
  const Instant now = means_.loop->Now();
  if (expires_at_ <= now) Unregistered();
  due_at_ = now + std::max(backoff_.NextDelay(), not_before);
  SetState(expires_at_.is_infinite() ? State::kUnregistered : State::kRegistered,
           std::move(reason));
  Rearm();
}

void Registration::Refuse(std::string reason) {
  authenticator_.Forget();
  if (ending_) return FinishEnding();
  due_at_ = Instant::Infinite();
  Unregistered();
  SetState(State::kFailed, std::move(reason));
}

void Registration::FinishEnding() {
  Unregistered();
  SetState(State::kUnregistered, "");
  host_->OnEnded();
}

// --- Time ----------------------------------------------------------------------------------------

void Registration::Unregistered() {
  expires_at_ = Instant::Infinite();
  status_.expire_time = absl::InfiniteFuture();
  status_.service_routes.clear();
  status_.associated_uris.clear();
  status_.paths.clear();
  status_.contact_uri.clear();
  status_.public_gruu.clear();
  status_.temporary_gruus.clear();
  status_.is_outbound = false;
  status_.flow_timer = absl::ZeroDuration();
}

void Registration::SetState(RegistrationState state, std::string reason) {
  status_.state = state;
  status_.reason = std::move(reason);
  status_.retry_time = WallAt(due_at_);
  host_->OnStatusChanged(status_);
}

absl::Time Registration::WallAt(Instant at) const {
  if (at.is_infinite()) return absl::InfiniteFuture();
  return means_.loop->WallNow() + (at - means_.loop->Now());
}

void Registration::Rearm() { alarm_->Set(std::min(due_at_, expires_at_)); }

void Registration::OnAlarm() {
  const Instant now = means_.loop->Now();
  if (expires_at_ <= now) {
    Unregistered();
    if (in_flight_) {
      SetState(State::kRegistering, status_.reason);
    } else {
      SetState(State::kUnregistered, "the registration ended before it could be refreshed");
    }
  }
  if (due_at_ <= now && !in_flight_) BeginRound();
  Rearm();
}

}  // namespace sipcm::registration
