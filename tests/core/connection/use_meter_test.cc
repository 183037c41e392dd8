#include "core/connection/use_meter.h"

#include "core/connection/live_transactions.h"
#include "gtest/gtest.h"

namespace sipcm::connection {
namespace {

class UseMeterTest : public ::testing::Test {
 protected:
  void After(absl::Duration time) { now_ = now_ + time; }

  Instant now_ = Instant() + absl::Seconds(1003);
  Counter busy_;
  UseMeter meter_{now_, &busy_};
};

TEST_F(UseMeterTest, WithoutConnectionsThereIsNoUtilization) {
  After(absl::Minutes(1));
  EXPECT_EQ(meter_.utilization(now_), 0);
}

TEST_F(UseMeterTest, UtilizationIsBusyTimeByConnectedTime) {
  meter_.AddConnection(1, now_);
  meter_.AddConnection(1, now_);
  After(absl::Seconds(1));
  meter_.AddBusy(1, now_);
  After(absl::Seconds(2));
  meter_.AddBusy(-1, now_);
  After(absl::Seconds(1));
  EXPECT_DOUBLE_EQ(meter_.utilization(now_), 2.0 / 8);
  EXPECT_EQ(meter_.total(now_).connected, absl::Seconds(8));
  EXPECT_EQ(meter_.total(now_).busy, absl::Seconds(2));
  meter_.AddConnection(-1, now_);
  meter_.AddConnection(-1, now_);
}

TEST_F(UseMeterTest, WhatGoesOnIsSeenWithoutAnotherCall) {
  meter_.AddConnection(1, now_);
  meter_.AddBusy(1, now_);
  for (int i = 0; i < 100; ++i) {
    After(absl::Seconds(7));
    EXPECT_DOUBLE_EQ(meter_.utilization(now_), 1.0) << i;
  }
  EXPECT_EQ(meter_.total(now_).busy, absl::Seconds(700));
  EXPECT_LE(meter_.last_minute(now_).busy, absl::Minutes(1));
  EXPECT_GE(meter_.last_minute(now_).busy, absl::Seconds(55));
  meter_.AddBusy(-1, now_);
  meter_.AddConnection(-1, now_);
}

TEST_F(UseMeterTest, TheWindowForgetsTheTotalDoesNot) {
  meter_.AddConnection(1, now_);
  meter_.AddBusy(1, now_);
  After(absl::Seconds(30));
  meter_.AddBusy(-1, now_);
  After(absl::Seconds(25));
  EXPECT_GT(meter_.utilization(now_), 0.4);
  After(absl::Seconds(36));
  EXPECT_EQ(meter_.utilization(now_), 0);
  EXPECT_EQ(meter_.total(now_).busy, absl::Seconds(30));
  After(absl::Hours(1));
  meter_.AddBusy(1, now_);
  After(absl::Seconds(6));
  meter_.AddBusy(-1, now_);
  EXPECT_NEAR(meter_.utilization(now_), 0.1, 0.02);
  EXPECT_EQ(meter_.total(now_).busy, absl::Seconds(36));
  meter_.AddConnection(-1, now_);
}

TEST_F(UseMeterTest, AConnectionIsBusyFromItsFirstTransactionToItsLast) {
  LiveTransactions transactions;
  transactions.Add(now_);
  transactions.MoveTo(&meter_, now_);
  transactions.Add(now_);
  EXPECT_EQ(meter_.busy_count(), 1);
  EXPECT_EQ(busy_.value(), 1);
  EXPECT_FALSE(transactions.Remove(now_));
  EXPECT_EQ(meter_.busy_count(), 1);
  EXPECT_TRUE(transactions.Remove(now_));
  EXPECT_EQ(meter_.busy_count(), 0);
  transactions.Add(now_);
  transactions.MoveTo(nullptr, now_);
  EXPECT_EQ(meter_.busy_count(), 0);
  EXPECT_EQ(busy_.value(), 0);
}

}  // namespace
}  // namespace sipcm::connection
