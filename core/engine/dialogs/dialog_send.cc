#include "core/engine/dialogs/dialog_send.h"

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/sip/parser.h"
#include "core/sip/status_code.h"

namespace sipcm::engine {

using dialog::DialogId;
using dialog::Exchange;

namespace {

// Timers B and F (RFC 3261 17.1): who says nothing for so long is not there.
constexpr absl::Duration kSilence = absl::Seconds(32);  // 64*T1

// The lineage_id of the subscription to that endpoint, or to its manager, whose application sends
// by that sink; 0: none.
uint64_t LineageOf(const SendSink* sink, const std::string& endpoint_id, LocalManager& manager) {
  const auto entry = manager.directory.Get()->FindById(endpoint_id);
  if (entry == nullptr) return 0;
  for (const auto* group : {&entry->group, &manager.state->group()}) {
    for (const auto& subscription : *(*group)->subscriptions().Get()) {
      if (subscription->sender == sink) return subscription->lineage->id();
    }
  }
  return 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<DialogSend>> DialogSend::Make(const SendOrder& order,
                                                             const SendSink* sink,
                                                             sip::Method method,
                                                             LocalManager& manager,
                                                             DialogDirectory* dialogs) {
  std::unique_ptr<DialogSend> send;
  const bool is_in_dialog = order.dialog.is_valid();
  const bool is_ack = method == sip::Method::kAck;
  if (!is_in_dialog && !is_ack && !dialog::MakesDialog(method)) return send;
  send.reset(new DialogSend(order, dialogs));
  if (is_in_dialog || is_ack) return send;
  send->owner_ = LineageOf(sink, order.endpoint_id, manager);
  // Who writes the whole request has tags of its own.
  if (!order.message.raw.empty()) return send;
  send->set_ = dialogs->Reserve(order, manager, send->owner_);
  if (send->set_.is_valid()) return send;
  return MakeError(
      absl::StatusCode::kResourceExhausted, "RESOURCE_LIMIT",
      absl::StrCat(order.method, " to \"", order.request_uri, "\": this worker has ",
                   dialog::DialogTable::kMaxDialogs, " dialogs, the most there may be; end some"));
}

DialogSend::~DialogSend() {
  if (set_.is_valid()) dialogs_->OnSendEnded(set_);
}

std::string DialogSend::from_tag() const {
  return set_.is_valid() ? dialog::TagText(set_) : std::string();
}

absl::Status DialogSend::Read(absl::string_view request) {
  sip::MessageView view;
  if (!sip::Parse(request, request.find("\r\n\r\n") + 4, view).ok()) {
    return InvalidField("request.headers",
                        "the request that they make is not well-formed; send fewer and plainer "
                        "ones");
  }
  call_id_ = std::string(view.call_id());
  from_tag_ = std::string(view.from_tag());
  if (set_.is_valid()) dialogs_->OnComposed(set_, call_id_);
  exchange_ = Exchange::Of(Exchange::Side::kOurs, view);
  if (!order_.message.raw.empty()) exchange_.acknowledgement = Exchange::Acknowledgement::kRaw;
  // Also one that the application wrote without the dialog's name.
  if (exchange_.method == sip::Method::kAck) dialogs_->OnAcknowledged(view);
  return absl::OkStatus();
}

void DialogSend::OnSent(const ConnectionSlot& slot) {
  if (order_.dialog.is_valid()) dialogs_->OnSent(order_.dialog, exchange_, slot);
}

DialogId DialogSend::OnResponse(ConnectionSlot& slot, const sip::MessageView& response) {
  const int status_code = response.status_code();
  has_answer_ = true;
  if (order_.dialog.is_valid()) {
    if (sip::IsFinal(status_code)) {
      exchange_.Finish(response);
      dialogs_->OnExchange(order_.dialog, exchange_);
    }
    return order_.dialog;
  }
  if (status_code <= 100 || status_code >= 300) return DialogId();
  // The peer does not say what our part of a dialog's name is.
  if (response.call_id() != call_id_ || response.from_tag() != from_tag_) return DialogId();
  return dialogs_->OnResponse(order_, owner_, slot, response, exchange_, &set_);
}

uint32_t DialogSend::NextCseq(uint32_t least) {
  return order_.dialog.is_valid() ? dialogs_->NextCseq(order_.dialog, least) : least;
}

void DialogSend::OnConnectionLost() {
  // The peer may have it, and a BYE ends the dialog whatever comes (15.1.1).
  if (!order_.dialog.is_valid() || exchange_.method != sip::Method::kBye) return;
  dialogs_->OnExchange(order_.dialog, exchange_);
}

void DialogSend::OnNoAnswer(absl::Duration waited) {
  // What an application waits for less than a transaction takes, or what rings, says nothing of the
  // dialog (RFC 3261 12.2.1.2); a BYE ends it whatever comes (15.1.1).
  const bool is_silence = waited >= kSilence && !has_answer_;
  if (!order_.dialog.is_valid() || (!is_silence && exchange_.method != sip::Method::kBye)) return;
  dialogs_->OnExchange(order_.dialog, exchange_);
}

void DialogSend::OnLateAnswer(const sip::MessageView& response) {
  if (!order_.dialog.is_valid()) return;
  exchange_.Finish(response);
  exchange_.acknowledgement = Exchange::Acknowledgement::kRaw;
  dialogs_->OnExchange(order_.dialog, exchange_);
}

}  // namespace sipcm::engine
