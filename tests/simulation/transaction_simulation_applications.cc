// What the applications of a TransactionSimulation do.
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "tests/simulation/transaction_simulation.h"

namespace sipcm::simulation {

using engine::HeaderOf;

void TransactionSimulation::StartApplication() {
  if (applications_.size() >= 3) return;
  engine::SubscriptionOptions options;
  options.endpoint_id = "alice";
  options.max_outstanding_count = 1 + Draw(8);
  options.resume_timeout = absl::Seconds(Draw(3) * 25);
  auto application = std::make_unique<Application>();
  auto subscription = fixture_->engine->Subscribe(options, application->sink);
  SIPCM_CHECK(subscription.ok());
  application->subscription = *std::move(subscription);
  applications_.push_back(std::move(application));
}

void TransactionSimulation::StopApplication() {
  if (applications_.empty() || Chance(50)) return;
  ++tally_.lost_applications;
  EndApplication(Draw(static_cast<int>(applications_.size())));
}

void TransactionSimulation::EndApplication(size_t index) {
  away_.push_back(applications_[index]->subscription->resumption().token);
  applications_[index]->subscription.reset();
  CollectDeliveries(*applications_[index]);
  ended_.push_back(std::move(applications_[index]));
  applications_.erase(applications_.begin() + static_cast<std::ptrdiff_t>(index));
}

void TransactionSimulation::ReturnApplication() {
  if (away_.empty()) return;
  engine::SubscriptionOptions options;
  options.endpoint_id = "alice";
  options.resume_token = away_.back();
  options.resume_timeout = absl::Seconds(25);
  away_.pop_back();
  auto application = std::make_unique<Application>();
  auto subscription = fixture_->engine->Subscribe(options, application->sink);
  SIPCM_CHECK(subscription.ok());
  application->subscription = *std::move(subscription);
  applications_.push_back(std::move(application));
  ++tally_.returned_applications;
}

void TransactionSimulation::Answer() {
  if (applications_.empty()) return;
  Application& application = *applications_[Draw(static_cast<int>(applications_.size()))];
  if (application.open.empty()) return;
  const size_t index = Draw(static_cast<int>(application.open.size()));
  static constexpr int kCodes[] = {100, 180, 200, 200, 200, 486, 503, 404};
  engine::ResponseOrder order;
  order.request_id = application.open[index];
  order.status_code = kCodes[Draw(8)];
  if (order.status_code >= 200) {
    application.open.erase(application.open.begin() + static_cast<std::ptrdiff_t>(index));
  }
  NoteAnswer(&order);
  fixture_->engine->Respond({order}, results_);
}

// Twice at once, whatever became of it.
void TransactionSimulation::AnswerAgain() {
  if (first_attempts_.empty()) return;
  auto request = first_attempts_.begin();
  std::advance(request, Draw(static_cast<int>(first_attempts_.size())));
  engine::ResponseOrder order;
  order.request_id = request->second;
  order.status_code = Chance(50) ? 200 : 486;
  engine::ResponseOrder again = order;
  NoteAnswer(&order);
  NoteAnswer(&again);
  fixture_->engine->Respond({order, again}, results_);
}

void TransactionSimulation::NoteAnswer(engine::ResponseOrder* order) {
  order->cookie = ++last_answer_;
  if (order->status_code == 200 && invites_.count(order->request_id.value()) > 0) {
    acceptances_.insert(order->cookie);
  }
}

// By an answer that is refused and changes nothing.
bool TransactionSimulation::IsOpen(dispatch::RequestId id) {
  engine::ResponseOrder order;
  order.request_id = id;
  order.status_code = 200;
  order.message.headers.emplace_back("X-Evil", "1\r\n\r\n");
  auto results = std::make_shared<engine::RecordingResponseSink>();
  fixture_->engine->Respond({order}, results);
  fixture_->RunUntilIdle();
  return results->results.front().status.code() == absl::StatusCode::kInvalidArgument;
}

// --- Calls of our own
// --------------------------------------------------------------------------------

void TransactionSimulation::CallOut() {
  engine::SendOrder order;
  order.endpoint_id = "alice";
  order.method = Chance(80) ? "INVITE" : "OPTIONS";
  order.request_uri = absl::StrCat("sip:bob@", CalledRemote::kAddress);
  order.timeout = absl::Seconds(1 + Draw(40));
  order.cookie = ++last_cookie_;
  finals_of_sends_[order.cookie] = 0;
  ++tally_.calls_out;
  std::vector<engine::SendOrder> orders;
  orders.push_back(std::move(order));
  fixture_->engine->Send(std::move(orders), sent_);
  if (Chance(30)) {
    fixture_->AdvanceBy(absl::Milliseconds(Draw(500)));
    fixture_->engine->CancelSends({last_cookie_}, sent_);
  }
}

void TransactionSimulation::SendAckOut() {
  if (remote_->accepted().empty()) return;
  const CalledRemote::Accepted& call =
      remote_->accepted()[Draw(static_cast<int>(remote_->accepted().size()))];
  engine::SendOrder order;
  order.endpoint_id = "alice";
  order.method = "ACK";
  order.request_uri = absl::StrCat("sip:bob@", CalledRemote::kAddress);
  for (const char* name : {"From", "To", "Call-ID"}) {
    order.message.headers.emplace_back(name, HeaderOf(call.success, name));
  }
  order.message.headers.emplace_back("CSeq", "1 ACK");
  order.cookie = ++last_cookie_;
  finals_of_sends_[order.cookie] = 0;
  std::vector<engine::SendOrder> orders;
  orders.push_back(std::move(order));
  fixture_->engine->Send(std::move(orders), sent_);
}

}  // namespace sipcm::simulation
