#include "core/connection/targets/connect_race.h"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "core/base/error.h"
#include "gtest/gtest.h"
#include "tests/fakes/fake_network.h"
#include "tests/fakes/manual_event_loop.h"
#include "tests/fakes/test_listener.h"

namespace sipcm::connection {
namespace {

using Fault = fakes::FakeNetwork::Fault;
using net::ServiceTarget;

constexpr absl::Duration kTick = absl::Nanoseconds(1);
constexpr absl::Duration kLimit = absl::Seconds(4);

net::SocketAddress Address(int last) {
  return {*net::IpAddress::Parse(absl::StrCat("192.0.2.", last)), 5060};
}
ServiceTarget Target(int last, uint16_t priority = 0) { return {Address(last), priority, 0}; }

class ConnectRaceTest : public ::testing::Test, private ConnectRace::Host {
 protected:
  ConnectRaceTest() {
    roster_.emplace(&loop_, &health_, Transport::kTcp,
                    [](const ServiceTarget&, const absl::Status&) {});
  }
  ~ConnectRaceTest() override {
    race_ = nullptr;
    stream_ = nullptr;
    servers_.clear();
    EXPECT_EQ(network_.attempt_count(), 0u);
    roster_.reset();
    EXPECT_EQ(loop_.alarm_count(), 0u);
  }

  void Serve(int last) { servers_.emplace_back(&network_, &loop_, Address(last)); }
  void BlackHole(int last) { network_.SetFault(Address(last), Fault::kBlackHole); }
  void Run(std::vector<ServiceTarget> plan) {
    race_ = std::make_unique<ConnectRace>(&loop_, &network_, &*roster_, std::nullopt, kLimit,
                                          std::move(plan), static_cast<ConnectRace::Host*>(this));
    race_->Run();
    EXPECT_EQ(told(), "") << "told from inside Run()";
    loop_.RunUntilIdle();
  }
  // "1 failed, 2 won": what was told so far.
  std::string told() const { return absl::StrJoin(told_, ", "); }
  uint64_t begun() const { return network_.connect_count(); }
  Health HealthOf(int last) const {
    return health_.StateOf({Address(last), Transport::kTcp}).health;
  }
  void Kill(int last) {
    health_.NoteFailure({Address(last), Transport::kTcp}, absl::UnavailableError("x"), loop_.Now());
  }

  fakes::ManualEventLoop loop_;
  fakes::FakeNetwork network_;
  TargetHealth health_;
  std::optional<TargetRoster> roster_;
  std::deque<fakes::TestListener> servers_;
  std::unique_ptr<ConnectRace> race_;
  std::unique_ptr<net::ByteStream> stream_;
  std::vector<std::string> told_;
  absl::Status cause_;

 private:
  static std::string Last(const ServiceTarget& target) {
    const std::string text = target.address.ip.ToString();
    return text.substr(text.rfind('.') + 1);
  }
  void OnRaceWon(const ServiceTarget& target, std::unique_ptr<net::ByteStream> stream) override {
    told_.push_back(Last(target) + " won");
    EXPECT_EQ(stream->remote_address(), target.address);
    stream_ = std::move(stream);
  }
  void OnTargetFailed(const ServiceTarget& target, const absl::Status& failure) override {
    told_.push_back(Last(target) + (ReasonOf(failure) == "CONNECT_TIMEOUT" ? " late" : " failed"));
  }
  void OnRaceLost(const absl::Status& cause) override {
    told_.push_back("lost");
    cause_ = cause;
  }
};

TEST_F(ConnectRaceTest, TheFirstThatAnswersAtOnceHasNoRival) {
  Serve(1);
  Serve(2);
  Run({Target(1), Target(2)});
  EXPECT_EQ(told(), "1 won");
  EXPECT_EQ(begun(), 1u);
}

TEST_F(ConnectRaceTest, ARefusalBringsTheNextAtOnce) {
  Serve(3);
  Run({Target(1), Target(2), Target(3)});
  EXPECT_EQ(told(), "1 failed, 2 failed, 3 won");
  EXPECT_EQ(HealthOf(1), Health::kDead);
  EXPECT_EQ(HealthOf(3), Health::kHealthy);
}

TEST_F(ConnectRaceTest, SilenceBringsTheNextAfterItsHeadStart) {
  BlackHole(1);
  Serve(2);
  Run({Target(1), Target(2)});
  loop_.AdvanceBy(absl::Milliseconds(250) - kTick);
  EXPECT_EQ(begun(), 1u);
  loop_.AdvanceBy(kTick);
  EXPECT_EQ(told(), "2 won");
  EXPECT_EQ(network_.attempt_count(), 0u) << "the loser is called off";
}

TEST_F(ConnectRaceTest, EachSilentOneHasItsHeadStart) {
  for (const int last : {1, 2, 3}) BlackHole(last);
  Run({Target(1), Target(2), Target(3)});
  loop_.AdvanceBy(absl::Milliseconds(500) - kTick);
  EXPECT_EQ(network_.attempt_count(), 2u);
  loop_.AdvanceBy(kTick);
  EXPECT_EQ(network_.attempt_count(), 3u) << "none is given up for the next";
}

TEST_F(ConnectRaceTest, TheFormerMayStillWinWhileTheNextIsUnderWay) {
  fakes::FakeNetworkOptions slow;
  slow.min_connect_delay = slow.max_connect_delay = absl::Milliseconds(300);
  network_.set_options(slow);
  Serve(1);
  BlackHole(2);
  Run({Target(1), Target(2)});
  loop_.AdvanceBy(absl::Milliseconds(300));
  EXPECT_EQ(begun(), 2u);
  EXPECT_EQ(told(), "1 won");
}

TEST_F(ConnectRaceTest, EachHasItsOwnLimit) {
  BlackHole(1);
  BlackHole(2);
  Run({Target(1), Target(2)});
  loop_.AdvanceBy(kLimit - kTick);
  EXPECT_EQ(told(), "");
  loop_.AdvanceBy(kTick);
  EXPECT_EQ(told(), "1 late");
  loop_.AdvanceBy(absl::Milliseconds(250) - kTick);
  EXPECT_EQ(told(), "1 late");
  loop_.AdvanceBy(kTick);
  EXPECT_EQ(told(), "1 late, 2 late, lost");
  EXPECT_TRUE(cause_.ok());
}

TEST_F(ConnectRaceTest, ALesserPriorityWaitsUntilAllBeforeItFailed) {
  BlackHole(1);
  BlackHole(2);
  Serve(3);
  Run({Target(1, 10), Target(2, 10), Target(3, 20)});
  loop_.AdvanceBy(kLimit + absl::Milliseconds(250) - kTick);
  EXPECT_EQ(begun(), 2u);
  loop_.AdvanceBy(kTick);
  EXPECT_EQ(told(), "1 late, 2 late, 3 won");
}

TEST_F(ConnectRaceTest, AfterAWinThatCameToNothingTheRestIsTried) {
  BlackHole(1);
  Serve(2);
  Serve(3);
  Run({Target(1), Target(2), Target(3)});
  loop_.AdvanceBy(absl::Milliseconds(250));
  EXPECT_EQ(told(), "2 won");
  network_.Heal(Address(1));
  race_->Run();
  loop_.RunUntilIdle();
  EXPECT_EQ(told(), "2 won, 1 failed, 3 won");
  race_->Run();
  loop_.RunUntilIdle();
  EXPECT_EQ(told(), "2 won, 1 failed, 3 won, lost");
}

TEST_F(ConnectRaceTest, WhatAnotherAttemptFoundDeadMeanwhileIsSkipped) {
  BlackHole(1);
  Run({Target(1), Target(2), Target(3)});
  Serve(3);
  Kill(2);
  loop_.AdvanceBy(absl::Milliseconds(250));
  EXPECT_EQ(told(), "3 won");
}

TEST_F(ConnectRaceTest, YetOneIsAlwaysTried) {
  Kill(1);
  Serve(1);
  Run({Target(1)});
  EXPECT_EQ(told(), "1 won");
}

TEST_F(ConnectRaceTest, ADeadTargetIsProbedByOneRaceAlone) {
  Kill(1);
  loop_.AdvanceBy(absl::Seconds(5));
  BlackHole(1);
  Run({Target(1)});
  EXPECT_EQ(HealthOf(1), Health::kProbing);
  EXPECT_FALSE(roster_->MayTry(Target(1)));
  race_ = nullptr;
  EXPECT_TRUE(roster_->MayTry(Target(1))) << "given up";
}

TEST_F(ConnectRaceTest, WhoWaitsForItsTurnGoesOnWhenItComes) {
  for (int i = 0; i < 9; ++i)
    EXPECT_EQ(roster_->budget().Take([](const absl::Status&) {}), nullptr);
  Serve(2);
  Run({Target(1), Target(2)});
  EXPECT_EQ(told(), "1 failed");
  loop_.AdvanceBy(absl::Seconds(1) - kTick);
  EXPECT_EQ(told(), "1 failed");
  loop_.AdvanceBy(kTick);
  EXPECT_EQ(told(), "1 failed, 2 won");
}

TEST_F(ConnectRaceTest, WhoWaitsForItsTurnIsLostWithTheDestination) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(roster_->budget().Take([](const absl::Status&) {}), nullptr);
  }
  Serve(1);
  Run({Target(1)});
  EXPECT_EQ(told(), "");
  roster_->budget().NoteFailure(absl::UnavailableError("all refused"));
  EXPECT_EQ(told(), "lost");
  EXPECT_EQ(cause_, absl::UnavailableError("all refused"));
  EXPECT_EQ(begun(), 0u);
}

TEST_F(ConnectRaceTest, DestroyedAtAnyTimeItGivesUpWithoutACall) {
  BlackHole(1);
  BlackHole(2);
  for (const int milliseconds : {0, 100, 300, 4100}) {
    told_.clear();
    Run({Target(1), Target(2)});
    loop_.AdvanceBy(absl::Milliseconds(milliseconds));
    told_.clear();
    race_ = nullptr;
    loop_.AdvanceBy(absl::Seconds(10));
    EXPECT_EQ(told(), "");
    EXPECT_EQ(network_.attempt_count(), 0u);
    loop_.AdvanceBy(absl::Hours(1));
  }
}

}  // namespace
}  // namespace sipcm::connection
