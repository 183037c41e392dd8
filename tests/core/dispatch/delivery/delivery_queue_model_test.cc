// Random use of several workers' queues, with what must hold whenever they are idle.
#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/random_source.h"
#include "core/dispatch/delivery/delivery_queue.h"
#include "gtest/gtest.h"
#include "tests/core/dispatch/delivery/delivery_fixture.h"

namespace sipcm::dispatch {
namespace {

constexpr int kWorkers = 3;
const char* const kMethods[] = {"MESSAGE", "INVITE", "OPTIONS", "X-NEW"};

class OrderOf {
 protected:
  explicit OrderOf(uint64_t seed) : order_(seed) {}
  SeededRandomSource order_;
};

class DeliveryQueueModelTest : private OrderOf,
                               public DeliveryFixture,
                               public ::testing::WithParamInterface<uint64_t> {
 protected:
  DeliveryQueueModelTest()
      : OrderOf(GetParam() * 7), DeliveryFixture(kWorkers, &order_), random_(GetParam()) {
    entries_ = {MakeEntry("alice", 20), MakeEntry("bob", 5), MakeEntry("carol", 20)};
  }

  struct Known {
    TestSubscription subscription;
    int granted = 0;
    bool ended = false;
  };

  int Random(int below) { return static_cast<int>(random_.Next() % below); }

  void SubscribeSomewhere() {
    std::vector<std::string> methods;
    if (Random(3) > 0) {
      for (const char* method : kMethods) {
        if (Random(2) == 0) methods.emplace_back(method);
      }
    }
    Known known;
    known.granted = Random(5);
    const int where = Random(4);
    known.subscription = SubscribeTo(where == 3 ? manager_group_ : entries_[where].group,
                                     known.granted, std::move(methods));
    known_.push_back(std::move(known));
  }

  Known* RandomSubscription() {
    std::vector<Known*> active;
    for (Known& known : known_) {
      if (!known.ended) active.push_back(&known);
    }
    return active.empty() ? nullptr : active[Random(static_cast<int>(active.size()))];
  }

  void EndSome() {
    Known* known = RandomSubscription();
    if (known == nullptr) return;
    known->ended = true;
    End(known->subscription);
  }

  void ChangeCredit() {
    Known* known = RandomSubscription();
    if (known == nullptr) return;
    const int change = Random(7) - 2;
    known->granted += change;
    AddCredit(known->subscription, change);
  }

  void OfferSome() {
    TestWorker& target = worker(Random(kWorkers));
    const RequestId id = target.Offer(kMethods[Random(4)], entries_[Random(3)]);
    EXPECT_TRUE(offered_.insert(id.value()).second) << "an id was given twice";
  }

  // An answer, a deadline or a cancellation, whether it was delivered or still waits.
  void FinishSome() {
    TestWorker& target = worker(Random(kWorkers));
    std::vector<RequestId> open;
    target.table.ForEach([&](OpenRequest& request) { open.push_back(request.id); });
    if (open.empty()) return;
    const RequestId id = open[Random(static_cast<int>(open.size()))];
    if (Random(4) == 0) target.queue.Tell(*target.table.Find(id), Delivery::Kind::kExpired);
    target.Answer(id);
    finished_.insert(id.value());
  }

  void Step() {
    const int what = Random(100);
    if (what < 40) {
      OfferSome();
    } else if (what < 78) {
      FinishSome();
    } else if (what < 88) {
      ChangeCredit();
    } else if (what < 93) {
      EndSome();
    } else {
      SubscribeSomewhere();
    }
  }

  static bool HasFreeCreditFor(SubscriptionGroup& group, absl::string_view method) {
    for (const auto& subscription : *group.subscriptions().Get()) {
      if (!subscription->ended && subscription->credit > 0 && subscription->Takes(method)) {
        return true;
      }
    }
    return false;
  }

  void CheckRequests(std::map<const SubscriptionState*, int>* outstanding) {
    for (int i = 0; i < kWorkers; ++i) {
      size_t waiting = 0;
      worker(i).table.ForEach([&](OpenRequest& request) {
        ASSERT_NE(request.line == nullptr, request.assigned == nullptr)
            << request.id.ToString() << " is in no place, or in two";
        if (request.assigned != nullptr) {
          ++(*outstanding)[request.assigned->state.get()];
          EXPECT_FALSE(request.assigned->state->ended) << "left with an ended subscription";
          return;
        }
        ++waiting;
        EXPECT_NE(request.line->group->waiting_workers() >> i & 1, 0u);
        EXPECT_FALSE(HasFreeCreditFor(*request.line->group, request.record->view.method()))
            << request.id.ToString() << " waits beside free credit";
      });
      EXPECT_EQ(worker(i).queue.waiting_count(), waiting);
    }
  }

  // Every request that was offered is open, finished, or was reported once.
  void CheckEachRequestIsSomewhere() {
    std::set<uint64_t> accounted = finished_;
    for (int i = 0; i < kWorkers; ++i) {
      for (const Undeliverable& gone : worker(i).undeliverable) {
        EXPECT_TRUE(reported_.insert(gone.id.value()).second) << "reported twice";
      }
      worker(i).undeliverable.clear();
      worker(i).table.ForEach(
          [&](OpenRequest& request) { EXPECT_TRUE(accounted.insert(request.id.value()).second); });
    }
    for (const uint64_t id : reported_) {
      EXPECT_TRUE(accounted.insert(id).second) << "reported, and also open or finished";
    }
    EXPECT_EQ(accounted, offered_);
  }

  // Attempts of one request count up by one, and never twice to the same subscription.
  void CheckDeliveries() {
    std::vector<std::pair<const Known*, Delivery>> all;
    for (Known& known : known_) {
      for (Delivery& delivery : known.subscription.sink->Take()) {
        if (delivery.kind == Delivery::Kind::kRequest) all.emplace_back(&known, delivery);
      }
    }
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
      return a.second.attempt < b.second.attempt;
    });
    for (const auto& [known, delivery] : all) {
      // An attempt may be missing here: its subscription ended before the turn's end.
      int& last = attempts_[delivery.request_id.value()];
      EXPECT_GT(delivery.attempt, last) << delivery.request_id.ToString();
      last = delivery.attempt;
      EXPECT_TRUE(known->subscription.state->Takes(delivery.request->view.method()));
    }
  }

  void CheckIdle() {
    std::map<const SubscriptionState*, int> outstanding;
    CheckRequests(&outstanding);
    for (const Known& known : known_) {
      if (known.ended) continue;
      const SubscriptionState* state = known.subscription.state.get();
      EXPECT_EQ(state->credit + outstanding[state], known.granted) << "credit was lost or made";
    }
    CheckEachRequestIsSomewhere();
    CheckDeliveries();
  }

  SeededRandomSource random_;
  std::vector<EndpointDirectory::Entry> entries_;
  std::vector<Known> known_;
  std::set<uint64_t> offered_, finished_, reported_;
  std::map<uint64_t, int> attempts_;
};

TEST_P(DeliveryQueueModelTest, NothingIsLostDoubledOrLeftBesideFreeCredit) {
  for (int i = 0; i < 4; ++i) SubscribeSomewhere();
  for (int round = 0; round < 150 && !HasFailure(); ++round) {
    for (int i = Random(12); i >= 0; --i) {
      Step();
      // Sometimes one worker gets its turn while the others have not seen what happened.
      if (Random(5) == 0) worker(Random(kWorkers)).loop.RunTurn();
    }
    RunUntilIdle();
    CheckIdle();
    if (HasFailure()) FAIL() << "round " << round << ", seed " << GetParam();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, DeliveryQueueModelTest, ::testing::Range<uint64_t>(1, 31));

}  // namespace
}  // namespace sipcm::dispatch
