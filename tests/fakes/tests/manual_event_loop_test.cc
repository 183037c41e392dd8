// What the manual loop does beyond every loop (tests/conformance): exact time, several in step.

#include "tests/fakes/manual_event_loop.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/base/random_source.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/manual_scheduler.h"

namespace sipcm::fakes {
namespace {

TEST(ManualEventLoopTest, AlarmFiresExactlyAtItsEdge) {
  ManualEventLoop loop;
  const Instant start = loop.Now();
  Instant fired_at;
  auto alarm = loop.NewAlarm([&] { fired_at = loop.Now(); });
  alarm->Set(start + absl::Seconds(5));
  loop.AdvanceBy(absl::Seconds(5) - absl::Nanoseconds(1));
  EXPECT_EQ(fired_at, Instant());
  loop.AdvanceBy(absl::Nanoseconds(1));
  EXPECT_EQ(fired_at, start + absl::Seconds(5));
}

TEST(ManualEventLoopTest, AdvanceFiresEachAlarmAtItsOwnTime) {
  ManualEventLoop loop;
  const Instant start = loop.Now();
  std::vector<absl::Duration> fired;
  std::unique_ptr<event::Alarm> alarm;
  alarm = loop.NewAlarm([&] {
    fired.push_back(loop.Now() - start);
    alarm->Set(loop.Now() + absl::Seconds(3));
  });
  alarm->Set(start + absl::Seconds(3));
  loop.AdvanceBy(absl::Seconds(10));
  EXPECT_EQ(fired,
            (std::vector<absl::Duration>{absl::Seconds(3), absl::Seconds(6), absl::Seconds(9)}));
  EXPECT_EQ(loop.Now(), start + absl::Seconds(10));
  EXPECT_EQ(loop.armed_alarm_count(), 1u);
}

TEST(ManualEventLoopTest, WallClockMovesAlongAndMayJumpAlone) {
  ManualEventLoop loop;
  const absl::Time wall = loop.WallNow();
  const Instant now = loop.Now();
  loop.AdvanceBy(absl::Seconds(7));
  EXPECT_EQ(loop.WallNow(), wall + absl::Seconds(7));
  loop.SetWall(wall - absl::Hours(1));
  EXPECT_EQ(loop.WallNow(), wall - absl::Hours(1));
  EXPECT_EQ(loop.Now(), now + absl::Seconds(7));
}

TEST(ManualEventLoopTest, AdvanceUntilStopsTimeWhereTheConditionCameTrue) {
  ManualEventLoop loop;
  const Instant start = loop.Now();
  bool fired = false;
  auto alarm = loop.NewAlarm([&] { fired = true; });
  alarm->Set(start + absl::Hours(2));
  EXPECT_FALSE(loop.AdvanceUntil([&] { return fired; }, absl::Hours(1)));
  EXPECT_EQ(loop.Now(), start + absl::Hours(1));
  EXPECT_TRUE(loop.AdvanceUntil([&] { return fired; }, absl::Hours(5)));
  EXPECT_EQ(loop.Now(), start + absl::Hours(2));
}

TEST(ManualEventLoopTest, SeveralLoopsShareTimeAndPostToEachOther) {
  ManualClock clock;
  ManualScheduler scheduler(&clock);
  ManualEventLoop a(&scheduler), b(&scheduler);
  std::string log;
  auto alarm = b.NewAlarm([&] {
    log += "b";
    a.Post([&] {
      log += "a";
      b.Post([&] { log += "b"; });
    });
  });
  alarm->Set(clock.now() + absl::Seconds(1));
  scheduler.AdvanceBy(absl::Seconds(1));
  EXPECT_EQ(log, "bab");
  EXPECT_EQ(a.Now(), b.Now());
}

TEST(ManualEventLoopTest, LoopMayBeDestroyedByAnothersTurn) {
  ManualClock clock;
  ManualScheduler scheduler(&clock);
  ManualEventLoop a(&scheduler);
  auto b = std::make_unique<ManualEventLoop>(&scheduler);
  bool ran = false;
  a.Post([&] { b = nullptr; });
  b->Post([&] { ran = true; });
  scheduler.RunUntilIdle();
  EXPECT_FALSE(ran);
}

std::string OrderWithSeed(uint64_t seed) {
  SeededRandomSource random(seed);
  ManualClock clock;
  ManualScheduler scheduler(&clock, &random);
  std::vector<std::unique_ptr<ManualEventLoop>> loops;
  std::string order;
  for (char name = 'a'; name < 'i'; ++name) {
    loops.push_back(std::make_unique<ManualEventLoop>(&scheduler));
    loops.back()->Post([&order, name] { order += name; });
  }
  scheduler.RunUntilIdle();
  return order;
}

TEST(ManualSchedulerTest, OrderOfLoopsIsDrawnFromTheSeed) {
  EXPECT_EQ(OrderWithSeed(1), OrderWithSeed(1));
  EXPECT_NE(OrderWithSeed(1), OrderWithSeed(2));
  EXPECT_EQ(OrderWithSeed(1).size(), 8u);
}

TEST(ManualSchedulerDeathTest, LoopThatNeverRestsIsFound) {
  ManualEventLoop loop;
  std::unique_ptr<event::Alarm> alarm;
  alarm = loop.NewAlarm([&] { alarm->Set(loop.Now()); });
  alarm->Set(loop.Now());
  EXPECT_DEATH(loop.RunUntilIdle(), "never come to rest");
}

}  // namespace
}  // namespace sipcm::fakes
