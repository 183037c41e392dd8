#include "tests/server/messaging/scripted_engine.h"

#include "absl/synchronization/notification.h"
#include "core/base/check.h"

namespace sipcm::server {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(20);

std::vector<engine::ResponseResult> AllOk(const std::vector<engine::ResponseOrder>& orders) {
  std::vector<engine::ResponseResult> results;
  for (const engine::ResponseOrder& order : orders) {
    results.push_back({.cookie = order.cookie,
                       .request_id = order.request_id,
                       .status = absl::OkStatus(),
                       .route = engine::ResponseRoute::kSameConnection});
  }
  return results;
}

}  // namespace

class ScriptedEngine::Handle final : public engine::Subscription {
 public:
  Handle(ScriptedEngine* engine, size_t index, engine::Resumption resumption)
      : engine_(engine), index_(index), resumption_(std::move(resumption)) {}
  ~Handle() override {
    absl::MutexLock lock(&engine_->mutex_);
    engine_->subscriptions_[index_].ended = true;
  }
  void AddCredit(int count) override {
    absl::MutexLock lock(&engine_->mutex_);
    engine_->subscriptions_[index_].credit += count;
  }
  void Leave() override {
    absl::MutexLock lock(&engine_->mutex_);
    engine_->subscriptions_[index_].left = true;
  }
  const engine::Resumption& resumption() const override { return resumption_; }

 private:
  ScriptedEngine* const engine_;
  const size_t index_;
  const engine::Resumption resumption_;
};

ScriptedEngine::ScriptedEngine() : respond_script_(AllOk), worker_([this] { RunWorker(); }) {}

ScriptedEngine::~ScriptedEngine() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  worker_.join();
}

void ScriptedEngine::RunWorker() {
  while (true) {
    std::function<void()> task;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(
          +[](ScriptedEngine* self)
               ABSL_NO_THREAD_SAFETY_ANALYSIS { return self->stop_ || !self->tasks_.empty(); },
          this));
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

void ScriptedEngine::Await(std::function<bool()> condition) {
  SIPCM_CHECK_MESSAGE(
      mutex_.AwaitWithTimeout(absl::Condition(&condition, &std::function<bool()>::operator()),
                              kPatience),
      "what the test waits for did not happen");
}

void ScriptedEngine::FailSubscribe(absl::Status status) {
  absl::MutexLock lock(&mutex_);
  fail_subscribe_ = std::move(status);
}

void ScriptedEngine::SetResumption(engine::Resumption resumption) {
  absl::MutexLock lock(&mutex_);
  resumption_ = std::move(resumption);
}

void ScriptedEngine::DuringSubscribe(std::function<void(dispatch::DeliverySink&)> action) {
  absl::MutexLock lock(&mutex_);
  during_subscribe_ = std::move(action);
}

void ScriptedEngine::AnswerResponses(RespondScript script) {
  absl::MutexLock lock(&mutex_);
  respond_script_ = std::move(script);
}

void ScriptedEngine::OnWorker(std::function<void()> task) {
  absl::MutexLock lock(&mutex_);
  tasks_.push_back(std::move(task));
}

void ScriptedEngine::Deliver(size_t index, std::vector<dispatch::Delivery> batch) {
  const std::shared_ptr<dispatch::DeliverySink> sink = subscription(index).sink;
  absl::Notification done;
  OnWorker([&] {
    sink->Deliver(std::move(batch));
    done.Notify();
  });
  done.WaitForNotification();
}

void ScriptedEngine::EndSubscription(size_t index, absl::Status why) {
  const std::shared_ptr<dispatch::DeliverySink> sink = subscription(index).sink;
  OnWorker([sink, why] { sink->OnSubscriptionEnded(why); });
}

void ScriptedEngine::Tell(size_t index, std::vector<engine::SendEvent> events) {
  send(index);
  absl::MutexLock lock(&mutex_);
  for (engine::SendEvent& event : events) event.cookie = sends_[index].first.cookie;
  auto shared = std::make_shared<std::vector<engine::SendEvent>>(std::move(events));
  tasks_.push_back(
      [sink = sends_[index].second, shared] { sink->OnSendEvents(std::move(*shared)); });
}

void ScriptedEngine::TellResults(size_t call, std::vector<engine::ResponseResult> results) {
  absl::MutexLock lock(&mutex_);
  Await([&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return response_sinks_.size() > call; });
  tasks_.push_back([sink = response_sinks_[call], results] { sink->OnResponseResults(results); });
}

ScriptedEngine::Subscribed ScriptedEngine::subscription(size_t index) {
  absl::MutexLock lock(&mutex_);
  Await([&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return subscriptions_.size() > index; });
  return subscriptions_[index];
}

void ScriptedEngine::AwaitSubscriptionEnd(size_t index) {
  absl::MutexLock lock(&mutex_);
  Await([&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return subscriptions_.size() > index && subscriptions_[index].ended;
  });
}

void ScriptedEngine::AwaitCredit(size_t index, int credit) {
  absl::MutexLock lock(&mutex_);
  Await([&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return subscriptions_.size() > index && subscriptions_[index].credit == credit;
  });
}

std::vector<engine::ResponseOrder> ScriptedEngine::responses(size_t count) {
  absl::MutexLock lock(&mutex_);
  Await([&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return responses_.size() >= count; });
  return responses_;
}

std::vector<size_t> ScriptedEngine::respond_batches() {
  absl::MutexLock lock(&mutex_);
  return respond_batches_;
}

engine::SendOrder ScriptedEngine::send(size_t index) {
  absl::MutexLock lock(&mutex_);
  Await([&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return sends_.size() > index; });
  return sends_[index].first;
}

std::vector<uint64_t> ScriptedEngine::cancels(size_t count) {
  absl::MutexLock lock(&mutex_);
  Await([&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return cancels_.size() >= count; });
  return cancels_;
}

absl::StatusOr<std::unique_ptr<engine::Subscription>> ScriptedEngine::Subscribe(
    engine::SubscriptionOptions options, std::shared_ptr<dispatch::DeliverySink> sink) {
  std::function<void(dispatch::DeliverySink&)> during;
  engine::Resumption resumption;
  size_t index;
  {
    absl::MutexLock lock(&mutex_);
    resumption = resumption_;
    if (!fail_subscribe_.ok()) return std::exchange(fail_subscribe_, absl::OkStatus());
    index = subscriptions_.size();
    subscriptions_.push_back(
        {.options = options, .sink = sink, .credit = options.max_outstanding_count});
    during = during_subscribe_;
  }
  if (during) {
    absl::Notification done;
    OnWorker([&] {
      during(*sink);
      done.Notify();
    });
    done.WaitForNotification();
  }
  return std::unique_ptr<engine::Subscription>(std::make_unique<Handle>(this, index, resumption));
}

void ScriptedEngine::Respond(std::vector<engine::ResponseOrder> orders,
                             std::shared_ptr<engine::ResponseSink> sink) {
  absl::MutexLock lock(&mutex_);
  respond_batches_.push_back(orders.size());
  response_sinks_.push_back(sink);
  responses_.insert(responses_.end(), orders.begin(), orders.end());
  if (!respond_script_) return;
  tasks_.push_back(
      [sink, orders, script = respond_script_] { sink->OnResponseResults(script(orders)); });
}

void ScriptedEngine::Send(std::vector<engine::SendOrder> orders,
                          std::shared_ptr<engine::SendSink> sink) {
  absl::MutexLock lock(&mutex_);
  for (engine::SendOrder& order : orders) sends_.emplace_back(std::move(order), sink);
}

void ScriptedEngine::CancelSends(std::vector<uint64_t> cookies,
                                 std::shared_ptr<engine::SendSink> sink) {
  absl::MutexLock lock(&mutex_);
  for (uint64_t cookie : cookies) {
    cancels_.push_back(cookie);
    tasks_.push_back([sink, cookie] {
      engine::SendEvent event;
      event.kind = engine::SendEvent::Kind::kFailure;
      event.cookie = cookie;
      event.is_final = true;
      event.failure = absl::CancelledError("the application cancelled");
      std::vector<engine::SendEvent> events;
      events.push_back(std::move(event));
      sink->OnSendEvents(std::move(events));
    });
  }
}

}  // namespace sipcm::server
