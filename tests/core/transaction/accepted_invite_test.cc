#include "core/transaction/accepted_invite.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/transaction/timers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/manual_event_loop.h"

namespace sipcm::transaction {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr absl::Duration kTick = absl::Nanoseconds(1);

struct NamedInvite final : AcceptedInvite {
  explicit NamedInvite(std::string of) : name(std::move(of)) {}
  const std::string name;
};

class AcceptedInviteTest : public ::testing::Test, protected AcceptedInviteTable::Owner {
 protected:
  void RepeatResponse(AcceptedInvite& invite) override {
    repeated_.push_back(invite.response);
    repeated_at_.push_back(loop_.Now() - begin_);
  }
  void OnAckMissing(AcceptedInvite& invite) override {
    missing_.push_back(static_cast<NamedInvite&>(invite).name);
  }
  bool Add(const std::string& key, std::string response = "2xx") {
    return table_.Add(key, std::make_unique<NamedInvite>(key), std::move(response));
  }
  // Whether there is one; then whether this was its first ACK in first_.
  bool Acknowledge(const std::string& key) { return table_.Acknowledge(key, &first_) != nullptr; }

  fakes::ManualEventLoop loop_;
  const Instant begin_ = loop_.Now();
  AcceptedInviteTable table_{&loop_, this};
  std::vector<std::string> repeated_;
  std::vector<absl::Duration> repeated_at_;
  std::vector<std::string> missing_;
  bool first_ = false;
};

TEST_F(AcceptedInviteTest, The2xxIsRepeatedAfterT1DoublingToT2UntilTheLimit) {
  ASSERT_TRUE(Add("call"));
  loop_.AdvanceBy(kAckLimit - kTick);
  EXPECT_THAT(missing_, IsEmpty());
  std::vector<absl::Duration> expected = {absl::Milliseconds(500), absl::Milliseconds(1500)};
  for (int i = 0; i < 8; ++i) expected.push_back(absl::Milliseconds(3500) + i * kT2);
  EXPECT_EQ(repeated_at_, expected);
  loop_.AdvanceBy(kTick);
  EXPECT_THAT(missing_, ElementsAre("call"));
  EXPECT_EQ(repeated_at_.size(), expected.size());
  EXPECT_EQ(table_.size(), 0u);
}

TEST_F(AcceptedInviteTest, NothingIsRepeatedBeforeT1) {
  ASSERT_TRUE(Add("call"));
  loop_.AdvanceBy(kT1 - kTick);
  EXPECT_THAT(repeated_, IsEmpty());
  loop_.AdvanceBy(kTick);
  EXPECT_THAT(repeated_, ElementsAre("2xx"));
}

TEST_F(AcceptedInviteTest, TheAckEndsItAndItsCopiesAreKnownAs64T1) {
  ASSERT_TRUE(Add("call"));
  EXPECT_EQ(table_.unacknowledged_count(), 1u);
  EXPECT_FALSE(Acknowledge("another"));
  EXPECT_FALSE(table_.Awaits("another"));
  loop_.AdvanceBy(kT1);
  EXPECT_TRUE(table_.Awaits("call"));
  EXPECT_TRUE(Acknowledge("call"));
  EXPECT_TRUE(first_);
  EXPECT_FALSE(table_.Awaits("call"));
  EXPECT_EQ(table_.unacknowledged_count(), 0u);
  EXPECT_TRUE(Acknowledge("call"));
  EXPECT_FALSE(first_);
  loop_.AdvanceBy(kAckLimit - kTick);
  EXPECT_TRUE(Acknowledge("call"));
  EXPECT_FALSE(first_);
  loop_.AdvanceBy(kTick);
  EXPECT_FALSE(Acknowledge("call"));
  EXPECT_THAT(missing_, IsEmpty());
  EXPECT_THAT(repeated_, ElementsAre("2xx"));
}

TEST_F(AcceptedInviteTest, AnAckInTheLastMomentCounts) {
  ASSERT_TRUE(Add("call"));
  loop_.AdvanceBy(kAckLimit - kTick);
  EXPECT_TRUE(Acknowledge("call"));
  EXPECT_TRUE(first_);
  loop_.AdvanceBy(kTick);
  EXPECT_THAT(missing_, IsEmpty());
}

TEST_F(AcceptedInviteTest, OneKeyIsOneInvite) {
  EXPECT_TRUE(Add("call"));
  EXPECT_FALSE(Add("call"));
  EXPECT_TRUE(Add("another"));
  EXPECT_EQ(table_.unacknowledged_count(), 2u);
}

TEST_F(AcceptedInviteTest, What2xxAreKeptIsBoundedInBytesAndTheirAcksAreWaitedForAllTheSame) {
  const std::string large = "large";
  ASSERT_TRUE(
      Add(large, std::string(AcceptedInviteTable::kMaxBytes - 2 * (large.size() + 8), 'x')));
  ASSERT_TRUE(Add("one more"));  // fills it with its key
  loop_.AdvanceBy(kT1);
  EXPECT_EQ(repeated_.size(), 1u);
  EXPECT_FALSE(Add("a key without room"));
  EXPECT_TRUE(Acknowledge("large"));
  ASSERT_TRUE(Add("a third"));
  loop_.AdvanceBy(kT1);
  EXPECT_EQ(repeated_.back(), "2xx");
  loop_.AdvanceBy(kAckLimit);
  EXPECT_THAT(missing_, ElementsAre("one more", "a third"));
}

TEST_F(AcceptedInviteTest, SoManyAreKeptAtMost) {
  for (size_t i = 0; i < AcceptedInviteTable::kMaxCount; ++i) ASSERT_TRUE(Add(absl::StrCat(i)));
  EXPECT_FALSE(Add("one more"));
  loop_.AdvanceBy(kAckLimit);
  EXPECT_TRUE(Add("one more"));
}

}  // namespace
}  // namespace sipcm::transaction
