#include "tests/simulation/simulation.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/check.h"
#include "tests/simulation/network_faults.h"

namespace sipcm::simulation {
namespace {

using engine::EngineFixture;
using engine::HeaderOf;
using engine::MakeRequest;

constexpr char kRemote[] = "192.0.2.9:5070";

int NumberOf(const std::string& message) {
  int number = 0;
  const std::string cseq = HeaderOf(message, "CSeq");
  SIPCM_CHECK(absl::SimpleAtoi(absl::string_view(cseq).substr(0, cseq.find(' ')), &number));
  return number;
}

}  // namespace

struct Simulation::Peer {
  std::unique_ptr<fakes::TestPeer> stream;
  std::map<int, int> finals;  // by CSeq number; 0: not answered yet
  // 2xx to INVITEs: they are repeated until an ACK comes (RFC 3261 13.3.1.4), which never does.
  std::set<std::string> accepted;
  std::set<int> invites;  // sent and not cancelled
  std::string rest;       // received, not yet a whole message
  bool broken = false;    // by the simulation

  bool lives() const { return !broken && !stream->is_over(); }
};

struct Simulation::Application {
  std::shared_ptr<engine::RecordingSink> sink = std::make_shared<engine::RecordingSink>();
  engine::SubscriptionOptions options;
  std::unique_ptr<engine::Subscription> subscription;
  size_t seen = 0;
  std::vector<dispatch::RequestId> open;
};

// Answers requests of ours, sometimes.
class Simulation::Remote final : public net::Acceptor::Listener {
 public:
  Remote(fakes::FakeNetwork* network, event::EventLoop* loop) {
    auto bound = network->Listen(*net::SocketAddress::Parse(kRemote), {});
    SIPCM_CHECK(bound.ok());
    acceptor_ = network->Accept(loop, *std::move(bound), this);
  }
  struct Stream {
    std::unique_ptr<fakes::TestPeer> peer;
    std::string rest;  // received, not yet a whole message
  };
  std::vector<Stream> streams;

 private:
  void OnAccepted(std::unique_ptr<net::ByteStream> stream) override {
    streams.push_back({std::make_unique<fakes::TestPeer>(std::move(stream)), ""});
  }
  void OnAcceptFailed(const absl::Status&, bool) override {}
  std::unique_ptr<net::Acceptor> acceptor_;
};

void Tally::Add(const Tally& other) {
  requests += other.requests;
  application_answers += other.application_answers;
  automatic_answers += other.automatic_answers;
  redeliveries += other.redeliveries;
  lost_connections += other.lost_connections;
  sends += other.sends;
  failed_sends += other.failed_sends;
}

Simulation::Simulation(uint64_t seed)
    : seed_(seed),
      random_(seed),
      results_(std::make_shared<engine::RecordingResponseSink>()),
      sent_(std::make_shared<engine::RecordingSendSink>()) {
  const fakes::FakeNetworkOptions network = DrawNetworkFaults(&random_);
  fixture_ = std::make_unique<EngineFixture>(1 + Draw(3), seed, network);
  fixture_->StartTcpManager();
  dispatch::Endpoint alice = EngineFixture::PeerToPeer("alice", "sip:alice@example.com");
  alice.max_waiting_delivery_count = 1 + Draw(20);
  SIPCM_CHECK(fixture_->engine->ApplyEndpoint(alice).ok());
  SIPCM_CHECK(
      fixture_->engine->ApplyEndpoint(EngineFixture::PeerToPeer("bob", "sip:bob@example.com"))
          .ok());
  remote_ = std::make_unique<Remote>(&fixture_->network, fixture_->loops[0].get());
}

Simulation::~Simulation() {
  applications_.clear();
  peers_.clear();
  remote_.reset();
  fixture_->RunUntilIdle();
}

void Simulation::Fault(std::string what) {
  faults_.push_back(absl::StrCat("seed ", seed_, ": ", what));
}

std::vector<std::string> Simulation::Run() {
  ConnectPeer();
  StartApplication();
  for (int i = 0; i < 120; ++i) Step();
  Settle();
  Check();
  return faults_;
}

void Simulation::Step() {
  switch (Draw(15)) {
    case 0:
      ConnectPeer();
      break;
    case 1:
    case 2:
    case 3:
    case 4:
      SendFromPeer();
      break;
    case 5:
      if (Chance(30)) BreakPeer();
      break;
    case 6:
      StartApplication();
      break;
    case 7:
      if (Chance(50)) StopApplication();
      break;
    case 8:
    case 9:
      for (int i = Draw(6); i >= 0; --i) Answer();
      break;
    case 10:
      AnswerWrongly();
      break;
    case 11:
      SendOut();
      break;
    case 12:
      AnswerFromRemote();
      break;
    case 13:
      Edit();
      break;
    case 14:
      if (Chance(50)) ResumeApplication();
      break;
  }
  if (Chance(60)) {
    fixture_->AdvanceBy(absl::Milliseconds(Draw(Chance(10) ? 9000 : 300)));
  }
  CollectDeliveries();
  for (auto& peer : peers_) CollectPeer(*peer);
}

void Simulation::ConnectPeer() {
  const auto status = fixture_->engine->GetManagerStatus("edge");
  if (peers_.size() >= 6 || status->bound_addresses.empty()) return;
  auto peer = std::make_unique<Peer>();
  peer->stream = fixture_->ConnectPeer();
  peers_.push_back(std::move(peer));
}

void Simulation::SendFromPeer() {
  if (peers_.empty()) return;
  Peer& peer = *peers_[Draw(static_cast<int>(peers_.size()))];
  if (!peer.lives()) return;
  static constexpr const char* kMethods[] = {"MESSAGE", "OPTIONS", "INVITE", "MESSAGE"};
  static constexpr const char* kTargets[] = {"sip:alice@example.com", "sip:bob@example.com",
                                             "sip:alice@example.com", "sip:nobody@example.org"};
  for (int i = Draw(5); i >= 0; --i) {
    const std::string method = kMethods[Draw(4)];
    const int number = ++last_number_;
    if (method == "INVITE") peer.invites.insert(number);
    peer.finals[number] = 0;
    ++tally_.requests;
    peer.stream->Send(
        MakeRequest(method, kTargets[Draw(4)], number, "", std::string(Draw(300), 'x')));
  }
  if (Chance(20) && !peer.invites.empty()) {
    // CANCEL takes the branch and number of its INVITE; its own 200 is counted apart.
    const int number = *peer.invites.begin();
    peer.invites.erase(number);
    peer.stream->Send(MakeRequest("CANCEL", "sip:alice@example.com", number));
  }
  if (Chance(5)) {
    // Well-framed and wrong: a CSeq of another method. Answered with 400.
    const int number = ++last_number_;
    std::string bad = MakeRequest("OPTIONS", "sip:alice@example.com", number);
    bad.replace(bad.find(" OPTIONS\r\n"), 10, " MESSAGE\r\n");
    peer.finals[number] = 0;
    peer.stream->Send(bad);
  }
}

void Simulation::BreakPeer() {
  if (peers_.empty()) return;
  Peer& peer = *peers_[Draw(static_cast<int>(peers_.size()))];
  if (!peer.lives()) return;
  peer.broken = true;
  ++tally_.lost_connections;
  if (Chance(50)) {
    static_cast<fakes::MemoryStream*>(peer.stream->stream())->Reset();
  } else {
    // Cut inside a message, so that it is truncated.
    peer.stream->Send("MESSAGE sip:alice@example.com SIP/2.0\r\nVia: SIP/2.0/TC");
    peer.stream->CloseWrite();
  }
}

void Simulation::StartApplication() {
  if (applications_.size() >= 4) return;
  engine::SubscriptionOptions options;
  switch (Draw(4)) {
    case 0:
      options.manager_id = "edge";
      break;
    case 1:
      options.endpoint_id = "bob";
      break;
    default:
      options.endpoint_id = "alice";
  }
  if (Chance(20)) options.methods = {"MESSAGE"};
  options.max_outstanding_count = 1 + Draw(8);
  if (Chance(60)) options.resume_timeout = absl::Seconds(Draw(20));
  Subscribe(std::move(options));
}

void Simulation::Subscribe(engine::SubscriptionOptions options) {
  auto application = std::make_unique<Application>();
  auto subscription = fixture_->engine->Subscribe(options, application->sink);
  if (!subscription.ok()) return;
  application->subscription = *std::move(subscription);
  application->options = std::move(options);
  const engine::Resumption& resumption = application->subscription->resumption();
  if (resumption.resumed != !application->options.resume_token.empty()) {
    Fault("a subscription resumed without a token, or did not with one");
  }
  application->options.resume_token = resumption.token;
  applications_.push_back(std::move(application));
}

// One whose stream broke comes back, or another takes over the stream of one that is there.
void Simulation::ResumeApplication() {
  if (!lost_.empty() && Chance(80)) {
    const size_t index = Draw(static_cast<int>(lost_.size()));
    engine::SubscriptionOptions options = std::move(lost_[index]);
    lost_.erase(lost_.begin() + static_cast<std::ptrdiff_t>(index));
    Subscribe(std::move(options));
  } else if (!applications_.empty() && applications_.size() < 6) {
    Subscribe(applications_[Draw(static_cast<int>(applications_.size()))]->options);
  }
}

void Simulation::StopApplication() {
  if (applications_.empty()) return;
  const size_t index = Draw(static_cast<int>(applications_.size()));
  Application& application = *applications_[index];
  if (Chance(30)) {
    application.subscription->Leave();
  } else {
    lost_.push_back(application.options);
  }
  application.subscription.reset();
  CollectDeliveries();
  applications_.erase(applications_.begin() + static_cast<std::ptrdiff_t>(index));
}

void Simulation::CollectDeliveries() {
  for (auto& application : applications_) {
    auto& deliveries = application->sink->deliveries;
    for (; application->seen < deliveries.size(); ++application->seen) {
      const dispatch::Delivery& delivery = deliveries[application->seen];
      if (delivery.kind != dispatch::Delivery::Kind::kRequest) continue;
      int& attempt = attempts_[delivery.request_id.value()];
      if (delivery.attempt <= attempt) {
        Fault(absl::StrCat("request ", delivery.request_id.ToString(), " came with attempt ",
                           delivery.attempt, " after attempt ", attempt));
      }
      if (delivery.attempt > 1) ++tally_.redeliveries;
      attempt = delivery.attempt;
      application->open.push_back(delivery.request_id);
    }
  }
  for (; results_seen_ < results_->results.size(); ++results_seen_) {
    const engine::ResponseResult& result = results_->results[results_seen_];
    if (result.status.ok() && result.cookie >= 200 && ++answered_[result.request_id.value()] > 1) {
      Fault(absl::StrCat("two final answers were taken for ", result.request_id.ToString()));
    }
  }
  for (; events_seen_ < sent_->events.size(); ++events_seen_) {
    const engine::SendEvent& event = sent_->events[events_seen_];
    if (!event.is_final) continue;
    ++finals_of_sends_[event.cookie];
    if (event.kind == engine::SendEvent::Kind::kFailure) ++tally_.failed_sends;
  }
}

void Simulation::Answer() {
  if (applications_.empty()) return;
  Application& application = *applications_[Draw(static_cast<int>(applications_.size()))];
  if (application.open.empty()) return;
  const size_t index = Draw(static_cast<int>(application.open.size()));
  engine::ResponseOrder order;
  order.request_id = application.open[index];
  order.status_code = Chance(10) ? 100 : (Chance(80) ? 200 : 486);
  order.cookie = static_cast<uint64_t>(order.status_code);
  if (order.status_code >= 200) {
    application.open.erase(application.open.begin() + static_cast<std::ptrdiff_t>(index));
    ++tally_.application_answers;
  }
  fixture_->engine->Respond({order}, results_);
}

void Simulation::AnswerWrongly() {
  engine::ResponseOrder order;
  order.status_code = 200;
  order.cookie = 200;
  switch (Draw(3)) {
    case 0:  // an id out of thin air
      order.request_id = dispatch::RequestId::FromValue(random_.Next());
      break;
    case 1:  // one that was answered, or not: twice at once
      if (attempts_.empty()) return;
      order.request_id = dispatch::RequestId::FromValue(attempts_.begin()->first);
      break;
    default:  // header injection
      if (attempts_.empty()) return;
      order.request_id = dispatch::RequestId::FromValue(attempts_.rbegin()->first);
      order.message.headers.emplace_back("X-Evil", "1\r\n\r\nSIP/2.0 200 OK");
  }
  fixture_->engine->Respond({order, order}, results_);
}

void Simulation::SendOut() {
  engine::SendOrder order;
  order.endpoint_id = "alice";
  order.method = Chance(20) ? "INVITE" : "OPTIONS";
  order.request_uri = "sip:remote@192.0.2.9:5070";
  order.timeout = absl::Seconds(1 + Draw(20));
  order.cookie = static_cast<uint64_t>(++tally_.sends);
  finals_of_sends_[order.cookie] = 0;
  const uint64_t cookie = order.cookie;
  std::vector<engine::SendOrder> orders;
  orders.push_back(std::move(order));
  fixture_->engine->Send(std::move(orders), sent_);
  if (Chance(10)) fixture_->engine->CancelSends({cookie}, sent_);
}

void Simulation::AnswerFromRemote() {
  for (auto& [stream, rest] : remote_->streams) {
    if (stream->is_over()) continue;
    if (Chance(5)) {
      static_cast<fakes::MemoryStream*>(stream->stream())->Reset();
      continue;
    }
    rest += stream->TakeReceived();
    for (const std::string& request : engine::TakeMessages(&rest)) {
      if (request.rfind("ACK", 0) == 0 || Chance(20)) continue;
      if (Chance(20)) stream->Send(engine::MakeResponse(request, 180));
      stream->Send(engine::MakeResponse(request, Chance(70) ? 200 : 503));
    }
  }
}

void Simulation::Edit() {
  engine::ManagerConfig config = EngineFixture::TcpManager("edge");
  switch (Draw(4)) {
    case 0:
      config.default_pool_limits.max_connection_count = 1 + Draw(4);
      SIPCM_CHECK(fixture_->engine->ApplyManager(config).ok());
      break;
    case 1: {
      engine::PoolConfig pool;
      pool.manager_id = "edge";
      pool.destination.host = "192.0.2.9";
      pool.destination.port = 5070;
      pool.setting.max_connection_count = Chance(20) ? pool::kNoSharing : 1 + Draw(4);
      if (Chance(50)) pool.setting.min_connection_count = Draw(3);
      pool.setting.selection = static_cast<pool::SelectionPolicy>(Draw(3));
      if (Chance(30)) pool.setting.sizing = pool::Sizing::kAuto;
      SIPCM_CHECK(fixture_->engine->ApplyPool(pool).ok());
      break;
    }
    case 2:
      if (fixture_->engine->GetManagerStatus("edge")->state ==
          engine::ManagerStatus::State::kListening) {
        fixture_->engine->StopListening("edge", [](absl::StatusOr<engine::ManagerStatus>) {});
      } else {
        fixture_->RunUntilIdle();
        SIPCM_CHECK(fixture_->engine->StartListening("edge").ok());
      }
      break;
    default: {
      const bool removed = fixture_->engine->RemoveEndpoint("bob").ok();
      if (!removed) {
        SIPCM_CHECK(
            fixture_->engine->ApplyEndpoint(EngineFixture::PeerToPeer("bob", "sip:bob@example.com"))
                .ok());
      }
    }
  }
}

void Simulation::CollectPeer(Peer& peer) {
  peer.rest += peer.stream->TakeReceived();
  for (const std::string& message : engine::TakeMessages(&peer.rest)) {
    int status = 0;
    SIPCM_CHECK(absl::SimpleAtoi(message.substr(8, 3), &status));
    const bool is_cancel = HeaderOf(message, "CSeq").find("CANCEL") != std::string::npos;
    if (status < 200 || is_cancel) continue;
    const bool is_accepted =
        status < 300 && HeaderOf(message, "CSeq").find("INVITE") != std::string::npos;
    if (is_accepted && !peer.accepted.insert(message).second) continue;
    const auto request = peer.finals.find(NumberOf(message));
    if (request == peer.finals.end()) {
      Fault(absl::StrCat("an answer to a request of another connection: ", message));
    } else if (++request->second > 1) {
      Fault(absl::StrCat("two final answers for CSeq ", request->first, ": ", message));
    }
    if (!HeaderOf(message, "Warning").empty()) ++tally_.automatic_answers;
  }
}

void Simulation::Settle() {
  // The network heals; what is open runs into its deadlines. Longer than the longest: timer C.
  for (int i = 0; i < 30; ++i) {
    fixture_->AdvanceBy(absl::Seconds(8));
    CollectDeliveries();
    for (auto& peer : peers_) CollectPeer(*peer);
  }
  while (!applications_.empty()) StopApplication();
  fixture_->AdvanceBy(absl::Seconds(60));
  CollectDeliveries();
  for (auto& peer : peers_) CollectPeer(*peer);
}

void Simulation::Check() {
  for (size_t i = 0; i < peers_.size(); ++i) {
    const Peer& peer = *peers_[i];
    if (!peer.lives()) continue;
    for (const auto& [number, finals] : peer.finals) {
      if (finals != 1)
        Fault(absl::StrCat("CSeq ", number, " of peer ", i, ": ", finals,
                           " final answers on a connection that lives"));
    }
  }
  for (const auto& [cookie, finals] : finals_of_sends_) {
    if (finals != 1) Fault(absl::StrCat("send ", cookie, " had ", finals, " final events"));
  }
  const engine::EngineTotals totals = fixture_->engine->GetTotals();
  if (totals.open_requests != 0) Fault(absl::StrCat(totals.open_requests, " requests are open"));
  if (totals.waiting_requests != 0) Fault(absl::StrCat(totals.waiting_requests, " still wait"));
  if (totals.open_sends != 0) Fault(absl::StrCat(totals.open_sends, " sends are open"));
  if (totals.subscriptions != 0) Fault(absl::StrCat(totals.subscriptions, " subscriptions"));
}

}  // namespace sipcm::simulation
