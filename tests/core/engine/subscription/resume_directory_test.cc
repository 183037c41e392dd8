#include "core/engine/subscription/resume_directory.h"

#include <memory>
#include <string>

#include "core/base/error.h"
#include "core/base/random_source.h"
#include "gtest/gtest.h"

namespace sipcm::engine {
namespace {

using dispatch::Parting;
using dispatch::SubscriptionState;

class ResumeDirectoryTest : public ::testing::Test {
 protected:
  std::shared_ptr<SubscriptionState> Open(std::shared_ptr<dispatch::Lineage> lineage = nullptr) {
    auto state = std::make_shared<SubscriptionState>();
    state->id = ++last_id_;
    state->lineage = lineage != nullptr ? std::move(lineage) : directory_.NewLineage();
    directory_.OnOpened("endpoints/alice", state);
    return state;
  }
  void End(const std::shared_ptr<SubscriptionState>& state, Parting parting) {
    EXPECT_TRUE(state->End(parting));
    directory_.OnEnded(*state);
  }
  bool Knows(const std::shared_ptr<SubscriptionState>& state) {
    return directory_.Find(state->lineage->token(), "endpoints/alice").ok();
  }

  SeededRandomSource random_{1};
  ResumeDirectory directory_{&random_};
  uint64_t last_id_ = 0;
};

TEST_F(ResumeDirectoryTest, AnOpenOneIsKnownWithItsState) {
  const auto state = Open();
  EXPECT_EQ(state->lineage->token().size(), 32u);
  EXPECT_EQ(directory_.Find(state->lineage->token(), "endpoints/alice")->open, state);
}

TEST_F(ResumeDirectoryTest, ALostOneIsKnownAndHoldsNoStream) {
  auto state = Open();
  End(state, Parting::kLost);
  const auto known = directory_.Find(state->lineage->token(), "endpoints/alice");
  ASSERT_TRUE(known.ok());
  EXPECT_EQ(known->open, nullptr);
  EXPECT_EQ(known->lineage, state->lineage);
  EXPECT_EQ(state.use_count(), 1);
}

TEST_F(ResumeDirectoryTest, OneThatLeftIsForgotten) {
  const auto state = Open();
  End(state, Parting::kLeft);
  EXPECT_FALSE(Knows(state));
  EXPECT_EQ(directory_.size(), 0u);
}

TEST_F(ResumeDirectoryTest, AnotherSourceAndAnUnknownTokenAreRefusedByName) {
  const auto state = Open();
  for (const absl::Status& status :
       {directory_.Find(state->lineage->token(), "endpoints/bob").status(),
        directory_.Find("x", "endpoints/alice").status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ReasonOf(status), "INVALID_RESUME_TOKEN");
    EXPECT_EQ(FieldOf(status), "resume_token");
  }
}

TEST_F(ResumeDirectoryTest, TheEndOfOneThatWasReplacedIsNotTheEndOfItsLineage) {
  const auto first = Open();
  const auto second = Open(first->lineage);
  End(first, Parting::kLeft);
  EXPECT_EQ(directory_.Find(first->lineage->token(), "endpoints/alice")->open, second);
}

TEST_F(ResumeDirectoryTest, TheOldestLossIsForgottenWhenThereAreTooMany) {
  const auto oldest = Open(), came_back = Open(), stays = Open();
  End(oldest, Parting::kLost);
  End(came_back, Parting::kLost);
  const auto again = Open(came_back->lineage);
  for (size_t i = 2; i < ResumeDirectory::kMaxAbsent; ++i) End(Open(), Parting::kLost);
  EXPECT_TRUE(Knows(oldest));
  End(Open(), Parting::kLost);
  EXPECT_FALSE(Knows(oldest));
  End(Open(), Parting::kLost);
  // That was the turn of the one that is open again: it stays.
  EXPECT_TRUE(Knows(came_back));
  EXPECT_TRUE(Knows(stays));
}

}  // namespace
}  // namespace sipcm::engine
