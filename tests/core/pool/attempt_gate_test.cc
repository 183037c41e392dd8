#include "core/pool/attempt_gate.h"

#include <string>

#include "core/base/error.h"
#include "gtest/gtest.h"

namespace sipcm::pool {
namespace {

class AttemptGateTest : public ::testing::Test {
 protected:
  void Fail() { gate_.NoteFailure(failure_, now_); }
  void After(absl::Duration time) { now_ = now_ + time; }
  bool MayProbe() { return gate_.MayOpen(false, false, now_); }
  bool MayGrow() { return gate_.MayOpen(false, true, now_); }

  SeededRandomSource random_{3};
  AttemptGate gate_{&random_};
  const absl::Status failure_ = MakeError(absl::StatusCode::kUnavailable, "CONNECT_REFUSED",
                                          "cannot connect to \"a.example\"");
  Instant now_ = Instant() + absl::Seconds(1000);
};

TEST_F(AttemptGateTest, WithoutAFailureAnyNumberMayOpen) {
  EXPECT_TRUE(gate_.MayOpen(true, false, now_));
  EXPECT_TRUE(gate_.MayOpen(true, true, now_));
  EXPECT_FALSE(gate_.is_failing());
}

TEST_F(AttemptGateTest, AfterAFailureAProbeWaitsAtMostItsDelay) {
  Fail();
  EXPECT_TRUE(gate_.is_failing());
  EXPECT_FALSE(MayProbe());
  After(absl::Milliseconds(50) - absl::Nanoseconds(1));
  EXPECT_FALSE(MayProbe());
  After(absl::Milliseconds(50) + absl::Nanoseconds(1));
  EXPECT_TRUE(MayProbe());
  EXPECT_FALSE(gate_.MayOpen(true, false, now_)) << "one at a time";
}

TEST_F(AttemptGateTest, GrowthWaitsLongerThanAProbe) {
  Fail();
  After(absl::Milliseconds(499));
  EXPECT_TRUE(MayProbe());
  EXPECT_FALSE(MayGrow());
  After(absl::Milliseconds(501));
  EXPECT_TRUE(MayGrow());
}

TEST_F(AttemptGateTest, DelaysGrowToTheirCaps) {
  for (int i = 0; i < 20; ++i) {
    Fail();
    After(absl::Seconds(31));
  }
  Fail();
  After(absl::Milliseconds(500) - absl::Nanoseconds(1));
  EXPECT_FALSE(MayProbe());
  After(absl::Milliseconds(500) + absl::Nanoseconds(1));
  EXPECT_TRUE(MayProbe()) << "once a second at least";
  After(absl::Seconds(14) - absl::Nanoseconds(1));
  EXPECT_FALSE(MayGrow());
  After(absl::Seconds(15) + absl::Nanoseconds(1));
  EXPECT_TRUE(MayGrow());
}

TEST_F(AttemptGateTest, AttemptsThatFailTogetherAreOneFailure) {
  for (int i = 0; i < 50; ++i) Fail();
  After(AttemptGate::kFirstProbeDelay);
  EXPECT_TRUE(MayProbe());
}

TEST_F(AttemptGateTest, ASuccessForgetsAll) {
  for (int i = 0; i < 10; ++i) {
    Fail();
    After(absl::Seconds(31));
  }
  Fail();
  gate_.NoteSuccess();
  EXPECT_FALSE(gate_.is_failing());
  EXPECT_TRUE(MayGrow());
  Fail();
  After(AttemptGate::kFirstProbeDelay);
  EXPECT_TRUE(MayProbe());
}

TEST_F(AttemptGateTest, ARefusalHasTheCauseAndTheTime) {
  Fail();
  const absl::Status refusal = gate_.Refusal(now_);
  EXPECT_EQ(refusal.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(refusal), "CONNECT_REFUSED");
  const std::string message(refusal.message());
  EXPECT_NE(message.find("cannot connect to \"a.example\"; not tried again for another "),
            std::string::npos)
      << message;
  EXPECT_NE(message.find("ms"), std::string::npos) << message;
  After(absl::Seconds(1));
  EXPECT_NE(std::string(gate_.Refusal(now_).message()).find("being tried again now"),
            std::string::npos);
}

}  // namespace
}  // namespace sipcm::pool
