#include "core/connection/connection_environment.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/fakes/manual_event_loop.h"

namespace sipcm::connection {
namespace {

class Task final : public ConnectionEnvironment::TurnEndTask {
 public:
  Task(ConnectionEnvironment* environment, std::function<void()> action)
      : TurnEndTask(environment), action_(std::move(action)) {}
  ~Task() = default;
  void Schedule() { ScheduleTurnEnd(); }

 private:
  void OnTurnEnd() override { action_(); }
  const std::function<void()> action_;
};

class ConnectionEnvironmentTest : public ::testing::Test {
 protected:
  std::unique_ptr<Task> Make(int number) {
    return std::make_unique<Task>(environment_.get(), [this, number] { ran_.push_back(number); });
  }

  fakes::ManualEventLoop loop_;
  std::unique_ptr<ConnectionEnvironment> environment_ =
      std::make_unique<ConnectionEnvironment>(&loop_);
  std::vector<int> ran_;
};

TEST_F(ConnectionEnvironmentTest, AScheduledTaskRunsOnceAtTheTurnsEnd) {
  const std::unique_ptr<Task> a = Make(1);
  const std::unique_ptr<Task> b = Make(2);
  loop_.Post([&] {
    b->Schedule();
    a->Schedule();
    b->Schedule();
    EXPECT_TRUE(ran_.empty());
  });
  loop_.RunUntilIdle();
  EXPECT_EQ(ran_, (std::vector<int>{2, 1}));
  loop_.Post([&] { a->Schedule(); });
  loop_.RunUntilIdle();
  EXPECT_EQ(ran_, (std::vector<int>{2, 1, 1}));
}

TEST_F(ConnectionEnvironmentTest, ADestroyedTaskDoesNotRun) {
  std::unique_ptr<Task> doomed = Make(1);
  const std::unique_ptr<Task> other = Make(2);
  doomed->Schedule();
  other->Schedule();
  doomed.reset();
  loop_.Post([] {});
  loop_.RunUntilIdle();
  EXPECT_EQ(ran_, std::vector<int>{2});
}

TEST_F(ConnectionEnvironmentTest, ATaskMayScheduleAndDestroyOthers) {
  const std::unique_ptr<Task> late = Make(1);
  std::unique_ptr<Task> doomed = Make(2);
  Task first(environment_.get(), [&] {
    late->Schedule();
    doomed.reset();
  });
  first.Schedule();
  doomed->Schedule();
  loop_.Post([] {});
  loop_.RunUntilIdle();
  EXPECT_EQ(ran_, std::vector<int>{1});
}

TEST_F(ConnectionEnvironmentTest, DestroyedBeforeTheTurnsEndNothingRuns) {
  std::unique_ptr<Task> task = Make(1);
  task->Schedule();
  task.reset();
  environment_.reset();
  loop_.Post([] {});
  loop_.RunUntilIdle();
  EXPECT_TRUE(ran_.empty());
}

TEST_F(ConnectionEnvironmentTest, BuffersAreLentAgain) {
  std::string buffer;
  environment_->LendBuffer(&buffer);
  EXPECT_GE(buffer.capacity(), 1024u);
  EXPECT_TRUE(buffer.empty());
  const char* const data = buffer.data();
  environment_->TakeBackBuffer(&buffer);
  EXPECT_LT(buffer.capacity(), 100u);
  std::string other;
  environment_->LendBuffer(&other);
  EXPECT_EQ(other.data(), data);
}

TEST_F(ConnectionEnvironmentTest, LargeBuffersAreNotKept) {
  std::string large;
  large.reserve(1 << 20);
  environment_->TakeBackBuffer(&large);
  EXPECT_LT(large.capacity(), 100u);
  environment_->LendBuffer(&large);
  EXPECT_LT(large.capacity(), 1u << 20);
}

TEST_F(ConnectionEnvironmentTest, TheReadBufferHasItsSize) {
  EXPECT_EQ(environment_->read_buffer().size(), 65536u);
}

}  // namespace
}  // namespace sipcm::connection
