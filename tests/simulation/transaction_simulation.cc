#include "tests/simulation/transaction_simulation.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/base/check.h"
#include "tests/fakes/memory_stream.h"
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

TransactionSimulation::TransactionSimulation(RandomSource* decisions, uint64_t engine_seed)
    : decisions_(decisions),
      results_(std::make_shared<engine::RecordingResponseSink>()),
      sent_(std::make_shared<engine::RecordingSendSink>()) {
  const fakes::FakeNetworkOptions network = DrawNetworkFaults(decisions);
  fixture_ = std::make_unique<EngineFixture>(1 + Draw(3), engine_seed, network);
  engine::ManagerConfig config = EngineFixture::TcpManager("edge");
  if (Chance(30)) config.connection_throttling = {4, 2};
  if (Chance(30)) config.max_client_request_count = 5;
  SIPCM_CHECK(fixture_->engine->ApplyManager(config).ok());
  SIPCM_CHECK(fixture_->engine->StartListening("edge").ok());
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
      &TransactionSimulation::SendRequest,
      &TransactionSimulation::SendRequest,
      &TransactionSimulation::SendRequest,
      &TransactionSimulation::SendCopy,
      &TransactionSimulation::SendMerged,
      &TransactionSimulation::SendCancel,
      &TransactionSimulation::SendAck,
      &TransactionSimulation::SendAck,
      &TransactionSimulation::SendMalformed,
      &TransactionSimulation::BreakConnection,
      &TransactionSimulation::Connect,
      &TransactionSimulation::StartApplication,
      &TransactionSimulation::StopApplication,
      &TransactionSimulation::Answer,
      &TransactionSimulation::Answer,
      &TransactionSimulation::Answer,
      &TransactionSimulation::AnswerAgain,
      &TransactionSimulation::CallOut,
      &TransactionSimulation::SendAckOut,
      &TransactionSimulation::SendCopyOfOpen,
      &TransactionSimulation::ReturnApplication,
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
                        !exchange->is_absorbed && !exchange->is_refused() &&
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

bool TransactionSimulation::AllHasArrived() {
  for (fakes::MemoryStream* const stream : fixture_->network.StreamsAt(server_address_)) {
    if (stream->incoming_size() > 0) return false;
  }
  return std::all_of(peers_.begin(), peers_.end(),
                     [](const auto& peer) { return peer->has_written(); });
}

// With nothing on its way, so that it is sure to come while its original is open.
void TransactionSimulation::SendCopyOfOpen() {
  CallingPeer* const peer = DrawPeer();
  CallingPeer::Exchange* const exchange = peer == nullptr ? nullptr : DrawExchange(*peer);
  if (exchange == nullptr || exchange->method == "CANCEL" || exchange->is_merged ||
      exchange->sent != 1) {
    return;
  }
  const std::string request = absl::StrCat("alice call-", exchange->number, "@example.net ",
                                           exchange->number, " ", exchange->method);
  fixture_->AdvanceBy(absl::Seconds(1));
  Collect();
  const auto first = first_attempts_.find(request);
  if (first == first_attempts_.end() || !peer->lives() || !exchange->final_answer.empty() ||
      !AllHasArrived() || !IsOpen(first->second)) {
    return;
  }
  peer->Send(std::string(exchange->request));
  fixture_->AdvanceBy(absl::Seconds(1));
  if (!peer->lives() || !AllHasArrived() || !IsOpen(first->second)) return;
  ++tally_.absorbed;
  exchange->is_absorbed = true;
  absorbed_.insert(request);
}

void TransactionSimulation::SendMerged() {
  CallingPeer* const from = DrawPeer();
  CallingPeer* const by = DrawPeer();
  if (from == nullptr || by == nullptr) return;
  CallingPeer::Exchange* const exchange = DrawExchange(*from);
  if (exchange == nullptr || exchange->method == "CANCEL" || exchange->is_absorbed) return;
  exchange->is_merged = true;
  const std::string branch = absl::StrCat("z9hG4bKway", ++last_number_, "-");
  const std::string copy = absl::StrReplaceAll(exchange->request, {{"z9hG4bKtest", branch}});
  if (copy == exchange->request) return;
  by->Send(copy);
  by->exchanges().at(CallingPeer::KeyOf(copy)).is_merged = true;
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

// --- What came of it -----------------------------------------------------------------------------

void TransactionSimulation::OnFirstAttempt(const dispatch::Delivery& delivery) {
  dispatch::RequestId& last = first_attempts_[RequestOf(delivery)];
  if (absorbed_.count(RequestOf(delivery)) > 0) {
    faults_.push_back(absl::StrCat("a copy was delivered: ", delivery.request->bytes));
  }
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
    if (delivery.kind == dispatch::Delivery::Kind::kGap) {
      tally_.lost_to_them += static_cast<int>(delivery.lost_count);
    } else if (delivery.kind == dispatch::Delivery::Kind::kAckMissing) {
      OnCallEnd(delivery, "AckMissing");
    } else if (delivery.kind == dispatch::Delivery::Kind::kRequest) {
      if (delivery.request->view.method() == "ACK") {
        OnCallEnd(delivery, "ACK");
        continue;
      }
      if (delivery.request->view.method() == "INVITE") {
        invites_.insert(delivery.request_id.value());
      }
      if (delivery.attempt == 1) OnFirstAttempt(delivery);
      application.open.push_back(delivery.request_id);
    }
  }
}

void TransactionSimulation::Collect() {
  for (size_t i = 0; i < applications_.size(); ++i) CollectDeliveries(*applications_[i]);
  // What was on its way to those that have ended.
  for (const auto& application : ended_) CollectDeliveries(*application);
  for (const auto& peer : peers_) peer->Collect(fixture_->loops[0]->Now(), &faults_);
  remote_->Act(&faults_);
  for (; results_seen_ < results_->results.size(); ++results_seen_) {
    const engine::ResponseResult& result = results_->results[results_seen_];
    const bool returned = result.route == engine::ResponseRoute::kOpenedConnection ||
                          result.route == engine::ResponseRoute::kOtherConnection;
    if (returned) ++tally_.returned_answers;
    if (result.status.ok() && acceptances_.count(result.cookie) > 0) ++tally_.accepted;
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
  // To hear what they lost.
  while (!away_.empty()) ReturnApplication();
  fixture_->AdvanceBy(absl::Seconds(60));
  Collect();
  if (tally_.accepted > tally_.acks_delivered + tally_.acks_missing + tally_.lost_to_them) {
    faults_.push_back(absl::StrCat(tally_.accepted, " calls accepted, ", tally_.acks_delivered,
                                   " ACKs delivered, ", tally_.acks_missing, " missing and ",
                                   tally_.lost_to_them, " deliveries told as lost"));
  }
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
