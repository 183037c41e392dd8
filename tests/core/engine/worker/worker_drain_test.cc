#include "core/engine/worker/worker_drain.h"

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/fakes/manual_event_loop.h"

namespace sipcm::engine {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(5);
constexpr absl::Duration kCloseLimit = absl::Seconds(2);
constexpr absl::Duration kTick = absl::Nanoseconds(1);

class WorkerDrainTest : public ::testing::Test, protected WorkerDrain::Host {
 protected:
  bool HasOpenWork() const override { return open_work_; }
  void EndOpenWork() override {
    open_work_ = false;
    ++ended_;
  }
  bool HasConnections() const override { return connections_; }
  void CloseConnections() override { ++closed_; }

  void Begin() {
    drain_.Begin(kTimeout, [this] { ++done_; });
    loop_.RunUntilIdle();
  }
  void Check() {
    drain_.Check();
    loop_.RunUntilIdle();
  }

  fakes::ManualEventLoop loop_;
  WorkerDrain drain_{&loop_, this};
  bool open_work_ = true;
  bool connections_ = true;
  int ended_ = 0;
  int closed_ = 0;
  int done_ = 0;
};

TEST_F(WorkerDrainTest, WithNothingOpenItClosesAndIsOverAtOnce) {
  open_work_ = connections_ = false;
  EXPECT_FALSE(drain_.has_begun());
  Begin();
  EXPECT_TRUE(drain_.has_begun());
  EXPECT_EQ(closed_, 1);
  EXPECT_EQ(done_, 1);
  EXPECT_EQ(ended_, 0);
  EXPECT_EQ(loop_.armed_alarm_count(), 0u);
}

TEST_F(WorkerDrainTest, WhatIsOpenIsWaitedForThenTheConnectionsAreClosed) {
  Begin();
  EXPECT_FALSE(drain_.is_closing());
  Check();
  EXPECT_EQ(closed_, 0);
  open_work_ = false;
  Check();
  EXPECT_TRUE(drain_.is_closing());
  EXPECT_EQ(closed_, 1);
  EXPECT_EQ(done_, 0);
  connections_ = false;
  Check();
  EXPECT_EQ(done_, 1);
  EXPECT_EQ(ended_, 0);
}

TEST_F(WorkerDrainTest, WhatIsLeftAtTheDeadlineIsEnded) {
  Begin();
  loop_.AdvanceBy(kTimeout - kTick);
  EXPECT_EQ(ended_, 0);
  loop_.AdvanceBy(kTick);
  EXPECT_EQ(ended_, 1);
  EXPECT_EQ(closed_, 1);
}

TEST_F(WorkerDrainTest, APeerThatDoesNotLetGoHasTwoSeconds) {
  open_work_ = false;
  Begin();
  EXPECT_EQ(closed_, 1);
  loop_.AdvanceBy(kCloseLimit - kTick);
  EXPECT_EQ(done_, 0);
  loop_.AdvanceBy(kTick);
  EXPECT_EQ(done_, 1);
  connections_ = false;
  Check();
  EXPECT_EQ(done_, 1);
}

TEST_F(WorkerDrainTest, WhoOpensMoreBeforeItIsNoticedIsWaitedFor) {
  Begin();
  open_work_ = false;
  drain_.Check();
  open_work_ = true;
  loop_.RunUntilIdle();
  EXPECT_FALSE(drain_.is_closing());
}

}  // namespace
}  // namespace sipcm::engine
