// One that does not read costs the others nothing, and the server a bounded queue.

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "server/event/event_hub.h"
#include "tests/server/event/hub_fixture.h"

namespace sipcm::server {
namespace {

using sipcm::v1::Event;
using testing::ElementsAre;

class SlowWatcherTest : public HubTest {};

TEST_F(SlowWatcherTest, OfAThousandWatchersAStuckOneCostsTheOthersNothing) {
  constexpr int kWatchers = 999;
  constexpr int kChanges = 2'000;
  TestReader* const stuck = Watch();
  std::vector<TestReader*> crowd;
  for (int i = 0; i < kWatchers; ++i) crowd.push_back(Watch());
  hub_.Step();
  hub_.Step();
  for (TestReader* reader : crowd) reader->ReadAll();
  ASSERT_TRUE(stuck->ReadOne());
  EXPECT_EQ(stuck->event(0).kind(), Event::SYNCED);
  for (int i = 0; i < kChanges; ++i) {
    TellEndpoint(Event::ENDPOINT_CHANGED, absl::StrCat("endpoints/e", i));
    if (i % 100 != 99) continue;
    hub_.Step();
    for (TestReader* reader : crowd) reader->ReadAll();
  }
  ASSERT_EQ(crowd.front()->read.size(), 1u + kChanges);
  for (int i = 0; i < kChanges; ++i) {
    ASSERT_EQ(crowd.front()->read[i + 1]->name, absl::StrCat("endpoints/e", i));
  }
  for (TestReader* reader : crowd) {
    // The very same events: converted once, shared by all.
    ASSERT_TRUE(reader->read == crowd.front()->read);
    EXPECT_EQ(reader->watcher->pending_count(), 0u);
  }
  EXPECT_EQ(stuck->read.size(), 1u);
  EXPECT_EQ(stuck->watcher->pending_count(), EventWatcher::kMaxPendingCount);
  EXPECT_EQ(ask_count_, 1) << "one who does not read asks for no snapshots";

  endpoints_ = {"endpoints/now"};
  Settle(stuck);
  const size_t gap = 1 + EventWatcher::kMaxPendingCount;
  ASSERT_EQ(stuck->read.size(), gap + 3);
  EXPECT_EQ(stuck->read[gap - 1], crowd.front()->read[gap - 1]);
  EXPECT_EQ(stuck->event(gap).gap().lost_count(),
            static_cast<int64_t>(kChanges - EventWatcher::kMaxPendingCount));
  EXPECT_EQ(stuck->event(gap + 1).name(), "endpoints/now");
  EXPECT_EQ(stuck->event(gap + 2).kind(), Event::SYNCED);
  EXPECT_EQ(ask_count_, 2);
  TellEndpoint(Event::ENDPOINT_REMOVED, "endpoints/now");
  Settle(stuck);
  EXPECT_EQ(stuck->event(gap + 3).kind(), Event::ENDPOINT_REMOVED) << "live again";
}

TEST_F(SlowWatcherTest, ExactlyAFullQueueLosesNothing) {
  TestReader* reader = Watch();
  hub_.Step();
  hub_.Step();
  ASSERT_TRUE(reader->ReadOne());
  for (size_t i = 0; i < EventWatcher::kMaxPendingCount; ++i) {
    TellEndpoint(Event::ENDPOINT_CHANGED, "endpoints/e");
  }
  hub_.Step();
  Settle(reader);
  EXPECT_EQ(reader->read.size(), 1 + EventWatcher::kMaxPendingCount);
  EXPECT_EQ(ask_count_, 1);
}

TEST_F(SlowWatcherTest, WhatIsNotWantedFillsNoQueueAndIsNoLoss) {
  sipcm::v1::WatchRequest request;
  request.add_names("endpoints/alice");
  TestReader* reader = Watch(request);
  hub_.Step();
  hub_.Step();
  ASSERT_TRUE(reader->ReadOne());
  for (size_t i = 0; i < 2 * EventWatcher::kMaxPendingCount; ++i) {
    TellEndpoint(Event::ENDPOINT_CHANGED, "endpoints/bob");
  }
  TellEndpoint(Event::ENDPOINT_CHANGED, "endpoints/alice");
  Settle(reader);
  EXPECT_THAT(reader->Lines(), ElementsAre("SYNCED", "ENDPOINT_CHANGED endpoints/alice"));
}

TEST_F(SlowWatcherTest, ChangesWhileTheFreshSnapshotIsMadeCountAsLostAndAreInIt) {
  TestReader* reader = Watch();
  hub_.Step();
  hub_.Step();
  ASSERT_TRUE(reader->ReadOne());
  for (size_t i = 0; i <= EventWatcher::kMaxPendingCount; ++i) {
    TellEndpoint(Event::ENDPOINT_CHANGED, "endpoints/e");
  }
  hub_.Step();
  answers_at_once_ = false;
  reader->ReadAll();
  hub_.Step();
  TellEndpoint(Event::ENDPOINT_ADDED, "endpoints/meanwhile");
  AnswerAll();
  Settle(reader);
  const size_t gap = 1 + EventWatcher::kMaxPendingCount;
  ASSERT_EQ(reader->read.size(), gap + 3);
  EXPECT_EQ(reader->event(gap).gap().lost_count(), 2);
  EXPECT_EQ(reader->event(gap + 1).name(), "endpoints/meanwhile");
}

TEST_F(SlowWatcherTest, OneThatLeftHearsNothingAndHoldsNothing) {
  TestReader* reader = Watch();
  hub_.Step();
  hub_.Step();
  ASSERT_TRUE(reader->ReadOne());
  TellEndpoint(Event::ENDPOINT_CHANGED, "endpoints/e");
  hub_.Step();
  ASSERT_EQ(reader->watcher->pending_count(), 1u);
  reader->watcher->Leave();
  EXPECT_EQ(reader->watcher->pending_count(), 0u);
  TellEndpoint(Event::ENDPOINT_CHANGED, "endpoints/e");
  hub_.Step();
  EXPECT_EQ(reader->read.size(), 1u);
  readers_.clear();
}

}  // namespace
}  // namespace sipcm::server
