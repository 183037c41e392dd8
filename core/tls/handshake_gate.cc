#include "core/tls/handshake_gate.h"

#include "core/base/check.h"

namespace sipcm::tls {

HandshakeGate::Ticket::Ticket(HandshakeGate* gate, Owner* owner) : gate_(gate), owner_(owner) {}

HandshakeGate::Ticket::~Ticket() {
  if (waiting_) gate_->line_.erase(place_);
}

bool HandshakeGate::Ticket::TryEnter() {
  SIPCM_CHECK_MESSAGE(!waiting_, "a ticket that waits must not push in");
  return gate_->line_.empty() && gate_->Charge();
}

void HandshakeGate::Ticket::Wait() {
  if (waiting_) return;
  waiting_ = true;
  place_ = gate_->line_.insert(gate_->line_.end(), this);
  if (!gate_->next_turn_->armed()) gate_->next_turn_->Set(gate_->loop_->Now());
}

void HandshakeGate::Ticket::Finished(StepCost cost) {
  if (cost == StepCost::kTrifling && gate_->steps_this_turn_ > 0) --gate_->steps_this_turn_;
}

HandshakeGate::HandshakeGate(event::EventLoop* loop, int steps_per_turn)
    : loop_(loop),
      steps_per_turn_(steps_per_turn),
      next_turn_(loop->NewAlarm([this] { ServeLine(); })),
      self_(std::make_shared<HandshakeGate*>(this)) {
  SIPCM_CHECK(steps_per_turn > 0);
}

HandshakeGate::~HandshakeGate() {
  SIPCM_CHECK_MESSAGE(line_.empty(), "a stream outlives its gate");
  *self_ = nullptr;
}

bool HandshakeGate::Charge() {
  if (steps_this_turn_ >= steps_per_turn_) return false;
  ++steps_this_turn_;
  if (!turn_end_requested_) {
    turn_end_requested_ = true;
    loop_->AtTurnEnd([self = self_] {
      if (*self == nullptr) return;
      (*self)->turn_end_requested_ = false;
      (*self)->steps_this_turn_ = 0;
    });
  }
  return true;
}

void HandshakeGate::ServeLine() {
  // A trifling step gives its share back, so the line itself bounds how many run.
  for (size_t left = line_.size(); left > 0 && !line_.empty() && Charge(); --left) {
    Ticket* const first = line_.front();
    line_.pop_front();
    first->waiting_ = false;
    first->owner_->OnHandshakeTurn();
  }
  if (!line_.empty()) next_turn_->Set(loop_->Now());
}

}  // namespace sipcm::tls
