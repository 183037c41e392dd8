#include "core/event/worker_thread.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <memory>
#include <string>
#include <thread>

#include "absl/synchronization/notification.h"

namespace sipcm::event {
namespace {

std::unique_ptr<WorkerThread> StartWorker(const std::string& name) {
  auto worker = WorkerThread::Start(name);
  EXPECT_TRUE(worker.ok()) << worker.status();
  return *std::move(worker);
}

TEST(WorkerThreadTest, WhatIsPutOnTheLoopBeforeItRunsHappensOnItsThread) {
  auto worker = WorkerThread::Create("worker");
  ASSERT_TRUE(worker.ok()) << worker.status();
  absl::Notification rung;
  bool held = false;
  const auto alarm = (*worker)->loop()->NewAlarm([&] {
    held = (*worker)->loop()->thread().IsBoundToCurrent();
    rung.Notify();
  });
  alarm->Set((*worker)->loop()->Now());
  ASSERT_TRUE((*worker)->Run().ok());
  rung.WaitForNotification();
  EXPECT_TRUE(held);
  (*worker)->StopAndJoin();
}

TEST(WorkerThreadTest, RunsItsLoopOnAThreadOfThatName) {
  auto worker = StartWorker("sipcm-worker-with-a-long-name");
  absl::Notification done;
  std::thread::id id;
  bool held = false;
  worker->loop()->Post([&] {
    id = std::this_thread::get_id();
    held = worker->loop()->thread().IsBoundToCurrent();
    done.Notify();
  });
  done.WaitForNotification();
  char name[16] = "";
  absl::Notification named;
  worker->loop()->Post([&] {
    pthread_getname_np(pthread_self(), name, sizeof(name));
    named.Notify();
  });
  named.WaitForNotification();
  EXPECT_STREQ(name, "sipcm-worker-wi");
  EXPECT_NE(id, std::this_thread::get_id());
  EXPECT_TRUE(held);
}

TEST(WorkerThreadTest, StopRunsWhatWasPostedBeforeAndHandsTheLoopOver) {
  auto worker = StartWorker("w");
  bool ran = false;
  std::unique_ptr<Alarm> lives_on_the_loop;
  worker->loop()->Post([&] {
    lives_on_the_loop = worker->loop()->NewAlarm([] {});
    ran = true;
  });
  worker->StopAndJoin();
  worker->StopAndJoin();  // nothing more to do
  EXPECT_TRUE(ran);
  lives_on_the_loop = nullptr;  // by this thread, to which the loop belongs now
}

TEST(WorkerThreadTest, DestructionStopsIt) {
  auto token = std::make_shared<int>(0);
  {
    auto worker = StartWorker("w");
    worker->loop()->Post([token] { ++*token; });
  }
  EXPECT_EQ(*token, 1);
  EXPECT_EQ(token.use_count(), 1);
}

TEST(WorkerThreadTest, TwoWorkersPostToEachOther) {
  auto a = StartWorker("a");
  auto b = StartWorker("b");
  absl::Notification done;
  int count = 0;
  struct PingPong {
    LibeventLoop* here;
    LibeventLoop* there;
    int* count;
    absl::Notification* done;
    void operator()() {
      if (++*count == 1000) return done->Notify();
      there->Post(PingPong{there, here, count, done});
    }
  };
  a->loop()->Post(PingPong{a->loop(), b->loop(), &count, &done});
  done.WaitForNotification();
  EXPECT_EQ(count, 1000);
}

}  // namespace
}  // namespace sipcm::event
