#ifndef SIPCM_TESTS_SIMULATION_DIALOG_PEERS_H_
#define SIPCM_TESTS_SIMULATION_DIALOG_PEERS_H_

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/random_source.h"
#include "core/net/network.h"
#include "tests/core/engine/engine_fixture.h"
#include "tests/fakes/test_peer.h"

namespace sipcm::simulation {

// The peers' side of dialogs: connections to the server, and those that the server opens to them.
// They answer what comes, or not, and acknowledge what accepts them.
class DialogPeers final : private net::Acceptor::Listener {
 public:
  static constexpr char kAddress[] = "192.0.2.9:5070";

  // All outlive this.
  DialogPeers(engine::EngineFixture* fixture, RandomSource* decisions);
  ~DialogPeers();

  void Connect();
  // Over any connection that lives; false: there is none.
  bool Send(const std::string& request);
  // Cuts one, inside a message or between two.
  bool Break();
  // Reads what came and reacts.
  void Act(std::vector<std::string>* faults);
  // At the end: what was not answered as it must be.
  void Check(std::vector<std::string>* faults) const;
  // The To of the 2xx to that INVITE; empty: none came.
  std::string AcceptedTo(int number) const;

 private:
  struct Stream;

  void OnAccepted(std::unique_ptr<net::ByteStream> stream) override;
  void OnAcceptFailed(const absl::Status&, bool) override {}
  void OnRequest(Stream& stream, const std::string& request, std::vector<std::string>* faults);
  void OnResponse(Stream& stream, const std::string& response, std::vector<std::string>* faults);
  Stream* DrawStream();
  bool Chance(uint64_t percent) { return decisions_->Next() % 100 < percent; }

  engine::EngineFixture* const fixture_;
  RandomSource* const decisions_;
  std::unique_ptr<net::Acceptor> acceptor_;
  std::vector<std::unique_ptr<Stream>> streams_;
  std::map<std::string, std::string> accepted_;  // To of 2xx to INVITE, by Call-ID
  // The branch that a CSeq of the server's came with, by Call-ID and number.
  std::map<std::pair<std::string, std::string>, std::string> branches_;
};

}  // namespace sipcm::simulation

#endif  // SIPCM_TESTS_SIMULATION_DIALOG_PEERS_H_
