#include "tests/simulation/calling_peer.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/sip/parser.h"
#include "tests/core/engine/engine_fixture.h"
#include "tests/fakes/memory_stream.h"

namespace sipcm::simulation {
namespace {

std::string KeyOf(const sip::MessageView& message) {
  return absl::StrCat(message.branch(), " ", message.cseq_method());
}

void Parse(const std::string& message, sip::MessageView* view) {
  sip::Parse(message, message.find("\r\n\r\n") + 4, *view);
}

}  // namespace

std::string CallingPeer::KeyOf(const std::string& message) {
  sip::MessageView view;
  Parse(message, &view);
  return simulation::KeyOf(view);
}

int CallingPeer::Exchange::most() const {
  const bool is_kept = is_absorbed || (method == "INVITE" && !is_refused());
  return is_kept ? 1 : sent;
}

void CallingPeer::Send(const std::string& request) {
  sip::MessageView view;
  Parse(request, &view);
  Exchange& exchange = exchanges_[simulation::KeyOf(view)];
  exchange.request = request;
  exchange.method = std::string(view.cseq_method());
  exchange.number = static_cast<int>(view.cseq_number());
  ++exchange.sent;
  stream_->Send(request);
}

void CallingPeer::Break(bool inside_a_message) {
  broken_ = true;
  if (inside_a_message) {
    stream_->Send("MESSAGE sip:alice@example.com SIP/2.0\r\nVia: SIP/2.0/TC");
    stream_->CloseWrite();
  } else {
    static_cast<fakes::MemoryStream*>(stream_->stream())->Reset();
  }
}

void CallingPeer::Collect(Instant now, std::vector<std::string>* faults) {
  rest_ += stream_->TakeReceived();
  for (const std::string& message : engine::TakeMessages(&rest_)) OnAnswer(message, now, faults);
}

void CallingPeer::OnAnswer(const std::string& answer, Instant now,
                           std::vector<std::string>* faults) {
  sip::MessageView view;
  Parse(answer, &view);
  const auto found = exchanges_.find(simulation::KeyOf(view));
  if (view.is_request() || view.cseq_method() == "ACK" || found == exchanges_.end()) {
    faults->push_back(absl::StrCat("what nobody asked for on this connection: ", answer));
    return;
  }
  Exchange& exchange = found->second;
  if (view.status_code() < 200) {
    if (exchange.finals > 0 && exchange.most() == 1) {
      faults->push_back(absl::StrCat("after the final answer: ", answer));
    }
    return;
  }
  if (answer == exchange.final_answer && view.status_code() < 300 && exchange.method == "INVITE") {
    ++exchange.repeated;
    return;
  }
  if (exchange.final_answer.empty()) {
    exchange.final_answer = answer;
    exchange.final_at = now;
  }
  if (++exchange.finals > exchange.most()) {
    faults->push_back(absl::StrCat(exchange.finals, " final answers to one request: ", answer,
                                   "the first was: ", exchange.final_answer));
  }
}

void CallingPeer::Check(std::vector<std::string>* faults) const {
  if (!lives()) return;
  for (const auto& [key, exchange] : exchanges_) {
    if (exchange.finals >= exchange.least()) continue;
    faults->push_back(absl::StrCat(exchange.finals, " final answers instead of ", exchange.least(),
                                   " on a connection that lives: ", exchange.request));
  }
}

}  // namespace sipcm::simulation
