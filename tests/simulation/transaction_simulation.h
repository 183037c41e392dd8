#ifndef SIPCM_TESTS_SIMULATION_TRANSACTION_SIMULATION_H_
#define SIPCM_TESTS_SIMULATION_TRANSACTION_SIMULATION_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/base/random_source.h"
#include "core/net/address.h"
#include "tests/core/engine/engine_fixture.h"
#include "tests/core/engine/remote_listener.h"
#include "tests/simulation/called_remote.h"
#include "tests/simulation/calling_peer.h"
#include "tests/simulation/transaction_tally.h"

namespace sipcm::simulation {

// Transactions of the whole engine, both ways, under what peers, applications and the network do
// to them: copies, merged requests, CANCELs and ACKs at any time and by any connection, answers
// twice, cuts, throttled connections, applications that go and come back. What must hold:
//   - on a connection that lives every request has exactly one final answer, on that connection; a
//     2xx to INVITE may come again, the same; an ACK has none
//   - no provisional after the final answer
//   - nothing that is open is delivered again as a first attempt, whichever way its copy comes
//   - the ACK of a 2xx is delivered once, or that it is missing is told once; or an application
//   that
//     was away is told that it lost something
//   - a copy that comes while its original is open has no effect at all, whatever is throttled
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
  struct Application {
    std::shared_ptr<engine::RecordingSink> sink = std::make_shared<engine::RecordingSink>();
    std::unique_ptr<engine::Subscription> subscription;
    size_t seen = 0;
    std::vector<dispatch::RequestId> open;
  };

  void Connect();
  void SendRequest();
  void SendCopy();
  void SendCopyOfOpen();
  // All that peers wrote has been read.
  bool AllHasArrived();
  void SendMerged();
  void SendCancel();
  void SendAck();
  void SendMalformed();
  void BreakConnection();
  void StartApplication();
  void StopApplication();
  void EndApplication(size_t index);
  void ReturnApplication();
  void Answer();
  void AnswerAgain();
  void CallOut();
  void SendAckOut();
  void Collect();
  void CollectDeliveries(Application& application);
  void OnFirstAttempt(const dispatch::Delivery& delivery);
  void OnCallEnd(const dispatch::Delivery& delivery, const std::string& what);
  bool IsOpen(dispatch::RequestId id);
  // Gives it a cookie, to know of what it was.
  void NoteAnswer(engine::ResponseOrder* order);

  // A living connection, and one of its exchanges; null: none.
  CallingPeer* DrawPeer();
  CallingPeer::Exchange* DrawExchange(CallingPeer& peer);
  int Draw(int below) {
    return static_cast<int>(decisions_->Next() % static_cast<uint64_t>(below));
  }
  bool Chance(int percent) { return Draw(100) < percent; }

  RandomSource* const decisions_;
  const net::SocketAddress server_address_ = *net::SocketAddress::Parse("192.0.2.1:5060");
  std::unique_ptr<engine::EngineFixture> fixture_;
  std::vector<std::unique_ptr<CallingPeer>> peers_;
  std::unique_ptr<CalledRemote> remote_;
  std::unique_ptr<engine::RemoteListener> way_back_;  // where peers listen for what they lost
  std::vector<std::unique_ptr<Application>> applications_;
  std::vector<std::unique_ptr<Application>> ended_;
  std::shared_ptr<engine::RecordingResponseSink> results_;
  std::shared_ptr<engine::RecordingSendSink> sent_;
  std::map<std::string, dispatch::RequestId> first_attempts_;  // the last one, by request
  std::set<std::string> absorbed_;        // requests whose copy came while they were open
  std::vector<std::string> away_;         // tokens of applications that are lost
  std::set<uint64_t> invites_;            // delivered, by all the names that they had
  std::set<uint64_t> acceptances_;        // cookies of answers that accept an INVITE
  std::map<std::string, int> call_ends_;  // ACKs and AckMissings, by call
  std::map<uint64_t, int> finals_of_sends_;
  size_t results_seen_ = 0;
  size_t events_seen_ = 0;
  int last_number_ = 0;
  uint64_t last_cookie_ = 0;
  uint64_t last_answer_ = 0;
  TransactionTally tally_;
  std::vector<std::string> faults_;
};

}  // namespace sipcm::simulation

#endif  // SIPCM_TESTS_SIMULATION_TRANSACTION_SIMULATION_H_
