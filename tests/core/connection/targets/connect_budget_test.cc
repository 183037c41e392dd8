#include "core/connection/targets/connect_budget.h"

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/fakes/manual_event_loop.h"

namespace sipcm::connection {
namespace {

constexpr absl::Duration kTick = absl::Nanoseconds(1);

class ConnectBudgetTest : public ::testing::Test {
 protected:
  void Take(int count) {
    for (int i = 0; i < count; ++i) {
      auto turn =
          budget_.Take([this](const absl::Status& status) { ++(status.ok() ? begun_ : failed_); });
      if (turn == nullptr) {
        ++begun_;
      } else {
        turns_.push_back(std::move(turn));
      }
    }
  }

  fakes::ManualEventLoop loop_;
  ConnectBudget budget_{&loop_};
  std::vector<std::unique_ptr<ConnectBudget::Turn>> turns_;
  int begun_ = 0;
  int failed_ = 0;
};

TEST_F(ConnectBudgetTest, LetsTenGoInASecond) {
  Take(25);
  EXPECT_EQ(begun_, 10);
  loop_.AdvanceBy(absl::Seconds(1) - kTick);
  EXPECT_EQ(begun_, 10);
  loop_.AdvanceBy(kTick);
  EXPECT_EQ(begun_, 20);
  loop_.AdvanceBy(absl::Seconds(1) - kTick);
  EXPECT_EQ(begun_, 20);
  loop_.AdvanceBy(kTick);
  EXPECT_EQ(begun_, 25);
}

TEST_F(ConnectBudgetTest, CountsAnySecondNotTheClocks) {
  for (int i = 0; i < 10; ++i) {
    Take(1);
    loop_.AdvanceBy(absl::Milliseconds(50));
  }
  Take(2);
  EXPECT_EQ(begun_, 10);
  loop_.AdvanceBy(absl::Milliseconds(500) - kTick);
  EXPECT_EQ(begun_, 10);
  loop_.AdvanceBy(kTick);
  EXPECT_EQ(begun_, 11);
  loop_.AdvanceBy(absl::Milliseconds(50));
  EXPECT_EQ(begun_, 12);
}

TEST_F(ConnectBudgetTest, WhoWaitsGoesAsSoonAsOneSucceeded) {
  Take(500);
  EXPECT_EQ(begun_, 10);
  budget_.NoteSuccess();
  loop_.RunUntilIdle();
  EXPECT_EQ(begun_, 500);
  Take(500);
  EXPECT_EQ(begun_, 1000);
}

TEST_F(ConnectBudgetTest, ASecondAfterTheLastSuccessTheBoundIsBack) {
  budget_.NoteSuccess();
  loop_.AdvanceBy(absl::Seconds(1) - kTick);
  Take(100);
  EXPECT_EQ(begun_, 100);
  loop_.AdvanceBy(absl::Seconds(10));
  Take(100);
  EXPECT_EQ(begun_, 110) << "it may have died meanwhile";
}

TEST_F(ConnectBudgetTest, WhoWaitsFailsWithTheOneThatFailed) {
  Take(500);
  budget_.NoteFailure(absl::UnavailableError("refused"));
  EXPECT_EQ(begun_, 10);
  EXPECT_EQ(failed_, 490);
  EXPECT_EQ(budget_.waiting_count(), 0u);
}

TEST_F(ConnectBudgetTest, AFailureBringsTheBoundBack) {
  budget_.NoteSuccess();
  Take(100);
  budget_.NoteFailure(absl::UnavailableError("refused"));
  Take(1);
  EXPECT_EQ(begun_, 100) << "there were ten in this second already";
  loop_.AdvanceBy(absl::Seconds(1));
  EXPECT_EQ(begun_, 101);
}

TEST_F(ConnectBudgetTest, WhoGivesUpLeavesTheLine) {
  Take(12);
  turns_.clear();
  loop_.AdvanceBy(absl::Seconds(5));
  EXPECT_EQ(begun_, 10);
  Take(10);
  EXPECT_EQ(begun_, 20);
}

TEST_F(ConnectBudgetTest, WhoeverIsToldMayGiveUpTheOthers) {
  Take(10);
  std::unique_ptr<ConnectBudget::Turn> other;
  auto first = budget_.Take([&](const absl::Status&) { other = nullptr; });
  other = budget_.Take([](const absl::Status&) { FAIL(); });
  budget_.NoteFailure(absl::UnavailableError("refused"));
  EXPECT_EQ(other, nullptr);
}

}  // namespace
}  // namespace sipcm::connection
