#include "core/connection/timers/connection_timers.h"

#include "gtest/gtest.h"

namespace sipcm::connection {
namespace {

Instant At(absl::Duration after) { return Instant() + after; }

class ConnectionTimersTest : public ::testing::Test {
 protected:
  ConnectionTimersTest() {
    timers_.opened = At(absl::ZeroDuration());
    timers_.idle_timeout = absl::Minutes(15);
  }
  void Establish(Direction direction) {
    situation_.state = ConnectionState::kEstablished;
    situation_.direction = direction;
    timers_.established = timers_.last_message = timers_.last_receive = At(absl::Seconds(1));
  }
  void ExpectNext(TimerKind kind, absl::Duration after) {
    const Deadline next = NextDeadline(timers_, settings_, situation_);
    EXPECT_EQ(static_cast<int>(next.kind), static_cast<int>(kind));
    EXPECT_EQ(next.at, At(after));
  }
  void ExpectNone() {
    const Deadline next = NextDeadline(timers_, settings_, situation_);
    EXPECT_EQ(static_cast<int>(next.kind), static_cast<int>(TimerKind::kNone));
    EXPECT_TRUE(next.at.is_infinite());
  }

  ConnectionTimers timers_;
  ConnectionSettings settings_;
  TimerSituation situation_;
};

TEST_F(ConnectionTimersTest, OnlyTheHandshakeCountsBeforeItIsDone) {
  timers_.partial_since = At(absl::ZeroDuration());
  ExpectNext(TimerKind::kHandshake, absl::Seconds(5));
  settings_.handshake_timeout = absl::InfiniteDuration();
  ExpectNone();
}

TEST_F(ConnectionTimersTest, TheFirstMessageLimitIsForIncomingOnes) {
  Establish(Direction::kIncoming);
  ExpectNext(TimerKind::kFirstMessage, absl::Seconds(61));
  situation_.has_first_message = true;
  ExpectNext(TimerKind::kIdle, absl::Seconds(901));
}

TEST_F(ConnectionTimersTest, LiveTransactionsSuspendTheIdleLimitAndNoOther) {
  Establish(Direction::kIncoming);
  situation_.has_first_message = true;
  situation_.has_live_transactions = true;
  ExpectNone();
  timers_.stalled_since = At(absl::Seconds(2));
  ExpectNext(TimerKind::kWriteStall, absl::Seconds(12));
}

TEST_F(ConnectionTimersTest, TheEarliestOfAllCounts) {
  Establish(Direction::kOutgoing);
  ExpectNext(TimerKind::kPing, absl::Seconds(31));
  timers_.stalled_since = At(absl::Seconds(15));
  ExpectNext(TimerKind::kWriteStall, absl::Seconds(25));
  timers_.partial_since = At(absl::Seconds(14));
  ExpectNext(TimerKind::kPartialMessage, absl::Seconds(24));
  timers_.forced_close_at = At(absl::Seconds(20));
  ExpectNext(TimerKind::kForcedClose, absl::Seconds(20));
  timers_.resume_at = At(absl::Seconds(16));
  ExpectNext(TimerKind::kResume, absl::Seconds(16));
}

TEST_F(ConnectionTimersTest, APingThatIsOutHasItsPongLimitInstead) {
  Establish(Direction::kOutgoing);
  timers_.ping_sent = At(absl::Seconds(31));
  ExpectNext(TimerKind::kPong, absl::Seconds(41));
}

TEST_F(ConnectionTimersTest, WhileWeDoNotReadThePeerOwesNothing) {
  Establish(Direction::kOutgoing);
  timers_.partial_since = At(absl::Seconds(2));
  timers_.ping_sent = At(absl::Seconds(2));
  situation_.is_reading = false;
  ExpectNext(TimerKind::kIdle, absl::Seconds(901));
}

TEST_F(ConnectionTimersTest, ADrainingOneIsNotIdleButStillWatched) {
  Establish(Direction::kOutgoing);
  situation_.state = ConnectionState::kDraining;
  situation_.has_live_transactions = true;
  ExpectNext(TimerKind::kPing, absl::Seconds(31));
  timers_.forced_close_at = At(absl::Seconds(30));
  ExpectNext(TimerKind::kForcedClose, absl::Seconds(30));
}

TEST_F(ConnectionTimersTest, AClosedOneHasNone) {
  Establish(Direction::kIncoming);
  timers_.resume_at = At(absl::Seconds(1));
  situation_.state = ConnectionState::kClosed;
  ExpectNone();
}

}  // namespace
}  // namespace sipcm::connection
