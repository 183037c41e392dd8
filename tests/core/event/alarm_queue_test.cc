#include "core/event/alarm_queue.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/instant.h"
#include "core/base/random_source.h"

namespace sipcm::event {
namespace {

Instant At(int64_t nanoseconds) { return Instant::FromNanoseconds(nanoseconds); }

TEST(AlarmQueueTest, FiresAtTheEdgeAndNotBefore) {
  AlarmQueue queue;
  int fired = 0;
  auto alarm = queue.NewAlarm([&] { ++fired; });
  alarm->Set(At(100));
  EXPECT_EQ(queue.RunDue(At(99)), 0u);
  EXPECT_EQ(fired, 0);
  EXPECT_EQ(queue.RunDue(At(100)), 1u);
  EXPECT_EQ(fired, 1);
  EXPECT_EQ(queue.RunDue(At(1000)), 0u);
}

TEST(AlarmQueueTest, MovingAnAlarmLaterLeavesTheBoundAndKnowsTheTruth) {
  AlarmQueue queue;
  auto alarm = queue.NewAlarm([] {});
  EXPECT_TRUE(queue.earliest_bound().is_infinite());
  alarm->Set(At(100));
  alarm->Set(At(500));
  EXPECT_EQ(queue.earliest_bound(), At(100));  // no heap operation was made
  EXPECT_EQ(queue.Earliest(), At(500));
  EXPECT_EQ(queue.earliest_bound(), At(500));
  alarm->Set(At(50));
  EXPECT_EQ(queue.earliest_bound(), At(50));
  alarm->Cancel();
  EXPECT_TRUE(queue.Earliest().is_infinite());
  EXPECT_TRUE(queue.earliest_bound().is_infinite());
}

TEST(AlarmQueueTest, MovedAlarmDoesNotFireAtItsOldTime) {
  AlarmQueue queue;
  int fired = 0;
  auto alarm = queue.NewAlarm([&] { ++fired; });
  alarm->Set(At(100));
  alarm->Set(At(500));
  EXPECT_EQ(queue.RunDue(At(499)), 0u);
  EXPECT_EQ(fired, 0);
  EXPECT_EQ(queue.RunDue(At(500)), 1u);
}

TEST(AlarmQueueTest, CountsAlarmsAndThoseArmed) {
  AlarmQueue queue;
  auto a = queue.NewAlarm([] {});
  auto b = queue.NewAlarm([] {});
  a->Set(At(1));
  b->Set(At(2));
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_EQ(queue.CountArmed(), 2u);
  b->Cancel();
  EXPECT_EQ(queue.CountArmed(), 1u);
  a = nullptr;
  EXPECT_EQ(queue.size(), 1u);
  EXPECT_EQ(queue.CountArmed(), 0u);
}

// Against a sorted map, with every kind of change, also from inside callbacks.
TEST(AlarmQueueTest, AgreesWithAModelUnderRandomChanges) {
  constexpr int kAlarms = 60;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    SeededRandomSource random(seed);
    AlarmQueue queue;
    std::vector<std::unique_ptr<Alarm>> alarms(kAlarms);
    std::vector<std::pair<int64_t, uint64_t>> keys(kAlarms);  // deadline, order of setting
    std::map<std::pair<int64_t, uint64_t>, int> model;
    uint64_t sets = 0;
    int64_t now = 0;
    bool running = false;
    std::vector<int> fired;

    const auto set = [&](int i, int64_t deadline) {
      model.erase(keys[i]);
      keys[i] = {deadline, ++sets};
      model.emplace(keys[i], i);
      alarms[i]->Set(At(deadline));
    };
    const auto change = [&] {
      const int i = static_cast<int>(random.Next() % kAlarms);
      const uint64_t what = random.Next() % 10;
      if (what == 0) {
        model.erase(keys[i]);
        alarms[i]->Cancel();
      } else if (what == 1 && !running) {
        model.erase(keys[i]);
        alarms[i] = queue.NewAlarm([&, i] { fired.push_back(i); });
      } else {
        // Within a callback only into the future, so that the model need not know of turns.
        set(i, now + (running ? 1 : 0) + static_cast<int64_t>(random.Next() % 1000));
      }
    };
    for (int i = 0; i < kAlarms; ++i) {
      alarms[i] = queue.NewAlarm([&, i] {
        fired.push_back(i);
        model.erase(keys[i]);
        for (int n = 0; n < 3; ++n) change();
      });
    }
    for (int round = 0; round < 300; ++round) {
      for (int n = 0; n < 10; ++n) change();
      ASSERT_EQ(queue.Earliest(),
                model.empty() ? Instant::Infinite() : At(model.begin()->first.first));
      ASSERT_EQ(queue.CountArmed(), model.size());
      now += static_cast<int64_t>(random.Next() % 50);
      running = true;
      while (!model.empty() && model.begin()->first.first <= now) {
        // One instant at a time, so that the order of firing is the model's.
        const auto [key, first] = *model.begin();
        fired.clear();
        queue.RunDue(At(key.first));
        ASSERT_FALSE(fired.empty());
        ASSERT_EQ(fired[0], first);
        for (const int i : fired) {
          if (keys[i].first == key.first) model.erase(keys[i]);
        }
      }
      running = false;
    }
    alarms.clear();
  }
}

TEST(AlarmQueueDeathTest, AlarmThatOutlivesItsQueueIsOurFault) {
  EXPECT_DEATH(
      {
        auto queue = std::make_unique<AlarmQueue>();
        auto alarm = queue->NewAlarm([] {});
        queue = nullptr;
      },
      "outlives its loop");
}

}  // namespace
}  // namespace sipcm::event
