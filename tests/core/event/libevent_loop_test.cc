// What the production loop does beyond every loop (tests/conformance): descriptors and threads.

#include "core/event/libevent_loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "core/base/error.h"
#include "core/event/fd_loop.h"
#include "tests/conformance/real_time.h"

namespace sipcm::event {
namespace {

class Pipe {
 public:
  Pipe() { EXPECT_EQ(pipe2(fds_, O_NONBLOCK | O_CLOEXEC), 0); }
  ~Pipe() {
    close(fds_[0]);
    close(fds_[1]);
  }
  int reader() const { return fds_[0]; }
  int writer() const { return fds_[1]; }
  void Write(char byte) { EXPECT_EQ(write(fds_[1], &byte, 1), 1); }
  char Read() {
    char byte = '\0';
    EXPECT_EQ(read(fds_[0], &byte, 1), 1);
    return byte;
  }
  // Until nothing more goes in.
  void Fill() {
    const std::string block(4096, 'x');
    while (write(fds_[1], block.data(), block.size()) > 0) {
    }
  }

 private:
  int fds_[2];
};

class CountingListener final : public FdListener {
 public:
  void OnFdReadable() override {
    ++readable;
    if (on_readable) on_readable();
  }
  void OnFdWritable() override {
    ++writable;
    if (on_writable) on_writable();
  }

  int readable = 0;
  int writable = 0;
  std::function<void()> on_readable;
  std::function<void()> on_writable;
};

class LibeventLoopTest : public testing::Test {
 protected:
  ~LibeventLoopTest() override { EXPECT_EQ(loop()->watch_count(), 0u); }
  LibeventLoop* loop() { return time_.loop(); }

  conformance::RealTime time_;
};

TEST_F(LibeventLoopTest, ReadableIsToldEachTurnUntilDealtWith) {
  Pipe pipe;
  CountingListener listener;
  listener.on_readable = [&] {
    if (listener.readable == 3) pipe.Read();
  };
  auto watch = loop()->WatchFd(pipe.reader(), &listener);
  pipe.Write('a');
  time_.RunFor(absl::Milliseconds(3));
  EXPECT_EQ(listener.readable, 0) << "begins with no interest";
  watch->SetInterest(true, false);
  ASSERT_TRUE(time_.RunUntil([&] { return listener.readable == 3; }));
  time_.RunFor(absl::Milliseconds(3));
  EXPECT_EQ(listener.readable, 3);
}

TEST_F(LibeventLoopTest, WritableIsToldWhenThereIsRoomAgain) {
  Pipe pipe;
  pipe.Fill();
  CountingListener listener;
  auto watch = loop()->WatchFd(pipe.writer(), &listener);
  listener.on_writable = [&] { watch->SetInterest(false, false); };
  watch->SetInterest(false, true);
  time_.RunFor(absl::Milliseconds(3));
  EXPECT_EQ(listener.writable, 0);
  std::string drained(1 << 20, '\0');
  ASSERT_GT(read(pipe.reader(), drained.data(), drained.size()), 0);
  ASSERT_TRUE(time_.RunUntil([&] { return listener.writable == 1; }));
  time_.RunFor(absl::Milliseconds(3));
  EXPECT_EQ(listener.writable, 1);
}

TEST_F(LibeventLoopTest, InterestMayBeChangedAndTakenBack) {
  Pipe pipe;
  CountingListener listener;
  auto watch = loop()->WatchFd(pipe.reader(), &listener);
  watch->SetInterest(true, true);
  watch->SetInterest(true, false);
  watch->SetInterest(false, false);
  pipe.Write('a');
  time_.RunFor(absl::Milliseconds(3));
  EXPECT_EQ(listener.readable, 0);
  watch->SetInterest(true, false);
  EXPECT_TRUE(time_.RunUntil([&] { return listener.readable > 0; }));
}

TEST_F(LibeventLoopTest, ListenerMayDestroyItsWatchAndOthersThatAreReadyToo) {
  Pipe pipes[8];
  CountingListener listener;
  std::vector<std::unique_ptr<FdWatch>> watches;
  for (Pipe& pipe : pipes) {
    pipe.Write('a');
    watches.push_back(loop()->WatchFd(pipe.reader(), &listener));
    watches.back()->SetInterest(true, false);
  }
  listener.on_readable = [&] { watches.clear(); };
  ASSERT_TRUE(time_.RunUntil([&] { return listener.readable > 0; }));
  time_.RunFor(absl::Milliseconds(3));
  EXPECT_EQ(listener.readable, 1);
}

TEST_F(LibeventLoopTest, ListenerThatTurnsWritingOffWhileBothAreReadyIsNotToldIt) {
  int fds[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
  ASSERT_EQ(write(fds[1], "x", 1), 1);
  CountingListener listener;
  auto watch = loop()->WatchFd(fds[0], &listener);
  listener.on_readable = [&] { watch->SetInterest(false, false); };
  watch->SetInterest(true, true);
  ASSERT_TRUE(time_.RunUntil([&] { return listener.readable > 0; }));
  EXPECT_EQ(listener.writable, 0);
  watch = nullptr;
  close(fds[0]);
  close(fds[1]);
}

TEST_F(LibeventLoopTest, DescriptorsComeBeforeTasksAndAlarmsOfTheirTurn) {
  Pipe pipe;
  std::string log;
  CountingListener listener;
  listener.on_readable = [&] {
    pipe.Read();
    log += 'd';
  };
  auto watch = loop()->WatchFd(pipe.reader(), &listener);
  auto alarm = loop()->NewAlarm([&] { log += 'a'; });
  watch->SetInterest(true, false);
  pipe.Write('x');
  alarm->Set(loop()->Now());
  loop()->AtTurnEnd([&] { log += 'e'; });
  loop()->Post([&] { log += 't'; });
  ASSERT_TRUE(time_.RunUntil([&] { return log.size() == 4; }));
  EXPECT_EQ(log, "dtae");
}

TEST_F(LibeventLoopTest, StopFromAnotherThreadRunsWhatItPostedBefore) {
  bool ran = false;
  std::thread other([&] {
    loop()->Post([&] { ran = true; });
    loop()->Stop();
  });
  loop()->Run();
  other.join();
  EXPECT_TRUE(ran);
  // And it can run again.
  EXPECT_TRUE(time_.RunUntil([] { return true; }));
  loop()->Stop();
  loop()->Run();
}

TEST_F(LibeventLoopTest, PostWakesALoopThatSleeps) {
  absl::Notification entered, done;
  std::thread other([&] {
    entered.WaitForNotification();
    for (int i = 0; i < 1000; ++i) {  // each time the loop has gone back to sleep, or nearly
      absl::Notification ran;
      loop()->Post([&] { ran.Notify(); });
      ran.WaitForNotification();
    }
    loop()->Stop();
  });
  loop()->Post([&] { entered.Notify(); });
  loop()->Run();
  other.join();
}

TEST_F(LibeventLoopTest, SleepsWhenThereIsNothingToDo) {
  auto alarm = loop()->NewAlarm([&] { loop()->Stop(); });
  alarm->Set(loop()->Now() + absl::Milliseconds(200));
  // A stale place in the heap and a cancelled alarm must not keep it awake.
  auto cancelled = loop()->NewAlarm([] {});
  cancelled->Set(loop()->Now() + absl::Milliseconds(1));
  cancelled->Cancel();
  timespec before, after;
  ASSERT_EQ(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before), 0);
  loop()->Run();
  ASSERT_EQ(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after), 0);
  const absl::Duration used =
      absl::DurationFromTimespec(after) - absl::DurationFromTimespec(before);
  EXPECT_LT(used, absl::Milliseconds(20));
}

TEST_F(LibeventLoopTest, WithoutDescriptorsItIsRefusedWithTheRemedy) {
  rlimit old;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
  rlimit none = old;
  none.rlim_cur = 3;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto refused = LibeventLoop::Create();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(refused.status()), "FILE_DESCRIPTORS_EXHAUSTED");
}

using LibeventLoopDeathTest = LibeventLoopTest;

TEST_F(LibeventLoopDeathTest, CallFromAnotherThreadWhileItRunsIsOurFault) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        absl::Notification running;
        loop()->Post([&] { running.Notify(); });
        std::thread other([&] { loop()->Run(); });
        running.WaitForNotification();
        loop()->NewAlarm([] {});
        other.join();
      },
      "not the loop's");
}

}  // namespace
}  // namespace sipcm::event
