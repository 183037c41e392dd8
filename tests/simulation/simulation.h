#ifndef SIPCM_TESTS_SIMULATION_SIMULATION_H_
#define SIPCM_TESTS_SIMULATION_SIMULATION_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/core/engine/engine_fixture.h"

namespace sipcm::simulation {

// What one seed did, so that a run can show that its faults really happened.
struct Tally {
  int requests = 0;  // whole ones, sent by peers
  int application_answers = 0;
  int automatic_answers = 0;  // finals that no application gave
  int redeliveries = 0;
  int lost_connections = 0;
  int sends = 0;
  int failed_sends = 0;

  void Add(const Tally& other);
};

// The whole engine under faults drawn from a seed: partial writes, delays and resets of the
// network, slow, wrong, vanishing and returning applications, edits while traffic runs. Everything
// that went wrong with what must hold (reliability.md) is in Run()'s answer, empty when all held:
//   - a request on a connection that lives gets exactly one final answer, on that connection
//   - no request is delivered twice as a first attempt; attempts count up
//   - each send ends with exactly one final event
//   - at the end nothing is open: no request, no send, no waiting, no subscription
class Simulation {
 public:
  explicit Simulation(uint64_t seed);
  ~Simulation();

  std::vector<std::string> Run();
  const Tally& tally() const { return tally_; }

 private:
  struct Peer;
  struct Application;
  class Remote;

  void Step();
  void ConnectPeer();
  void SendFromPeer();
  void BreakPeer();
  void StartApplication();
  void Subscribe(engine::SubscriptionOptions options);
  void ResumeApplication();
  void StopApplication();
  void Answer();
  void AnswerWrongly();
  void SendOut();
  void AnswerFromRemote();
  void Edit();
  void Settle();
  void CollectPeer(Peer& peer);
  void CollectDeliveries();
  void Check();

  int Draw(int below) { return static_cast<int>(random_.Next() % static_cast<uint64_t>(below)); }
  bool Chance(int percent) { return Draw(100) < percent; }
  void Fault(std::string what);

  const uint64_t seed_;
  SeededRandomSource random_;
  std::unique_ptr<engine::EngineFixture> fixture_;
  std::vector<std::unique_ptr<Peer>> peers_;
  std::vector<std::unique_ptr<Application>> applications_;
  std::vector<engine::SubscriptionOptions> lost_;  // of those that may come back
  std::unique_ptr<Remote> remote_;
  std::shared_ptr<engine::RecordingResponseSink> results_;
  std::shared_ptr<engine::RecordingSendSink> sent_;
  std::map<uint64_t, int> attempts_;  // of each request id, the last seen
  std::map<uint64_t, int> answered_;  // final answers that the engine took for each request id
  size_t events_seen_ = 0;
  size_t results_seen_ = 0;
  std::map<uint64_t, int> finals_of_sends_;
  int last_number_ = 0;
  Tally tally_;
  std::vector<std::string> faults_;
};

}  // namespace sipcm::simulation

#endif  // SIPCM_TESTS_SIMULATION_SIMULATION_H_
