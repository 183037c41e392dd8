#include "core/connection/targets/target_roster.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/fakes/manual_event_loop.h"

namespace sipcm::connection {
namespace {

using net::ServiceTarget;

// 192.0.2.`last`:5060.
ServiceTarget Target(int last, uint16_t priority = 0, uint16_t weight = 0) {
  return {{*net::IpAddress::Parse(absl::StrCat("192.0.2.", last)), 5060}, priority, weight};
}

class TargetRosterTest : public ::testing::Test {
 protected:
  // The last bytes of the addresses that an attempt would try: "1 2 3".
  std::string Plan(size_t most = 16) {
    std::vector<std::string> plan;
    for (const ServiceTarget& target : roster_.Plan(std::nullopt, most)) {
      const std::string text = target.address.ip.ToString();
      plan.push_back(text.substr(text.rfind('.') + 1));
    }
    return absl::StrJoin(plan, " ");
  }
  void Fail(int last) {
    roster_.NoteBegin(Target(last));
    roster_.NoteFailure(Target(last), absl::UnavailableError("refused"));
  }
  void Succeed(int last) {
    roster_.NoteBegin(Target(last));
    roster_.NoteSuccess(Target(last));
  }

  fakes::ManualEventLoop loop_;
  TargetHealth health_;
  std::vector<std::string> told_;
  TargetRoster roster_{
      &loop_, &health_, Transport::kTcp,
      [this](const ServiceTarget& target, const absl::Status& failure) {
        told_.push_back(absl::StrCat(target.address.ip.ToString(), failure.ok() ? " up" : " down"));
      }};
};

TEST_F(TargetRosterTest, TheOrderDrawnFirstIsKeptWhileDnsSaysTheSame) {
  roster_.Update({Target(2, 1, 5), Target(1, 1, 5), Target(3, 2, 5)});
  EXPECT_EQ(Plan(), "2 1 3");
  roster_.Update({Target(1, 1, 5), Target(2, 1, 5), Target(3, 2, 5)});
  EXPECT_EQ(Plan(), "2 1 3");
  roster_.Update({Target(1, 1, 6), Target(2, 1, 5), Target(3, 2, 5)});
  EXPECT_EQ(Plan(), "1 2 3") << "a weight has changed: drawn anew";
}

TEST_F(TargetRosterTest, ADeadTargetIsSkippedAndItsSiblingsAreNot) {
  roster_.Update({Target(1), Target(2), Target(3)});
  Fail(1);
  EXPECT_EQ(Plan(), "2 3");
  loop_.AdvanceBy(absl::Seconds(5) - absl::Nanoseconds(1));
  EXPECT_EQ(Plan(), "2 3");
  loop_.AdvanceBy(absl::Nanoseconds(1));
  EXPECT_EQ(Plan(), "1 2 3");
}

TEST_F(TargetRosterTest, WhileOneProbesTheOthersGoElsewhere) {
  roster_.Update({Target(1), Target(2)});
  Fail(1);
  loop_.AdvanceBy(absl::Seconds(5));
  roster_.NoteBegin(Target(1));
  EXPECT_EQ(Plan(), "2");
}

TEST_F(TargetRosterTest, WhenAllAreDeadTheOneThatFailedLongestAgoIsTried) {
  roster_.Update({Target(1), Target(2), Target(3)});
  for (const int last : {2, 3, 1}) {
    Fail(last);
    loop_.AdvanceBy(absl::Milliseconds(10));
  }
  EXPECT_EQ(Plan(), "2");
  roster_.NoteBegin(Target(2));
  EXPECT_EQ(Plan(), "3") << "another is at 2";
  Fail(2);
  EXPECT_EQ(Plan(), "3");
}

TEST_F(TargetRosterTest, TheTargetThatAnsweredIsKeptWhileItIsHealthy) {
  roster_.Update({Target(1), Target(2), Target(3)});
  Fail(1);
  Succeed(2);
  loop_.AdvanceBy(absl::Hours(1));
  EXPECT_EQ(Plan(), "2 1 3");
  roster_.Update({Target(4), Target(3), Target(2), Target(1)});
  EXPECT_EQ(Plan(), "2 4 3 1") << "DNS has more now, the target in use is still there";
  Fail(2);
  EXPECT_EQ(Plan(), "4 3 1");
  roster_.Update({Target(4), Target(3)});
  EXPECT_EQ(Plan(), "4 3");
}

TEST_F(TargetRosterTest, ABetterPriorityGoesBeforeTheTargetThatAnswered) {
  roster_.Update({Target(1, 10), Target(2, 20), Target(3, 20)});
  Fail(1);
  Succeed(3);
  EXPECT_EQ(Plan(), "3 2");
  loop_.AdvanceBy(absl::Seconds(5));
  EXPECT_EQ(Plan(), "1 3 2");
}

TEST_F(TargetRosterTest, AnAttemptTriesSoManyAndOfOneFamilyWhenAsked) {
  roster_.Update(
      {Target(1), Target(2), Target(3), {{*net::IpAddress::Parse("2001:db8::1"), 5060}, 0, 0}});
  EXPECT_EQ(Plan(2), "1 2");
  EXPECT_EQ(roster_.Plan(net::AddressFamily::kIpv6, 16).size(), 1u);
}

TEST_F(TargetRosterTest, TellsWhenATargetDiesAndWhenItComesBackOnceEach) {
  roster_.Update({Target(1), Target(2)});
  Succeed(2);
  Fail(1);
  Fail(1);
  Succeed(1);
  Succeed(1);
  EXPECT_EQ(told_, (std::vector<std::string>{"192.0.2.1 down", "192.0.2.1 up"}));
}

TEST_F(TargetRosterTest, ItsStatesAreThoseOfAllBestFirst) {
  roster_.Update({Target(1, 1, 7), Target(2, 1, 0), Target(3, 2, 0)});
  Succeed(2);
  Fail(1);
  const std::vector<TargetState> states = roster_.States();
  ASSERT_EQ(states.size(), 3u);
  EXPECT_EQ(states[0].target, Target(2, 1, 0));
  EXPECT_EQ(states[1].target, Target(1, 1, 7));
  EXPECT_EQ(states[1].health.health, Health::kDead);
  EXPECT_EQ(states[1].health.retry, loop_.Now() + absl::Seconds(5));
  EXPECT_EQ(states[2].health.health, Health::kHealthy);
}

TEST_F(TargetRosterTest, WithoutTargetsThereIsNoPlan) { EXPECT_EQ(Plan(), ""); }

}  // namespace
}  // namespace sipcm::connection
