// What every EventLoop does. One suite for the production loop and the manual one, because what
// runs on the one in simulation runs on the other in production.

#include "core/event/event_loop.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/random_source.h"
#include "tests/conformance/real_time.h"
#include "tests/conformance/virtual_time.h"

namespace sipcm::conformance {
namespace {

template <typename Time>
class EventLoopTest : public testing::Test {
 protected:
  event::EventLoop* loop() { return time_.loop(); }
  Instant In(int milliseconds) { return loop()->Now() + absl::Milliseconds(milliseconds); }

  Time time_;
};

class TimeNames {
 public:
  template <typename Time>
  static std::string GetName(int) {
    return std::is_same_v<Time, RealTime> ? "LibeventLoop" : "ManualEventLoop";
  }
};

using Times = testing::Types<RealTime, VirtualTime>;
TYPED_TEST_SUITE(EventLoopTest, Times, TimeNames);

TYPED_TEST(EventLoopTest, AlarmFiresOnceAndNotBeforeItsDeadline) {
  const Instant deadline = this->In(20);
  std::vector<Instant> fired;
  auto alarm = this->loop()->NewAlarm([&] { fired.push_back(this->loop()->Now()); });
  EXPECT_FALSE(alarm->armed());
  alarm->Set(deadline);
  EXPECT_TRUE(alarm->armed());
  ASSERT_TRUE(this->time_.RunUntil([&] { return !fired.empty(); }));
  this->time_.RunFor(absl::Milliseconds(5));
  ASSERT_EQ(fired.size(), 1u);
  EXPECT_GE(fired[0], deadline);
  EXPECT_FALSE(alarm->armed());
}

TYPED_TEST(EventLoopTest, AlarmOfThePastFiresInTheNextTurnAndNotFromInsideSet) {
  int fired = 0;
  auto alarm = this->loop()->NewAlarm([&] { ++fired; });
  alarm->Set(Instant::FromNanoseconds(1));
  EXPECT_EQ(fired, 0);
  ASSERT_TRUE(this->time_.RunUntil([&] { return fired > 0; }));
  EXPECT_EQ(fired, 1);
}

TYPED_TEST(EventLoopTest, AlarmSetAgainFromItsCallbackFiresInALaterTurn) {
  std::vector<std::string> log;
  int fired = 0;
  std::unique_ptr<event::Alarm> alarm;
  alarm = this->loop()->NewAlarm([&] {
    log.push_back("alarm");
    if (++fired < 3) alarm->Set(this->loop()->Now());
    this->loop()->AtTurnEnd([&] { log.push_back("turn end"); });
  });
  alarm->Set(this->loop()->Now());
  ASSERT_TRUE(this->time_.RunUntil([&] { return fired == 3; }));
  EXPECT_EQ(log, (std::vector<std::string>{"alarm", "turn end", "alarm", "turn end", "alarm",
                                           "turn end"}));
}

TYPED_TEST(EventLoopTest, AlarmMovedLaterFiresAtTheLaterTimeOnly) {
  std::vector<Instant> fired;
  auto alarm = this->loop()->NewAlarm([&] { fired.push_back(this->loop()->Now()); });
  const Instant later = this->In(30);
  alarm->Set(this->In(5));
  alarm->Set(later);
  ASSERT_TRUE(this->time_.RunUntil([&] { return !fired.empty(); }));
  EXPECT_GE(fired[0], later);
  this->time_.RunFor(absl::Milliseconds(5));
  EXPECT_EQ(fired.size(), 1u);
}

TYPED_TEST(EventLoopTest, AlarmMovedEarlierFiresAtTheEarlierTime) {
  bool fired = false;
  auto alarm = this->loop()->NewAlarm([&] { fired = true; });
  alarm->Set(this->loop()->Now() + absl::Hours(1));
  alarm->Set(this->In(5));
  EXPECT_TRUE(this->time_.RunUntil([&] { return fired; }));
}

TYPED_TEST(EventLoopTest, CancelledAndInfiniteAndDestroyedAlarmsDoNotFire) {
  int fired = 0;
  auto cancelled = this->loop()->NewAlarm([&] { ++fired; });
  auto infinite = this->loop()->NewAlarm([&] { ++fired; });
  auto destroyed = this->loop()->NewAlarm([&] { ++fired; });
  for (event::Alarm* alarm : {cancelled.get(), infinite.get(), destroyed.get()}) {
    alarm->Set(this->In(2));
  }
  cancelled->Cancel();
  infinite->Set(Instant::Infinite());
  destroyed = nullptr;
  EXPECT_FALSE(cancelled->armed());
  EXPECT_FALSE(infinite->armed());
  this->time_.RunFor(absl::Milliseconds(10));
  EXPECT_EQ(fired, 0);
  cancelled->Set(this->In(2));  // still usable
  EXPECT_TRUE(this->time_.RunUntil([&] { return fired == 1; }));
}

TYPED_TEST(EventLoopTest, AlarmsOfOneDeadlineFireInTheOrderTheyWereSet) {
  std::vector<int> order;
  std::vector<std::unique_ptr<event::Alarm>> alarms;
  for (int i = 0; i < 10; ++i) {
    alarms.push_back(this->loop()->NewAlarm([&order, i] { order.push_back(i); }));
  }
  const Instant deadline = this->In(5);
  for (const int i : {3, 1, 4, 0, 5, 9, 2, 6, 8, 7}) alarms[i]->Set(deadline);
  ASSERT_TRUE(this->time_.RunUntil([&] { return order.size() == 10; }));
  EXPECT_EQ(order, (std::vector<int>{3, 1, 4, 0, 5, 9, 2, 6, 8, 7}));
}

TYPED_TEST(EventLoopTest, CallbackMayCancelMoveAndDestroyOtherDueAlarms) {
  const Instant deadline = this->In(5);
  const Instant moved_to = this->In(20);
  std::vector<std::string> log;
  auto cancelled = this->loop()->NewAlarm([&] { log.push_back("cancelled"); });
  auto destroyed = this->loop()->NewAlarm([&] { log.push_back("destroyed"); });
  Instant moved_at;
  auto moved = this->loop()->NewAlarm([&] { moved_at = this->loop()->Now(); });
  auto first = this->loop()->NewAlarm([&] {
    log.push_back("first");
    cancelled->Cancel();
    destroyed = nullptr;
    moved->Set(moved_to);
  });
  for (event::Alarm* alarm : {first.get(), cancelled.get(), destroyed.get(), moved.get()}) {
    alarm->Set(deadline);
  }
  ASSERT_TRUE(this->time_.RunUntil([&] { return moved_at != Instant(); }));
  EXPECT_GE(moved_at, moved_to);
  EXPECT_EQ(log, std::vector<std::string>{"first"});
}

TYPED_TEST(EventLoopTest, CallbackMayDestroyItsOwnAlarm) {
  bool fired = false;
  std::unique_ptr<event::Alarm> alarm;
  alarm = this->loop()->NewAlarm([&, payload = std::make_unique<std::string>(100, 'x')] {
    alarm = nullptr;
    fired = payload->size() == 100;  // what the callback owns is still there
  });
  alarm->Set(this->loop()->Now());
  EXPECT_TRUE(this->time_.RunUntil([&] { return fired; }));
}

TYPED_TEST(EventLoopTest, PostedTasksRunInOrderAndThoseTheyPostInALaterTurn) {
  std::vector<std::string> log;
  this->loop()->Post([&] {
    log.push_back("one");
    this->loop()->Post([&] { log.push_back("three"); });
    this->loop()->AtTurnEnd([&] { log.push_back("turn end"); });
  });
  this->loop()->Post([&] { log.push_back("two"); });
  ASSERT_TRUE(this->time_.RunUntil([&] { return log.size() == 4; }));
  EXPECT_EQ(log, (std::vector<std::string>{"one", "two", "turn end", "three"}));
}

TYPED_TEST(EventLoopTest, PostKeepsTheOrderOfEachPostingThread) {
  constexpr int kThreads = 4;
  constexpr int kTasks = 2000;
  std::vector<std::vector<int>> ran(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t, &ran] {
      for (int i = 0; i < kTasks; ++i) {
        this->loop()->Post([&ran, t, i] { ran[t].push_back(i); });
      }
    });
  }
  const auto all_ran = [&] {
    for (const std::vector<int>& of_thread : ran) {
      if (of_thread.size() < kTasks) return false;
    }
    return true;
  };
  // The manual loop does not wait for other threads: virtual time would run out first.
  if constexpr (std::is_same_v<TypeParam, VirtualTime>) {
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_TRUE(this->time_.RunUntil(all_ran));
  for (std::thread& thread : threads) {
    if (thread.joinable()) thread.join();
  }
  for (const std::vector<int>& of_thread : ran) {
    for (int i = 0; i < kTasks; ++i) ASSERT_EQ(of_thread[i], i);
  }
}

TYPED_TEST(EventLoopTest, TurnEndComesAfterTasksAndAlarmsAndRunsWhatIsAddedMeanwhile) {
  std::vector<std::string> log;
  auto alarm = this->loop()->NewAlarm([&] { log.push_back("alarm"); });
  this->loop()->AtTurnEnd([&] {
    log.push_back("end 1");
    this->loop()->AtTurnEnd([&] { log.push_back("end 3"); });
  });
  this->loop()->AtTurnEnd([&] { log.push_back("end 2"); });
  this->loop()->Post([&] { log.push_back("task"); });
  alarm->Set(this->loop()->Now());
  ASSERT_TRUE(this->time_.RunUntil([&] { return log.size() == 5; }));
  EXPECT_EQ(log, (std::vector<std::string>{"task", "alarm", "end 1", "end 2", "end 3"}));
}

TYPED_TEST(EventLoopTest, NowStandsStillWithinATurnAndNeverGoesBack) {
  Instant first, second, at_end;
  bool done = false;
  const Instant before = this->loop()->Now();
  this->loop()->Post([&] {
    first = this->loop()->Now();
    const auto start = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - start < std::chrono::milliseconds(3)) {
    }
    second = this->loop()->Now();
    this->loop()->AtTurnEnd([&] {
      at_end = this->loop()->Now();
      done = true;
    });
  });
  ASSERT_TRUE(this->time_.RunUntil([&] { return done; }));
  EXPECT_GE(first, before);
  EXPECT_EQ(first, second);
  EXPECT_EQ(first, at_end);
  EXPECT_GE(this->loop()->Now(), first);
}

TYPED_TEST(EventLoopTest, TasksThatWaitAtTheEndAreDestroyedWithoutRunning) {
  struct PostsWhenDestroyed {
    event::EventLoop* loop;
    std::shared_ptr<int> token;
    ~PostsWhenDestroyed() {
      loop->Post([token = token] { ++*token; });
      loop->AtTurnEnd([token = token] { ++*token; });
    }
  };
  auto token = std::make_shared<int>(0);
  auto last_word = std::make_unique<PostsWhenDestroyed>();
  last_word->loop = this->loop();
  last_word->token = token;
  this->loop()->Post([token] { ++*token; });
  this->loop()->AtTurnEnd([token] { ++*token; });
  this->loop()->Post([last_word = std::move(last_word)] {});
  this->time_.DestroyLoop();
  EXPECT_EQ(*token, 0);
  EXPECT_EQ(token.use_count(), 1);
}

TYPED_TEST(EventLoopTest, ManyAlarmsSetMovedAndCancelledFireInOrder) {
  constexpr int kAlarms = 500;
  const Instant start = this->loop()->Now();
  std::vector<Instant> deadlines(kAlarms, Instant::Infinite());
  std::vector<int> fired;
  std::vector<std::unique_ptr<event::Alarm>> alarms;
  SeededRandomSource random(42);
  for (int i = 0; i < kAlarms; ++i) {
    alarms.push_back(this->loop()->NewAlarm([&fired, i] { fired.push_back(i); }));
  }
  for (int step = 0; step < 5000; ++step) {
    const int i = static_cast<int>(random.Next() % kAlarms);
    const bool cancels = random.Next() % 4 == 0;
    deadlines[i] =
        cancels ? Instant::Infinite() : start + absl::Microseconds(random.Next() % 30'000);
    alarms[i]->Set(deadlines[i]);
  }
  this->time_.RunFor(absl::Milliseconds(40));
  size_t expected = 0;
  for (const Instant deadline : deadlines) expected += deadline.is_infinite() ? 0 : 1;
  ASSERT_EQ(fired.size(), expected);
  for (size_t n = 1; n < fired.size(); ++n) {
    EXPECT_LE(deadlines[fired[n - 1]], deadlines[fired[n]]);
  }
}

}  // namespace
}  // namespace sipcm::conformance
