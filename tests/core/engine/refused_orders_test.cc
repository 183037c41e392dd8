// What applications are told when their orders are refused: the reasons of error.proto.
#include "core/base/error.h"
#include "gmock/gmock.h"
#include "tests/core/engine/sending_fixture.h"

namespace sipcm::engine {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kAlice[] = "sip:alice@example.com";

class RefusedSendTest : public SendingTest {
 protected:
  // "" when it was not refused.
  std::string Refusal(SendOrder order, const std::string& field) {
    sink_->events.clear();
    Send(std::move(order));
    if (sink_->events.empty() || sink_->events[0].failure.ok()) return "";
    EXPECT_EQ(FieldOf(sink_->events[0].failure), field);
    EXPECT_EQ(sink_->events[0].failure.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(remote_->peers, IsEmpty());
    return ReasonOf(sink_->events[0].failure);
  }
};

TEST_F(RefusedSendTest, WhatIsNoUriIsNamedAsSuch) {
  SendOrder order = Order("OPTIONS", 1);
  order.request_uri = "bob";
  EXPECT_EQ(Refusal(std::move(order), "request.request_uri"), "INVALID_SIP_URI");
}

TEST_F(RefusedSendTest, ATelephoneNumberSaysNoHostToSendTo) {
  SendOrder order = Order("OPTIONS", 1);
  order.request_uri = "tel:+15550100";
  EXPECT_EQ(Refusal(std::move(order), "request.request_uri"), "DESTINATION_MISSING");
}

TEST_F(RefusedSendTest, WhatIsNoSipIsNamedAsSuch) {
  SendOrder order = Order("OPTIONS", 1);
  order.message.headers.emplace_back("Max-Forwards", "many");
  EXPECT_EQ(Refusal(order, "request.headers[0].value"), "INVALID_SIP_MESSAGE");
  order.message.headers.clear();
  order.message.raw = "OPTIONS sip:bob@192.0.2.9:5070 SIP/2.0\r\nno header\r\n\r\n";
  EXPECT_EQ(Refusal(std::move(order), "request.raw"), "INVALID_SIP_MESSAGE");
}

TEST_F(RefusedSendTest, ABodyOfTheLimitGoesOutAndALargerOneIsTooLarge) {
  ManagerConfig config = EngineFixture::TcpManager("edge");
  config.connection.framer.max_body_bytes = 1000;
  ASSERT_TRUE(fixture_.engine->ApplyManager(config).ok());
  SendOrder order = Order("MESSAGE", 1);
  order.message.headers.emplace_back("Content-Type", "text/plain");
  order.message.body = std::string(1001, 'x');
  EXPECT_EQ(Refusal(order, "request"), "MESSAGE_TOO_LARGE");
  order.message.body.pop_back();
  EXPECT_EQ(Refusal(order, ""), "");
}

TEST_F(SendingTest, AConnectionThatDrainsTakesNoNewRequest) {
  Send(Order("OPTIONS", 1));
  ASSERT_THAT(sink_->events, SizeIs(1));
  const connection::ConnectionId connection = sink_->events[0].connection;
  fixture_.engine->CloseConnection(connection, absl::Seconds(10), [](auto) {});
  SendOrder order = Order("OPTIONS", 2);
  order.connection = connection;
  Send(std::move(order));
  EXPECT_EQ(ReasonOf(sink_->events.back().failure), "CONNECTION_DRAINING");
  EXPECT_EQ(FieldOf(sink_->events.back().failure), "connection");
}

TEST_F(SendingTest, APeerThatDoesNotReadLosesItsConnectionAndItsSendsSayWhy) {
  ManagerConfig config = EngineFixture::TcpManager("edge");
  config.connection.max_write_queue_bytes = 4096;
  ASSERT_TRUE(fixture_.engine->ApplyManager(config).ok());
  Send(Order("OPTIONS", 1));
  ASSERT_THAT(remote_->peers, SizeIs(1));
  const connection::ConnectionId connection = sink_->events[0].connection;
  remote_->peers[0]->SetReading(false);
  for (int i = 2; i < 200 && sink_->events.back().failure.ok(); ++i) {
    SendOrder order = Order("MESSAGE", i);
    order.connection = connection;
    order.message.headers.emplace_back("Content-Type", "text/plain");
    order.message.body = std::string(3000, 'x');
    Send(std::move(order));
  }
  EXPECT_EQ(ReasonOf(sink_->events.back().failure), "WRITE_QUEUE_FULL");
  EXPECT_EQ(sink_->events.back().failure.code(), absl::StatusCode::kResourceExhausted);
}

// --- Answers ---

class RefusedAnswerTest : public SendingTest {
 protected:
  void SetUp() override {
    ManagerConfig config = EngineFixture::TcpManager("edge");
    config.connection.framer.max_body_bytes = 1000;
    config.connection.framer.max_header_bytes = 2000;
    config.connection.framer.max_header_count = 20;
    ASSERT_TRUE(fixture_.engine->ApplyManager(config).ok());
    subscription_ = fixture_.Subscribe("alice", deliveries_);
    peer_ = fixture_.ConnectPeer();
    peer_->Send(MakeRequest("MESSAGE", kAlice, 1));
    fixture_.RunUntilIdle();
    ASSERT_THAT(deliveries_->deliveries, SizeIs(1));
    answer_.request_id = deliveries_->deliveries[0].request_id;
    answer_.status_code = 200;
  }
  absl::Status Respond() {
    auto results = std::make_shared<RecordingResponseSink>();
    fixture_.engine->Respond({answer_}, results);
    fixture_.RunUntilIdle();
    return results->results.at(0).status;
  }
  void ExpectRefused(const std::string& reason, const std::string& field) {
    const absl::Status status = Respond();
    EXPECT_EQ(ReasonOf(status), reason);
    EXPECT_EQ(FieldOf(status), field);
    EXPECT_THAT(peer_->received(), IsEmpty());
  }

  std::shared_ptr<RecordingSink> deliveries_ = std::make_shared<RecordingSink>();
  std::unique_ptr<Subscription> subscription_;
  std::unique_ptr<fakes::TestPeer> peer_;
  ResponseOrder answer_;
};

TEST_F(RefusedAnswerTest, ABodyBeyondTheLimitIsTooLargeAndOneOfTheLimitIsNot) {
  answer_.message.headers.emplace_back("Content-Type", "text/plain");
  answer_.message.body = std::string(1001, 'x');
  ExpectRefused("MESSAGE_TOO_LARGE", "response.body");
  answer_.message.body.pop_back();
  EXPECT_TRUE(Respond().ok());
}

TEST_F(RefusedAnswerTest, HeadersBeyondTheLimitsAreTooLargeAndThoseOfTheLimitAreNot) {
  answer_.message.headers.emplace_back("X-F", std::string(1994, 'x'));  // with ": " and CRLF 2001
  ExpectRefused("MESSAGE_TOO_LARGE", "response.headers");
  answer_.message.headers.assign(21, {"X-F", "1"});
  ExpectRefused("MESSAGE_TOO_LARGE", "response.headers");
  answer_.message.headers.assign(19, {"X-F", "1"});
  answer_.message.headers.emplace_back("X-F", std::string(2000 - 19 * 8 - 7, 'x'));
  EXPECT_TRUE(Respond().ok());
}

TEST_F(RefusedAnswerTest, AHeaderThatBreaksSipIsNamed) {
  answer_.message.headers.emplace_back("Bad Name", "x");
  ExpectRefused("INVALID_SIP_MESSAGE", "response.headers[0].name");
}

// --- Explanations and subscriptions ---

TEST_F(SendingTest, WhatIsNoRequestCannotBeExplained) {
  const auto reason_of = [this](const std::string& request) {
    return ReasonOf(fixture_.Explain(request).status());
  };
  EXPECT_EQ(reason_of("no request"), "INVALID_SIP_MESSAGE");
  EXPECT_EQ(reason_of("SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"), "INVALID_SIP_MESSAGE");
  EXPECT_EQ(reason_of(MakeRequest("OPTIONS", kAlice, 1, "X: " + std::string(70000, 'x') + "\r\n")),
            "MESSAGE_TOO_LARGE");
}

TEST_F(SendingTest, WhoSubscribedToADeletedEndpointOrManagerIsTold) {
  auto of_endpoint = std::make_shared<RecordingSink>();
  const auto subscription = fixture_.Subscribe("alice", of_endpoint);
  auto of_manager = std::make_shared<RecordingSink>();
  SubscriptionOptions options;
  options.manager_id = "edge";
  const auto other = fixture_.engine->Subscribe(options, of_manager);
  ASSERT_TRUE(other.ok());
  ASSERT_TRUE(fixture_.engine->RemoveEndpoint("alice").ok());
  fixture_.RunUntilIdle();
  EXPECT_EQ(ReasonOf(of_endpoint->ended), "RESOURCE_DELETED");
  ASSERT_TRUE(fixture_.engine->RemoveManager("edge").ok());
  fixture_.RunUntilIdle();
  EXPECT_EQ(ReasonOf(of_manager->ended), "RESOURCE_DELETED");
}

TEST(SubscriptionLimitTest, OneMoreIsRefusedUntilOneEnds) {
  ShardedEngine::Options options;
  options.max_subscription_count = 2;
  EngineFixture fixture(1, 1, {}, options);
  fixture.StartTcpManager();
  ASSERT_TRUE(fixture.engine->ApplyEndpoint(EngineFixture::PeerToPeer("alice", kAlice)).ok());
  const auto first = fixture.Subscribe("alice", std::make_shared<RecordingSink>());
  auto second = fixture.Subscribe("alice", std::make_shared<RecordingSink>());
  SubscriptionOptions third;
  third.endpoint_id = "alice";
  const absl::Status refused =
      fixture.engine->Subscribe(third, std::make_shared<RecordingSink>()).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(refused), "SUBSCRIPTION_LIMIT");
  second.reset();
  EXPECT_TRUE(fixture.engine->Subscribe(third, std::make_shared<RecordingSink>()).ok());
}

}  // namespace
}  // namespace sipcm::engine
