// A server that has more to do than it can: what it refuses costs little, and nobody waits for
// long.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/engine/throttling/reading_pause.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/engine/engine_fixture.h"

namespace sipcm::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kAlice[] = "sip:alice@example.com";
constexpr int kLine = 2;  // requests that may wait

// Nobody takes what comes, and the line is full.
class OverloadTest : public ::testing::Test {
 protected:
  OverloadTest() {
    EXPECT_TRUE(fixture_.engine->ApplyManager(EngineFixture::TcpManager("edge")).ok());
    EXPECT_TRUE(fixture_.engine->StartListening("edge").ok());
    dispatch::Endpoint alice = EngineFixture::PeerToPeer("alice", kAlice);
    alice.max_waiting_delivery_count = kLine;
    EXPECT_TRUE(fixture_.engine->ApplyEndpoint(alice).ok());
    subscription_ = fixture_.Subscribe("alice", sink_, /*credit=*/0);
    peer_ = fixture_.ConnectPeer();
    fixture_.RunUntilIdle();
    Ask(kLine);
  }
  // In one write, numbered on.
  void Ask(int count) {
    std::string burst;
    for (int i = 0; i < count; ++i) {
      absl::StrAppend(&burst, MakeRequest("MESSAGE", kAlice, ++asked_));
    }
    peer_->Send(burst);
    fixture_.RunUntilIdle();
  }
  std::vector<int> Answers() { return StatusCodes(peer_->TakeReceived()); }
  // Refused one by one, until it pauses.
  void AskUntilItPauses() {
    for (int i = 0; i < ReadingPause::kTurns; ++i) Ask(1);
    EXPECT_THAT(Answers(), SizeIs(ReadingPause::kTurns));
  }

  EngineFixture fixture_;
  std::shared_ptr<RecordingSink> sink_ = std::make_shared<RecordingSink>();
  std::unique_ptr<Subscription> subscription_;
  std::unique_ptr<fakes::TestPeer> peer_;
  int asked_ = 0;
};

TEST_F(OverloadTest, WhatIsRefusedNowAndThenIsRefusedAtOnce) {
  for (int i = 0; i < 3 * ReadingPause::kTurns; ++i) {
    Ask(1);
    EXPECT_THAT(Answers(), ElementsAre(503));
    fixture_.AdvanceBy(2 * ReadingPause::kPause);
  }
}

TEST_F(OverloadTest, ABurstInOneReadIsRefusedAtOnce) {
  Ask(50);
  EXPECT_THAT(Answers(), SizeIs(50));
  Ask(1);
  EXPECT_THAT(Answers(), ElementsAre(503));
}

TEST_F(OverloadTest, WhatIsRefusedTurnAfterTurnGathersAndIsRefusedTogether) {
  AskUntilItPauses();
  for (int i = 0; i < 5; ++i) Ask(1);
  EXPECT_THAT(Answers(), IsEmpty());
  fixture_.AdvanceBy(ReadingPause::kPause - absl::Nanoseconds(1));
  EXPECT_THAT(Answers(), IsEmpty());
  fixture_.AdvanceBy(absl::Nanoseconds(1));
  EXPECT_THAT(Answers(), ElementsAre(503, 503, 503, 503, 503));
  Ask(1);
  EXPECT_THAT(Answers(), IsEmpty()) << "it pauses again, at once";
}

TEST_F(OverloadTest, OtherConnectionsAreReadOn) {
  AskUntilItPauses();
  auto other = fixture_.ConnectPeer();
  other->Send(MakeRequest("MESSAGE", kAlice, 100));
  fixture_.RunUntilIdle();
  EXPECT_THAT(StatusCodes(other->TakeReceived()), ElementsAre(503));
}

TEST_F(OverloadTest, WhatIsTakenAgainWaitsForNobodyOncePeaceIsBack) {
  AskUntilItPauses();
  subscription_->AddCredit(10);
  Ask(1);
  fixture_.AdvanceBy(ReadingPause::kPause);
  EXPECT_THAT(sink_->deliveries, SizeIs(kLine + 1));
  fixture_.AdvanceBy(2 * ReadingPause::kPause);
  Ask(1);
  EXPECT_THAT(sink_->deliveries, SizeIs(kLine + 2));
}

// Each comes in the turn in which a pause may end, and before it does.
TEST_F(OverloadTest, EveryRequestIsAnsweredWheneverItComes) {
  constexpr int kCount = 40;
  fakes::FakeNetworkOptions options;
  options.stream.min_delay = options.stream.max_delay = absl::Seconds(1);  // none is sent meanwhile
  fixture_.network.set_options(options);
  peer_ = fixture_.ConnectPeer();
  for (int i = 0; i < kCount; ++i) {
    Ask(1);
    fixture_.AdvanceBy(ReadingPause::kPause);
  }
  fixture_.AdvanceBy(absl::Seconds(3));
  EXPECT_THAT(Answers(), SizeIs(kCount));
}

TEST_F(OverloadTest, AConnectionThatPausesMayEnd) {
  AskUntilItPauses();
  fixture_.engine->CloseConnectionsOf("edge", {}, [](auto) {});
  ASSERT_TRUE(fixture_.engine->RemoveManager("edge").ok());
  fixture_.RunUntilIdle();
  EXPECT_TRUE(peer_->is_over());
  fixture_.AdvanceBy(2 * ReadingPause::kPause);
}

}  // namespace
}  // namespace sipcm::engine
