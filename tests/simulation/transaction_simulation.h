#ifndef SIPCM_TESTS_SIMULATION_TRANSACTION_SIMULATION_H_
#define SIPCM_TESTS_SIMULATION_TRANSACTION_SIMULATION_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/random_source.h"
#include "tests/core/engine/engine_fixture.h"
#include "tests/core/engine/remote_listener.h"
#include "tests/simulation/called_remote.h"
#include "tests/simulation/calling_peer.h"

namespace sipcm::simulation {

// What one run did, so that many can show that their faults really happened.
struct TransactionTally {
  int requests = 0;
  int copies = 0;  // the same request on the same connection again
  int merged = 0;  // answered with 482
  int cancels = 0;
  int repeated_2xx = 0;
  int acks_delivered = 0;
  int acks_missing = 0;
  int malformed = 0;
  int lost_connections = 0;
  int lost_applications = 0;
  int returned_answers = 0;  // that went another way, because their connection was gone
  int calls_out = 0;
  int ended_calls_out = 0;  // BYEs that the server sent for a call that nobody wanted

  void Add(const TransactionTally& other);
};

// Transactions of the whole engine, both ways, under what peers, applications and the network do
// to them: copies, merged requests, CANCELs and ACKs at any time and by any connection, answers
// twice, cuts, applications that go. What must hold:
//   - on a connection that lives every request has exactly one final answer, on that connection; a
//     2xx to INVITE may come again, the same; an ACK has none
//   - no provisional after the final answer
//   - nothing that is open is delivered again as a first attempt, whichever way its copy comes
//   - the ACK of a 2xx is delivered once, or that it is missing is told once, never both
//   - each send has one final event; at the end nothing is open
// Each step is drawn from `decisions`: a seed's, or the bytes of a fuzzer.
class TransactionSimulation {
 public:
  // `decisions` outlives this.
  TransactionSimulation(RandomSource* decisions, uint64_t engine_seed);
  ~TransactionSimulation();

  void Step();
  // Lets all timers end, then answers what did not hold; empty: all did.
  std::vector<std::string> Finish();
  const TransactionTally& tally() const { return tally_; }

 private:
  struct Application;

  void Connect();
  void SendRequest();
  void SendCopy();
  void SendMerged();
  void SendCancel();
  void SendAck();
  void SendMalformed();
  void BreakConnection();
  void StartApplication();
  void StopApplication();
  void EndApplication(size_t index);
  void Answer();
  void AnswerAgain();
  void CallOut();
  void SendAckOut();
  void Collect();
  void CollectDeliveries(Application& application);
  void OnFirstAttempt(const dispatch::Delivery& delivery);
  void OnCallEnd(const dispatch::Delivery& delivery, const std::string& what);
  bool IsOpen(dispatch::RequestId id);

  // A living connection, and one of its exchanges; null: none.
  CallingPeer* DrawPeer();
  CallingPeer::Exchange* DrawExchange(CallingPeer& peer);
  int Draw(int below) {
    return static_cast<int>(decisions_->Next() % static_cast<uint64_t>(below));
  }
  bool Chance(int percent) { return Draw(100) < percent; }

  RandomSource* const decisions_;
  std::unique_ptr<engine::EngineFixture> fixture_;
  std::vector<std::unique_ptr<CallingPeer>> peers_;
  std::unique_ptr<CalledRemote> remote_;
  std::unique_ptr<engine::RemoteListener> way_back_;  // where peers listen for what they lost
  std::vector<std::unique_ptr<Application>> applications_;
  std::shared_ptr<engine::RecordingResponseSink> results_;
  std::shared_ptr<engine::RecordingSendSink> sent_;
  std::map<std::string, dispatch::RequestId> first_attempts_;  // the last one, by request
  std::map<std::string, int> call_ends_;                       // ACKs and AckMissings, by call
  std::map<uint64_t, int> finals_of_sends_;
  size_t results_seen_ = 0;
  size_t events_seen_ = 0;
  int last_number_ = 0;
  uint64_t last_cookie_ = 0;
  TransactionTally tally_;
  std::vector<std::string> faults_;
};

}  // namespace sipcm::simulation

#endif  // SIPCM_TESTS_SIMULATION_TRANSACTION_SIMULATION_H_
