#ifndef SIPCM_TESTS_SIMULATION_CALLING_PEER_H_
#define SIPCM_TESTS_SIMULATION_CALLING_PEER_H_

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/instant.h"
#include "tests/fakes/test_peer.h"

namespace sipcm::simulation {

// One connection of a peer that sends requests, and what it was answered.
class CallingPeer {
 public:
  explicit CallingPeer(std::unique_ptr<fakes::TestPeer> stream) : stream_(std::move(stream)) {}

  // What was sent with one branch and method.
  struct Exchange {
    std::string request;
    std::string method;
    int number = 0;    // in its Call-ID, CSeq and branch
    int sent = 0;      // how often
    int finals = 0;    // answers, but for the repetitions of a 2xx
    int repeated = 0;  // these
    std::string final_answer;
    Instant final_at = Instant::Infinite();
    bool is_merged = false;    // it was sent by another connection too
    bool is_absorbed = false;  // a copy came for sure while it was open
    bool is_over = false;      // its failure was acknowledged: a copy would be a new request

    // How many final answers it may have, and has to have. A copy is absorbed while a transaction
    // knows it; what is no INVITE, and what was refused, is forgotten with its answer (timer J is
    // zero), so that a copy that comes later is answered anew, as each CANCEL is.
    int most() const;
    // By the server itself, which forgets it at once: a copy is answered anew.
    bool is_refused() const { return final_answer.find("\r\nWarning: 399") != std::string::npos; }
    int least() const { return method == "CANCEL" ? sent : 1; }
  };

  bool lives() const { return !broken_ && !stream_->is_over(); }
  bool has_written() const { return !lives() || stream_->unsent_size() == 0; }
  // By which the exchange of a whole message is found.
  static std::string KeyOf(const std::string& message);
  // A whole request: one more of its exchange.
  void Send(const std::string& request);
  // A request that has no answer.
  void SendAck(const std::string& ack) { stream_->Send(ack); }
  void Break(bool inside_a_message);
  // What came since the last call, which is now; appends to `faults` what must not be.
  void Collect(Instant now, std::vector<std::string>* faults);
  // At the end: what was not answered as it must be.
  void Check(std::vector<std::string>* faults) const;

  std::map<std::string, Exchange>& exchanges() { return exchanges_; }

 private:
  void OnAnswer(const std::string& answer, Instant now, std::vector<std::string>* faults);

  const std::unique_ptr<fakes::TestPeer> stream_;
  std::map<std::string, Exchange> exchanges_;  // by branch and method
  std::string rest_;                           // received, not yet a whole message
  bool broken_ = false;
};

}  // namespace sipcm::simulation

#endif  // SIPCM_TESTS_SIMULATION_CALLING_PEER_H_
