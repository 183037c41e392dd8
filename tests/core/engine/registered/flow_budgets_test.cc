#include "core/engine/registered/flow_budgets.h"

#include <memory>

#include "gtest/gtest.h"
#include "tests/fakes/manual_event_loop.h"

namespace sipcm::engine {
namespace {

class FlowBudgetsTest : public ::testing::Test {
 protected:
  static pool::Destination Place(const std::string& host) {
    pool::Destination place;
    place.host = host;
    place.port = 5060;
    return place;
  }

  fakes::ManualEventLoop loop_;
  FlowBudgets budgets_{&loop_};
};

TEST_F(FlowBudgetsTest, FlowsToOnePlaceShareOne) {
  const auto first = budgets_.Join(nullptr, Place("a"), nullptr);
  EXPECT_EQ(budgets_.Join(nullptr, Place("a"), nullptr), first);
  EXPECT_EQ(budgets_.Find(nullptr, Place("a")), first);
  EXPECT_NE(budgets_.Join(nullptr, Place("b"), nullptr), first);
}

TEST_F(FlowBudgetsTest, TheFirstSharesThatOfThePool) {
  const auto pools = std::make_shared<connection::ConnectBudget>(&loop_);
  EXPECT_EQ(budgets_.Join(nullptr, Place("a"), pools), pools);
  EXPECT_EQ(budgets_.Join(nullptr, Place("a"), nullptr), pools);
}

TEST_F(FlowBudgetsTest, ItGoesWithTheLastFlow) {
  budgets_.Join(nullptr, Place("a"), nullptr);
  EXPECT_EQ(budgets_.Find(nullptr, Place("a")), nullptr);
  // Nor do the places of a thousand that came and went stay.
  for (int i = 0; i < 1000; ++i) budgets_.Join(nullptr, Place(std::to_string(i)), nullptr);
  EXPECT_LT(budgets_.size(), 100u);
}

}  // namespace
}  // namespace sipcm::engine
