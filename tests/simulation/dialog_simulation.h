#ifndef SIPCM_TESTS_SIMULATION_DIALOG_SIMULATION_H_
#define SIPCM_TESTS_SIMULATION_DIALOG_SIMULATION_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/random_source.h"
#include "core/dialog/dialog_id.h"
#include "tests/core/engine/engine_fixture.h"
#include "tests/simulation/dialog_peers.h"

namespace sipcm::simulation {

// What one run did, so that many can show that their faults really happened.
struct DialogTally {
  int calls_in = 0;
  int calls_out = 0;
  int requests_in = 0;      // of peers, in dialogs
  int copies = 0;           // with a CSeq that was there before, by whatever connection
  int requests_out = 0;     // of the application, by the dialog's name
  int failed_requests = 0;  // of these: without a response
  int cancelled = 0;
  int lost_connections = 0;
  int lost_applications = 0;
  int returned_applications = 0;

  void Add(const DialogTally& other);
};

// Dialogs of the whole engine, begun by both sides, under what peers, applications and the network
// do to them: requests in and out of order, copies by other connections and workers, cuts,
// throttled connections, applications that go and come back. What must hold:
//   - a request in a dialog is delivered once as a first attempt, by whatever way its copies come
//   - on a connection that lives every request has exactly one final answer, on that connection
//   - no two requests of ours in a dialog have the same CSeq
//   - each send has one final event
//   - a dialog that was ended by BYE, answered or not, is gone; at the end none is left
// Each step is drawn from `decisions`.
class DialogSimulation {
 public:
  // `decisions` outlives this.
  DialogSimulation(RandomSource* decisions, uint64_t engine_seed);
  ~DialogSimulation();

  void Step();
  // Lets all timers end, then answers what did not hold; empty: all did.
  std::vector<std::string> Finish();
  const DialogTally& tally() const { return tally_; }

 private:
  struct Application;
  // A call that a peer began.
  struct Call {
    int number = 0;  // of its INVITE, as in MakeRequest()
    int cseq = 0;
  };

  void Connect();
  void BeginCall();
  void SendInDialog();
  void BreakConnection();
  void StartApplication();
  void StopApplication();
  void ReturnApplication();
  void Answer();
  void CallOut();
  void Order();
  void Send(engine::SendOrder order);
  void Collect();
  void CollectDeliveries(Application& application);
  void CollectSends();
  int Draw(int below) {
    return static_cast<int>(decisions_->Next() % static_cast<uint64_t>(below));
  }
  bool Chance(int percent) { return Draw(100) < percent; }

  RandomSource* const decisions_;
  std::unique_ptr<engine::EngineFixture> fixture_;
  std::unique_ptr<DialogPeers> peers_;
  std::vector<std::unique_ptr<Application>> applications_;
  std::vector<std::string> away_;  // tokens of applications that are lost
  std::shared_ptr<engine::RecordingResponseSink> results_;
  std::shared_ptr<engine::RecordingSendSink> sent_;
  std::vector<Call> calls_;
  std::vector<dialog::DialogId> dialogs_;  // that the application was told of
  std::map<std::string, int> first_attempts_;
  std::map<uint64_t, int> finals_of_sends_;
  std::map<uint64_t, dialog::DialogId> byes_;  // under way, by cookie
  size_t results_seen_ = 0;
  size_t events_seen_ = 0;
  int last_number_ = 0;
  uint64_t last_cookie_ = 0;
  DialogTally tally_;
  std::vector<std::string> faults_;
};

}  // namespace sipcm::simulation

#endif  // SIPCM_TESTS_SIMULATION_DIALOG_SIMULATION_H_
