#include "core/connection/targets/target_health.h"

#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace sipcm::connection {
namespace {

constexpr absl::Duration kTick = absl::Nanoseconds(1);

TargetHealth::Key Key(uint16_t port, Transport transport = Transport::kTcp) {
  return {{*net::IpAddress::Parse("192.0.2.1"), port}, transport};
}

class TargetHealthTest : public ::testing::Test {
 protected:
  bool Fail(const TargetHealth::Key& key = Key(5060)) {
    return health_.NoteFailure(key, absl::UnavailableError("refused"), now_);
  }
  // Skipped for exactly `pause` from now on; then a probe that fails.
  void ExpectSkippedFor(absl::Duration pause) {
    EXPECT_EQ(health_.StateOf(Key(5060)).health, Health::kDead);
    EXPECT_EQ(health_.StateOf(Key(5060)).retry, now_ + pause);
    now_ = now_ + (pause - kTick);
    EXPECT_FALSE(health_.MayTry(Key(5060), now_)) << pause;
    now_ = now_ + kTick;
    EXPECT_TRUE(health_.MayTry(Key(5060), now_)) << pause;
    health_.NoteBegin(Key(5060));
    Fail();
  }

  TargetHealth health_;
  Instant now_ = Instant() + absl::Hours(1);
};

TEST_F(TargetHealthTest, WhatNobodyTriedIsHealthy) {
  EXPECT_TRUE(health_.MayTry(Key(5060), now_));
  EXPECT_EQ(health_.StateOf(Key(5060)).health, Health::kHealthy);
}

TEST_F(TargetHealthTest, ADeadOneIsSkippedFiveSecondsDoublingToTenMinutes) {
  EXPECT_TRUE(Fail());
  for (const int seconds : {5, 10, 20, 40, 80, 160, 320, 600, 600}) {
    ExpectSkippedFor(absl::Seconds(seconds));
  }
}

TEST_F(TargetHealthTest, OnlyOneAttemptProbesAtATime) {
  Fail();
  now_ = now_ + absl::Seconds(5);
  health_.NoteBegin(Key(5060));
  EXPECT_EQ(health_.StateOf(Key(5060)).health, Health::kProbing);
  EXPECT_FALSE(health_.MayTry(Key(5060), now_));
  health_.NoteAbandoned(Key(5060));
  EXPECT_TRUE(health_.MayTry(Key(5060), now_)) << "nobody is at it any more";
}

TEST_F(TargetHealthTest, ASuccessEndsItAndTheNextFailureBeginsAnew) {
  Fail();
  ExpectSkippedFor(absl::Seconds(5));
  EXPECT_TRUE(health_.NoteSuccess(Key(5060)));
  EXPECT_TRUE(health_.MayTry(Key(5060), now_));
  EXPECT_FALSE(health_.NoteSuccess(Key(5060))) << "nothing new";
  EXPECT_TRUE(Fail());
  ExpectSkippedFor(absl::Seconds(5));
}

TEST_F(TargetHealthTest, FailuresBeforeItsTimeLengthenNothing) {
  Fail();
  for (int i = 0; i < 4; ++i) {
    now_ = now_ + absl::Seconds(1);
    EXPECT_FALSE(Fail());
  }
  EXPECT_EQ(health_.StateOf(Key(5060)).last_failed, now_);
  now_ = now_ + absl::Seconds(1);
  EXPECT_TRUE(health_.MayTry(Key(5060), now_));
}

TEST_F(TargetHealthTest, PortsAndTransportsOfAnAddressAreSiblings) {
  Fail();
  EXPECT_TRUE(health_.MayTry(Key(5062), now_));
  EXPECT_TRUE(health_.MayTry(Key(5060, Transport::kTls), now_));
}

TEST_F(TargetHealthTest, OfManyDeadOnesTheOneThatFailedLongestAgoIsForgotten) {
  TargetHealth::Key key = Key(0);
  for (size_t i = 0; i <= TargetHealth::kMaxDead; ++i) {
    key.first.port = static_cast<uint16_t>(i);
    Fail(key);
    if (i == 5) Fail(Key(0));  // again: now 1 is the oldest
  }
  EXPECT_EQ(health_.dead_count(), TargetHealth::kMaxDead);
  EXPECT_FALSE(health_.MayTry(Key(0), now_));
  EXPECT_TRUE(health_.MayTry(Key(1), now_));
}

}  // namespace
}  // namespace sipcm::connection
