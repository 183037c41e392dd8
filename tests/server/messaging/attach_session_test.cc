#include "server/messaging/attach_session.h"

#include <gtest/gtest.h>

#include <deque>

#include "absl/synchronization/notification.h"
#include "core/base/error.h"
#include "tests/server/messaging/scripted_engine.h"
#include "tests/server/messaging/test_deliveries.h"

namespace sipcm::server {
namespace {

using Code = absl::StatusCode;

// A writer whose writes take until the test says they are done.
class HeldWriter final : public FrameWriter {
 public:
  void WriteFrames() override {
    absl::MutexLock lock(&mutex_);
    started_ = true;
  }
  void OnSettled() override { settled = true; }
  void OnReaderTooSlow() override { too_slow = true; }
  void OnMayReadAgain() override { may_read_again = true; }

  // Whether the session asked for a write since the last call.
  bool TakeStarted() {
    absl::MutexLock lock(&mutex_);
    return std::exchange(started_, false);
  }

  bool settled = false;
  bool too_slow = false;
  bool may_read_again = false;

 private:
  absl::Mutex mutex_;
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
};

class AttachSessionTest : public testing::Test {
 protected:
  AttachSessionTest() {
    environment_.engine = &engine_;
    environment_.lookup = [](const std::string& id) -> absl::optional<EndpointFacts> {
      if (id != "alice") return absl::nullopt;
      return EndpointFacts{.manager_id = "edge"};
    };
    environment_.post = [this](absl::AnyInvocable<void()> task) {
      absl::MutexLock lock(&mutex_);
      tasks_.push_back(std::move(task));
    };
    session_ = std::make_shared<AttachSession>(&environment_, writer_);
  }
  ~AttachSessionTest() override { session_->Close(); }

  void RunTasks() {
    while (true) {
      absl::AnyInvocable<void()> task;
      {
        absl::MutexLock lock(&mutex_);
        if (tasks_.empty()) return;
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
      task();
    }
  }
  // Waits until the worker has done all that it was given.
  void Settle() {
    absl::Notification done;
    engine_.OnWorker([&] { done.Notify(); });
    done.WaitForNotification();
    RunTasks();
  }
  // The next frame; empty when nothing waits.
  v1::ServerFrame NextFrame() {
    OutgoingFrame outgoing;
    v1::ServerFrame frame;
    if (session_->Take(&outgoing)) outgoing.EncodeTo(&frame);
    return frame;
  }
  // All that waits, as one.
  v1::ServerFrame Everything() {
    v1::ServerFrame all;
    for (v1::ServerFrame frame = NextFrame(); frame.ByteSizeLong() > 0; frame = NextFrame()) {
      all.MergeFrom(frame);
    }
    return all;
  }
  void Open(int32_t id = 1, int credit = 100) {
    v1::ApplicationFrame frame = OpenFrame(id, credit);
    ASSERT_TRUE(session_->OnFrame(&frame).ok());
  }
  static v1::ApplicationFrame OpenFrame(int32_t id, int credit) {
    v1::ApplicationFrame frame;
    v1::AttachedSubscription* attached = frame.mutable_open()->add_subscriptions();
    attached->set_subscription_id(id);
    attached->mutable_subscribe()->set_endpoint("endpoints/alice");
    attached->mutable_subscribe()->set_view(v1::RAW);
    attached->mutable_subscribe()->set_max_outstanding_count(credit);
    return frame;
  }
  static v1::RespondRequest Answer(uint64_t request, int status_code = 200) {
    v1::RespondRequest answer;
    answer.set_request_id(TestRequestId(request).ToString());
    answer.mutable_response()->set_status_code(status_code);
    return answer;
  }
  static v1::AttachedSend Message(int64_t send_id) {
    v1::AttachedSend send;
    send.set_send_id(send_id);
    send.mutable_send()->set_endpoint("endpoints/alice");
    send.mutable_send()->mutable_request()->set_method("MESSAGE");
    send.mutable_send()->mutable_request()->set_request_uri("sip:bob@example.net");
    return send;
  }
  absl::Status Give(v1::ApplicationFrame frame) { return session_->OnFrame(&frame); }

  ScriptedEngine engine_;
  AttachSession::Environment environment_;
  std::shared_ptr<HeldWriter> writer_ = std::make_shared<HeldWriter>();
  absl::Mutex mutex_;
  std::deque<absl::AnyInvocable<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<AttachSession> session_;
};

TEST_F(AttachSessionTest, TheFirstFrameHasToOpen) {
  const absl::Status status = Give(v1::ApplicationFrame());
  EXPECT_EQ(ReasonOf(status), "REQUIRED_FIELD_MISSING");
  EXPECT_EQ(FieldOf(status), "open");
}

TEST_F(AttachSessionTest, StartedComesFirstEvenWhenRequestsComeWhileSubscribing) {
  engine_.DuringSubscribe([](dispatch::DeliverySink& sink) { sink.Deliver(MakeDeliveries(1, 2)); });
  Open(5, 10);
  const v1::ServerFrame frame = NextFrame();
  ASSERT_EQ(frame.deliveries_size(), 3);
  EXPECT_EQ(frame.deliveries(0).subscription_id(), 5);
  EXPECT_EQ(frame.deliveries(0).started().endpoint(), "endpoints/alice");
  EXPECT_EQ(frame.deliveries(0).started().connection_manager(), "connectionManagers/edge");
  EXPECT_EQ(frame.deliveries(0).started().max_outstanding_count(), 10);
  EXPECT_EQ(frame.deliveries(1).request().request_id(), TestRequestId(1).ToString());
  EXPECT_EQ(frame.deliveries(2).request().request_id(), TestRequestId(2).ToString());
}

TEST_F(AttachSessionTest, OneWriteAtATimeAndTheNextCarriesAllThatPiledUp) {
  Open();
  EXPECT_TRUE(writer_->TakeStarted());
  EXPECT_EQ(NextFrame().deliveries_size(), 1);  // `started`; this write is now under way
  engine_.Deliver(0, MakeDeliveries(1, 1));
  engine_.Deliver(0, MakeDeliveries(2, 3));
  engine_.Deliver(0, MakeDeliveries(5, 5));
  EXPECT_FALSE(writer_->TakeStarted());
  const v1::ServerFrame frame = NextFrame();
  ASSERT_EQ(frame.deliveries_size(), 9);
  for (int i = 0; i < 9; ++i) {
    EXPECT_EQ(frame.deliveries(i).request().request_id(), TestRequestId(i + 1).ToString());
  }
  EXPECT_EQ(NextFrame().ByteSizeLong(), 0u);
  engine_.Deliver(0, MakeDeliveries(10, 1));
  EXPECT_TRUE(writer_->TakeStarted());
}

TEST_F(AttachSessionTest, AFrameHasAtMost64DeliveriesOr64Kilobytes) {
  Open(1, 1000);
  Everything();
  engine_.Deliver(0, MakeDeliveries(1, 100));
  EXPECT_EQ(NextFrame().deliveries_size(), 64);
  EXPECT_EQ(NextFrame().deliveries_size(), 36);
  engine_.Deliver(0, MakeDeliveries(200, 10, SipRequestText("MESSAGE", std::string(20'000, 'x'))));
  EXPECT_EQ(NextFrame().deliveries_size(), 4);
}

TEST_F(AttachSessionTest, TheAnswersOfOneFrameReachTheEngineTogetherAndInOrder) {
  Open();
  v1::ApplicationFrame frame;
  for (uint64_t i = 1; i <= 50; ++i) *frame.add_responses() = Answer(i);
  ASSERT_TRUE(Give(frame).ok());
  EXPECT_EQ(engine_.respond_batches(), std::vector<size_t>{50});
  const std::vector<engine::ResponseOrder> orders = engine_.responses(50);
  for (uint64_t i = 0; i < 50; ++i) EXPECT_EQ(orders[i].request_id, TestRequestId(i + 1));
}

TEST_F(AttachSessionTest, OnlyFailedAnswersAreToldUnlessAllAreWanted) {
  engine_.AnswerResponses([](const std::vector<engine::ResponseOrder>& orders) {
    std::vector<engine::ResponseResult> results(orders.size());
    for (size_t i = 0; i < orders.size(); ++i) results[i].request_id = orders[i].request_id;
    results[1].status = MakeError(Code::kFailedPrecondition, "REQUEST_EXPIRED", "too late");
    results[0].route = engine::ResponseRoute::kSameConnection;
    return results;
  });
  Open();
  v1::ApplicationFrame frame;
  *frame.add_responses() = Answer(1);
  *frame.add_responses() = Answer(2);
  ASSERT_TRUE(Give(frame).ok());
  Settle();
  v1::ServerFrame told = Everything();
  ASSERT_EQ(told.results_size(), 1);
  EXPECT_EQ(told.results(0).request_id(), TestRequestId(2).ToString());
  EXPECT_EQ(told.results(0).code(), static_cast<int>(Code::kFailedPrecondition));
  EXPECT_EQ(told.results(0).error().reason(), v1::ErrorDetail::REQUEST_EXPIRED);

  frame.mutable_open()->set_respond_results(v1::Open::ALL);
  ASSERT_TRUE(Give(frame).ok());
  Settle();
  told = Everything();
  ASSERT_EQ(told.results_size(), 2);
  EXPECT_EQ(told.results(0).code(), 0);
  EXPECT_EQ(told.results(0).response().path(), v1::RespondResponse::SAME_CONNECTION);
}

TEST_F(AttachSessionTest, AMalformedAnswerFailsAloneAndTheOthersGoOn) {
  Open();
  v1::ApplicationFrame frame;
  *frame.add_responses() = Answer(1);
  *frame.add_responses() = Answer(2);
  frame.mutable_responses(0)->set_request_id("nonsense");
  ASSERT_TRUE(Give(frame).ok());
  EXPECT_EQ(engine_.responses(1).front().request_id, TestRequestId(2));
  const v1::ServerFrame told = Everything();
  ASSERT_EQ(told.results_size(), 1);
  EXPECT_EQ(told.results(0).request_id(), "nonsense");
  EXPECT_EQ(told.results(0).error().reason(), v1::ErrorDetail::REQUEST_NOT_FOUND);
}

TEST_F(AttachSessionTest, AGrantSetsTheCreditAndZeroPauses) {
  Open(1, 10);
  v1::ApplicationFrame frame;
  frame.add_grants()->set_subscription_id(1);
  for (int credit : {25, 0, 7}) {
    frame.mutable_grants(0)->set_max_outstanding_count(credit);
    ASSERT_TRUE(Give(frame).ok());
    engine_.AwaitCredit(0, credit);
  }
  frame.mutable_grants(0)->set_max_outstanding_count(1'000'001);
  EXPECT_EQ(FieldOf(Give(frame)), "grants[0].max_outstanding_count");
}

TEST_F(AttachSessionTest, ASubscriptionThatCannotStandEndsAloneWithItsError) {
  engine_.FailSubscribe(MakeError(Code::kNotFound, "RESOURCE_NOT_FOUND", "no endpoint \"alice\""));
  v1::ApplicationFrame frame = OpenFrame(1, 10);
  *frame.mutable_open()->add_subscriptions() = OpenFrame(2, 10).open().subscriptions(0);
  ASSERT_TRUE(Give(frame).ok());
  const v1::ServerFrame told = Everything();
  ASSERT_EQ(told.ended_size(), 1);
  EXPECT_EQ(told.ended(0).subscription_id(), 1);
  EXPECT_EQ(told.ended(0).code(), static_cast<int>(Code::kNotFound));
  EXPECT_EQ(told.ended(0).error().reason(), v1::ErrorDetail::RESOURCE_NOT_FOUND);
  ASSERT_EQ(told.deliveries_size(), 1);
  EXPECT_EQ(told.deliveries(0).subscription_id(), 2);
}

TEST_F(AttachSessionTest, SubscriptionIdsArePositiveAndUniqueAndFreeAgainAfterTheEnd) {
  Open(1);
  Everything();
  ASSERT_TRUE(Give(OpenFrame(1, 10)).ok());
  EXPECT_EQ(Everything().ended(0).error().reason(), v1::ErrorDetail::SUBSCRIPTION_ID_IN_USE);
  ASSERT_TRUE(Give(OpenFrame(0, 10)).ok());
  EXPECT_EQ(Everything().ended(0).error().field(), "subscription_id");
  EXPECT_FALSE(engine_.subscription(0).ended);  // the first goes on

  v1::ApplicationFrame frame;
  frame.add_unsubscribes(1);
  ASSERT_TRUE(Give(frame).ok());
  EXPECT_TRUE(engine_.subscription(0).ended);
  EXPECT_TRUE(engine_.subscription(0).left);  // nobody is to wait for its return
  EXPECT_EQ(Everything().ended(0).code(), 0);
  Open(1);
  EXPECT_EQ(Everything().deliveries(0).started().endpoint(), "endpoints/alice");

  ASSERT_TRUE(Give(frame).ok());
  Everything();
  ASSERT_TRUE(Give(frame).ok());
  EXPECT_EQ(Everything().ended(0).error().reason(), v1::ErrorDetail::SUBSCRIPTION_NOT_FOUND);
}

TEST_F(AttachSessionTest, WhenTheEngineEndsASubscriptionItIsToldAndDestroyedOnTheSessionsThread) {
  Open(3);
  Everything();
  engine_.Deliver(0, MakeDeliveries(1, 5));
  engine_.EndSubscription(0, MakeError(Code::kNotFound, "RESOURCE_DELETED", "was deleted"));
  absl::Notification worker_done;
  engine_.OnWorker([&] { worker_done.Notify(); });
  worker_done.WaitForNotification();
  EXPECT_FALSE(engine_.subscription(0).ended);  // not from inside the sink
  RunTasks();
  EXPECT_TRUE(engine_.subscription(0).ended);
  const v1::ServerFrame told = Everything();
  EXPECT_EQ(told.deliveries_size(), 0);  // those are answered by the server now
  ASSERT_EQ(told.ended_size(), 1);
  EXPECT_EQ(told.ended(0).subscription_id(), 3);
  EXPECT_EQ(told.ended(0).error().reason(), v1::ErrorDetail::RESOURCE_DELETED);
}

TEST_F(AttachSessionTest, ClosingEndsSubscriptionsAndCancelsSends) {
  Open(1);
  Open(2);
  v1::ApplicationFrame frame;
  *frame.add_requests() = Message(77);
  ASSERT_TRUE(Give(frame).ok());
  session_->Close();
  EXPECT_TRUE(engine_.subscription(0).ended);
  EXPECT_TRUE(engine_.subscription(1).ended);
  EXPECT_FALSE(engine_.subscription(0).left);  // its application may come back
  EXPECT_EQ(engine_.cancels(1), std::vector<uint64_t>{77});
  engine_.subscription(0).sink->Deliver(MakeDeliveries(1, 1));  // passed over
  Settle();
  EXPECT_EQ(NextFrame().ByteSizeLong(), 0u);
}

TEST_F(AttachSessionTest, SendsAreToldStepByStepAndTheirIdIsFreeAgainAfterTheLast) {
  Open();
  Everything();
  v1::ApplicationFrame frame;
  *frame.add_requests() = Message(9);
  ASSERT_TRUE(Give(frame).ok());
  engine_.Tell(0, EventList(MakeSent(), MakeResponse(100, "Trying")));
  Settle();
  v1::ServerFrame told = Everything();
  ASSERT_EQ(told.events_size(), 2);
  EXPECT_EQ(told.events(0).send_id(), 9);
  EXPECT_EQ(told.events(0).event().sent().reuse(), v1::Sent::REUSED);
  EXPECT_EQ(told.events(1).event().response().status_code(), 100);

  ASSERT_TRUE(Give(frame).ok());
  told = Everything();
  EXPECT_EQ(told.events(0).event().failure().error().reason(), v1::ErrorDetail::SEND_ID_IN_USE);

  engine_.Tell(0, EventList(MakeResponse(202, "Accepted")));
  Settle();
  EXPECT_EQ(Everything().events(0).event().response().status_code(), 202);
  ASSERT_TRUE(Give(frame).ok());
  EXPECT_EQ(engine_.send(1).cookie, 9u);
}

TEST_F(AttachSessionTest, ARefusedSendIsAFailureWithItsField) {
  Open();
  Everything();
  v1::ApplicationFrame frame;
  *frame.add_requests() = Message(1);
  *frame.add_requests() = Message(0);
  frame.mutable_requests(0)->mutable_send()->set_endpoint("bob");
  ASSERT_TRUE(Give(frame).ok());
  const v1::ServerFrame told = Everything();
  ASSERT_EQ(told.events_size(), 2);
  EXPECT_EQ(told.events(0).event().failure().cause(), v1::SendFailure::INVALID_REQUEST);
  EXPECT_EQ(told.events(0).event().failure().error().field(), "endpoint");
  EXPECT_EQ(told.events(1).event().failure().error().field(), "send_id");
}

TEST_F(AttachSessionTest, CancelReachesTheEngineForKnownSendsOnly) {
  Open();
  v1::ApplicationFrame frame;
  *frame.add_requests() = Message(4);
  frame.add_cancels()->set_send_id(4);
  frame.add_cancels()->set_send_id(5);
  ASSERT_TRUE(Give(frame).ok());
  EXPECT_EQ(engine_.cancels(1), std::vector<uint64_t>{4});
  Settle();
  EXPECT_EQ(Everything().events(0).event().failure().cause(), v1::SendFailure::CANCELLED);
}

TEST_F(AttachSessionTest, HalfCloseEndsSubscriptionsAndIsSettledAfterTheLastResultAndSend) {
  engine_.AnswerResponses(nullptr);
  Open();
  v1::ApplicationFrame frame;
  *frame.add_responses() = Answer(1);
  *frame.add_requests() = Message(1);
  ASSERT_TRUE(Give(frame).ok());
  session_->OnNothingMoreToRead();
  EXPECT_FALSE(engine_.subscription(0).ended) << "the stream may be broken";
  const v1::ServerFrame ended = Everything();
  session_->OnAllWritten();
  EXPECT_TRUE(engine_.subscription(0).ended);
  EXPECT_TRUE(engine_.subscription(0).left);
  RunTasks();
  EXPECT_FALSE(writer_->settled);
  engine_.TellResults(0, std::vector<engine::ResponseResult>(1));
  Settle();
  EXPECT_FALSE(writer_->settled);
  engine_.Tell(0, EventList(MakeSent(), MakeResponse(200, "OK")));
  Settle();
  EXPECT_TRUE(writer_->settled);
  const v1::ServerFrame told = Everything();
  EXPECT_EQ(told.events_size(), 2);
  ASSERT_EQ(ended.ended_size(), 1);
  EXPECT_EQ(ended.ended(0).code(), 0);
}

TEST_F(AttachSessionTest, WithoutAnOpenSubscriptionAHalfCloseIsSettledAtOnce) {
  session_->OnNothingMoreToRead();
  RunTasks();
  EXPECT_TRUE(writer_->settled);
}

TEST_F(AttachSessionTest, AStreamThatBreaksLosesItsSubscriptionsAndDoesNotLeaveThem) {
  Open();
  session_->OnNothingMoreToRead();
  NextFrame();  // a write that fails
  session_->Close();
  EXPECT_TRUE(engine_.subscription(0).ended);
  EXPECT_FALSE(engine_.subscription(0).left);
}

TEST_F(AttachSessionTest, ReadingPausesWhileResultsPileUpUnread) {
  Open();
  v1::ApplicationFrame frame;
  for (size_t i = 0; i <= kMaxWaitingNoticeCount; ++i) {
    frame.add_responses()->set_request_id("nonsense");
  }
  EXPECT_TRUE(session_->MayRead());
  ASSERT_TRUE(Give(frame).ok());
  EXPECT_FALSE(session_->MayRead());
  Everything();
  EXPECT_TRUE(session_->MayRead());
}

TEST_F(AttachSessionTest, ASleepingReaderCostsABoundedBacklogAndIsToldOfTheGap) {
  Open(1, 100);
  NextFrame();  // a write that never ends
  for (int round = 0; round < 100; ++round) {
    const uint64_t first = 1 + round * 100;
    engine_.Deliver(0, MakeDeliveries(first, 100));
    std::vector<dispatch::Delivery> expired;
    for (int i = 0; i < 100; ++i) {
      expired.push_back(MakeNotice(dispatch::Delivery::Kind::kExpired, first + i));
    }
    engine_.Deliver(0, std::move(expired));
  }
  RunTasks();
  EXPECT_FALSE(writer_->too_slow);
  const v1::ServerFrame told = Everything();
  EXPECT_LT(told.deliveries_size(), 800);
  int64_t lost = 0;
  for (const v1::Delivery& delivery : told.deliveries()) lost += delivery.gap().lost_count();
  EXPECT_GT(lost, 9000);
}

TEST_F(AttachSessionTest, WhenEvenTheNoticesPileUpTheReaderIsTooSlow) {
  Open(1, 10);
  NextFrame();
  std::vector<dispatch::Delivery> notices;
  for (size_t i = 0; i < 8 * 10 + kMaxWaitingNoticeCount; ++i) {
    notices.push_back(MakeNotice(dispatch::Delivery::Kind::kCancelled, i + 1));
  }
  engine_.Deliver(0, notices);
  RunTasks();
  EXPECT_FALSE(writer_->too_slow);
  engine_.Deliver(0, {notices.front()});
  RunTasks();
  EXPECT_TRUE(writer_->too_slow);
}

TEST_F(AttachSessionTest, AFrameAfterTheEndOpensNothingAndLeavesNothingWaiting) {
  Open(1);
  session_->Close();
  v1::ApplicationFrame frame = OpenFrame(2, 10);
  frame.add_responses()->set_request_id("nonsense");
  *frame.add_requests() = Message(0);
  engine_.FailSubscribe(absl::InternalError("for whoever subscribes next"));
  ASSERT_TRUE(Give(frame).ok());
  EXPECT_EQ(NextFrame().ByteSizeLong(), 0u);
  EXPECT_TRUE(session_->IsIdle());
  EXPECT_FALSE(engine_.Subscribe({}, nullptr).ok());  // so nobody had subscribed
}

TEST_F(AttachSessionTest, ReadingPausesWhileUnknownIdsPileUpUnread) {
  Open();
  Everything();
  v1::ApplicationFrame frame;
  for (size_t i = 0; i < kMaxWaitingNoticeCount; ++i) frame.add_grants()->set_subscription_id(99);
  ASSERT_TRUE(Give(frame).ok());
  EXPECT_TRUE(session_->MayRead());
  v1::ApplicationFrame one;
  one.add_unsubscribes(99);
  ASSERT_TRUE(Give(one).ok());
  EXPECT_FALSE(session_->MayRead());
  EXPECT_EQ(Everything().ended_size(), static_cast<int>(kMaxWaitingNoticeCount) + 1);
  EXPECT_TRUE(session_->MayRead());
}

TEST_F(AttachSessionTest, ReadingPausesWhileTheEngineHasAnswersAndGoesOnWithoutAWrite) {
  engine_.AnswerResponses(nullptr);
  Open();
  Everything();
  v1::ApplicationFrame frame;
  for (size_t i = 0; i <= kMaxWaitingNoticeCount; ++i) *frame.add_responses() = Answer(i + 1);
  ASSERT_TRUE(Give(frame).ok());
  EXPECT_FALSE(session_->MayRead());
  engine_.TellResults(0, std::vector<engine::ResponseResult>(1));  // OK, which is not told
  Settle();
  EXPECT_TRUE(writer_->may_read_again);
  EXPECT_TRUE(session_->MayRead());
}

TEST_F(AttachSessionTest, EndsAreToldWhileDeliveriesKeepComing) {
  Open(1, 10000);
  Open(2);
  Everything();
  engine_.Deliver(0, MakeDeliveries(1, 1000));
  v1::ApplicationFrame frame;
  frame.add_unsubscribes(2);
  ASSERT_TRUE(Give(frame).ok());
  const v1::ServerFrame told = NextFrame();
  EXPECT_EQ(told.deliveries_size(), 64);
  ASSERT_EQ(told.ended_size(), 1);
  EXPECT_EQ(told.ended(0).subscription_id(), 2);
}

TEST_F(AttachSessionTest, AReaderIsTooSlowWhen64MegabytesWait) {
  Open(1, 1'000'000);
  Everything();
  engine_.Deliver(0, MakeDeliveries(1, 64, SipRequestText("MESSAGE", std::string(1'000'000, 'x'))));
  RunTasks();
  EXPECT_FALSE(writer_->too_slow);
  engine_.Deliver(0, MakeDeliveries(65, 4, SipRequestText("MESSAGE", std::string(1'000'000, 'x'))));
  RunTasks();
  EXPECT_TRUE(writer_->too_slow);
}

TEST_F(AttachSessionTest, OpensOwnFieldsAreChecked) {
  v1::ApplicationFrame frame = OpenFrame(1, 10);
  frame.mutable_open()->set_application_name(std::string(65, 'x'));
  EXPECT_EQ(FieldOf(Give(frame)), "open.application_name");
  frame.mutable_open()->set_application_name("caf\xC3\xA9");
  EXPECT_EQ(FieldOf(Give(frame)), "open.application_name");
  frame.mutable_open()->set_application_name(std::string(64, 'x'));
  EXPECT_TRUE(Give(frame).ok());
  frame = OpenFrame(2, 10);
  frame.mutable_open()->set_respond_results(static_cast<v1::Open::RespondResults>(9));
  EXPECT_EQ(FieldOf(Give(frame)), "open.respond_results");
}

}  // namespace
}  // namespace sipcm::server
