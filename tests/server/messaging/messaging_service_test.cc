#include "server/messaging/messaging_service.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "core/base/error.h"
#include "proto/sipcm/v1/messaging.grpc.pb.h"
#include "tests/server/messaging/scripted_engine.h"
#include "tests/server/messaging/test_deliveries.h"

namespace sipcm::server {
namespace {

using Code = absl::StatusCode;

v1::ErrorDetail DetailOf(const grpc::Status& status) {
  v1::RpcStatus rpc;
  v1::ErrorDetail detail;
  rpc.ParseFromString(status.error_details());
  if (rpc.details_size() > 0) rpc.details(0).UnpackTo(&detail);
  return detail;
}

// The service on loopback, over a scripted engine.
class MessagingServiceTest : public testing::Test {
 protected:
  MessagingServiceTest()
      : service_(&engine_, [](const std::string&) { return EndpointFacts{.manager_id = "edge"}; }) {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    service_.Register(builder);
    server_ = builder.BuildAndStart();
    service_.Start();
    channel_ = grpc::CreateChannel("127.0.0.1:" + std::to_string(port),
                                   grpc::InsecureChannelCredentials());
    stub_ = v1::Messaging::NewStub(channel_);
  }
  ~MessagingServiceTest() override {
    server_->Shutdown(std::chrono::system_clock::now());
    service_.Stop();
    server_.reset();
  }

  static v1::SubscribeRequest ToAlice() {
    v1::SubscribeRequest request;
    request.set_endpoint("endpoints/alice");
    return request;
  }
  static v1::RespondRequest Answer(uint64_t request) {
    v1::RespondRequest answer;
    answer.set_request_id(TestRequestId(request).ToString());
    answer.mutable_response()->set_status_code(200);
    return answer;
  }
  static v1::SendRequest Message() {
    v1::SendRequest send;
    send.set_endpoint("endpoints/alice");
    send.mutable_request()->set_method("MESSAGE");
    send.mutable_request()->set_request_uri("sip:bob@example.net");
    return send;
  }
  grpc::Status Respond(const v1::RespondRequest& request, v1::RespondResponse* response) {
    grpc::ClientContext context;
    return stub_->Respond(&context, request, response);
  }
  // What a Subscribe that does not stand ends with.
  grpc::Status SubscribeFailure(const v1::SubscribeRequest& request) {
    grpc::ClientContext context;
    auto reader = stub_->Subscribe(&context, request);
    v1::Delivery delivery;
    EXPECT_FALSE(reader->Read(&delivery));
    return reader->Finish();
  }

  ScriptedEngine engine_;
  MessagingService service_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Messaging::Stub> stub_;
};

TEST_F(MessagingServiceTest, SubscribeGivesStartedThenRequestsInOrderParsedByDefault) {
  grpc::ClientContext context;
  auto reader = stub_->Subscribe(&context, ToAlice());
  v1::Delivery delivery;
  ASSERT_TRUE(reader->Read(&delivery));
  EXPECT_EQ(delivery.started().endpoint(), "endpoints/alice");
  EXPECT_EQ(delivery.started().max_outstanding_count(), 256);
  EXPECT_EQ(engine_.subscription(0).options.endpoint_id, "alice");
  EXPECT_EQ(engine_.subscription(0).options.max_outstanding_count, 256);
  engine_.Deliver(0, MakeDeliveries(1, 30));
  for (uint64_t i = 1; i <= 30; ++i) {
    ASSERT_TRUE(reader->Read(&delivery));
    EXPECT_EQ(delivery.request().request_id(), TestRequestId(i).ToString());
    EXPECT_GT(delivery.request().request().headers_size(), 0);
  }
  context.TryCancel();
  engine_.AwaitSubscriptionEnd(0);
}

TEST_F(MessagingServiceTest, SubscribeTakesAManagerMethodsCreditAndRaw) {
  v1::SubscribeRequest request;
  request.set_connection_manager("connectionManagers/edge");
  request.set_view(v1::RAW);
  request.set_max_outstanding_count(3);
  request.add_methods("MESSAGE");
  request.add_methods("OPTIONS");
  grpc::ClientContext context;
  auto reader = stub_->Subscribe(&context, request);
  v1::Delivery delivery;
  ASSERT_TRUE(reader->Read(&delivery));
  EXPECT_EQ(delivery.started().endpoint(), "");
  EXPECT_EQ(delivery.started().connection_manager(), "connectionManagers/edge");
  const engine::SubscriptionOptions options = engine_.subscription(0).options;
  EXPECT_EQ(options.manager_id, "edge");
  EXPECT_EQ(options.max_outstanding_count, 3);
  EXPECT_EQ(options.methods, (std::vector<std::string>{"MESSAGE", "OPTIONS"}));
  engine_.Deliver(0, MakeDeliveries(1, 1));
  ASSERT_TRUE(reader->Read(&delivery));
  EXPECT_EQ(delivery.request().request().raw(), SipRequestText());
  context.TryCancel();
}

TEST_F(MessagingServiceTest, SubscribeRefusalsNameTheField) {
  v1::SubscribeRequest request;
  EXPECT_EQ(DetailOf(SubscribeFailure(request)).field(), "endpoint");
  request.set_endpoint("alice");
  EXPECT_EQ(DetailOf(SubscribeFailure(request)).reason(), v1::ErrorDetail::INVALID_NAME);
  request = ToAlice();
  request.set_max_outstanding_count(0);
  EXPECT_EQ(DetailOf(SubscribeFailure(request)).field(), "max_outstanding_count");
  request.set_max_outstanding_count(1'000'001);
  EXPECT_EQ(DetailOf(SubscribeFailure(request)).reason(), v1::ErrorDetail::FIELD_OUT_OF_RANGE);
  request = ToAlice();
  request.add_methods("MESSAGE");
  request.add_methods("no token");
  EXPECT_EQ(DetailOf(SubscribeFailure(request)).field(), "methods[1]");
  request = ToAlice();
  request.mutable_resume_timeout()->set_seconds(61);
  EXPECT_EQ(DetailOf(SubscribeFailure(request)).field(), "resume_timeout");
}

TEST_F(MessagingServiceTest, AStreamThatBreaksIsLostAndItsTokenIsHandedToTheEngine) {
  engine_.SetResumption({.token = "t1", .resumed = true, .outstanding_count = 3});
  v1::SubscribeRequest request = ToAlice();
  request.set_resume_token("t1");
  request.mutable_resume_timeout()->set_seconds(5);
  grpc::ClientContext context;
  auto reader = stub_->Subscribe(&context, request);
  v1::Delivery delivery;
  ASSERT_TRUE(reader->Read(&delivery));
  EXPECT_EQ(delivery.started().resume_token(), "t1");
  EXPECT_TRUE(delivery.started().resumed());
  EXPECT_EQ(delivery.started().outstanding_count(), 3);
  EXPECT_EQ(engine_.subscription(0).options.resume_token, "t1");
  EXPECT_EQ(engine_.subscription(0).options.resume_timeout, absl::Seconds(5));
  context.TryCancel();
  engine_.AwaitSubscriptionEnd(0);
  EXPECT_FALSE(engine_.subscription(0).left);
}

TEST_F(MessagingServiceTest, ByDefaultASubscriptionIsWaitedForHalfASecond) {
  grpc::ClientContext context;
  auto reader = stub_->Subscribe(&context, ToAlice());
  v1::Delivery delivery;
  ASSERT_TRUE(reader->Read(&delivery));
  EXPECT_EQ(engine_.subscription(0).options.resume_timeout, absl::Milliseconds(500));
  context.TryCancel();
}

TEST_F(MessagingServiceTest, AStreamTellsWhatWasLost) {
  grpc::ClientContext context;
  auto reader = stub_->Subscribe(&context, ToAlice());
  v1::Delivery delivery;
  ASSERT_TRUE(reader->Read(&delivery));
  dispatch::Delivery gap;
  gap.kind = dispatch::Delivery::Kind::kGap;
  gap.lost_count = 7;
  engine_.Deliver(0, {gap});
  ASSERT_TRUE(reader->Read(&delivery));
  EXPECT_EQ(delivery.gap().lost_count(), 7);
  context.TryCancel();
}

TEST_F(MessagingServiceTest, SubscribeToAnUnknownEndpointIsNotFound) {
  engine_.FailSubscribe(MakeError(Code::kNotFound, "RESOURCE_NOT_FOUND", "no endpoint \"alice\""));
  const grpc::Status status = SubscribeFailure(ToAlice());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "no endpoint \"alice\"");
  EXPECT_EQ(DetailOf(status).reason(), v1::ErrorDetail::RESOURCE_NOT_FOUND);
}

TEST_F(MessagingServiceTest, SubscribeEndsWithTheEnginesReason) {
  grpc::ClientContext context;
  auto reader = stub_->Subscribe(&context, ToAlice());
  v1::Delivery delivery;
  ASSERT_TRUE(reader->Read(&delivery));
  engine_.EndSubscription(0, MakeError(Code::kNotFound, "RESOURCE_DELETED", "was deleted"));
  EXPECT_FALSE(reader->Read(&delivery));
  EXPECT_EQ(DetailOf(reader->Finish()).reason(), v1::ErrorDetail::RESOURCE_DELETED);
  engine_.AwaitSubscriptionEnd(0);
}

TEST_F(MessagingServiceTest, RespondTellsWhichWayTheAnswerWent) {
  v1::RespondResponse response;
  ASSERT_TRUE(Respond(Answer(7), &response).ok());
  EXPECT_EQ(response.path(), v1::RespondResponse::SAME_CONNECTION);
  EXPECT_EQ(engine_.responses(1).front().request_id, TestRequestId(7));
  EXPECT_EQ(engine_.responses(1).front().status_code, 200);
}

TEST_F(MessagingServiceTest, EachRefusalOfAnAnswerHasItsCodeAndReason) {
  const std::vector<std::pair<absl::Status, v1::ErrorDetail::Reason>> cases = {
      {MakeError(Code::kNotFound, "REQUEST_NOT_FOUND", "x"), v1::ErrorDetail::REQUEST_NOT_FOUND},
      {MakeError(Code::kFailedPrecondition, "REQUEST_ALREADY_ANSWERED", "x"),
       v1::ErrorDetail::REQUEST_ALREADY_ANSWERED},
      {MakeError(Code::kFailedPrecondition, "REQUEST_EXPIRED", "x"),
       v1::ErrorDetail::REQUEST_EXPIRED},
      {MakeError(Code::kFailedPrecondition, "REQUEST_CANCELLED", "x"),
       v1::ErrorDetail::REQUEST_CANCELLED},
      {MakeError(Code::kUnavailable, "CONNECTION_GONE", "x"), v1::ErrorDetail::CONNECTION_GONE},
      {InvalidField("headers[0].name", "is no token"), v1::ErrorDetail::INVALID_FIELD},
  };
  for (const auto& [refusal, reason] : cases) {
    engine_.AnswerResponses([refusal = refusal](const std::vector<engine::ResponseOrder>&) {
      std::vector<engine::ResponseResult> results(1);
      results[0].status = refusal;
      return results;
    });
    v1::RespondResponse response;
    const grpc::Status status = Respond(Answer(7), &response);
    EXPECT_EQ(static_cast<int>(status.error_code()), static_cast<int>(refusal.code()));
    EXPECT_EQ(DetailOf(status).reason(), reason);
  }
  v1::RespondRequest malformed = Answer(7);
  malformed.set_request_id("7");
  v1::RespondResponse response;
  EXPECT_EQ(Respond(malformed, &response).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(MessagingServiceTest, SendStreamsSentProvisionalsAndTheFinalResponse) {
  grpc::ClientContext context;
  auto reader = stub_->Send(&context, Message());
  engine_.Tell(0, EventList(MakeSent(), MakeResponse(180, "Ringing")));
  engine_.Tell(0, EventList(MakeResponse(200, "OK")));
  v1::SendEvent event;
  ASSERT_TRUE(reader->Read(&event));
  EXPECT_EQ(event.sent().connection(), "connectionManagers/edge/connections/2a");
  ASSERT_TRUE(reader->Read(&event));
  EXPECT_EQ(event.response().status_code(), 180);
  ASSERT_TRUE(reader->Read(&event));
  EXPECT_EQ(event.response().status_code(), 200);
  EXPECT_FALSE(reader->Read(&event));
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(MessagingServiceTest, AFailureOnTheWayIsAnEventAndTheCallersFaultAnError) {
  grpc::ClientContext context;
  auto reader = stub_->Send(&context, Message());
  engine_.Tell(0, EventList(MakeFailure(MakeError(Code::kUnavailable, "CONNECT_REFUSED", "refused"),
                                        engine::SendEvent::Written::kNothing)));
  v1::SendEvent event;
  ASSERT_TRUE(reader->Read(&event));
  EXPECT_EQ(event.failure().cause(), v1::SendFailure::CONNECT_REFUSED);
  EXPECT_EQ(event.failure().written(), v1::SendFailure::NOTHING);
  EXPECT_FALSE(reader->Read(&event));
  EXPECT_TRUE(reader->Finish().ok());

  grpc::ClientContext second;
  reader = stub_->Send(&second, Message());
  engine_.Tell(1, EventList(MakeFailure(InvalidField("headers[0].value", "has a line break"),
                                        engine::SendEvent::Written::kNothing)));
  EXPECT_FALSE(reader->Read(&event));
  const grpc::Status status = reader->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(DetailOf(status).field(), "request.headers[0].value");

  grpc::ClientContext third;
  reader = stub_->Send(&third, v1::SendRequest());
  EXPECT_FALSE(reader->Read(&event));
  EXPECT_EQ(DetailOf(reader->Finish()).field(), "endpoint");
}

TEST_F(MessagingServiceTest, CancellingASendReachesTheEngine) {
  grpc::ClientContext context;
  auto reader = stub_->Send(&context, Message());
  engine_.Tell(0, EventList(MakeSent()));
  v1::SendEvent event;
  ASSERT_TRUE(reader->Read(&event));
  context.TryCancel();
  EXPECT_EQ(engine_.cancels(1).size(), 1u);
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(MessagingServiceTest, ASendWhoseReaderSleepsIsCancelled) {
  grpc::ClientContext context;
  auto reader = stub_->Send(&context, Message());
  const std::string phrase(1000, 'x');  // several MB in all, far beyond what gRPC takes unread
  for (int i = 0; i < 5000; ++i) engine_.Tell(0, EventList(MakeResponse(180, phrase)));
  EXPECT_EQ(engine_.cancels(1).size(), 1u);
  v1::SendEvent event;
  while (reader->Read(&event)) {
  }
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(MessagingServiceTest, GoesAwayWhenItsServerCouldNotStart) {
  MessagingService service(&engine_, [](const std::string&) { return absl::nullopt; });
  grpc::ServerBuilder builder;
  builder.AddListeningPort("no-such-host.invalid:1", grpc::InsecureServerCredentials());
  service.Register(builder);
  EXPECT_EQ(builder.BuildAndStart(), nullptr);
}

// Attach: what AttachSession does is tested there; here, that it does so over gRPC.
class AttachServiceTest : public MessagingServiceTest {
 protected:
  using Stream = grpc::ClientReaderWriter<v1::ApplicationFrame, v1::ServerFrame>;

  static v1::ApplicationFrame OpenFrame(int32_t id, int credit = 1000) {
    v1::ApplicationFrame frame;
    v1::AttachedSubscription* attached = frame.mutable_open()->add_subscriptions();
    attached->set_subscription_id(id);
    *attached->mutable_subscribe() = ToAlice();
    attached->mutable_subscribe()->set_view(v1::RAW);
    attached->mutable_subscribe()->set_max_outstanding_count(credit);
    return frame;
  }
  // Opens, and reads until the subscription has started.
  std::unique_ptr<Stream> Attach(grpc::ClientContext* context, int32_t id = 1, int credit = 1000) {
    auto stream = stub_->Attach(context);
    EXPECT_TRUE(stream->Write(OpenFrame(id, credit)));
    v1::ServerFrame frame;
    EXPECT_TRUE(stream->Read(&frame));
    EXPECT_TRUE(frame.deliveries(0).has_started());
    return stream;
  }
  static std::vector<v1::Delivery> ReadDeliveries(Stream* stream, size_t count) {
    std::vector<v1::Delivery> deliveries;
    v1::ServerFrame frame;
    while (deliveries.size() < count && stream->Read(&frame)) {
      EXPECT_LE(frame.deliveries_size(), 64);
      deliveries.insert(deliveries.end(), frame.deliveries().begin(), frame.deliveries().end());
    }
    return deliveries;
  }
};

TEST_F(AttachServiceTest, ThousandsOfRequestsArriveInOrderAndTheirAnswersReachTheEngine) {
  constexpr int kCount = 5000;
  grpc::ClientContext context;
  auto stream = Attach(&context, 1, 10000);
  for (int i = 0; i < kCount; i += 50) engine_.Deliver(0, MakeDeliveries(1 + i, 50));
  const std::vector<v1::Delivery> deliveries = ReadDeliveries(stream.get(), kCount);
  ASSERT_EQ(deliveries.size(), static_cast<size_t>(kCount));
  v1::ApplicationFrame frame;
  for (int i = 0; i < kCount; ++i) {
    ASSERT_EQ(deliveries[i].request().request_id(), TestRequestId(i + 1).ToString());
    EXPECT_EQ(deliveries[i].request().request().raw(), SipRequestText());
    *frame.add_responses() = Answer(i + 1);
    if (frame.responses_size() < 64 && i + 1 < kCount) continue;
    ASSERT_TRUE(stream->Write(frame));
    frame.Clear();
  }
  const std::vector<engine::ResponseOrder> orders = engine_.responses(kCount);
  for (int i = 0; i < kCount; ++i) ASSERT_EQ(orders[i].request_id, TestRequestId(i + 1));
  EXPECT_LE(engine_.respond_batches().size(), static_cast<size_t>(kCount / 64 + 1));
  context.TryCancel();
  engine_.AwaitSubscriptionEnd(0);
}

TEST_F(AttachServiceTest, TwoStreamsDoNotMix) {
  grpc::ClientContext first_context, second_context;
  auto first = Attach(&first_context, 1);
  auto second = Attach(&second_context, 1);
  engine_.Deliver(0, MakeDeliveries(1, 3));
  engine_.Deliver(1, MakeDeliveries(11, 3));
  EXPECT_EQ(ReadDeliveries(first.get(), 3)[0].request().request_id(), TestRequestId(1).ToString());
  EXPECT_EQ(ReadDeliveries(second.get(), 3)[0].request().request_id(),
            TestRequestId(11).ToString());
  first_context.TryCancel();
  engine_.AwaitSubscriptionEnd(0);
  EXPECT_FALSE(engine_.subscription(1).ended);
  engine_.Deliver(1, MakeDeliveries(14, 1));
  EXPECT_EQ(ReadDeliveries(second.get(), 1).size(), 1u);
  second_context.TryCancel();
}

TEST_F(AttachServiceTest, AReaderThatSleepsHoldsUpNeitherTheWorkerNorOthers) {
  grpc::ClientContext sleeper_context, other_context;
  auto sleeper = Attach(&sleeper_context, 1);
  auto other = Attach(&other_context, 1);
  const std::string large = SipRequestText("MESSAGE", std::string(50'000, 'x'));
  for (int i = 0; i < 20; ++i) {  // 50 MB, far beyond what gRPC takes unread; returns all the same
    engine_.Deliver(0, MakeDeliveries(1 + i * 50, 50, large));
  }
  engine_.Deliver(1, MakeDeliveries(1, 1));
  EXPECT_EQ(ReadDeliveries(other.get(), 1).size(), 1u);
  sleeper_context.TryCancel();
  engine_.AwaitSubscriptionEnd(0);
  other_context.TryCancel();
}

TEST_F(AttachServiceTest, AStreamWithoutOpenIsRefused) {
  grpc::ClientContext context;
  auto stream = stub_->Attach(&context);
  ASSERT_TRUE(stream->Write(v1::ApplicationFrame()));
  v1::ServerFrame frame;
  EXPECT_FALSE(stream->Read(&frame));
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(DetailOf(status).field(), "open");
}

TEST_F(AttachServiceTest, HalfCloseEndsInOrderWithOk) {
  grpc::ClientContext context;
  auto stream = Attach(&context);
  v1::ApplicationFrame frame;
  v1::AttachedSend* send = frame.add_requests();
  send->set_send_id(1);
  *send->mutable_send() = Message();
  ASSERT_TRUE(stream->Write(frame));
  ASSERT_TRUE(stream->WritesDone());
  engine_.AwaitSubscriptionEnd(0);
  EXPECT_TRUE(engine_.subscription(0).left);
  engine_.Tell(0, EventList(MakeSent(), MakeResponse(200, "OK")));
  v1::ServerFrame all, next;
  while (stream->Read(&next)) all.MergeFrom(next);
  EXPECT_EQ(all.ended_size(), 1);
  EXPECT_EQ(all.events_size(), 2);
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(AttachServiceTest, ABrokenStreamMayBeResumed) {
  for (int i = 0; i < 20; ++i) {
    grpc::ClientContext context;
    auto stream = Attach(&context);
    context.TryCancel();
    engine_.AwaitSubscriptionEnd(i);
    EXPECT_FALSE(engine_.subscription(i).left) << i;
  }
}

TEST_F(AttachServiceTest, AtShutdownEveryCallEndsWithTheStatedStatus) {
  grpc::ClientContext attach_context, subscribe_context, send_context;
  auto attach = Attach(&attach_context);
  auto subscribe = stub_->Subscribe(&subscribe_context, ToAlice());
  v1::Delivery delivery;
  ASSERT_TRUE(subscribe->Read(&delivery));
  auto send = stub_->Send(&send_context, Message());
  engine_.send(0);
  service_.EndStreams(MakeError(Code::kUnavailable, "SHUTTING_DOWN", "the server ends"));

  v1::ServerFrame frame;
  ASSERT_TRUE(attach->Read(&frame));
  EXPECT_EQ(frame.ended(0).error().reason(), v1::ErrorDetail::SHUTTING_DOWN);
  EXPECT_FALSE(attach->Read(&frame));
  EXPECT_EQ(DetailOf(attach->Finish()).reason(), v1::ErrorDetail::SHUTTING_DOWN);
  EXPECT_FALSE(subscribe->Read(&delivery));
  EXPECT_EQ(DetailOf(subscribe->Finish()).reason(), v1::ErrorDetail::SHUTTING_DOWN);
  v1::SendEvent event;
  EXPECT_FALSE(send->Read(&event));
  EXPECT_EQ(DetailOf(send->Finish()).reason(), v1::ErrorDetail::SHUTTING_DOWN);
  EXPECT_EQ(engine_.cancels(1).size(), 1u);

  EXPECT_EQ(DetailOf(SubscribeFailure(ToAlice())).reason(), v1::ErrorDetail::SHUTTING_DOWN);
}

}  // namespace
}  // namespace sipcm::server
