#include "tests/benchmark/hot_path/hot_path.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/sip/framer.h"

namespace sipcm::engine {
namespace {

constexpr char kAddress[] = "sip:alice@example.com";
constexpr char kRemote[] = "198.51.100.9:5060";

// As many messages as `bytes` holds.
int CountMessages(absl::string_view bytes) {
  int count = 0;
  sip::Framer framer;
  while (!bytes.empty()) {
    const sip::Frame frame = framer.Next(bytes);
    SIPCM_CHECK(frame.kind == sip::FrameKind::kMessage);
    bytes.remove_prefix(frame.consumed);
    ++count;
  }
  return count;
}

class NoResults final : public ResponseSink {
 public:
  void OnResponseResults(std::vector<ResponseResult> results) override {
    for (const ResponseResult& result : results) SIPCM_CHECK(result.status.ok());
  }
};

class CountingSends final : public SendSink {
 public:
  void OnSendEvents(std::vector<SendEvent> events) override {
    for (const SendEvent& event : events) {
      SIPCM_CHECK(event.kind != SendEvent::Kind::kFailure);
      if (event.is_final) ++ended_count;
    }
  }
  int ended_count = 0;
};

}  // namespace

// Answers all that it gets, in one call.
class HotPath::Sink final : public dispatch::DeliverySink {
 public:
  explicit Sink(ShardedEngine* engine) : engine_(engine) {}

  void Deliver(std::vector<dispatch::Delivery> batch) override {
    std::vector<ResponseOrder> orders(batch.size());
    for (size_t i = 0; i < batch.size(); ++i) {
      orders[i].request_id = batch[i].request_id;
      orders[i].status_code = 200;
    }
    if (std::exchange(keep_next, false)) kept = std::move(batch.front());
    engine_->Respond(std::move(orders), results_);
  }
  void OnSubscriptionEnded(const absl::Status&) override {}

  bool keep_next = false;
  dispatch::Delivery kept;

 private:
  ShardedEngine* const engine_;
  const std::shared_ptr<NoResults> results_ = std::make_shared<NoResults>();
};

HotPath::HotPath() : remote_(&fixture_.network, fixture_.loops.front().get(), kRemote) {
  ManagerConfig config = EngineFixture::TcpManager("edge");
  config.default_pool_limits.max_connection_count = 4;
  config.max_client_request_count = 0;
  SIPCM_CHECK(fixture_.engine->ApplyManager(std::move(config)).ok());
  SIPCM_CHECK(fixture_.engine->StartListening("edge").ok());
  SIPCM_CHECK(fixture_.engine->ApplyEndpoint(EngineFixture::PeerToPeer("alice", kAddress)).ok());
  fixture_.RunUntilIdle();
  peer_ = fixture_.ConnectPeer();
  sink_ = std::make_shared<Sink>(fixture_.engine.get());
  SubscriptionOptions options;
  options.endpoint_id = "alice";
  options.max_outstanding_count = 1000;
  auto subscription = fixture_.engine->Subscribe(options, sink_);
  SIPCM_CHECK(subscription.ok());
  subscription_ = *std::move(subscription);
  for (int i = 0; i < kWindow; ++i) {
    absl::StrAppend(&requests_, MakeRequest("OPTIONS", kAddress, i));
    absl::StrAppend(&unknown_requests_,
                    MakeRequest("OPTIONS", "sip:nobody@example.org", i, "Supported: path\r\n"));
  }
  fixture_.RunUntilIdle();
}

void HotPath::Exchange(const std::string& requests, int count) {
  SIPCM_CHECK(count % kWindow == 0);
  for (int sent = 0; sent < count; sent += kWindow) {
    peer_->Send(requests);
    fixture_.RunUntilIdle();
    SIPCM_CHECK(CountMessages(peer_->received()) == kWindow);
    peer_->TakeReceived();
  }
}

void HotPath::Answer(int count) { Exchange(unknown_requests_, count); }

void HotPath::Dispatch(int count) { Exchange(requests_, count); }

void HotPath::Send(int count) {
  SIPCM_CHECK(count % kWindow == 0);
  const auto sink = std::make_shared<CountingSends>();
  for (int sent = 0; sent < count; sent += kWindow) {
    std::vector<SendOrder> orders(kWindow);
    for (SendOrder& order : orders) {
      order.endpoint_id = "alice";
      order.method = "OPTIONS";
      order.request_uri = "sip:bob@example.org";
      order.destination.emplace();
      order.destination->host = "198.51.100.9";
      order.destination->port = 5060;
    }
    fixture_.engine->Send(std::move(orders), sink);
    fixture_.RunUntilIdle();
    for (const auto& peer : remote_.peers) {
      for (const std::string& request : Messages(peer->TakeReceived())) {
        peer->Send(MakeResponse(request, 200));
      }
    }
    fixture_.RunUntilIdle();
  }
  SIPCM_CHECK(sink->ended_count == count);
}

dispatch::Delivery HotPath::MakeDelivery() {
  sink_->keep_next = true;
  Exchange(requests_, kWindow);
  return std::move(sink_->kept);
}

}  // namespace sipcm::engine
