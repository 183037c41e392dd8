#ifndef SIPCM_TESTS_SIMULATION_CALLED_REMOTE_H_
#define SIPCM_TESTS_SIMULATION_CALLED_REMOTE_H_

#include <memory>
#include <string>
#include <vector>

#include "core/base/random_source.h"
#include "core/net/network.h"
#include "tests/fakes/fake_network.h"
#include "tests/fakes/test_peer.h"

namespace sipcm::simulation {

// A remote element that is called: rings, accepts, refuses, repeats its 2xx, forks, is silent.
class CalledRemote final : public net::Acceptor::Listener {
 public:
  static constexpr char kAddress[] = "192.0.2.9:5070";

  // All outlive this.
  CalledRemote(fakes::FakeNetwork* network, event::EventLoop* loop, RandomSource* decisions);
  ~CalledRemote();

  // Does something about each request that came.
  void Act(std::vector<std::string>* faults);
  int bye_count() const { return bye_count_; }
  // INVITEs that it accepted, each with its 2xx.
  struct Accepted {
    std::string invite;
    std::string success;
  };
  const std::vector<Accepted>& accepted() const { return accepted_; }

 private:
  struct Stream;

  void OnAccepted(std::unique_ptr<net::ByteStream> stream) override;
  void OnAcceptFailed(const absl::Status&, bool) override {}
  void OnRequest(fakes::TestPeer& peer, const std::string& request);
  bool Chance(uint64_t percent) { return decisions_->Next() % 100 < percent; }

  RandomSource* const decisions_;
  std::unique_ptr<net::Acceptor> acceptor_;
  std::vector<std::unique_ptr<Stream>> streams_;
  std::vector<Accepted> accepted_;
  int bye_count_ = 0;
};

}  // namespace sipcm::simulation

#endif  // SIPCM_TESTS_SIMULATION_CALLED_REMOTE_H_
