#ifndef SIPCM_TESTS_SERVER_EVENT_HUB_FIXTURE_H_
#define SIPCM_TESTS_SERVER_EVENT_HUB_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "server/event/event_hub.h"
#include "server/event/resource_event.h"

namespace sipcm::server {

// Reads what it is given, as fast as the test says. Keeps all.
class TestReader final : public EventWatcher::Reader {
 public:
  void OnEvent(const SharedEventPointer& event) override {
    waits_ = false;
    read.push_back(event);
  }
  void OnEnd(const absl::Status& why) override {
    waits_ = false;
    end = why;
  }

  // Takes the next, when it does not wait for it already. False: there is none now.
  bool ReadOne() {
    if (!waits_) {
      waits_ = true;
      watcher->Want();
    }
    return !waits_ && end.ok();
  }
  void ReadAll() {
    while (ReadOne()) {
    }
  }
  sipcm::v1::Event event(size_t index) const {
    sipcm::v1::Event parsed;
    EXPECT_TRUE(parsed.ParseFromString(read[index]->bytes));
    return parsed;
  }
  // "EXISTING endpoints/alice", one each.
  std::vector<std::string> Lines() const {
    std::vector<std::string> lines;
    for (const SharedEventPointer& one : read) {
      lines.push_back(sipcm::v1::Event::Kind_Name(one->kind) +
                      (one->name.empty() ? "" : " " + one->name));
    }
    return lines;
  }

  std::shared_ptr<EventWatcher> watcher;
  std::vector<SharedEventPointer> read;
  absl::Status end;

 private:
  bool waits_ = false;
};

// A hub that the test steps, over owners that answer when the test says.
class HubTest : public testing::Test {
 protected:
  HubTest() {
    hub_.SetAsk([this](uint64_t round, ObjectClasses classes) {
      round_ = round;
      asked_ = classes;
      ++ask_count_;
      if (answers_at_once_) AnswerAll();
    });
  }
  ~HubTest() override {
    for (const auto& reader : readers_) reader->watcher->Leave();
    hub_.Step();
  }

  TestReader* Watch(const sipcm::v1::WatchRequest& request = {}) {
    auto reader = std::make_unique<TestReader>();
    auto watcher = hub_.Watch(request, reader.get());
    EXPECT_TRUE(watcher.ok()) << watcher.status();
    reader->watcher = *std::move(watcher);
    readers_.push_back(std::move(reader));
    return readers_.back().get();
  }
  // Until nothing is left to do.
  void Settle(TestReader* reader) {
    for (int i = 0; i < 10; ++i) {
      hub_.Step();
      reader->ReadAll();
    }
  }

  // --- What the owners have, and their answers ---
  void AnswerCatalogues() {
    std::vector<sipcm::v1::Event> endpoints;
    for (const std::string& name : endpoints_) {
      endpoints.push_back(MakeEvent(sipcm::v1::Event::EXISTING, EndpointOf(name)));
    }
    for (const ObjectClass one :
         {ObjectClass::kManager, ObjectClass::kCertificate, ObjectClass::kTrustBundle}) {
      if ((asked_ & Only(one)) != 0) hub_.OnResourceState(round_, one, {});
    }
    if ((asked_ & Only(ObjectClass::kEndpoint)) != 0) {
      hub_.OnResourceState(round_, ObjectClass::kEndpoint, endpoints);
    }
  }
  void AnswerWorker(const std::vector<uint64_t>& connections, int worker_count = 1) {
    auto state = std::make_shared<engine::WorkerState>();
    state->round = round_;
    state->worker_count = worker_count;
    for (const uint64_t serial : connections) {
      state->connections.push_back(*ConnectionOf(serial));
    }
    engine::EngineEvent event;
    event.kind = engine::EngineEvent::Kind::kWorkerState;
    event.worker = state;
    hub_.OnEvent(event);
  }
  void AnswerAll() {
    AnswerCatalogues();
    AnswerWorker({});
  }

  // --- What happens ---
  static sipcm::v1::Endpoint EndpointOf(const std::string& name) {
    sipcm::v1::Endpoint endpoint;
    endpoint.set_name(name);
    return endpoint;
  }
  void TellEndpoint(sipcm::v1::Event::Kind kind, const std::string& name) {
    hub_.OnResourceEvent(MakeEvent(kind, EndpointOf(name)));
  }
  static std::shared_ptr<engine::ConnectionSnapshot> ConnectionOf(uint64_t serial) {
    auto snapshot = std::make_shared<engine::ConnectionSnapshot>();
    snapshot->manager_id = "edge";
    snapshot->id = connection::ConnectionId(0, serial);
    snapshot->last_receive_time = absl::InfinitePast();
    snapshot->last_send_time = absl::InfinitePast();
    return snapshot;
  }
  void TellConnection(engine::EngineEvent::Kind kind, uint64_t serial) {
    engine::EngineEvent event;
    event.kind = kind;
    event.manager_id = "edge";
    event.connection = ConnectionOf(serial);
    event.close_reason = connection::CloseReason::kPeerClosed;
    hub_.OnEvent(event);
  }

  absl::Time now_ = absl::FromUnixSeconds(1'780'000'000);
  EventHub hub_{[this] { return now_; }};
  bool answers_at_once_ = true;
  std::vector<std::string> endpoints_;
  uint64_t round_ = 0;
  ObjectClasses asked_ = 0;
  int ask_count_ = 0;
  std::vector<std::unique_ptr<TestReader>> readers_;
};

}  // namespace sipcm::server

#endif  // SIPCM_TESTS_SERVER_EVENT_HUB_FIXTURE_H_
