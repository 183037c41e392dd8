#include "tests/core/dispatch/delivery/delivery_fixture.h"

#include <algorithm>

namespace sipcm::dispatch {

TestWorker::TestWorker(int index, fakes::ManualScheduler* scheduler, DeliveryFixture* fixture)
    : loop(scheduler),
      random(1000 + index),
      table(index, &random),
      queue(index, &loop, this),
      fixture_(fixture) {}

TestWorker::~TestWorker() {
  std::vector<OpenRequest*> open;
  table.ForEach([&](OpenRequest& request) { open.push_back(&request); });
  for (OpenRequest* request : open) {
    queue.Abandon(request);
    table.Close(request, Ending::kUndeliverable);
  }
}

RequestId TestWorker::Offer(const std::string& method) { return Offer(method, fixture_->entry_); }

RequestId TestWorker::Offer(const std::string& method, const EndpointDirectory::Entry& entry) {
  OpenRequest* request = table.Open();
  const RequestId id = request->id;
  request->record = MakeRecord({.method = method});
  request->endpoint = entry.endpoint;
  request->endpoint_group = entry.group;
  request->manager_group = fixture_->manager_group_;
  request->expire_time = loop.WallNow() + entry.endpoint->answer_timeout;
  queue.Offer(request);
  return id;
}

void TestWorker::Answer(RequestId id) {
  OpenRequest* request = table.Find(id);
  ASSERT_NE(request, nullptr) << id.ToString() << " is not open";
  queue.Release(request, Ending::kAnswered);
  table.Close(request, Ending::kAnswered);
}

void TestWorker::OnUndeliverable(OpenRequest& request, Situation situation,
                                 absl::string_view allow) {
  EXPECT_EQ(request.line, nullptr);
  EXPECT_EQ(request.assigned, nullptr);
  EXPECT_FALSE(static_cast<ListHook<AssignmentTag>&>(request).is_linked());
  undeliverable.push_back({request.id, situation, std::string(allow)});
  queue.Release(&request, Ending::kUndeliverable);
  table.Close(&request, Ending::kUndeliverable);
}

void TestWorker::WakeWorker(int worker, std::shared_ptr<SubscriptionGroup> group) {
  ++wake_count;
  TestWorker* const other = fixture_->workers_.at(worker).get();
  other->loop.Post([other, group = std::move(group)] { other->queue.OnCredit(group); });
}

DeliveryFixture::DeliveryFixture(int worker_count, RandomSource* order)
    : scheduler_(&clock_, order),
      entry_(MakeEntry("alice")),
      manager_group_(std::make_shared<SubscriptionGroup>()) {
  for (int i = 0; i < worker_count; ++i) {
    workers_.push_back(std::make_unique<TestWorker>(i, &scheduler_, this));
  }
}

DeliveryFixture::~DeliveryFixture() {
  // A subscription and its group hold each other until it ends.
  for (const auto& group : subscribed_) {
    group->subscriptions().Publish(std::make_shared<const SubscriptionList>());
  }
}

EndpointDirectory::Entry DeliveryFixture::MakeEntry(const std::string& id, int max_waiting) {
  auto endpoint = std::make_shared<Endpoint>();
  endpoint->id = id;
  endpoint->address = "sip:" + id + "@example.com";
  endpoint->max_waiting_delivery_count = max_waiting;
  return {endpoint, std::make_shared<SubscriptionGroup>()};
}

TestSubscription DeliveryFixture::SubscribeTo(const std::shared_ptr<SubscriptionGroup>& group,
                                              int credit, std::vector<std::string> methods) {
  TestSubscription subscription;
  subscription.sink = std::make_shared<RecordingSink>();
  subscription.state = std::make_shared<SubscriptionState>();
  subscription.state->id = ++last_subscription_;
  subscription.state->methods = std::move(methods);
  subscription.state->sink = subscription.sink;
  subscription.state->group = group;
  if (next_lineage_ != nullptr) subscription.state->lineage = std::move(next_lineage_);
  subscription.state->Grant(credit);
  auto list = std::make_shared<SubscriptionList>(*group->subscriptions().Get());
  list->push_back(subscription.state);
  group->subscriptions().Publish(std::move(list));
  subscribed_.push_back(group);
  OfferCredit(group);
  return subscription;
}

void DeliveryFixture::AddCredit(const TestSubscription& subscription, int count) {
  subscription.state->Grant(count);
  if (count > 0) OfferCredit(subscription.state->group);
}

void DeliveryFixture::OfferCredit(const std::shared_ptr<SubscriptionGroup>& group) {
  const uint64_t waiting = group->waiting_workers();
  for (size_t i = 0; i < workers_.size(); ++i) {
    if ((waiting >> i & 1) == 0) continue;
    TestWorker* const worker = workers_[i].get();
    worker->loop.Post([worker, group] { worker->queue.OnCredit(group); });
  }
}

TestSubscription DeliveryFixture::Resume(const TestSubscription& lost, int credit,
                                         std::vector<std::string> methods) {
  next_lineage_ = lost.state->lineage;
  TestSubscription subscription = SubscribeTo(lost.state->group, credit, std::move(methods));
  for (const auto& worker : workers_) {
    worker->loop.Post(
        [target = worker.get(), state = subscription.state] { target->queue.OnResumed(state); });
  }
  return subscription;
}

void DeliveryFixture::Lose(const TestSubscription& subscription, absl::Duration resume_timeout) {
  subscription.state->resume_timeout = resume_timeout;
  End(subscription, Parting::kLost);
}

void DeliveryFixture::End(const TestSubscription& subscription, Parting parting) {
  const std::shared_ptr<SubscriptionState> state = subscription.state;
  state->End(parting);
  auto list = std::make_shared<SubscriptionList>(*state->group->subscriptions().Get());
  list->erase(std::remove(list->begin(), list->end(), state), list->end());
  state->group->subscriptions().Publish(std::move(list));
  for (const auto& worker : workers_) {
    worker->loop.Post([target = worker.get(), state] { target->queue.OnSubscriptionEnded(state); });
  }
}

bool DeliveryFixture::DeliverAck(std::shared_ptr<const RequestRecord> record,
                                 DispatchReason reason) {
  Delivery delivery;
  delivery.request = std::move(record);
  delivery.endpoint = entry_.endpoint;
  delivery.reason = reason;
  delivery.expire_time = absl::InfiniteFuture();
  return worker().queue.DeliverUnanswerable({{}, entry_.group, manager_group_},
                                            std::move(delivery));
}

}  // namespace sipcm::dispatch
