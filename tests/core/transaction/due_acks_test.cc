#include "core/transaction/due_acks.h"

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace sipcm::transaction {
namespace {

TEST(DueAcksTest, AnAckFindsTheWorkerThatWaitsForItUntilItLeaves) {
  DueAcks due;
  EXPECT_EQ(due.WorkerOf("call"), DueAcks::kNoWorker);
  const uint64_t first = due.Enter("call", 0);
  const uint64_t last = due.Enter("another call", 63);
  EXPECT_EQ(due.WorkerOf("call"), 0);
  EXPECT_EQ(due.WorkerOf("another call"), 63);
  EXPECT_EQ(due.WorkerOf("a third"), DueAcks::kNoWorker);
  due.Leave(first);
  EXPECT_EQ(due.WorkerOf("call"), DueAcks::kNoWorker);
  EXPECT_EQ(due.WorkerOf("another call"), 63);
  due.Leave(last);
  EXPECT_EQ(due.WorkerOf("another call"), DueAcks::kNoWorker);
}

TEST(DueAcksTest, TheFirst2048NearlyAllFindRoomAndAllOfThemAreFound) {
  DueAcks due;
  std::vector<uint64_t> entries;
  for (int i = 0; i < 2048; ++i) {
    const uint64_t entry = due.Enter(absl::StrCat("call ", i), i % 64);
    if (entry == 0) continue;
    entries.push_back(entry);
    EXPECT_EQ(due.WorkerOf(absl::StrCat("call ", i)), i % 64);
  }
  EXPECT_GT(entries.size(), 2000u);
  for (const uint64_t entry : entries) due.Leave(entry);
  for (int i = 0; i < 2048; ++i) {
    EXPECT_EQ(due.WorkerOf(absl::StrCat("call ", i)), DueAcks::kNoWorker);
  }
}

TEST(DueAcksTest, WhereThereIsNoRoomItSaysSoUntilOneLeaves) {
  DueAcks due;
  std::vector<uint64_t> entries;
  for (size_t i = 0; i < DueAcks::kProbes; ++i) {
    entries.push_back(due.Enter("call", static_cast<int>(i)));
    EXPECT_NE(entries.back(), 0u);
  }
  EXPECT_EQ(due.Enter("call", 40), 0u);
  due.Leave(entries[3]);
  EXPECT_NE(due.Enter("call", 40), 0u);
}

TEST(DueAcksTest, WorkersEnterAndLeaveAtOnce) {
  DueAcks due;
  std::vector<std::thread> workers;
  for (int worker = 0; worker < 4; ++worker) {
    workers.emplace_back([&due, worker] {
      for (int i = 0; i < 2000; ++i) {
        const std::string key = absl::StrCat(worker, " ", i);
        const uint64_t entry = due.Enter(key, worker);
        ASSERT_NE(entry, 0u);
        EXPECT_EQ(due.WorkerOf(key), worker);
        due.Leave(entry);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(due.WorkerOf("0 0"), DueAcks::kNoWorker);
}

}  // namespace
}  // namespace sipcm::transaction
