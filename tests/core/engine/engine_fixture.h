#ifndef SIPCM_TESTS_CORE_ENGINE_ENGINE_FIXTURE_H_
#define SIPCM_TESTS_CORE_ENGINE_ENGINE_FIXTURE_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/random_source.h"
#include "core/engine/sharded_engine.h"
#include "gtest/gtest.h"
#include "tests/fakes/dns/fake_resolver.h"
#include "tests/fakes/fake_network.h"
#include "tests/fakes/manual_event_loop.h"
#include "tests/fakes/test_peer.h"

namespace sipcm::engine {

// An application's inbox: keeps all that a subscription got.
class RecordingSink final : public dispatch::DeliverySink {
 public:
  void Deliver(std::vector<dispatch::Delivery> batch) override {
    batch_sizes.push_back(batch.size());
    for (dispatch::Delivery& delivery : batch) deliveries.push_back(std::move(delivery));
  }
  void OnSubscriptionEnded(const absl::Status& why) override { ended = why; }

  std::vector<dispatch::Delivery> deliveries;
  std::vector<size_t> batch_sizes;
  absl::Status ended;
};

class RecordingResponseSink final : public ResponseSink {
 public:
  void OnResponseResults(std::vector<ResponseResult> batch) override {
    for (ResponseResult& result : batch) results.push_back(std::move(result));
  }
  std::vector<ResponseResult> results;
};

class RecordingSendSink final : public SendSink {
 public:
  void OnSendEvents(std::vector<SendEvent> batch) override {
    for (SendEvent& event : batch) events.push_back(std::move(event));
  }
  std::vector<SendEvent> events;
};

class RecordingEventSink final : public EventSink {
 public:
  void OnEvent(const EngineEvent& event) override { events.push_back(event); }
  int Count(EngineEvent::Kind kind) const;
  std::vector<EngineEvent> events;
};

// The whole engine in one thread and virtual time, on a fake network.
class EngineFixture {
 public:
  explicit EngineFixture(int worker_count = 1, uint64_t seed = 1,
                         const fakes::FakeNetworkOptions& options = {},
                         // Workers, events and the random source are filled in.
                         ShardedEngine::Options engine_options = {});
  ~EngineFixture();

  // A listening SERVER_TCP manager at 192.0.2.1:5060.
  void StartTcpManager(const std::string& id = "edge");
  static ManagerConfig TcpManager(const std::string& id);
  static dispatch::Endpoint PeerToPeer(const std::string& id, const std::string& address,
                                       const std::string& manager = "edge");

  // A peer connected to the manager's first address.
  std::unique_ptr<fakes::TestPeer> ConnectPeer(const std::string& manager = "edge");
  // Subscribes and CHECKs that it was taken.
  std::unique_ptr<Subscription> Subscribe(const std::string& endpoint,
                                          std::shared_ptr<RecordingSink> sink, int credit = 100);
  // Answers with status and reports the result's status.
  absl::Status Respond(dispatch::RequestId id, int status_code);
  absl::StatusOr<DispatchExplanation> Explain(const std::string& request,
                                              const std::string& manager = "edge");
  void RunUntilIdle() { scheduler.RunUntilIdle(); }
  void AdvanceBy(absl::Duration by) { scheduler.AdvanceBy(by); }

  SeededRandomSource random;
  fakes::ManualClock clock;
  fakes::ManualScheduler scheduler;
  fakes::FakeNetwork network;
  std::vector<std::unique_ptr<fakes::ManualEventLoop>> loops;
  std::vector<std::unique_ptr<fakes::FakeResolver>> resolvers;
  std::vector<std::unique_ptr<SeededRandomSource>> randoms;
  RecordingEventSink events;
  std::unique_ptr<ShardedEngine> engine;
};

// A whole request. `number` tells requests apart: it is in Call-ID, CSeq and branch.
std::string MakeRequest(absl::string_view method, absl::string_view uri, int number,
                        absl::string_view extra_headers = "", absl::string_view body = "");
// The status codes of the responses in `bytes`, in order; -1 for what is no response.
std::vector<int> StatusCodes(absl::string_view bytes);
// The messages in `bytes`, in order.
std::vector<std::string> Messages(absl::string_view bytes);
// Those that are whole; takes them out of `*bytes` and leaves the rest.
std::vector<std::string> TakeMessages(std::string* bytes);
// The value of the first such header; empty: none.
std::string HeaderOf(absl::string_view message, absl::string_view name);
// A 200 (or other) to a request as a peer would write it.
std::string MakeResponse(absl::string_view request, int status_code);

}  // namespace sipcm::engine

#endif  // SIPCM_TESTS_CORE_ENGINE_ENGINE_FIXTURE_H_
