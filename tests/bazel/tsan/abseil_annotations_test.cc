// Means something under --config=tsan: each test is a false report there when the annotations of
// bazel/tsan do not reach the linker.
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace {

constexpr int kThreads = 4;
constexpr int kRounds = 500;

bool IsComplete(int* count) { return *count == kThreads * kRounds; }

TEST(AbseilAnnotationsTest, MutexOrdersWritersReadersAndConditions) {
  absl::Mutex mutex;
  int count = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        {
          absl::MutexLock lock(&mutex);
          ++count;
        }
        absl::ReaderMutexLock lock(&mutex);
        EXPECT_GT(count, 0);
      }
    });
  }
  {
    absl::MutexLock lock(&mutex, absl::Condition(IsComplete, &count));
    mutex.Await(absl::Condition(IsComplete, &count));
    EXPECT_TRUE(
        mutex.AwaitWithTimeout(absl::Condition(IsComplete, &count), absl::InfiniteDuration()));
    ++count;
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(count, kThreads * kRounds + 1);
}

TEST(AbseilAnnotationsTest, CondVarOrdersTheWaiterAfterTheSignaller) {
  absl::Mutex mutex;
  absl::CondVar changed;
  int value = 0;
  std::thread thread([&] {
    absl::MutexLock lock(&mutex);
    value = 1;
    changed.Signal();
  });
  {
    absl::MutexLock lock(&mutex);
    while (value == 0) changed.Wait(&mutex);
    value = 2;
  }
  thread.join();
  EXPECT_EQ(value, 2);
}

TEST(AbseilAnnotationsTest, NotificationOrdersWaitersAndPollers) {
  int value = 0;
  absl::Notification waited;
  absl::Notification polled;
  std::thread thread([&] {
    value = 1;
    waited.Notify();
    polled.WaitForNotification();
    EXPECT_EQ(value, 2);
  });
  while (!waited.HasBeenNotified()) std::this_thread::yield();
  value = 2;
  polled.Notify();
  thread.join();
}

TEST(AbseilAnnotationsTest, BlockingCounterOrdersTheWaiterAfterAll) {
  int values[kThreads] = {};
  absl::BlockingCounter remaining(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      values[i] = 1;
      remaining.DecrementCount();
    });
  }
  remaining.Wait();
  for (int& value : values) EXPECT_EQ(value++, 1);
  for (std::thread& thread : threads) thread.join();
}

TEST(AbseilAnnotationsTest, StatusMayBeDroppedByItsLastOwnerOnAnyThread) {
  absl::Status status = absl::InternalError("long enough to be allocated and shared by copies");
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([copy = status] {
      for (int round = 0; round < kRounds; ++round) {
        const absl::Status again = copy;
        EXPECT_FALSE(again.ok());
      }
    });
  }
  status = absl::OkStatus();
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
