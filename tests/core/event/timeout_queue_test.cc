#include "core/event/timeout_queue.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/random_source.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/manual_event_loop.h"

namespace sipcm::event {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

struct Timed : TimeoutQueue::Entry {
  explicit Timed(int id) : id(id) {}
  int id;
};

class TimeoutQueueTest : public ::testing::Test, protected TimeoutQueue::Listener {
 protected:
  ~TimeoutQueueTest() override {
    for (Timed* timed : {&a_, &b_, &c_}) queue_.Disarm(timed);
  }

  void OnTimeout(TimeoutQueue::Entry& entry) override {
    auto& timed = static_cast<Timed&>(entry);
    EXPECT_FALSE(timed.armed());
    EXPECT_LE(timed.deadline(), loop_.Now());
    fired_.push_back(timed.id);
    if (on_timeout_) on_timeout_(timed);
  }

  std::vector<int> TakeFired() { return std::exchange(fired_, {}); }

  fakes::ManualEventLoop loop_;
  TimeoutQueue queue_{&loop_, this};
  Timed a_{1}, b_{2}, c_{3};
  std::vector<int> fired_;
  std::function<void(Timed&)> on_timeout_;
};

constexpr absl::Duration kTick = absl::Nanoseconds(1);

TEST_F(TimeoutQueueTest, FiresAtItsInstantAndNotBefore) {
  queue_.Arm(&a_, absl::Seconds(8));
  EXPECT_TRUE(a_.armed());
  EXPECT_EQ(a_.deadline(), loop_.Now() + absl::Seconds(8));
  loop_.AdvanceBy(absl::Seconds(8) - kTick);
  EXPECT_THAT(TakeFired(), IsEmpty());
  loop_.AdvanceBy(kTick);
  EXPECT_THAT(TakeFired(), ElementsAre(1));
  EXPECT_FALSE(a_.armed());
  EXPECT_EQ(queue_.size(), 0u);
  loop_.AdvanceBy(absl::Hours(1));
  EXPECT_THAT(TakeFired(), IsEmpty());
}

TEST_F(TimeoutQueueTest, OneLengthFiresInTheOrderOfArming) {
  queue_.Arm(&b_, absl::Seconds(1));
  queue_.Arm(&a_, absl::Seconds(1));
  queue_.Arm(&c_, absl::Seconds(1));
  loop_.AdvanceBy(absl::Seconds(1));
  EXPECT_THAT(TakeFired(), ElementsAre(2, 1, 3));
}

TEST_F(TimeoutQueueTest, EntriesOfOneLineKeepTheirOwnInstants) {
  queue_.Arm(&a_, absl::Seconds(10));
  loop_.AdvanceBy(absl::Seconds(4));
  queue_.Arm(&b_, absl::Seconds(10));
  loop_.AdvanceBy(absl::Seconds(6));
  EXPECT_THAT(TakeFired(), ElementsAre(1));
  loop_.AdvanceBy(absl::Seconds(4) - kTick);
  EXPECT_THAT(TakeFired(), IsEmpty());
  loop_.AdvanceBy(kTick);
  EXPECT_THAT(TakeFired(), ElementsAre(2));
}

TEST_F(TimeoutQueueTest, AShorterOneArmedLaterOvertakes) {
  queue_.Arm(&a_, absl::Seconds(10));
  queue_.Arm(&b_, absl::Seconds(2));
  loop_.AdvanceBy(absl::Seconds(2));
  EXPECT_THAT(TakeFired(), ElementsAre(2));
  loop_.AdvanceBy(absl::Seconds(8));
  EXPECT_THAT(TakeFired(), ElementsAre(1));
}

TEST_F(TimeoutQueueTest, ArmingAgainMovesTheInstant) {
  queue_.Arm(&a_, absl::Seconds(5));
  loop_.AdvanceBy(absl::Seconds(4));
  queue_.Arm(&a_, absl::Seconds(5));
  EXPECT_EQ(queue_.size(), 1u);
  loop_.AdvanceBy(absl::Seconds(5) - kTick);
  EXPECT_THAT(TakeFired(), IsEmpty());
  loop_.AdvanceBy(kTick);
  EXPECT_THAT(TakeFired(), ElementsAre(1));
}

TEST_F(TimeoutQueueTest, ArmingAgainWithAnotherLengthMovesBothWays) {
  queue_.Arm(&a_, absl::Seconds(5));
  queue_.Arm(&a_, absl::Seconds(1));
  loop_.AdvanceBy(absl::Seconds(1));
  EXPECT_THAT(TakeFired(), ElementsAre(1));
  queue_.Arm(&a_, absl::Seconds(1));
  queue_.Arm(&a_, absl::Seconds(5));
  loop_.AdvanceBy(absl::Seconds(5) - kTick);
  EXPECT_THAT(TakeFired(), IsEmpty());
  loop_.AdvanceBy(kTick);
  EXPECT_THAT(TakeFired(), ElementsAre(1));
}

TEST_F(TimeoutQueueTest, DisarmedNeverFiresAndDisarmingTwiceIsFine) {
  queue_.Arm(&a_, absl::Seconds(1));
  queue_.Arm(&b_, absl::Seconds(1));
  queue_.Disarm(&a_);
  queue_.Disarm(&a_);
  queue_.Disarm(&c_);
  EXPECT_EQ(queue_.size(), 1u);
  loop_.AdvanceBy(absl::Seconds(1));
  EXPECT_THAT(TakeFired(), ElementsAre(2));
}

TEST_F(TimeoutQueueTest, InfiniteDisarms) {
  queue_.Arm(&a_, absl::Seconds(1));
  queue_.Arm(&a_, absl::InfiniteDuration());
  EXPECT_FALSE(a_.armed());
  EXPECT_EQ(queue_.size(), 0u);
  loop_.AdvanceBy(absl::Hours(24));
  EXPECT_THAT(TakeFired(), IsEmpty());
}

TEST_F(TimeoutQueueTest, AVeryLongOneStaysArmedWithoutOverflow) {
  queue_.Arm(&a_, absl::Hours(24) * 365 * 1000);
  EXPECT_TRUE(a_.armed());
  EXPECT_TRUE(a_.deadline().is_infinite());
  queue_.Arm(&b_, absl::Seconds(1));
  loop_.AdvanceBy(absl::Hours(24));
  EXPECT_THAT(TakeFired(), ElementsAre(2));
  EXPECT_TRUE(a_.armed());
}

TEST_F(TimeoutQueueTest, ZeroAndNegativeFireInTheNextTurn) {
  queue_.Arm(&a_, absl::ZeroDuration());
  queue_.Arm(&b_, absl::Seconds(-3));
  queue_.Arm(&c_, -absl::InfiniteDuration());
  EXPECT_THAT(TakeFired(), IsEmpty());
  loop_.RunUntilIdle();
  EXPECT_THAT(TakeFired(), UnorderedElementsAre(1, 2, 3));
}

TEST_F(TimeoutQueueTest, ListenerMayArmTheEntryAgain) {
  int times = 0;
  on_timeout_ = [&](Timed& timed) {
    if (++times < 3) queue_.Arm(&timed, absl::Seconds(1));
  };
  queue_.Arm(&a_, absl::Seconds(1));
  loop_.AdvanceBy(absl::Seconds(2));
  EXPECT_THAT(TakeFired(), ElementsAre(1, 1));
  loop_.AdvanceBy(absl::Seconds(1));
  EXPECT_THAT(TakeFired(), ElementsAre(1));
  EXPECT_FALSE(a_.armed());
}

TEST_F(TimeoutQueueTest, ListenerThatArmsWithoutDelayDoesNotHoldTheTurn) {
  on_timeout_ = [&](Timed& timed) { queue_.Arm(&timed, absl::ZeroDuration()); };
  queue_.Arm(&a_, absl::ZeroDuration());
  loop_.RunTurn();
  EXPECT_THAT(TakeFired(), ElementsAre(1));
  EXPECT_TRUE(a_.armed());
  loop_.RunTurn();
  EXPECT_THAT(TakeFired(), ElementsAre(1));
}

TEST_F(TimeoutQueueTest, ListenerMayDisarmOthersThatAreDueNow) {
  on_timeout_ = [&](Timed& timed) {
    if (timed.id == 1) {
      queue_.Disarm(&b_);
      queue_.Disarm(&c_);
    }
  };
  queue_.Arm(&a_, absl::Seconds(1));
  queue_.Arm(&b_, absl::Seconds(1));
  loop_.AdvanceBy(absl::Milliseconds(500));
  queue_.Arm(&c_, absl::Milliseconds(500));
  loop_.AdvanceBy(absl::Milliseconds(500));
  const std::vector<int> fired = TakeFired();
  EXPECT_EQ(std::count(fired.begin(), fired.end(), 2), 0);
  EXPECT_EQ(std::count(fired.begin(), fired.end(), 1), 1);
  EXPECT_FALSE(c_.armed());
}

TEST_F(TimeoutQueueTest, ListenerMayMoveOthersThatAreDueNow) {
  on_timeout_ = [&](Timed& timed) {
    if (timed.id == 1) queue_.Arm(&b_, absl::Seconds(1));
  };
  queue_.Arm(&a_, absl::Seconds(1));
  queue_.Arm(&b_, absl::Seconds(1));
  loop_.AdvanceBy(absl::Seconds(1));
  EXPECT_THAT(TakeFired(), ElementsAre(1));
  loop_.AdvanceBy(absl::Seconds(1) - kTick);
  EXPECT_THAT(TakeFired(), IsEmpty());
  loop_.AdvanceBy(kTick);
  EXPECT_THAT(TakeFired(), ElementsAre(2));
}

TEST_F(TimeoutQueueTest, ListenerMayDestroyTheEntryAndOthers) {
  auto first = std::make_unique<Timed>(10);
  auto second = std::make_unique<Timed>(11);
  on_timeout_ = [&](Timed& timed) {
    if (timed.id != 10) return;
    queue_.Disarm(second.get());
    second.reset();
    first.reset();
  };
  queue_.Arm(first.get(), absl::Seconds(1));
  queue_.Arm(second.get(), absl::Seconds(1));
  loop_.AdvanceBy(absl::Seconds(2));
  EXPECT_THAT(TakeFired(), ElementsAre(10));
  EXPECT_EQ(queue_.size(), 0u);
}

TEST_F(TimeoutQueueTest, ListenerMayArmAnEntryOfANewLength) {
  on_timeout_ = [&](Timed& timed) {
    if (timed.id == 1) queue_.Arm(&b_, absl::Milliseconds(3));
  };
  queue_.Arm(&a_, absl::Seconds(1));
  loop_.AdvanceBy(absl::Seconds(1));
  loop_.AdvanceBy(absl::Milliseconds(3) - kTick);
  EXPECT_THAT(TakeFired(), ElementsAre(1));
  loop_.AdvanceBy(kTick);
  EXPECT_THAT(TakeFired(), ElementsAre(2));
}

TEST_F(TimeoutQueueTest, ALateLoopFiresAllThatIsDueInOneTurn) {
  queue_.Arm(&a_, absl::Seconds(1));
  queue_.Arm(&b_, absl::Seconds(2));
  queue_.Arm(&c_, absl::Seconds(9));
  loop_.clock()->MoveTo(loop_.Now() + absl::Seconds(5));
  loop_.RunTurn();
  EXPECT_THAT(TakeFired(), ElementsAre(1, 2));
}

TEST_F(TimeoutQueueTest, AnEntryThatWentEarlyLeavesAWakeUpThatDoesNothing) {
  queue_.Arm(&a_, absl::Seconds(1));
  queue_.Disarm(&a_);
  queue_.Arm(&b_, absl::Seconds(2));
  loop_.AdvanceBy(absl::Seconds(1));
  EXPECT_THAT(TakeFired(), IsEmpty());
  loop_.AdvanceBy(absl::Seconds(1));
  EXPECT_THAT(TakeFired(), ElementsAre(2));
  EXPECT_TRUE(loop_.EarliestAlarm().is_infinite());
}

TEST_F(TimeoutQueueTest, ALineThatWasEmptyForAWhileIsExactAgain) {
  for (int i = 0; i < 100; ++i) {
    queue_.Arm(&a_, absl::Seconds(1));
    loop_.AdvanceBy(absl::Milliseconds(700));
    queue_.Disarm(&a_);
  }
  queue_.Arm(&a_, absl::Seconds(1));
  loop_.AdvanceBy(absl::Seconds(1) - kTick);
  EXPECT_THAT(TakeFired(), IsEmpty());
  loop_.AdvanceBy(kTick);
  EXPECT_THAT(TakeFired(), ElementsAre(1));
}

TEST_F(TimeoutQueueTest, ThousandsOfDifferentLengthsAreEachExact) {
  constexpr int kCount = 5000;
  std::vector<std::unique_ptr<Timed>> all;
  SeededRandomSource random(3);
  for (int i = 0; i < kCount; ++i) {
    all.push_back(std::make_unique<Timed>(100 + i));
    queue_.Arm(all.back().get(), absl::Microseconds(1 + random.Next() % 1'000'000));
  }
  std::vector<Instant> instants;
  on_timeout_ = [&](Timed& timed) {
    EXPECT_EQ(timed.deadline(), loop_.Now());
    instants.push_back(loop_.Now());
  };
  loop_.AdvanceBy(absl::Seconds(1));
  EXPECT_EQ(fired_.size(), static_cast<size_t>(kCount));
  EXPECT_TRUE(std::is_sorted(instants.begin(), instants.end()));
  EXPECT_EQ(queue_.size(), 0u);
}

TEST_F(TimeoutQueueTest, LengthsThatAreNeverUsedAgainStillFireWhatStays) {
  // Each length is used once and disarmed: their lines are dropped on the way.
  queue_.Arm(&a_, absl::Hours(1));
  for (int i = 1; i <= 10'000; ++i) {
    queue_.Arm(&b_, absl::Minutes(1) + absl::Microseconds(i));
    queue_.Disarm(&b_);
  }
  queue_.Arm(&c_, absl::Minutes(30));
  loop_.AdvanceBy(absl::Minutes(30));
  EXPECT_THAT(TakeFired(), ElementsAre(3));
  loop_.AdvanceBy(absl::Minutes(30) - kTick);
  EXPECT_THAT(TakeFired(), IsEmpty());
  loop_.AdvanceBy(kTick);
  EXPECT_THAT(TakeFired(), ElementsAre(1));
}

TEST_F(TimeoutQueueTest, NewLengthsFromInsideTheListenerMayDropEmptyLines) {
  // The lines that are due in this turn are being looked at while others come and go.
  std::vector<std::unique_ptr<Timed>> many;
  many.reserve(300);
  for (int i = 0; i < 300; ++i) many.push_back(std::make_unique<Timed>(1000 + i));
  on_timeout_ = [&](Timed& timed) {
    if (timed.id > 3) return;
    for (size_t i = 0; i < many.size(); ++i) {
      queue_.Arm(many[i].get(), absl::Seconds(1 + timed.id * 1000 + static_cast<int>(i)));
      if (i % 3 != 0) queue_.Disarm(many[i].get());
    }
  };
  queue_.Arm(&a_, absl::Seconds(1));
  queue_.Arm(&b_, absl::Seconds(2));
  queue_.Arm(&c_, absl::Seconds(3));
  loop_.clock()->MoveTo(loop_.Now() + absl::Seconds(3));
  loop_.RunTurn();
  EXPECT_THAT(TakeFired(), ElementsAre(1, 2, 3));
  EXPECT_EQ(queue_.size(), 100u);
  loop_.AdvanceBy(absl::Hours(2));
  EXPECT_EQ(TakeFired().size(), 100u);
}

// Against the obvious implementation: a map from entry to instant.
class TimeoutQueueModelTest : public ::testing::TestWithParam<uint64_t>,
                              private TimeoutQueue::Listener {
 protected:
  static constexpr int kEntries = 40;

  void SetUp() override {
    for (int i = 0; i < kEntries; ++i) entries_.push_back(std::make_unique<Timed>(i));
  }
  void TearDown() override {
    for (auto& entry : entries_) queue_.Disarm(entry.get());
  }

  absl::Duration RandomLength() {
    const uint64_t kind = random_.Next() % 10;
    if (kind == 0) return absl::InfiniteDuration();
    if (kind < 6) return absl::Milliseconds(100) * (1 + static_cast<int>(kind));
    return absl::Nanoseconds(1 + random_.Next() % 700'000'000);
  }

  void RandomStep() {
    Timed& timed = *entries_[random_.Next() % kEntries];
    if (random_.Next() % 4 == 0) {
      queue_.Disarm(&timed);
      model_.erase(timed.id);
      return;
    }
    const absl::Duration after = RandomLength();
    queue_.Arm(&timed, after);
    model_.erase(timed.id);
    if (after != absl::InfiniteDuration()) model_[timed.id] = loop_.Now() + after;
  }

  void OnTimeout(TimeoutQueue::Entry& entry) override {
    auto& timed = static_cast<Timed&>(entry);
    const auto expected = model_.find(timed.id);
    ASSERT_NE(expected, model_.end()) << "fired without being armed: " << timed.id;
    EXPECT_EQ(expected->second, loop_.Now());
    model_.erase(expected);
    ++fired_;
    for (uint64_t i = random_.Next() % 4; i > 0; --i) RandomStep();
  }

  SeededRandomSource random_{GetParam()};
  fakes::ManualEventLoop loop_;
  TimeoutQueue queue_{&loop_, this};
  std::vector<std::unique_ptr<Timed>> entries_;
  std::map<int, Instant> model_;
  int fired_ = 0;
};

TEST_P(TimeoutQueueModelTest, AgreesWithTheNaiveImplementation) {
  for (int step = 0; step < 5000; ++step) {
    RandomStep();
    if (random_.Next() % 3 == 0) {
      loop_.AdvanceBy(absl::Nanoseconds(random_.Next() % 200'000'000));
    }
    ASSERT_EQ(queue_.size(), model_.size());
    for (const auto& entry : entries_) {
      const auto expected = model_.find(entry->id);
      ASSERT_EQ(entry->armed(), expected != model_.end());
      if (!entry->armed()) continue;
      ASSERT_EQ(entry->deadline(), expected->second);
      ASSERT_GT(entry->deadline(), loop_.Now()) << "overdue: " << entry->id;
    }
  }
  EXPECT_GT(fired_, 1000);
}

INSTANTIATE_TEST_SUITE_P(Seeds, TimeoutQueueModelTest, ::testing::Values(1, 2, 3, 4, 5));

TEST(TimeoutQueueDeathTest, EntriesMustBeDisarmedBeforeTheQueueGoes) {
  struct Nobody : TimeoutQueue::Listener {
    void OnTimeout(TimeoutQueue::Entry&) override {}
  };
  EXPECT_DEATH(
      {
        fakes::ManualEventLoop loop;
        Nobody nobody;
        Timed timed(1);
        TimeoutQueue queue(&loop, &nobody);
        queue.Arm(&timed, absl::Seconds(1));
      },
      "timeouts are still armed");
}

}  // namespace
}  // namespace sipcm::event
