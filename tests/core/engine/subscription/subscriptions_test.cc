// Applications that come, go and come back, at the whole engine in virtual time.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/engine/engine_fixture.h"

namespace sipcm::engine {
namespace {

using dispatch::AttemptReason;
using dispatch::Delivery;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kAlice[] = "sip:alice@example.com";
constexpr absl::Duration kTimeout = absl::Seconds(2);

// One application: its stream and what it got by it.
struct TestApplication {
  std::shared_ptr<RecordingSink> sink = std::make_shared<RecordingSink>();
  std::unique_ptr<Subscription> stream;

  const Resumption& resumption() const { return stream->resumption(); }
};

class SubscriptionsTest : public ::testing::TestWithParam<int> {
 protected:
  SubscriptionsTest() : fixture_(GetParam()) {
    fixture_.StartTcpManager();
    EXPECT_TRUE(fixture_.engine->ApplyEndpoint(EngineFixture::PeerToPeer("alice", kAlice)).ok());
    peer_ = fixture_.ConnectPeer();
    fixture_.RunUntilIdle();
  }

  absl::Status Subscribe(TestApplication* application, const std::string& token = "",
                         const std::string& manager = "") {
    SubscriptionOptions options;
    (manager.empty() ? options.endpoint_id : options.manager_id) =
        manager.empty() ? "alice" : manager;
    options.resume_token = token;
    options.resume_timeout = kTimeout;
    auto stream = fixture_.engine->Subscribe(options, application->sink);
    if (!stream.ok()) return stream.status();
    application->stream = *std::move(stream);
    fixture_.RunUntilIdle();
    return absl::OkStatus();
  }
  TestApplication MustSubscribe(const std::string& token = "") {
    TestApplication application;
    EXPECT_TRUE(Subscribe(&application, token).ok());
    return application;
  }
  void Lose(TestApplication& application) {
    application.stream.reset();
    fixture_.RunUntilIdle();
  }
  // The answers that came so far.
  std::vector<int> Ask(const std::string& method, int number) {
    peer_->Send(MakeRequest(method, kAlice, number));
    fixture_.RunUntilIdle();
    return StatusCodes(peer_->TakeReceived());
  }

  EngineFixture fixture_;
  std::unique_ptr<fakes::TestPeer> peer_;
};

TEST_P(SubscriptionsTest, AnApplicationThatComesBackGetsItsOpenRequestsAndTheSenderOneAnswer) {
  TestApplication first = MustSubscribe();
  EXPECT_FALSE(first.resumption().token.empty());
  EXPECT_FALSE(first.resumption().resumed);
  EXPECT_THAT(Ask("MESSAGE", 1), IsEmpty());
  const std::string token = first.resumption().token;
  Lose(first);
  EXPECT_THAT(peer_->TakeReceived(), IsEmpty());
  TestApplication second = MustSubscribe(token);
  EXPECT_TRUE(second.resumption().resumed);
  EXPECT_EQ(second.resumption().token, token);
  EXPECT_EQ(second.resumption().outstanding_count, 1);
  ASSERT_THAT(second.sink->deliveries, SizeIs(1));
  const Delivery& again = second.sink->deliveries[0];
  EXPECT_EQ(again.request_id, first.sink->deliveries[0].request_id);
  EXPECT_EQ(again.attempt, 2);
  EXPECT_EQ(again.attempt_reason, AttemptReason::kResumed);
  EXPECT_TRUE(fixture_.Respond(again.request_id, 200).ok());
  EXPECT_THAT(StatusCodes(peer_->TakeReceived()), ElementsAre(200));
}

TEST_P(SubscriptionsTest, WhileTheServerDrainsItComesBackAndNobodyElseComes) {
  TestApplication first = MustSubscribe();
  Ask("MESSAGE", 1);
  const std::string token = first.resumption().token;
  fixture_.engine->Shutdown(absl::Seconds(30), [] {});
  Lose(first);
  TestApplication other;
  EXPECT_EQ(ReasonOf(Subscribe(&other, "")), "DRAINING");
  TestApplication second = MustSubscribe(token);
  ASSERT_THAT(second.sink->deliveries, SizeIs(1));
  EXPECT_TRUE(fixture_.Respond(second.sink->deliveries[0].request_id, 200).ok());
  EXPECT_THAT(StatusCodes(peer_->TakeReceived()), ElementsAre(200));
}

TEST_P(SubscriptionsTest, WhatItLostIsToldInAGapAfterWhatItGets) {
  TestApplication first = MustSubscribe();
  for (int i = 1; i <= 3; ++i) Ask("MESSAGE", i);
  Ask("INVITE", 4);
  const std::string token = first.resumption().token;
  Lose(first);
  // One goes by the sender's CANCEL, and one is answered by a message that was on its way.
  peer_->Send(MakeRequest("CANCEL", kAlice, 4));
  EXPECT_TRUE(fixture_.Respond(first.sink->deliveries[0].request_id, 200).ok());
  EXPECT_THAT(StatusCodes(peer_->TakeReceived()), testing::UnorderedElementsAre(200, 487, 200));
  TestApplication second = MustSubscribe(token);
  EXPECT_EQ(second.resumption().outstanding_count, 2);
  ASSERT_THAT(second.sink->deliveries, SizeIs(3));
  EXPECT_EQ(second.sink->deliveries[0].kind, Delivery::Kind::kRequest);
  EXPECT_EQ(second.sink->deliveries[1].kind, Delivery::Kind::kRequest);
  EXPECT_EQ(second.sink->deliveries[2].kind, Delivery::Kind::kGap);
  EXPECT_EQ(second.sink->deliveries[2].lost_count, 1);
}

TEST_P(SubscriptionsTest, TheAckThatCameWhileItWasAwayIsKeptForIt) {
  TestApplication first = MustSubscribe();
  Ask("INVITE", 1);
  EXPECT_TRUE(fixture_.Respond(first.sink->deliveries[0].request_id, 200).ok());
  const std::string to = HeaderOf(peer_->TakeReceived(), "To");
  const std::string token = first.resumption().token;
  Lose(first);
  TestApplication other = MustSubscribe();
  peer_->Send(absl::StrReplaceAll(MakeRequest("ACK", kAlice, 1),
                                  {{absl::StrCat("To: <", kAlice, ">"), absl::StrCat("To: ", to)},
                                   {"z9hG4bKtest1", "z9hG4bKack"}}));
  fixture_.RunUntilIdle();
  EXPECT_THAT(other.sink->deliveries, IsEmpty());
  TestApplication second = MustSubscribe(token);
  ASSERT_THAT(second.sink->deliveries, SizeIs(1));
  EXPECT_EQ(second.sink->deliveries[0].request->view.method(), "ACK");
}

TEST_P(SubscriptionsTest, ThatAnAckIsMissingIsToldToWhoComesBackOrInAGap) {
  for (const bool is_back_in_time : {true, false}) {
    TestApplication first = MustSubscribe();
    Ask("INVITE", is_back_in_time ? 1 : 2);
    const std::string token = first.resumption().token;
    EXPECT_TRUE(fixture_.Respond(first.sink->deliveries[0].request_id, 200).ok());
    fixture_.AdvanceBy(absl::Seconds(31));
    Lose(first);
    fixture_.AdvanceBy(is_back_in_time ? kTimeout - absl::Milliseconds(1) : kTimeout);
    TestApplication second = MustSubscribe(token);
    ASSERT_THAT(second.sink->deliveries, SizeIs(1));
    EXPECT_EQ(second.sink->deliveries[0].kind,
              is_back_in_time ? Delivery::Kind::kAckMissing : Delivery::Kind::kGap);
  }
}

TEST_P(SubscriptionsTest, AnotherApplicationsStreamCannotAnswerForIt) {
  std::vector<std::shared_ptr<RecordingSendSink>> senders;
  std::vector<TestApplication> applications(2);
  for (TestApplication& application : applications) {
    senders.push_back(std::make_shared<RecordingSendSink>());
    SubscriptionOptions options;
    options.endpoint_id = "alice";
    options.sender = senders.back().get();
    options.resume_timeout = kTimeout;
    application.stream = *fixture_.engine->Subscribe(options, application.sink);
    if (senders.size() == 1) Ask("MESSAGE", 1);
  }
  Ask("MESSAGE", 2);
  const auto answer = [&](int sender, int request) {
    ResponseOrder order;
    order.request_id = applications[0].sink->deliveries[request].request_id;
    order.status_code = 200;
    order.sender = senders[sender].get();
    auto results = std::make_shared<RecordingResponseSink>();
    fixture_.engine->Respond({order}, results);
    fixture_.RunUntilIdle();
    return ReasonOf(results->results.front().status);
  };
  ASSERT_THAT(applications[0].sink->deliveries, testing::Not(IsEmpty()));
  EXPECT_EQ(answer(1, 0), "REQUEST_NOT_YOURS");
  EXPECT_THAT(peer_->received(), IsEmpty());
  EXPECT_EQ(answer(0, 0), "");
  EXPECT_THAT(StatusCodes(peer_->TakeReceived()), ElementsAre(200));
}

TEST_P(SubscriptionsTest, WhileItIsAwayOnlyItsOwnAnswerCounts) {
  std::vector<std::shared_ptr<RecordingSendSink>> senders;
  for (int i = 0; i < 2; ++i) senders.push_back(std::make_shared<RecordingSendSink>());
  TestApplication lost;
  SubscriptionOptions options;
  options.endpoint_id = "alice";
  options.sender = senders[0].get();
  options.resume_timeout = kTimeout;
  lost.stream = *fixture_.engine->Subscribe(options, lost.sink);
  for (int i = 1; i <= 2; ++i) Ask("MESSAGE", i);
  options.resume_token = lost.resumption().token;
  Lose(lost);
  auto results = std::make_shared<RecordingResponseSink>();
  const auto answer = [&](const SendSink* sender, int request) {
    ResponseOrder order;
    order.request_id = lost.sink->deliveries[request].request_id;
    order.status_code = 200;
    order.sender = sender;
    fixture_.engine->Respond({order}, results);
    fixture_.RunUntilIdle();
    return ReasonOf(results->results.back().status);
  };
  EXPECT_EQ(answer(senders[1].get(), 0), "REQUEST_NOT_YOURS");
  EXPECT_EQ(answer(senders[0].get(), 0), "");
  // Also once it is back by another stream.
  options.sender = senders[1].get();
  TestApplication back;
  back.stream = *fixture_.engine->Subscribe(options, back.sink);
  fixture_.RunUntilIdle();
  EXPECT_EQ(answer(senders[0].get(), 1), "");
  EXPECT_THAT(StatusCodes(peer_->TakeReceived()), ElementsAre(200, 200));
}

TEST_P(SubscriptionsTest, TooLateForItsRequestsItHearsHowManyItLost) {
  TestApplication first = MustSubscribe();
  Ask("MESSAGE", 1);
  Ask("MESSAGE", 2);
  const std::string token = first.resumption().token;
  Lose(first);
  fixture_.AdvanceBy(kTimeout - absl::Milliseconds(1));
  EXPECT_THAT(peer_->received(), IsEmpty());
  fixture_.AdvanceBy(absl::Milliseconds(1));
  EXPECT_THAT(StatusCodes(peer_->TakeReceived()), ElementsAre(500, 500));
  TestApplication second = MustSubscribe(token);
  EXPECT_EQ(second.resumption().outstanding_count, 0);
  ASSERT_THAT(second.sink->deliveries, SizeIs(1));
  EXPECT_EQ(second.sink->deliveries[0].lost_count, 2);
  // Told once.
  Lose(second);
  EXPECT_THAT(MustSubscribe(token).sink->deliveries, IsEmpty());
}

TEST_P(SubscriptionsTest, ARequestsOwnDeadlineHoldsWhileItsApplicationIsAway) {
  auto endpoint = EngineFixture::PeerToPeer("alice", kAlice);
  endpoint.answer_timeout = absl::Seconds(1);
  ASSERT_TRUE(fixture_.engine->ApplyEndpoint(endpoint).ok());
  TestApplication first = MustSubscribe();
  Ask("MESSAGE", 1);
  const std::string token = first.resumption().token;
  Lose(first);
  fixture_.AdvanceBy(absl::Seconds(1) - absl::Milliseconds(1));
  EXPECT_THAT(peer_->received(), IsEmpty());
  fixture_.AdvanceBy(absl::Milliseconds(1));
  EXPECT_THAT(StatusCodes(peer_->TakeReceived()), ElementsAre(500));
  EXPECT_EQ(MustSubscribe(token).sink->deliveries[0].lost_count, 1);
}

TEST_P(SubscriptionsTest, ATokenOfAStreamThatIsOpenTakesItOver) {
  TestApplication first = MustSubscribe();
  Ask("MESSAGE", 1);
  TestApplication second = MustSubscribe(first.resumption().token);
  EXPECT_EQ(second.resumption().outstanding_count, 1);
  EXPECT_EQ(first.sink->ended.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ReasonOf(first.sink->ended), "SUBSCRIPTION_RESUMED");
  ASSERT_THAT(second.sink->deliveries, SizeIs(1));
  EXPECT_EQ(fixture_.engine->GetTotals().subscriptions, 1);
  Lose(first);  // that its handle goes means nothing any more
  Ask("MESSAGE", 2);
  EXPECT_THAT(second.sink->deliveries, SizeIs(2));
}

TEST_P(SubscriptionsTest, ATokenIsGoodForItsOwnSourceOnlyAndOnlyAtThisServer) {
  TestApplication first = MustSubscribe();
  TestApplication other;
  for (const absl::Status& status : {Subscribe(&other, first.resumption().token, "edge"),
                                     Subscribe(&other, "0123456789abcdef0123456789abcdef")}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ReasonOf(status), "INVALID_RESUME_TOKEN");
    EXPECT_EQ(FieldOf(status), "resume_token");
  }
  EXPECT_TRUE(first.sink->ended.ok());
}

TEST_P(SubscriptionsTest, OneThatLeftIsNotWaitedForAndItsTokenIsGone) {
  TestApplication first = MustSubscribe();
  const std::string token = first.resumption().token;
  EXPECT_THAT(Ask("MESSAGE", 1), IsEmpty());
  first.stream->Leave();
  Lose(first);
  EXPECT_THAT(StatusCodes(peer_->TakeReceived()), ElementsAre(500));
  TestApplication second;
  EXPECT_EQ(ReasonOf(Subscribe(&second, token)), "INVALID_RESUME_TOKEN");
}

TEST_P(SubscriptionsTest, RequestsThatComeWhileItIsAwayWaitForIt) {
  TestApplication first = MustSubscribe();
  const std::string token = first.resumption().token;
  Lose(first);
  EXPECT_THAT(Ask("MESSAGE", 1), IsEmpty());
  TestApplication second = MustSubscribe(token);
  ASSERT_THAT(second.sink->deliveries, SizeIs(1));
  EXPECT_EQ(second.sink->deliveries[0].attempt, 1);
  Lose(second);
  EXPECT_THAT(Ask("MESSAGE", 2), IsEmpty());
  fixture_.AdvanceBy(kTimeout);
  EXPECT_THAT(StatusCodes(peer_->TakeReceived()), testing::UnorderedElementsAre(500, 480));
  EXPECT_THAT(Ask("MESSAGE", 3), ElementsAre(480));
}

TEST_P(SubscriptionsTest, SeveralApplicationsTakeTurnsAndInheritFromTheDead) {
  TestApplication a = MustSubscribe(), b = MustSubscribe(), c = MustSubscribe();
  for (int i = 1; i <= 6; ++i) Ask("MESSAGE", i);
  for (const TestApplication* each : {&a, &b, &c}) EXPECT_THAT(each->sink->deliveries, SizeIs(2));
  Lose(a);
  EXPECT_THAT(b.sink->deliveries, SizeIs(3));
  EXPECT_THAT(c.sink->deliveries, SizeIs(3));
  EXPECT_EQ(b.sink->deliveries[2].attempt_reason, AttemptReason::kSubscriptionLost);
  // What the dead one had is theirs now, by another name.
  for (const Delivery& delivery : a.sink->deliveries) {
    const absl::Status status = fixture_.Respond(delivery.request_id, 200);
    EXPECT_EQ(ReasonOf(status), "REQUEST_NOT_YOURS");
  }
  EXPECT_THAT(peer_->received(), IsEmpty());
}

TEST_P(SubscriptionsTest, AnEndpointCountsWhatBecameOfItsRequests) {
  const auto statistics = [this] { return *fixture_.engine->GetEndpointStatistics("alice"); };
  SubscriptionOptions options;
  options.endpoint_id = "alice";
  options.max_outstanding_count = 3;
  TestApplication a;
  a.stream = *fixture_.engine->Subscribe(options, a.sink);
  for (int i = 1; i <= 4; ++i) Ask("MESSAGE", i);
  EXPECT_EQ(statistics().subscription_count, 1);
  EXPECT_EQ(statistics().deliveries.outstanding, 3);
  EXPECT_EQ(statistics().deliveries.queued, 1);
  EXPECT_EQ(statistics().deliveries.delivered, 3);
  EXPECT_EQ(fixture_.engine->GetManagerStatus("edge")->outstanding_delivery_count, 3);
  EXPECT_TRUE(fixture_.Respond(a.sink->deliveries[0].request_id, 200).ok());
  EXPECT_EQ(statistics().deliveries.queued, 0);
  EXPECT_EQ(statistics().deliveries.delivered, 4);
  TestApplication b = MustSubscribe();
  Lose(a);
  EXPECT_EQ(statistics().deliveries.outstanding, 3);
  EXPECT_EQ(statistics().deliveries.redelivered, 3);
  fixture_.AdvanceBy(absl::Seconds(8));
  EXPECT_EQ(statistics().deliveries.expired, 3);
  Ask("INVITE", 5);
  Ask("CANCEL", 5);
  fixture_.AdvanceBy(absl::Seconds(1));
  EXPECT_EQ(statistics().deliveries.cancelled, 1);
  EXPECT_EQ(statistics().deliveries.outstanding, 0);
  EXPECT_EQ(fixture_.engine->GetManagerStatus("edge")->outstanding_delivery_count, 0);
  EXPECT_EQ(fixture_.engine->GetEndpointStatistics("bob").status().code(),
            absl::StatusCode::kNotFound);
}

TEST_P(SubscriptionsTest, AServerThatEndsWaitsForALostApplicationAsEver) {
  TestApplication first = MustSubscribe();
  EXPECT_THAT(Ask("MESSAGE", 1), IsEmpty());
  fixture_.engine->Shutdown(absl::Seconds(10), [] {});
  fixture_.RunUntilIdle();
  Lose(first);
  fixture_.AdvanceBy(kTimeout - absl::Milliseconds(1));
  EXPECT_THAT(peer_->TakeReceived(), IsEmpty());
  fixture_.AdvanceBy(absl::Milliseconds(1));
  EXPECT_THAT(StatusCodes(peer_->TakeReceived()), ElementsAre(500));
}

TEST_P(SubscriptionsTest, WhatTheServerAnswersAtItsEndIsTold) {
  TestApplication application = MustSubscribe();
  EXPECT_THAT(Ask("MESSAGE", 1), IsEmpty());
  fixture_.engine->Shutdown(absl::Seconds(5), [] {});
  fixture_.AdvanceBy(absl::Seconds(5) - absl::Milliseconds(1));
  EXPECT_THAT(application.sink->deliveries, SizeIs(1));
  fixture_.AdvanceBy(absl::Milliseconds(1));
  EXPECT_THAT(StatusCodes(peer_->TakeReceived()), ElementsAre(100, 503));
  ASSERT_THAT(application.sink->deliveries, SizeIs(2));
  EXPECT_EQ(application.sink->deliveries[1].kind, Delivery::Kind::kExpired);
  EXPECT_EQ(application.sink->deliveries[1].status_code, 503);
}

INSTANTIATE_TEST_SUITE_P(Workers, SubscriptionsTest, ::testing::Values(1, 3));

}  // namespace
}  // namespace sipcm::engine
