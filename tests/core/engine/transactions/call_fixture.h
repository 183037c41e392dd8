#ifndef SIPCM_TESTS_CORE_ENGINE_TRANSACTIONS_CALL_FIXTURE_H_
#define SIPCM_TESTS_CORE_ENGINE_TRANSACTIONS_CALL_FIXTURE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "tests/core/engine/engine_fixture.h"

namespace sipcm::engine {

// An engine with one endpoint, one application that takes its requests, and peers that call it.
class CallFixture : public ::testing::Test {
 protected:
  static constexpr char kAlice[] = "sip:alice@example.com";

  explicit CallFixture(int worker_count = 1) : fixture_(worker_count) {
    fixture_.StartTcpManager();
    EXPECT_TRUE(fixture_.engine->ApplyEndpoint(EngineFixture::PeerToPeer("alice", kAlice)).ok());
    subscription_ = fixture_.Subscribe("alice", sink_);
    peer_ = fixture_.ConnectPeer();
  }

  // What the peer gets for it at once.
  std::vector<int> Ask(fakes::TestPeer& peer, const std::string& request) {
    peer.Send(request);
    fixture_.RunUntilIdle();
    return StatusCodes(peer.TakeReceived());
  }
  std::vector<int> Ask(const std::string& request) { return Ask(*peer_, request); }
  std::vector<int> Received() { return StatusCodes(peer_->TakeReceived()); }
  static std::string Invite(int number = 1) { return MakeRequest("INVITE", kAlice, number); }
  // The id of the last request that was delivered.
  dispatch::RequestId LastId() const { return sink_->deliveries.back().request_id; }
  // An INVITE that was answered with 200; the answer.
  std::string Accept(int number = 1) {
    EXPECT_TRUE(Ask(Invite(number)).empty());
    EXPECT_TRUE(fixture_.Respond(LastId(), 200).ok());
    return peer_->TakeReceived();
  }
  // A request inside the dialog that `answer` made.
  static std::string InDialog(const std::string& method, const std::string& answer, int number) {
    return absl::StrReplaceAll(
        MakeRequest(method, kAlice, number),
        {{absl::StrCat("To: <", kAlice, ">"), absl::StrCat("To: ", HeaderOf(answer, "To"))},
         {"z9hG4bKtest", absl::StrCat("z9hG4bK", method)}});
  }
  // The same request as it comes by another proxy.
  static std::string ByAnotherWay(const std::string& request) {
    return absl::StrReplaceAll(request, {{"z9hG4bKtest", "z9hG4bKother"}});
  }
  int Count(dispatch::Delivery::Kind kind) const {
    int count = 0;
    for (const dispatch::Delivery& delivery : sink_->deliveries) count += delivery.kind == kind;
    return count;
  }
  // Requests of that method that were delivered.
  int CountDelivered(const std::string& method) const {
    int count = 0;
    for (const dispatch::Delivery& delivery : sink_->deliveries) {
      if (delivery.kind != dispatch::Delivery::Kind::kRequest) continue;
      count += delivery.request->view.method() == method;
    }
    return count;
  }

  EngineFixture fixture_;
  std::shared_ptr<RecordingSink> sink_ = std::make_shared<RecordingSink>();
  std::unique_ptr<Subscription> subscription_;
  std::unique_ptr<fakes::TestPeer> peer_;
};

}  // namespace sipcm::engine

#endif  // SIPCM_TESTS_CORE_ENGINE_TRANSACTIONS_CALL_FIXTURE_H_
