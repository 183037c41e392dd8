#ifndef SIPCM_CORE_TLS_HANDSHAKE_GATE_H_
#define SIPCM_CORE_TLS_HANDSHAKE_GATE_H_

#include <cstddef>
#include <list>
#include <memory>

#include "core/event/event_loop.h"

namespace sipcm::tls {

// Rations the costly steps of TLS handshakes on one loop: a step takes up to 2 ms, and a storm of
// them must not make established connections wait (performance.md 7). At most `steps_per_turn` run
// in one turn of the loop; the others wait in line, first come first served, for the next turns.
//
// One per loop. Thread: the loop's. Must outlive the tickets. The line is bounded by the number of
// streams, each of which stands in it at most once.
class HandshakeGate {
 public:
  // What a step turned out to be. A step that only found half a message is not counted.
  enum class StepCost : unsigned char { kCostly, kTrifling };

  // One stream's right to take steps. Destroying it leaves the line; it may be destroyed within its
  // own step.
  class Ticket {
   public:
    // Runs one step when it is this ticket's turn.
    class Owner {
     public:
      virtual void OnHandshakeTurn() = 0;

     protected:
      ~Owner() = default;
    };

    Ticket(HandshakeGate* gate, Owner* owner);
    ~Ticket();
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

    // True: take one step now, then say Finished(). False: the turn's ration is used up or others
    // are waiting; Wait().
    bool TryEnter();
    // Takes a place at the end of the line, unless it has one. The owner is called in a later turn,
    // never from inside; it takes one step and says Finished().
    void Wait();
    bool waiting() const { return waiting_; }
    // Returns a trifling step's share to the others.
    void Finished(StepCost cost);

   private:
    friend class HandshakeGate;
    HandshakeGate* const gate_;
    Owner* const owner_;
    bool waiting_ = false;
    std::list<Ticket*>::iterator place_;
  };

  explicit HandshakeGate(event::EventLoop* loop, int steps_per_turn = 2);
  ~HandshakeGate();
  HandshakeGate(const HandshakeGate&) = delete;
  HandshakeGate& operator=(const HandshakeGate&) = delete;

  size_t waiting_count() const { return line_.size(); }

 private:
  // Takes a share of this turn's ration.
  bool Charge();
  void ServeLine();

  event::EventLoop* const loop_;
  const int steps_per_turn_;
  int steps_this_turn_ = 0;
  bool turn_end_requested_ = false;
  std::list<Ticket*> line_;
  std::unique_ptr<event::Alarm> next_turn_;
  // Tells a turn-end task that the gate is gone.
  std::shared_ptr<HandshakeGate*> self_;
};

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_HANDSHAKE_GATE_H_
