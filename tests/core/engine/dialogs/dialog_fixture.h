#ifndef SIPCM_TESTS_CORE_ENGINE_DIALOGS_DIALOG_FIXTURE_H_
#define SIPCM_TESTS_CORE_ENGINE_DIALOGS_DIALOG_FIXTURE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "tests/core/engine/engine_fixture.h"
#include "tests/core/engine/remote_listener.h"

namespace sipcm::engine {

// An application of endpoint "alice", a peer that calls it, and a peer at 192.0.2.9:5070 that it
// calls. Neither looks at a tag but those here that play the peers.
class DialogTest : public ::testing::Test {
 protected:
  static constexpr char kAlice[] = "sip:alice@example.com";
  static constexpr char kSdp[] = "v=0\r\n";

  explicit DialogTest(int worker_count = 1) : fixture_(worker_count) {}

  void SetUp() override {
    fixture_.StartTcpManager();
    ASSERT_TRUE(fixture_.engine->ApplyEndpoint(EngineFixture::PeerToPeer("alice", kAlice)).ok());
    subscription_ = fixture_.Subscribe("alice", sink_);
    peer_ = fixture_.ConnectPeer();
    remote_ = std::make_unique<RemoteListener>(&fixture_.network, fixture_.loops[0].get(),
                                               "192.0.2.9:5070");
    fixture_.RunUntilIdle();
  }

  // --- The application ---
  const dispatch::Delivery& Last() { return sink_->deliveries.back(); }
  ResponseResult Answer(const dispatch::Delivery& delivery, int status_code,
                        std::vector<std::pair<std::string, std::string>> headers = {}) {
    ResponseOrder order;
    order.request_id = delivery.request_id;
    order.status_code = status_code;
    order.message.headers = std::move(headers);
    auto results = std::make_shared<RecordingResponseSink>();
    fixture_.engine->Respond({order}, results);
    fixture_.RunUntilIdle();
    EXPECT_EQ(results->results.size(), 1u);
    return results->results.front();
  }
  // Events of one send, as they come.
  std::shared_ptr<RecordingSendSink> Send(SendOrder order) {
    auto sink = std::make_shared<RecordingSendSink>();
    order.endpoint_id = "alice";
    fixture_.engine->Send({std::move(order)}, sink);
    fixture_.RunUntilIdle();
    return sink;
  }
  std::shared_ptr<RecordingSendSink> Send(const std::string& method, dialog::DialogId dialog,
                                          const std::string& body = "") {
    SendOrder order;
    order.method = method;
    order.dialog = dialog;
    if (!body.empty()) order.message.headers.emplace_back("Content-Type", "application/sdp");
    order.message.body = body;
    return Send(std::move(order));
  }
  std::shared_ptr<RecordingSendSink> Call(const std::string& body = kSdp) {
    SendOrder order;
    order.method = "INVITE";
    order.request_uri = "sip:bob@192.0.2.9:5070";
    if (!body.empty()) order.message.headers.emplace_back("Content-Type", "application/sdp");
    order.message.body = body;
    return Send(std::move(order));
  }

  // --- The peers ---
  std::vector<std::string> Received(fakes::TestPeer& peer) { return Messages(peer.TakeReceived()); }
  std::string Only(fakes::TestPeer& peer) {
    const std::vector<std::string> messages = Received(peer);
    EXPECT_EQ(messages.size(), 1u);
    return messages.empty() ? std::string() : messages.front();
  }
  void Give(fakes::TestPeer& peer, const std::string& bytes) {
    peer.Send(bytes);
    fixture_.RunUntilIdle();
  }
  // The peer's INVITE number `number`, taken by the application and answered by it.
  dialog::DialogId BeCalled(int number = 1) {
    Give(*peer_, MakeRequest("INVITE", kAlice, number,
                             absl::StrCat("Contact: <sip:peer@192.0.2.9:5070>\r\n")));
    const ResponseResult result = Answer(Last(), 200);
    EXPECT_TRUE(result.status.ok()) << result.status;
    to_ = HeaderOf(Only(*peer_), "To");
    return result.dialog;
  }
  // The peer's next request in the dialog of its INVITE number 1.
  std::string InDialog(const std::string& method, int cseq, const std::string& extra = "") {
    return absl::StrReplaceAll(MakeRequest(method, "sip:alice@192.0.2.1", 1, extra),
                               {{"CSeq: 1 ", absl::StrCat("CSeq: ", cseq, " ")},
                                {"z9hG4bKtest1", absl::StrCat("z9hG4bKin", method, cseq)},
                                {"To: <sip:alice@192.0.2.1>", absl::StrCat("To: ", to_)}});
  }
  // A response of the peer that was called, from another branch of the fork for each tag.
  static std::string Reply(const std::string& request, int status_code,
                           const std::string& tag = "peertag", const std::string& extra = "") {
    std::string response = MakeResponse(request, status_code);
    return absl::StrReplaceAll(
        response,
        {{";tag=peertag", absl::StrCat(";tag=", tag)},
         {"Content-Length", absl::StrCat("Contact: <sip:bob-", tag, "@192.0.2.9:5070>\r\n", extra,
                                         "Content-Length")}});
  }
  fakes::TestPeer& Called() { return *remote_->peers.back(); }
  int64_t DialogCount() { return fixture_.engine->GetTotals().dialogs; }

  EngineFixture fixture_;
  std::shared_ptr<RecordingSink> sink_ = std::make_shared<RecordingSink>();
  std::unique_ptr<Subscription> subscription_;
  std::unique_ptr<fakes::TestPeer> peer_;
  std::unique_ptr<RemoteListener> remote_;
  std::string to_;
};

}  // namespace sipcm::engine

#endif  // SIPCM_TESTS_CORE_ENGINE_DIALOGS_DIALOG_FIXTURE_H_
