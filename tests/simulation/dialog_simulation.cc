#include "tests/simulation/dialog_simulation.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/base/check.h"
#include "core/base/error.h"
#include "tests/simulation/network_faults.h"

namespace sipcm::simulation {

using dispatch::Delivery;
using engine::EngineFixture;
using engine::MakeRequest;

namespace {

constexpr char kAlice[] = "sip:alice@example.com";
constexpr char kSdp[] = "v=0\r\n";

}  // namespace

struct DialogSimulation::Application {
  std::shared_ptr<engine::RecordingSink> sink = std::make_shared<engine::RecordingSink>();
  std::unique_ptr<engine::Subscription> subscription;
  size_t seen = 0;
  std::vector<dispatch::RequestId> open;
};

void DialogTally::Add(const DialogTally& other) {
  calls_in += other.calls_in;
  calls_out += other.calls_out;
  requests_in += other.requests_in;
  copies += other.copies;
  requests_out += other.requests_out;
  failed_requests += other.failed_requests;
  cancelled += other.cancelled;
  lost_connections += other.lost_connections;
  lost_applications += other.lost_applications;
  returned_applications += other.returned_applications;
}

DialogSimulation::DialogSimulation(RandomSource* decisions, uint64_t engine_seed)
    : decisions_(decisions),
      results_(std::make_shared<engine::RecordingResponseSink>()),
      sent_(std::make_shared<engine::RecordingSendSink>()) {
  const fakes::FakeNetworkOptions network = DrawNetworkFaults(decisions);
  fixture_ = std::make_unique<EngineFixture>(1 + Draw(3), engine_seed, network);
  engine::ManagerConfig config = EngineFixture::TcpManager("edge");
  if (Chance(50)) config.connection_throttling = {4, 2};
  SIPCM_CHECK(fixture_->engine->ApplyManager(config).ok());
  SIPCM_CHECK(fixture_->engine->StartListening("edge").ok());
  SIPCM_CHECK(fixture_->engine->ApplyEndpoint(EngineFixture::PeerToPeer("alice", kAlice)).ok());
  peers_ = std::make_unique<DialogPeers>(fixture_.get(), decisions);
  Connect();
  StartApplication();
}

DialogSimulation::~DialogSimulation() {
  applications_.clear();
  peers_.reset();
  fixture_->RunUntilIdle();
}

void DialogSimulation::Step() {
  using Action = void (DialogSimulation::*)();
  static constexpr Action kActions[] = {
      &DialogSimulation::Connect,
      &DialogSimulation::BeginCall,
      &DialogSimulation::BeginCall,
      &DialogSimulation::SendInDialog,
      &DialogSimulation::SendInDialog,
      &DialogSimulation::SendInDialog,
      &DialogSimulation::SendInDialog,
      &DialogSimulation::BreakConnection,
      &DialogSimulation::StartApplication,
      &DialogSimulation::StopApplication,
      &DialogSimulation::ReturnApplication,
      &DialogSimulation::Answer,
      &DialogSimulation::Answer,
      &DialogSimulation::Answer,
      &DialogSimulation::Answer,
      &DialogSimulation::CallOut,
      &DialogSimulation::Order,
      &DialogSimulation::Order,
  };
  (this->*kActions[Draw(std::size(kActions))])();
  if (Chance(60)) {
    fixture_->AdvanceBy(Draw(100) * absl::Milliseconds(Chance(10) ? 200 : 3));
  }
  Collect();
}

// --- Peers ---------------------------------------------------------------------------------------

void DialogSimulation::Connect() { peers_->Connect(); }

void DialogSimulation::BeginCall() {
  const int number = ++last_number_;
  if (!peers_->Send(MakeRequest(
          "INVITE", kAlice, number,
          absl::StrCat("Contact: <sip:peer@", DialogPeers::kAddress, ";n=", number, ">\r\n")))) {
    return;
  }
  ++tally_.calls_in;
  calls_.push_back({number, number});
}

// The next one, or one that was there before, by any connection.
void DialogSimulation::SendInDialog() {
  if (calls_.empty()) return;
  Call& call = calls_[Draw(static_cast<int>(calls_.size()))];
  const std::string to = peers_->AcceptedTo(call.number);
  if (to.empty()) return;
  const bool is_next = Chance(60);
  const int cseq = is_next ? ++call.cseq : std::max(call.number, call.cseq - Draw(2));
  ++(is_next ? tally_.requests_in : tally_.copies);
  // A copy has its original's method.
  const char* const method = cseq % 7 == 0 ? "BYE" : "INFO";
  peers_->Send(absl::StrReplaceAll(
      MakeRequest(method, "sip:alice@192.0.2.1", call.number),
      {{absl::StrCat("CSeq: ", call.number, " "), absl::StrCat("CSeq: ", cseq, " ")},
       {"z9hG4bKtest", absl::StrCat("z9hG4bKin", ++last_number_, "x")},
       {"To: <sip:alice@192.0.2.1>", absl::StrCat("To: ", to)}}));
}

void DialogSimulation::BreakConnection() {
  if (Chance(50) && peers_->Break()) ++tally_.lost_connections;
}

// --- Applications --------------------------------------------------------------------------------

void DialogSimulation::StartApplication() {
  if (applications_.size() >= 3) return;
  engine::SubscriptionOptions options;
  options.endpoint_id = "alice";
  options.max_outstanding_count = 1 + Draw(8);
  options.resume_timeout = absl::Seconds(Draw(3) * 20);
  auto application = std::make_unique<Application>();
  application->subscription = *fixture_->engine->Subscribe(options, application->sink);
  applications_.push_back(std::move(application));
}

void DialogSimulation::StopApplication() {
  if (applications_.empty() || Chance(50)) return;
  ++tally_.lost_applications;
  const size_t index = Draw(static_cast<int>(applications_.size()));
  away_.push_back(applications_[index]->subscription->resumption().token);
  applications_[index]->subscription.reset();
  CollectDeliveries(*applications_[index]);
  applications_.erase(applications_.begin() + static_cast<std::ptrdiff_t>(index));
}

void DialogSimulation::ReturnApplication() {
  if (away_.empty() || applications_.size() >= 3) return;
  engine::SubscriptionOptions options;
  options.endpoint_id = "alice";
  options.resume_token = away_.back();
  options.resume_timeout = absl::Seconds(20);
  away_.pop_back();
  auto application = std::make_unique<Application>();
  auto subscription = fixture_->engine->Subscribe(options, application->sink);
  if (!subscription.ok()) return;
  ++tally_.returned_applications;
  application->subscription = *std::move(subscription);
  applications_.push_back(std::move(application));
}

void DialogSimulation::Answer() {
  if (applications_.empty()) return;
  Application& application = *applications_[Draw(static_cast<int>(applications_.size()))];
  if (application.open.empty()) return;
  engine::ResponseOrder order;
  order.request_id = application.open.front();
  order.status_code = 200;
  application.open.erase(application.open.begin());
  fixture_->engine->Respond({order}, results_);
}

void DialogSimulation::CallOut() {
  engine::SendOrder order;
  order.method = "INVITE";
  order.request_uri = absl::StrCat("sip:bob@", DialogPeers::kAddress);
  order.message.headers.emplace_back("Content-Type", "application/sdp");
  order.message.body = kSdp;
  ++tally_.calls_out;
  Send(std::move(order));
}

// A request by the dialog's name, perhaps of one that has ended.
void DialogSimulation::Order() {
  if (dialogs_.empty()) return;
  engine::SendOrder order;
  order.dialog = dialogs_[Draw(static_cast<int>(dialogs_.size()))];
  order.method = Chance(20) ? "BYE" : "INFO";
  ++tally_.requests_out;
  if (order.method == "BYE") byes_[last_cookie_ + 1] = order.dialog;
  Send(std::move(order));
  if (!Chance(10)) return;
  byes_.erase(last_cookie_);
  ++tally_.cancelled;
  fixture_->engine->CancelSends({last_cookie_}, sent_);
}

void DialogSimulation::Send(engine::SendOrder order) {
  order.endpoint_id = "alice";
  order.cookie = ++last_cookie_;
  finals_of_sends_[order.cookie] = 0;
  std::vector<engine::SendOrder> orders;
  orders.push_back(std::move(order));
  fixture_->engine->Send(std::move(orders), sent_);
}

// --- What came of it -----------------------------------------------------------------------------

void DialogSimulation::CollectDeliveries(Application& application) {
  for (; application.seen < application.sink->deliveries.size(); ++application.seen) {
    const Delivery& delivery = application.sink->deliveries[application.seen];
    if (delivery.kind != Delivery::Kind::kRequest) continue;
    const sip::MessageView& view = delivery.request->view;
    if (view.method() == "ACK") continue;
    application.open.push_back(delivery.request_id);
    if (delivery.attempt > 1) continue;
    if (++first_attempts_[absl::StrCat(view.call_id(), " ", view.cseq_number())] > 1) {
      faults_.push_back(absl::StrCat("twice a first attempt: ", delivery.request->bytes));
    }
  }
}

void DialogSimulation::CollectSends() {
  for (; events_seen_ < sent_->events.size(); ++events_seen_) {
    const engine::SendEvent& event = sent_->events[events_seen_];
    if (event.kind == engine::SendEvent::Kind::kResponse && event.dialog.is_valid()) {
      dialogs_.push_back(event.dialog);
    }
    if (!event.is_final) continue;
    ++finals_of_sends_[event.cookie];
    const bool has_failed = event.kind == engine::SendEvent::Kind::kFailure;
    if (has_failed) ++tally_.failed_requests;
    const auto bye = byes_.find(event.cookie);
    if (bye == byes_.end()) continue;
    const bool is_ended = !has_failed || event.written != engine::SendEvent::Written::kNothing;
    const dialog::DialogId dialog = bye->second;
    byes_.erase(bye);
    if (!is_ended) continue;
    // Its name leads nowhere.
    auto after = std::make_shared<engine::RecordingSendSink>();
    engine::SendOrder order;
    order.endpoint_id = "alice";
    order.method = "INFO";
    order.dialog = dialog;
    fixture_->engine->Send({order}, after);
    fixture_->RunUntilIdle();
    if (after->events.empty() || ReasonOf(after->events[0].failure) != "DIALOG_NOT_FOUND") {
      faults_.push_back(absl::StrCat("dialog ", dialog.ToString(), " lives after its BYE"));
    }
  }
}

void DialogSimulation::Collect() {
  for (const auto& application : applications_) CollectDeliveries(*application);
  peers_->Act(&faults_);
  for (; results_seen_ < results_->results.size(); ++results_seen_) {
    const engine::ResponseResult& result = results_->results[results_seen_];
    if (result.status.ok() && result.dialog.is_valid()) dialogs_.push_back(result.dialog);
  }
  CollectSends();
}

std::vector<std::string> DialogSimulation::Finish() {
  // Longer than the longest: timer C, then what was given up.
  for (int i = 0; i < 40; ++i) {
    fixture_->AdvanceBy(absl::Seconds(8));
    Collect();
  }
  peers_->Check(&faults_);
  applications_.clear();
  for (const auto& [cookie, finals] : finals_of_sends_) {
    if (finals == 1) continue;
    faults_.push_back(absl::StrCat("send ", cookie, " had ", finals, " final events"));
  }
  // What nobody ended is forgotten after a day without a message.
  fixture_->AdvanceBy(absl::Hours(25));
  const engine::EngineTotals totals = fixture_->engine->GetTotals();
  if (totals.dialogs != 0 || totals.open_requests != 0 || totals.open_sends != 0) {
    faults_.push_back(absl::StrCat(totals.dialogs, " dialogs, ", totals.open_requests,
                                   " requests and ", totals.open_sends, " sends at the end"));
  }
  return faults_;
}

}  // namespace sipcm::simulation
