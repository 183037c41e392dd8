#include "core/connection/timers/lazy_alarm.h"

#include <optional>

#include "gtest/gtest.h"
#include "tests/fakes/manual_event_loop.h"

namespace sipcm::connection {
namespace {

class LazyAlarmTest : public ::testing::Test {
 protected:
  Instant In(int seconds) { return loop_.Now() + absl::Seconds(seconds); }

  fakes::ManualEventLoop loop_;
  std::optional<LazyAlarm> alarm_{std::in_place};
  int looks_ = 0;
};

TEST_F(LazyAlarmTest, LooksAtTheEarliestDeadlineOnly) {
  alarm_->Start(&loop_, [this] { ++looks_; });
  alarm_->ArmFor(In(10));
  alarm_->ArmFor(In(20));
  EXPECT_EQ(loop_.EarliestAlarm(), In(10));
  alarm_->ArmFor(In(5));
  EXPECT_EQ(loop_.EarliestAlarm(), In(5));
  loop_.AdvanceBy(absl::Seconds(30));
  EXPECT_EQ(looks_, 1);
}

TEST_F(LazyAlarmTest, MayBeArmedAgainFromItsLook) {
  alarm_->Start(&loop_, [this] {
    if (++looks_ < 3) alarm_->ArmFor(In(1));
  });
  alarm_->ArmFor(In(1));
  loop_.AdvanceBy(absl::Seconds(10));
  EXPECT_EQ(looks_, 3);
}

TEST_F(LazyAlarmTest, StoppedOrNotStartedItNeverLooks) {
  alarm_->ArmFor(In(1));
  alarm_->Start(&loop_, [this] { ++looks_; });
  alarm_->ArmFor(In(1));
  alarm_->Stop();
  EXPECT_FALSE(alarm_->is_started());
  alarm_->ArmFor(In(1));
  loop_.AdvanceBy(absl::Seconds(10));
  EXPECT_EQ(looks_, 0);
  EXPECT_EQ(loop_.alarm_count(), 0u);
}

TEST_F(LazyAlarmTest, MayBeDestroyedFromItsLook) {
  alarm_->Start(&loop_, [this] { alarm_.reset(); });
  alarm_->ArmFor(In(1));
  loop_.AdvanceBy(absl::Seconds(1));
  EXPECT_EQ(loop_.alarm_count(), 0u);
}

TEST_F(LazyAlarmTest, InfinityArmsNothing) {
  alarm_->Start(&loop_, [this] { ++looks_; });
  alarm_->ArmFor(Instant::Infinite());
  EXPECT_EQ(loop_.armed_alarm_count(), 0u);
}

}  // namespace
}  // namespace sipcm::connection
