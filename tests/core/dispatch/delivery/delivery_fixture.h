#ifndef SIPCM_TESTS_CORE_DISPATCH_DELIVERY_DELIVERY_FIXTURE_H_
#define SIPCM_TESTS_CORE_DISPATCH_DELIVERY_DELIVERY_FIXTURE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/random_source.h"
#include "core/dispatch/delivery/delivery_queue.h"
#include "core/dispatch/open_request.h"
#include "gtest/gtest.h"
#include "tests/core/dispatch/test_request.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/manual_event_loop.h"
#include "tests/fakes/manual_scheduler.h"

namespace sipcm::dispatch {

// Remembers what it got.
class RecordingSink final : public DeliverySink {
 public:
  void Deliver(std::vector<Delivery> batch) override {
    EXPECT_FALSE(batch.empty());
    batch_sizes.push_back(batch.size());
    for (Delivery& delivery : batch) deliveries.push_back(std::move(delivery));
  }
  void OnSubscriptionEnded(const absl::Status&) override {}

  std::vector<Delivery> Take() { return std::exchange(deliveries, {}); }
  // Of the deliveries so far, by request.
  std::vector<RequestId> Ids() const {
    std::vector<RequestId> ids;
    for (const Delivery& delivery : deliveries) ids.push_back(delivery.request_id);
    return ids;
  }

  std::vector<Delivery> deliveries;
  std::vector<size_t> batch_sizes;
};

struct TestSubscription {
  std::shared_ptr<SubscriptionState> state;
  std::shared_ptr<RecordingSink> sink;
};

struct Undeliverable {
  RequestId id;
  Situation situation;
  std::string allow;
};

class DeliveryFixture;

// One worker: its loop, its open requests and its queue; answers what nobody takes by closing it.
class TestWorker final : private DeliveryQueue::Owner {
 public:
  TestWorker(int index, fakes::ManualScheduler* scheduler, DeliveryFixture* fixture);
  ~TestWorker();

  // Opens a request for the fixture's endpoint and offers it.
  RequestId Offer(const std::string& method = "MESSAGE");
  RequestId Offer(const std::string& method, const EndpointDirectory::Entry& entry);
  // As an application's final answer does.
  void Answer(RequestId id);
  bool IsOpen(RequestId id) { return table.Find(id) != nullptr; }
  bool IsWaiting(RequestId id) { return table.Find(id)->line != nullptr; }

  fakes::ManualEventLoop loop;
  SeededRandomSource random;
  OpenRequestTable table;
  DeliveryQueue queue;
  std::vector<Undeliverable> undeliverable;
  std::vector<RequestId> redelivered;  // as the owner was told; their ids stay, to follow them
  int wake_count = 0;                  // that it asked for

 private:
  void OnUndeliverable(OpenRequest& request, Situation situation, absl::string_view allow) override;
  void OnRedelivery(OpenRequest& request) override { redelivered.push_back(request.id); }
  void WakeWorker(int worker, std::shared_ptr<SubscriptionGroup> group) override;

  DeliveryFixture* const fixture_;
};

// Workers in virtual time that share one endpoint and one manager, and what the engine does with
// subscriptions.
class DeliveryFixture : public ::testing::Test {
 protected:
  explicit DeliveryFixture(int worker_count = 1, RandomSource* order = nullptr);
  ~DeliveryFixture() override;

  TestSubscription Subscribe(int credit, std::vector<std::string> methods = {}) {
    return SubscribeTo(entry_.group, credit, std::move(methods));
  }
  TestSubscription SubscribeToManager(int credit, std::vector<std::string> methods = {}) {
    return SubscribeTo(manager_group_, credit, std::move(methods));
  }
  TestSubscription SubscribeTo(const std::shared_ptr<SubscriptionGroup>& group, int credit,
                               std::vector<std::string> methods);
  void AddCredit(const TestSubscription& subscription, int count);
  void End(const TestSubscription& subscription, Parting parting = Parting::kLeft);
  // Its stream broke.
  void Lose(const TestSubscription& subscription, absl::Duration resume_timeout);
  // Its application is back.
  TestSubscription Resume(const TestSubscription& lost, int credit,
                          std::vector<std::string> methods = {});
  void AdvanceBy(absl::Duration by) { scheduler_.AdvanceBy(by); }
  void RunUntilIdle() { scheduler_.RunUntilIdle(); }
  // What has no answer, to who had nothing before it.
  bool DeliverAck(std::shared_ptr<const RequestRecord> record, DispatchReason reason);
  TestWorker& worker(int index = 0) { return *workers_[index]; }
  static EndpointDirectory::Entry MakeEntry(const std::string& id, int max_waiting = 1000);

 private:
  friend class TestWorker;
  void OfferCredit(const std::shared_ptr<SubscriptionGroup>& group);

 protected:
  fakes::ManualClock clock_;
  fakes::ManualScheduler scheduler_;
  EndpointDirectory::Entry entry_;
  std::shared_ptr<SubscriptionGroup> manager_group_;
  std::vector<std::unique_ptr<TestWorker>> workers_;
  uint64_t last_subscription_ = 0;
  std::shared_ptr<Lineage> next_lineage_;
  std::vector<std::shared_ptr<SubscriptionGroup>> subscribed_;
};

}  // namespace sipcm::dispatch

#endif  // SIPCM_TESTS_CORE_DISPATCH_DELIVERY_DELIVERY_FIXTURE_H_
