#include "core/tls/handshake_gate.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/manual_event_loop.h"

namespace sipcm::tls {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using StepCost = HandshakeGate::StepCost;

// Notes its name at each step.
class Stepper : public HandshakeGate::Ticket::Owner {
 public:
  Stepper(HandshakeGate* gate, std::string name, std::vector<std::string>* steps)
      : name_(std::move(name)),
        steps_(steps),
        ticket_(std::make_unique<HandshakeGate::Ticket>(gate, this)) {}

  void OnHandshakeTurn() override { Step(); }
  void Step() {
    steps_->push_back(name_);
    ticket_->Finished(cost);
    if (again) ticket_->Wait();
    if (leave) ticket_.reset();
    if (victim != nullptr) victim->ticket_.reset();
  }
  // As a stream does when input has come.
  void Arrive() {
    if (ticket_->waiting()) return;
    if (ticket_->TryEnter()) {
      Step();
    } else {
      ticket_->Wait();
    }
  }
  HandshakeGate::Ticket* ticket() { return ticket_.get(); }
  void Leave() { ticket_.reset(); }

  StepCost cost = StepCost::kCostly;
  bool again = false;
  bool leave = false;
  Stepper* victim = nullptr;

 private:
  const std::string name_;
  std::vector<std::string>* const steps_;
  std::unique_ptr<HandshakeGate::Ticket> ticket_;
};

class HandshakeGateTest : public ::testing::Test {
 protected:
  ~HandshakeGateTest() override {
    EXPECT_EQ(gate_.waiting_count(), 0u);
    loop_.RunUntilIdle();
  }
  std::vector<std::string> TakeSteps() { return std::exchange(steps_, {}); }

  fakes::ManualEventLoop loop_;
  HandshakeGate gate_{&loop_, 2};
  std::vector<std::string> steps_;
  Stepper a_{&gate_, "a", &steps_};
  Stepper b_{&gate_, "b", &steps_};
  Stepper c_{&gate_, "c", &steps_};
  Stepper d_{&gate_, "d", &steps_};
  Stepper e_{&gate_, "e", &steps_};
};

TEST_F(HandshakeGateTest, TakesTwoStepsATurnAndTheOthersInOrderLater) {
  for (Stepper* stepper : {&a_, &b_, &c_, &d_, &e_}) stepper->Arrive();
  EXPECT_THAT(TakeSteps(), ElementsAre("a", "b"));
  EXPECT_EQ(gate_.waiting_count(), 3u);
  loop_.RunTurn();  // ends the turn in which a and b stepped; the ration is used up
  EXPECT_THAT(TakeSteps(), IsEmpty());
  loop_.RunTurn();
  EXPECT_THAT(TakeSteps(), ElementsAre("c", "d"));
  loop_.RunTurn();
  EXPECT_THAT(TakeSteps(), ElementsAre("e"));
  loop_.RunUntilIdle();
  EXPECT_THAT(TakeSteps(), IsEmpty());
}

TEST_F(HandshakeGateTest, NobodyPushesInWhileOthersWait) {
  for (Stepper* stepper : {&a_, &b_, &c_}) stepper->Arrive();
  loop_.RunTurn();
  TakeSteps();
  d_.Arrive();  // a new turn with a whole ration, but c is in line
  EXPECT_THAT(TakeSteps(), IsEmpty());
  loop_.RunUntilIdle();
  EXPECT_THAT(TakeSteps(), ElementsAre("c", "d"));
}

TEST_F(HandshakeGateTest, AStepThatFoundLittleIsNotCounted) {
  a_.cost = b_.cost = c_.cost = StepCost::kTrifling;
  for (Stepper* stepper : {&a_, &b_, &c_, &d_, &e_}) stepper->Arrive();
  EXPECT_THAT(TakeSteps(), ElementsAre("a", "b", "c", "d", "e"));
  loop_.RunUntilIdle();
}

TEST_F(HandshakeGateTest, WaitIsNeverServedFromInsideAndTheOneWhoComesBackStandsAtTheEnd) {
  a_.ticket()->Wait();
  a_.ticket()->Wait();  // has a place already
  EXPECT_EQ(gate_.waiting_count(), 1u);
  EXPECT_THAT(steps_, IsEmpty());
  a_.again = true;
  for (Stepper* stepper : {&b_, &c_}) stepper->ticket()->Wait();
  loop_.RunTurn();
  EXPECT_THAT(TakeSteps(), ElementsAre("a", "b"));
  a_.again = false;
  loop_.RunTurn();
  EXPECT_THAT(TakeSteps(), ElementsAre("c", "a"));
}

TEST_F(HandshakeGateTest, WhoeverIsDestroyedInLineIsNotCalled) {
  for (Stepper* stepper : {&a_, &b_, &c_, &d_}) stepper->ticket()->Wait();
  b_.Leave();
  a_.leave = true;  // in its own step
  a_.victim = &c_;  // and it takes another with it
  loop_.RunUntilIdle();
  EXPECT_THAT(TakeSteps(), ElementsAre("a", "d"));
}

TEST(HandshakeGateLifeTest, MayGoBeforeTheTurnEnds) {
  fakes::ManualEventLoop loop;
  std::vector<std::string> steps;
  {
    HandshakeGate gate(&loop);
    Stepper a(&gate, "a", &steps);
    a.Arrive();
  }
  loop.RunUntilIdle();
  EXPECT_THAT(steps, ElementsAre("a"));
}

}  // namespace
}  // namespace sipcm::tls
