#include "core/dialog/exchange.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/sip/characters.h"
#include "core/sip/credentials.h"
#include "core/sip/parameters.h"
#include "core/sip/status_code.h"

namespace sipcm::dialog {
namespace {

constexpr uint64_t kMaxExpires = 0xffffffff;  // RFC 3261 20.19

std::optional<absl::Duration> ParseExpires(absl::string_view text) {
  uint64_t seconds = 0;
  if (!sip::ParseNumber(sip::Trim(text), kMaxExpires, &seconds)) return std::nullopt;
  return absl::Seconds(seconds);
}

// "terminated;reason=timeout": the word before the parameters.
absl::string_view FirstWord(absl::string_view value) {
  return sip::Trim(value.substr(0, std::min(value.size(), value.find(';'))));
}

absl::string_view ParametersOf(absl::string_view value) {
  const size_t begin = value.find(';');
  return begin == absl::string_view::npos ? absl::string_view() : value.substr(begin);
}

std::vector<std::pair<std::string, std::string>> CredentialsOf(const sip::MessageView& request) {
  std::vector<std::pair<std::string, std::string>> credentials;
  for (const sip::HeaderField& field : request.headers()) {
    if (!sip::IsCredentials(field.id)) continue;
    std::string storage;
    credentials.emplace_back(request.name(field), sip::Unfold(request.value(field), &storage));
  }
  return credentials;
}

bool IsChallenge(int status_code) { return status_code == 401 || status_code == 407; }

void EndSubscription(const std::string& event, Dialog* dialog) {
  auto& all = dialog->subscriptions;
  all.erase(std::remove_if(all.begin(), all.end(),
                           [&](const SubscriptionUsage& usage) { return usage.event == event; }),
            all.end());
}

void ExtendSubscription(const Exchange& exchange, Instant end, Dialog* dialog) {
  auto& all = dialog->subscriptions;
  for (SubscriptionUsage& usage : all) {
    if (usage.event != exchange.subscription) continue;
    usage.end = end;
    return;
  }
  // A NOTIFY that nobody asked for begins nothing.
  if (exchange.method == sip::Method::kNotify || all.size() >= kMaxSubscriptions ||
      exchange.subscription.size() > kMaxSubscriptionKey) {
    return;
  }
  all.push_back({exchange.subscription, end});
}

void SettleSubscription(const Exchange& exchange, Instant now, Dialog* dialog) {
  const bool is_success = sip::IsSuccess(exchange.status_code);
  const bool is_notify = exchange.method == sip::Method::kNotify;
  const bool is_lost =
      exchange.status_code == 481 ||
      (is_notify && (exchange.status_code == 408 || exchange.status_code == Exchange::kNoAnswer));
  if (is_lost || (is_notify && exchange.ends_subscription)) {
    if (exchange.method != sip::Method::kRefer) EndSubscription(exchange.subscription, dialog);
    return;
  }
  if (!is_success) return;
  const absl::Duration left =
      std::min(exchange.expires.value_or(kDefaultSubscription), kMaxSubscription);
  ExtendSubscription(exchange, now + left + kSubscriptionGrace, dialog);
}

}  // namespace

std::string SubscriptionKey(sip::Method method, absl::string_view event) {
  if (method == sip::Method::kRefer) return "refer";
  const std::string package = absl::AsciiStrToLower(FirstWord(event));
  sip::Parameter id;
  if (package == "refer" || !sip::FindParameter(ParametersOf(event), "id", &id)) return package;
  return absl::StrCat(package, ";id=", id.value);
}

bool MakesDialog(sip::Method method) {
  return method == sip::Method::kInvite || method == sip::Method::kSubscribe ||
         method == sip::Method::kRefer;
}

bool RefreshesTarget(sip::Method method) {
  return MakesDialog(method) || method == sip::Method::kUpdate || method == sip::Method::kNotify;
}

Exchange Exchange::Of(Side side, const sip::MessageView& request) {
  Exchange exchange;
  exchange.side = side;
  exchange.method = request.method_id();
  exchange.cseq = request.cseq_number();
  if (side == Side::kTheirs && RefreshesTarget(exchange.method)) {
    exchange.target = std::string(ContactUri(request));
  }
  const absl::string_view event = request.FirstValue(sip::HeaderId::kEvent);
  switch (exchange.method) {
    case sip::Method::kInvite:
      if (request.body().empty()) exchange.acknowledgement = Acknowledgement::kApplication;
      if (side == Side::kOurs) exchange.credentials = CredentialsOf(request);
      break;
    case sip::Method::kSubscribe:
      exchange.subscription = SubscriptionKey(exchange.method, event);
      exchange.expires = ParseExpires(request.FirstValue(sip::HeaderId::kExpires));
      break;
    case sip::Method::kRefer:
      exchange.subscription = SubscriptionKey(exchange.method, event);
      break;
    case sip::Method::kNotify: {
      exchange.subscription = SubscriptionKey(exchange.method, event);
      const absl::string_view state = request.FirstValue(sip::HeaderId::kSubscriptionState);
      exchange.ends_subscription = absl::EqualsIgnoreCase(FirstWord(state), "terminated");
      sip::Parameter expires;
      if (sip::FindParameter(ParametersOf(state), "expires", &expires)) {
        exchange.expires = ParseExpires(expires.value);
      }
      break;
    }
    default:
      break;
  }
  return exchange;
}

void Exchange::Finish(const sip::MessageView& response) {
  status_code = response.status_code();
  if (side == Side::kOurs && status_code < 300 && RefreshesTarget(method)) {
    target = std::string(ContactUri(response));
  }
  if (method != sip::Method::kSubscribe) return;
  // The notifier may shorten it, never lengthen (RFC 6665 4.2.1.1).
  const auto granted = ParseExpires(response.FirstValue(sip::HeaderId::kExpires));
  if (granted.has_value()) expires = granted;
}

Outcome Settle(const Exchange& exchange, Instant now, Dialog* dialog) {
  const int status_code = exchange.status_code;
  const bool is_success = sip::IsSuccess(status_code);
  // The peer's request refreshes at once, its answer only when it is a 2xx.
  if (is_success) dialog->RefreshTarget(exchange.target);
  switch (exchange.method) {
    case sip::Method::kSubscribe:
    case sip::Method::kNotify:
      SettleSubscription(exchange, now, dialog);
      break;
    case sip::Method::kBye:
      if (!IsChallenge(status_code)) dialog->has_call = false;
      break;
    default: {
      if (status_code == 481) return Outcome::kEnds;
      const bool is_silence = status_code == 408 || status_code == Exchange::kNoAnswer;
      if (is_silence && exchange.side == Exchange::Side::kOurs) {
        return dialog->has_call ? Outcome::kHangsUp : Outcome::kEnds;
      }
      if (!is_success) break;
      if (exchange.method == sip::Method::kInvite) {
        dialog->has_call = true;
        dialog->state = DialogState::kConfirmed;
        if (exchange.side == Exchange::Side::kOurs) dialog->credentials = exchange.credentials;
      } else if (exchange.method == sip::Method::kRefer) {
        SettleSubscription(exchange, now, dialog);
      }
      break;
    }
  }
  const bool is_used =
      dialog->state == DialogState::kEarly || dialog->has_call || !dialog->subscriptions.empty();
  return is_used ? Outcome::kLives : Outcome::kEnds;
}

}  // namespace sipcm::dialog
