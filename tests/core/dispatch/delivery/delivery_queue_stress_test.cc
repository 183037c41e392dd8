// Workers on threads of their own share the credit of an endpoint: run it with --config=tsan.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "core/base/random_source.h"
#include "core/dispatch/delivery/delivery_queue.h"
#include "gtest/gtest.h"
#include "tests/core/dispatch/test_request.h"
#include "tests/fakes/manual_event_loop.h"

namespace sipcm::dispatch {
namespace {

constexpr int kWorkers = 3;
constexpr int kRequestsPerWorker = 1000;

struct Shared;

// A worker's objects, all used in its thread but for loop.Post().
class StressWorker final : private DeliveryQueue::Owner {
 public:
  StressWorker(int index, Shared* shared)
      : random_(index), table_(index, &random_), queue_(index, &loop_, this), shared_(shared) {}

  // Offers and runs turns until it is stopped.
  void Run();
  void PostAnswer(RequestId id);
  void PostCredit(std::shared_ptr<SubscriptionGroup> group) {
    loop_.Post([this, group = std::move(group)] { queue_.OnCredit(group); });
  }

  std::atomic<bool> stop{false};

 private:
  void OnUndeliverable(OpenRequest& request, Situation situation, absl::string_view) override {
    ADD_FAILURE() << "nobody takes it: " << ExplanationOf(situation);
    queue_.Release(&request, Ending::kUndeliverable);
    table_.Close(&request, Ending::kUndeliverable);
  }
  void OnRedelivery(OpenRequest&) override {}
  void WakeWorker(int worker, std::shared_ptr<SubscriptionGroup> group) override;
  void OfferOne();

  SeededRandomSource random_;
  fakes::ManualEventLoop loop_;
  OpenRequestTable table_;
  DeliveryQueue queue_;
  Shared* const shared_;
};

// The application: gets requests from all workers and has them answered a bit later.
class StressSink final : public DeliverySink {
 public:
  void Deliver(std::vector<Delivery> batch) override {
    absl::MutexLock lock(&mutex_);
    for (const Delivery& delivery : batch) {
      to_answer_.push_back(delivery.request_id);
      outstanding_ += 1;
    }
    most_ = std::max(most_, outstanding_);
  }
  void OnSubscriptionEnded(const absl::Status&) override {}

  std::vector<RequestId> TakeSome() {
    absl::MutexLock lock(&mutex_);
    outstanding_ -= static_cast<int>(to_answer_.size());
    return std::exchange(to_answer_, {});
  }
  int most() {
    absl::MutexLock lock(&mutex_);
    return most_;
  }

 private:
  absl::Mutex mutex_;
  std::vector<RequestId> to_answer_ ABSL_GUARDED_BY(mutex_);
  int outstanding_ ABSL_GUARDED_BY(mutex_) = 0;
  int most_ ABSL_GUARDED_BY(mutex_) = 0;
};

struct Shared {
  ~Shared() {
    // A subscription and its group hold each other until it ends.
    group->subscriptions().Publish(std::make_shared<const SubscriptionList>());
  }

  std::shared_ptr<SubscriptionState> Subscribe(std::shared_ptr<StressSink> sink, int credit,
                                               std::vector<std::string> methods) {
    auto state = std::make_shared<SubscriptionState>();
    state->methods = std::move(methods);
    state->sink = std::move(sink);
    state->group = group;
    state->Grant(credit);
    auto list = std::make_shared<SubscriptionList>(*group->subscriptions().Get());
    list->push_back(state);
    group->subscriptions().Publish(std::move(list));
    return state;
  }

  std::shared_ptr<const Endpoint> endpoint = [] {
    auto made = std::make_shared<Endpoint>();
    made->max_waiting_delivery_count = 1'000'000;
    return made;
  }();
  std::shared_ptr<SubscriptionGroup> group = std::make_shared<SubscriptionGroup>();
  std::shared_ptr<SubscriptionGroup> manager_group = std::make_shared<SubscriptionGroup>();
  std::shared_ptr<const RequestRecord> message = MakeRecord({.method = "MESSAGE"});
  std::shared_ptr<const RequestRecord> invite = MakeRecord({.method = "INVITE"});
  std::vector<std::unique_ptr<StressWorker>> workers;
};

void StressWorker::WakeWorker(int worker, std::shared_ptr<SubscriptionGroup> group) {
  shared_->workers[worker]->PostCredit(std::move(group));
}

void StressWorker::PostAnswer(RequestId id) {
  loop_.Post([this, id] {
    OpenRequest* request = table_.Find(id);
    if (request == nullptr) {
      ADD_FAILURE() << id.ToString() << " was delivered twice";
      return;
    }
    queue_.Release(request, Ending::kAnswered);
    table_.Close(request, Ending::kAnswered);
  });
}

void StressWorker::OfferOne() {
  OpenRequest* request = table_.Open();
  request->record = random_.Next() % 2 == 0 ? shared_->message : shared_->invite;
  request->endpoint = shared_->endpoint;
  request->endpoint_group = shared_->group;
  request->manager_group = shared_->manager_group;
  queue_.Offer(request);
}

void StressWorker::Run() {
  int offered = 0;
  while (!stop) {
    while (offered < kRequestsPerWorker && table_.size() < 50) {
      OfferOne();
      ++offered;
    }
    loop_.RunTurn();
    if (!loop_.HasWork()) std::this_thread::yield();
  }
  std::vector<OpenRequest*> open;
  table_.ForEach([&](OpenRequest& request) { open.push_back(&request); });
  for (OpenRequest* request : open) {
    queue_.Abandon(request);
    table_.Close(request, Ending::kUndeliverable);
  }
}

class DeliveryQueueStressTest : public ::testing::Test {
 protected:
  DeliveryQueueStressTest() {
    for (int i = 0; i < kWorkers; ++i) {
      shared_.workers.push_back(std::make_unique<StressWorker>(i, &shared_));
    }
  }

  void Start() {
    for (auto& worker : shared_.workers) {
      threads_.emplace_back([target = worker.get()] { target->Run(); });
    }
  }

  // Answers what the sinks got until as many were answered as were offered.
  template <typename Between>
  void AnswerAll(const std::vector<std::shared_ptr<StressSink>>& sinks, Between between) {
    auto last_progress = std::chrono::steady_clock::now();
    int answered = 0;
    while (answered < kWorkers * kRequestsPerWorker) {
      bool idle = true;
      for (const auto& sink : sinks) {
        for (const RequestId id : sink->TakeSome()) {
          shared_.workers[id.worker()]->PostAnswer(id);
          ++answered;
          idle = false;
        }
      }
      between(answered);
      const auto now = std::chrono::steady_clock::now();
      if (!idle) {
        last_progress = now;
      } else if (now - last_progress > std::chrono::seconds(60)) {
        // A lost wake-up: fail rather than hang.
        ADD_FAILURE() << "only " << answered << " requests arrived";
        break;
      } else {
        std::this_thread::yield();
      }
    }
    for (auto& worker : shared_.workers) worker->stop = true;
    for (std::thread& thread : threads_) thread.join();
  }

  Shared shared_;
  std::vector<std::thread> threads_;
};

TEST_F(DeliveryQueueStressTest, LittleCreditServesAllWorkersToTheLastRequest) {
  auto sink = std::make_shared<StressSink>();
  const auto state = shared_.Subscribe(sink, 4, {});
  Start();
  AnswerAll({sink}, [](int) {});
  EXPECT_LE(sink->most(), 4);
}

TEST_F(DeliveryQueueStressTest, MethodFiltersLeaveNoRequestBesideFreeCredit) {
  auto texts = std::make_shared<StressSink>(), calls = std::make_shared<StressSink>();
  const auto a = shared_.Subscribe(texts, 2, {"MESSAGE"});
  const auto b = shared_.Subscribe(calls, 3, {"INVITE"});
  Start();
  AnswerAll({texts, calls}, [](int) {});
  EXPECT_LE(texts->most(), 2);
  EXPECT_LE(calls->most(), 3);
}

TEST_F(DeliveryQueueStressTest, CreditThatIsAddedWhileAllWaitReachesThem) {
  auto sink = std::make_shared<StressSink>();
  const auto state = shared_.Subscribe(sink, 1, {});
  int added = 0;
  Start();
  AnswerAll({sink}, [&](int answered) {
    if (added >= 20 || answered < added * 100) return;
    ++added;
    state->Grant(1);
    // As the engine does it: all who wait look.
    for (uint64_t waiting = state->group->waiting_workers(), i = 0; waiting >> i != 0; ++i) {
      if ((waiting >> i & 1) != 0) shared_.workers[i]->PostCredit(state->group);
    }
  });
  EXPECT_LE(sink->most(), 21);
}

}  // namespace
}  // namespace sipcm::dispatch
