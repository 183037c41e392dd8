#include "tests/simulation/transaction_simulation.h"

#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/base/check.h"
#include "tests/simulation/network_faults.h"

namespace sipcm::simulation {

using engine::EngineFixture;
using engine::HeaderOf;
using engine::MakeRequest;

namespace {

constexpr char kAlice[] = "sip:alice@example.com";

// What all copies of a request share, and for whom it is.
std::string RequestOf(const dispatch::Delivery& delivery) {
  const sip::MessageView& view = delivery.request->view;
  return absl::StrCat(delivery.endpoint->id, " ", view.call_id(), " ", view.cseq_number(), " ",
                      view.method());
}

}  // namespace

struct TransactionSimulation::Application {
  std::shared_ptr<engine::RecordingSink> sink = std::make_shared<engine::RecordingSink>();
  std::unique_ptr<engine::Subscription> subscription;
  size_t seen = 0;
  std::vector<dispatch::RequestId> open;
};

void TransactionTally::Add(const TransactionTally& other) {
  requests += other.requests;
  copies += other.copies;
  merged += other.merged;
  cancels += other.cancels;
  repeated_2xx += other.repeated_2xx;
  acks_delivered += other.acks_delivered;
  acks_missing += other.acks_missing;
  malformed += other.malformed;
  lost_connections += other.lost_connections;
  lost_applications += other.lost_applications;
  returned_answers += other.returned_answers;
  calls_out += other.calls_out;
  ended_calls_out += other.ended_calls_out;
}

TransactionSimulation::TransactionSimulation(RandomSource* decisions, uint64_t engine_seed)
    : decisions_(decisions),
      results_(std::make_shared<engine::RecordingResponseSink>()),
      sent_(std::make_shared<engine::RecordingSendSink>()) {
  const fakes::FakeNetworkOptions network = DrawNetworkFaults(decisions);
  fixture_ = std::make_unique<EngineFixture>(1 + Draw(3), engine_seed, network);
  fixture_->StartTcpManager();
  SIPCM_CHECK(fixture_->engine->ApplyEndpoint(EngineFixture::PeerToPeer("alice", kAlice)).ok());
  remote_ = std::make_unique<CalledRemote>(&fixture_->network, fixture_->loops[0].get(), decisions);
  way_back_ = std::make_unique<engine::RemoteListener>(&fixture_->network, fixture_->loops[0].get(),
                                                       "198.51.100.1:5060");
  Connect();
  StartApplication();
}

TransactionSimulation::~TransactionSimulation() {
  applications_.clear();
  peers_.clear();
  remote_.reset();
  way_back_.reset();
  fixture_->RunUntilIdle();
}

void TransactionSimulation::Step() {
  using Action = void (TransactionSimulation::*)();
  static constexpr Action kActions[] = {
      &TransactionSimulation::SendRequest,     &TransactionSimulation::SendRequest,
      &TransactionSimulation::SendRequest,     &TransactionSimulation::SendCopy,
      &TransactionSimulation::SendMerged,      &TransactionSimulation::SendCancel,
      &TransactionSimulation::SendAck,         &TransactionSimulation::SendAck,
      &TransactionSimulation::SendMalformed,   &TransactionSimulation::BreakConnection,
      &TransactionSimulation::Connect,         &TransactionSimulation::StartApplication,
      &TransactionSimulation::StopApplication, &TransactionSimulation::Answer,
      &TransactionSimulation::Answer,          &TransactionSimulation::Answer,
      &TransactionSimulation::AnswerAgain,     &TransactionSimulation::CallOut,
      &TransactionSimulation::SendAckOut,
  };
  (this->*kActions[Draw(std::size(kActions))])();
  if (Chance(60)) {
    fixture_->AdvanceBy(Draw(100) * absl::Milliseconds(Chance(10) ? 200 : 3));
  }
  Collect();
}

// --- Peers ---------------------------------------------------------------------------------------

CallingPeer* TransactionSimulation::DrawPeer() {
  if (peers_.empty()) return nullptr;
  CallingPeer* const peer = peers_[Draw(static_cast<int>(peers_.size()))].get();
  return peer->lives() ? peer : nullptr;
}

CallingPeer::Exchange* TransactionSimulation::DrawExchange(CallingPeer& peer) {
  if (peer.exchanges().empty()) return nullptr;
  auto exchange = peer.exchanges().begin();
  std::advance(exchange, Draw(static_cast<int>(peer.exchanges().size())));
  return &exchange->second;
}

void TransactionSimulation::Connect() {
  if (peers_.size() >= 6) return;
  peers_.push_back(std::make_unique<CallingPeer>(fixture_->ConnectPeer()));
}

void TransactionSimulation::SendRequest() {
  CallingPeer* const peer = DrawPeer();
  if (peer == nullptr) return;
  static constexpr const char* kMethods[] = {"INVITE", "INVITE", "MESSAGE", "OPTIONS"};
  ++tally_.requests;
  peer->Send(MakeRequest(kMethods[Draw(4)], kAlice, ++last_number_));
}

void TransactionSimulation::SendCopy() {
  CallingPeer* const peer = DrawPeer();
  if (peer == nullptr) return;
  ++tally_.copies;
  const CallingPeer::Exchange* const exchange = DrawExchange(*peer);
  // Timers H and L end what a copy is known by; a connection that is not read from may hold a copy
  // back for most of their 32 s.
  const bool is_known = exchange != nullptr && exchange->method == "INVITE" && !exchange->is_over &&
                        (exchange->final_answer.empty() ||
                         fixture_->loops[0]->Now() - exchange->final_at < absl::Seconds(2));
  if (Chance(30) || !is_known) {
    const std::string request = MakeRequest("MESSAGE", kAlice, ++last_number_);
    peer->Send(request);
    peer->Send(request);
    return;
  }
  const std::string copy = exchange->request;
  peer->Send(copy);
}

void TransactionSimulation::SendMerged() {
  CallingPeer* const from = DrawPeer();
  CallingPeer* const by = DrawPeer();
  if (from == nullptr || by == nullptr) return;
  const CallingPeer::Exchange* const exchange = DrawExchange(*from);
  if (exchange == nullptr || exchange->method == "CANCEL") return;
  const std::string branch = absl::StrCat("z9hG4bKway", ++last_number_, "-");
  const std::string copy = absl::StrReplaceAll(exchange->request, {{"z9hG4bKtest", branch}});
  if (copy != exchange->request) by->Send(copy);
}

void TransactionSimulation::SendCancel() {
  CallingPeer* const peer = DrawPeer();
  const CallingPeer::Exchange* const exchange = peer == nullptr ? nullptr : DrawExchange(*peer);
  ++tally_.cancels;
  if (exchange == nullptr || exchange->method != "INVITE" || Chance(10)) {
    if (peer != nullptr) peer->Send(MakeRequest("CANCEL", kAlice, ++last_number_));
    return;
  }
  peer->Send(absl::StrReplaceAll(exchange->request, {{"INVITE", "CANCEL"}}));
}

// For what an INVITE was answered, rightly or not, perhaps by another connection.
void TransactionSimulation::SendAck() {
  CallingPeer* const peer = DrawPeer();
  CallingPeer* const by = Chance(70) ? peer : DrawPeer();
  if (peer == nullptr || by == nullptr) return;
  CallingPeer::Exchange* exchange = nullptr;
  for (int i = 0; i < 8 && (exchange == nullptr || exchange->final_answer.empty()); ++i) {
    exchange = DrawExchange(*peer);
    if (exchange == nullptr || exchange->method != "INVITE") exchange = nullptr;
  }
  if (exchange == nullptr || exchange->final_answer.empty()) return;
  std::string ack = absl::StrReplaceAll(exchange->request, {{"INVITE", "ACK"}});
  const std::string to = HeaderOf(exchange->request, "To");
  ack = absl::StrReplaceAll(ack, {{absl::StrCat("To: ", to),
                                   absl::StrCat("To: ", HeaderOf(exchange->final_answer, "To"))}});
  if (exchange->final_answer[8] != '2') {
    exchange->is_over = true;
  } else {
    ack = absl::StrReplaceAll(ack, {{"branch=z9hG4bK", "branch=z9hG4bKack"}});
  }
  for (int i = Draw(3); i >= 0; --i) by->SendAck(ack);
}

void TransactionSimulation::SendMalformed() {
  CallingPeer* const peer = DrawPeer();
  if (peer == nullptr) return;
  ++tally_.malformed;
  static constexpr const char* kFaults[][2] = {
      {"Max-Forwards: 70", "Max-Forwards: 700"},
      {"OPTIONS sip:", "OPTIONS nobodyKnowsThis:"},
      {"Max-Forwards: 70", "Require: nothingSupportsThis"},
      {"SIP/2.0\r\nVia", "SIP/3.0\r\nVia"},
  };
  const auto& fault = kFaults[Draw(4)];
  peer->Send(
      absl::StrReplaceAll(MakeRequest("OPTIONS", kAlice, ++last_number_), {{fault[0], fault[1]}}));
}

void TransactionSimulation::BreakConnection() {
  CallingPeer* const peer = DrawPeer();
  if (peer == nullptr || Chance(50)) return;
  ++tally_.lost_connections;
  peer->Break(Chance(50));
}

// --- Applications
// ----------------------------------------------------------------------------------

void TransactionSimulation::StartApplication() {
  if (applications_.size() >= 3) return;
  engine::SubscriptionOptions options;
  options.endpoint_id = "alice";
  options.max_outstanding_count = 1 + Draw(8);
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
  applications_[index]->subscription.reset();
  CollectDeliveries(*applications_[index]);
  applications_.erase(applications_.begin() + static_cast<std::ptrdiff_t>(index));
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
  fixture_->engine->Respond({order, order}, results_);
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

// --- What came of it -----------------------------------------------------------------------------

void TransactionSimulation::OnFirstAttempt(const dispatch::Delivery& delivery) {
  dispatch::RequestId& last = first_attempts_[RequestOf(delivery)];
  if (last != dispatch::RequestId() && last != delivery.request_id && IsOpen(last)) {
    faults_.push_back(absl::StrCat("open already, and delivered again as a first attempt: ",
                                   delivery.request->bytes));
  }
  last = delivery.request_id;
}

void TransactionSimulation::OnCallEnd(const dispatch::Delivery& delivery, const std::string& what) {
  std::string call;
  if (delivery.request != nullptr) {
    call = absl::StrCat(delivery.request->view.call_id(), " ", delivery.request->view.to_tag());
    ++tally_.acks_delivered;
  } else {
    call = delivery.request_id.ToString();
    ++tally_.acks_missing;
  }
  if (++call_ends_[absl::StrCat(what, " ", call)] > 1) {
    faults_.push_back(absl::StrCat("told twice: ", what, " of ", call));
  }
}

void TransactionSimulation::CollectDeliveries(Application& application) {
  for (; application.seen < application.sink->deliveries.size(); ++application.seen) {
    const dispatch::Delivery delivery = application.sink->deliveries[application.seen];
    if (delivery.kind == dispatch::Delivery::Kind::kAckMissing) {
      OnCallEnd(delivery, "AckMissing");
    } else if (delivery.kind == dispatch::Delivery::Kind::kRequest) {
      if (delivery.request->view.method() == "ACK") {
        OnCallEnd(delivery, "ACK");
        continue;
      }
      if (delivery.attempt == 1) OnFirstAttempt(delivery);
      application.open.push_back(delivery.request_id);
    }
  }
}

void TransactionSimulation::Collect() {
  for (size_t i = 0; i < applications_.size(); ++i) CollectDeliveries(*applications_[i]);
  for (const auto& peer : peers_) peer->Collect(fixture_->loops[0]->Now(), &faults_);
  remote_->Act(&faults_);
  for (; results_seen_ < results_->results.size(); ++results_seen_) {
    const engine::ResponseResult& result = results_->results[results_seen_];
    const bool returned = result.route == engine::ResponseRoute::kOpenedConnection ||
                          result.route == engine::ResponseRoute::kOtherConnection;
    if (returned) ++tally_.returned_answers;
  }
  for (; events_seen_ < sent_->events.size(); ++events_seen_) {
    const engine::SendEvent& event = sent_->events[events_seen_];
    if (event.is_final) ++finals_of_sends_[event.cookie];
  }
}

std::vector<std::string> TransactionSimulation::Finish() {
  // Longer than the longest: timer C, then what was given up.
  for (int i = 0; i < 40; ++i) {
    fixture_->AdvanceBy(absl::Seconds(8));
    Collect();
  }
  while (!applications_.empty()) EndApplication(0);
  fixture_->AdvanceBy(absl::Seconds(60));
  Collect();
  for (const auto& peer : peers_) {
    peer->Check(&faults_);
    for (const auto& [key, exchange] : peer->exchanges()) {
      tally_.repeated_2xx += exchange.repeated;
      tally_.merged += exchange.final_answer.rfind("SIP/2.0 482", 0) == 0;
    }
  }
  tally_.ended_calls_out += remote_->bye_count();
  for (const auto& [cookie, finals] : finals_of_sends_) {
    if (finals == 1) continue;
    faults_.push_back(absl::StrCat("send ", cookie, " had ", finals, " final events"));
  }
  const engine::EngineTotals totals = fixture_->engine->GetTotals();
  if (totals.open_requests != 0 || totals.waiting_requests != 0 || totals.open_sends != 0) {
    faults_.push_back(absl::StrCat(totals.open_requests, " requests open, ",
                                   totals.waiting_requests, " waiting, ", totals.open_sends,
                                   " sends open at the end"));
  }
  return faults_;
}

}  // namespace sipcm::simulation
