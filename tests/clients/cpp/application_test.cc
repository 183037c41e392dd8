#include "clients/cpp/application.h"

#include <gmock/gmock.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "clients/cpp/client.h"
#include "core/base/error.h"
#include "server/messaging/messaging_service.h"
#include "tests/server/messaging/scripted_engine.h"
#include "tests/server/messaging/test_deliveries.h"

namespace sipcm::client {
namespace {

using server::EventList;
using server::MakeDeliveries;
using server::MakeFailure;
using server::MakeResponse;
using server::MakeSent;
using server::ScriptedEngine;
using server::TestRequestId;

constexpr absl::Duration kPatience = absl::Seconds(20);

// Keeps what it is told; answers as the test says.
class RecordingHandler final : public ApplicationHandler {
 public:
  std::function<void(const v1::RequestDelivery&)> answer = [](const v1::RequestDelivery&) {};

  void OnRequest(const v1::RequestDelivery& request, int subscription) override {
    answer(request);
    Note("request", subscription);
  }
  void OnCancelled(const v1::RequestCancelled&) override { Note("cancelled", 0); }
  void OnExpired(const v1::RequestExpired&) override { Note("expired", 0); }
  void OnRespondResult(const v1::RespondResult& result) override {
    Note("result", result.error().reason());
  }
  void OnSubscriptionStarted(const v1::SubscriptionStarted& started, int subscription) override {
    credit_ = started.max_outstanding_count();
    Note("started", subscription);
  }
  void OnSubscriptionEnded(const v1::SubscriptionEnded& ended) override {
    Note("ended", ended.error().reason());
  }
  void OnDisconnected(const absl::Status&) override { Note("disconnected", 0); }

  // Waits until `what` was told `count` times with `number`.
  bool Await(const std::string& what, int number, int count = 1) {
    absl::MutexLock lock(&mutex_);
    const auto enough = [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
      int seen = 0;
      for (const auto& note : notes_) seen += note == std::make_pair(what, number);
      return seen >= count;
    };
    return mutex_.AwaitWithTimeout(absl::Condition(&enough), kPatience);
  }
  int credit() const { return credit_; }

 private:
  void Note(const std::string& what, int number) {
    absl::MutexLock lock(&mutex_);
    notes_.emplace_back(what, number);
  }

  absl::Mutex mutex_;
  std::vector<std::pair<std::string, int>> notes_ ABSL_GUARDED_BY(mutex_);
  std::atomic<int> credit_{0};
};

// A Messaging service on loopback that can be stopped and started at the same port.
class TestServer {
 public:
  TestServer() { Start(); }
  ~TestServer() { Stop(); }

  void Start() {
    service_ = std::make_unique<server::MessagingService>(
        &engine, [](const std::string&) { return server::EndpointFacts{.manager_id = "edge"}; });
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address(), grpc::InsecureServerCredentials(), &port_);
    service_->Register(builder);
    server_ = builder.BuildAndStart();
    service_->Start();
  }
  void Stop() {
    if (server_ == nullptr) return;
    server_->Shutdown(std::chrono::system_clock::now());
    service_->Stop();
    server_.reset();
    service_.reset();
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  ScriptedEngine engine;

 private:
  int port_ = 0;
  std::unique_ptr<server::MessagingService> service_;
  std::unique_ptr<grpc::Server> server_;
};

class ApplicationTest : public testing::Test {
 protected:
  ApplicationTest() : client_(*Client::Connect(server_.address())) {
    ApplicationOptions options;
    options.name = "test";
    options.subscriptions.emplace_back().set_endpoint("endpoints/alice");
    options.subscriptions.back().set_view(v1::RAW);
    options.subscriptions.back().set_max_outstanding_count(10000);
    options.first_retry_delay = absl::Milliseconds(1);
    options.max_retry_delay = absl::Milliseconds(20);
    application_ = std::make_unique<Application>(client_.get(), options, &handler_);
  }

  void StartAndAnswerAll() {
    handler_.answer = [this](const v1::RequestDelivery& request) {
      application_->Respond(request.request_id(), 200);
    };
    application_->Start();
    ASSERT_TRUE(handler_.Await("started", 1));
  }

  TestServer server_;
  ScriptedEngine& engine_ = server_.engine;
  std::unique_ptr<Client> client_;
  RecordingHandler handler_;
  std::unique_ptr<Application> application_;
};

TEST_F(ApplicationTest, AnswersOfOneFrameGoBackAsOneFrame) {
  StartAndAnswerAll();
  engine_.Deliver(0, MakeDeliveries(1, 64));
  const std::vector<engine::ResponseOrder> orders = engine_.responses(64);
  for (uint64_t i = 0; i < 64; ++i) {
    EXPECT_EQ(orders[i].request_id, TestRequestId(i + 1));
    EXPECT_EQ(orders[i].status_code, 200);
  }
  EXPECT_LE(engine_.respond_batches().size(), 8u);  // one, unless handling was held up
}

TEST_F(ApplicationTest, ThousandsOfRequestsAreAnsweredOnceEachAndInOrder) {
  constexpr int kCount = 10000;
  StartAndAnswerAll();
  for (int i = 0; i < kCount; i += 100) engine_.Deliver(0, MakeDeliveries(1 + i, 100));
  const std::vector<engine::ResponseOrder> orders = engine_.responses(kCount);
  ASSERT_EQ(orders.size(), static_cast<size_t>(kCount));
  for (int i = 0; i < kCount; ++i) ASSERT_EQ(orders[i].request_id, TestRequestId(i + 1));
}

TEST_F(ApplicationTest, AnswersMayComeLaterAndFromManyThreads) {
  application_->Start();
  ASSERT_TRUE(handler_.Await("started", 1));
  engine_.Deliver(0, MakeDeliveries(1, 400));
  ASSERT_TRUE(handler_.Await("request", 1, 400));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 100; ++i) {
        application_->Respond(TestRequestId(1 + t * 100 + i).ToString(), 202, "Later");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(engine_.responses(400).back().reason_phrase, "Later");
}

TEST_F(ApplicationTest, RawAndFullAnswersArriveAsGiven) {
  application_->Start();
  ASSERT_TRUE(handler_.Await("started", 1));
  application_->RespondRaw(TestRequestId(1).ToString(), "SIP/2.0 200 OK\r\n\r\n");
  v1::RespondRequest full;
  full.set_request_id(TestRequestId(2).ToString());
  full.mutable_response()->set_status_code(486);
  full.mutable_response()->set_body("busy");
  application_->Respond(full);
  const std::vector<engine::ResponseOrder> orders = engine_.responses(2);
  EXPECT_EQ(orders[0].message.raw, "SIP/2.0 200 OK\r\n\r\n");
  EXPECT_EQ(orders[1].message.body, "busy");
}

TEST_F(ApplicationTest, NoticesFailedAnswersAndEndsAreTold) {
  application_->Start();
  ASSERT_TRUE(handler_.Await("started", 1));
  EXPECT_EQ(handler_.credit(), 10000);
  engine_.Deliver(0, {server::MakeNotice(dispatch::Delivery::Kind::kCancelled, 1),
                      server::MakeNotice(dispatch::Delivery::Kind::kExpired, 1)});
  EXPECT_TRUE(handler_.Await("cancelled", 0));
  EXPECT_TRUE(handler_.Await("expired", 0));
  application_->Respond("nonsense", 200);
  EXPECT_TRUE(handler_.Await("result", v1::ErrorDetail::REQUEST_NOT_FOUND));
  engine_.EndSubscription(0, MakeError(absl::StatusCode::kNotFound, "RESOURCE_DELETED", "gone"));
  EXPECT_TRUE(handler_.Await("ended", v1::ErrorDetail::RESOURCE_DELETED));
}

TEST_F(ApplicationTest, GrantAndPauseReachTheSubscription) {
  application_->Start();
  ASSERT_TRUE(handler_.Await("started", 1));
  application_->Grant(1, 7);
  engine_.AwaitCredit(0, 7);
  application_->Pause();
  engine_.AwaitCredit(0, 0);
}

TEST_F(ApplicationTest, SendsTellTheirStepsAndCanBeCancelled) {
  application_->Start();
  v1::SendRequest send;
  send.set_endpoint("endpoints/alice");
  send.mutable_request()->set_method("MESSAGE");
  send.mutable_request()->set_request_uri("sip:bob@example.net");
  absl::Mutex mutex;
  std::vector<std::string> steps;
  const auto record = [&](const v1::SendEvent& event) {
    absl::MutexLock lock(&mutex);
    steps.push_back(event.has_response() ? std::to_string(event.response().status_code())
                    : event.has_sent()   ? "sent"
                                         : v1::SendFailure::Cause_Name(event.failure().cause()));
  };
  const auto await = [&](const std::vector<std::string>& expected) {
    absl::MutexLock lock(&mutex);
    const auto reached = [&] { return steps.size() >= expected.size(); };
    mutex.AwaitWithTimeout(absl::Condition(&reached), kPatience);
    EXPECT_EQ(steps, expected);
    steps.clear();
  };
  application_->Send(send, record);
  engine_.Tell(0, EventList(MakeSent(), MakeResponse(180, "Ringing"), MakeResponse(200, "OK")));
  await({"sent", "180", "200"});
  const int64_t id = application_->Send(send, record);
  engine_.send(1);
  application_->CancelSend(id);
  await({"CANCELLED"});
  application_->Send(send, record);
  engine_.send(2);
  server_.Stop();
  await({"CONNECTION_LOST"});
}

TEST_F(ApplicationTest, ComesBackByItselfAfterTheServerWasAway) {
  StartAndAnswerAll();
  application_->Grant(1, 5);
  engine_.AwaitCredit(0, 5);
  server_.Stop();
  ASSERT_TRUE(handler_.Await("disconnected", 0));
  server_.Start();
  ASSERT_TRUE(handler_.Await("started", 1, 2));
  EXPECT_EQ(handler_.credit(), 5);  // the last grant holds
  engine_.Deliver(1, MakeDeliveries(1, 3));
  EXPECT_EQ(engine_.responses(3).size(), 3u);
}

TEST_F(ApplicationTest, StopWritesWhatWaitsAndEndsTheSubscription) {
  StartAndAnswerAll();
  engine_.Deliver(0, MakeDeliveries(1, 200));
  ASSERT_TRUE(handler_.Await("request", 1, 200));
  application_->Stop(absl::Seconds(20));
  EXPECT_EQ(engine_.responses(200).size(), 200u);
  EXPECT_TRUE(engine_.subscription(0).ended);
}

TEST_F(ApplicationTest, AStreamThatComesBackResumesAndBeginsAfreshWhereTheTokenIsUnknown) {
  engine_.SetResumption({.token = "t1"});
  StartAndAnswerAll();
  EXPECT_EQ(engine_.subscription(0).options.resume_token, "");
  server_.Stop();
  engine_.FailSubscribe(
      MakeError(absl::StatusCode::kInvalidArgument, "INVALID_RESUME_TOKEN", "another server"));
  server_.Start();
  // The refused one left no trace at the engine; the one after it has no token.
  EXPECT_EQ(engine_.subscription(1).options.resume_token, "");
  ASSERT_TRUE(handler_.Await("started", 1, 2));
  server_.Stop();
  server_.Start();
  EXPECT_EQ(engine_.subscription(2).options.resume_token, "t1");
}

TEST_F(ApplicationTest, StopsAtOnceWhileTheServerIsAway) {
  StartAndAnswerAll();
  server_.Stop();
  ASSERT_TRUE(handler_.Await("disconnected", 0, 3));
  application_->Stop(absl::InfiniteDuration());
}

TEST(ClientTest, SaysWhenNoServerAnswers) {
  const absl::Status status =
      Client::Connect("127.0.0.1:1", {.connect_timeout = absl::Milliseconds(50)}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("\"127.0.0.1:1\""));
}

TEST_F(ApplicationTest, ControlCallsCarryReasonAndField) {
  v1::RespondRequest answer;
  answer.set_request_id("7");
  answer.mutable_response()->set_status_code(200);
  const absl::Status status = client_->Respond(answer).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReasonOf(status), "REQUEST_NOT_FOUND");
  EXPECT_EQ(FieldOf(status), "request_id");
  answer.set_request_id(TestRequestId(7).ToString());
  EXPECT_EQ(client_->Respond(answer)->path(), v1::RespondResponse::SAME_CONNECTION);
}

TEST_F(ApplicationTest, TheBlockingStreamsEndWhenTheReaderHasEnough) {
  v1::SubscribeRequest subscribe;
  subscribe.set_endpoint("endpoints/alice");
  int seen = 0;
  EXPECT_TRUE(client_
                  ->Subscribe(subscribe,
                              [&](const v1::Delivery& delivery) {
                                ++seen;
                                if (delivery.has_started()) {
                                  engine_.Deliver(0, MakeDeliveries(1, 1));
                                  return Reading::kContinue;
                                }
                                return Reading::kStop;
                              })
                  .ok());
  EXPECT_EQ(seen, 2);
  engine_.AwaitSubscriptionEnd(0);
  engine_.FailSubscribe(MakeError(absl::StatusCode::kNotFound, "RESOURCE_NOT_FOUND", "no alice"));
  EXPECT_EQ(ReasonOf(client_->Subscribe(subscribe,
                                        [](const v1::Delivery&) { return Reading::kContinue; })),
            "RESOURCE_NOT_FOUND");
}

}  // namespace
}  // namespace sipcm::client
