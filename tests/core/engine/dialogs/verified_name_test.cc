// The name that a peer's certificate proved stays that of its dialog (RFC 5922), with real
// handshakes in virtual time.
#include "core/engine/dialogs/verified_name.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/engine/mutual_tls_fixture.h"

namespace sipcm::engine {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kBob[] = "bob.example";
constexpr char kMallory[] = "mallory.example";
constexpr char kAddress[] = "198.51.100.9:5061";
// What Bob's Contact says where he is: an address, which proves nothing.
constexpr char kContact[] = "Contact: <sip:bob@198.51.100.9:5061;transport=tls>\r\n";

class VerifiedNameTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fixture_.resolvers[0]->SetAddresses(kBob, {"198.51.100.9"});
    // Both are welcome: only the dialog's name tells them apart.
    fixture_.Start(fixture_.Config({kBob, kMallory}));
    subscription_ = fixture_.Subscribe("alice", sink_);
  }
  // Whoever answers at Bob's address from now on. Mallory's certificate names the address too.
  void Serve(const std::string& name) {
    server_ = nullptr;
    pki::CertificateOptions options{.dns_names = {name}};
    if (name == kMallory) options.ip_addresses = {"198.51.100.9"};
    server_ = fixture_.ServeTls(kAddress, options);
  }
  std::shared_ptr<RecordingSendSink> Send(SendOrder order) {
    auto sink = std::make_shared<RecordingSendSink>();
    order.endpoint_id = "alice";
    fixture_.engine->Send({std::move(order)}, sink);
    fixture_.RunUntilIdle();
    return sink;
  }
  std::shared_ptr<RecordingSendSink> SendBye(dialog::DialogId dialog) {
    SendOrder order;
    order.method = "BYE";
    order.dialog = dialog;
    return Send(std::move(order));
  }
  // The dialog of a call to Bob by his name, who serves.
  dialog::DialogId Call() {
    SendOrder order;
    order.method = "INVITE";
    order.request_uri = "sip:bob@bob.example;transport=tls";
    order.message.headers.emplace_back("Content-Type", "application/sdp");
    order.message.body = "v=0\r\n";
    const auto call = Send(std::move(order));
    EXPECT_THAT(server_->peers(), SizeIs(1));
    fakes::TestPeer& bob = *server_->peers()[0];
    bob.Send(absl::StrReplaceAll(MakeResponse(bob.TakeReceived(), 200),
                                 {{"Content-Length", absl::StrCat(kContact, "Content-Length")}}));
    fixture_.RunUntilIdle();
    EXPECT_THAT(bob.TakeReceived(), StartsWith("ACK "));
    return call->events.back().dialog;
  }
  // The dialog of a call that this peer makes.
  dialog::DialogId BeCalled(fakes::TestPeer& peer) {
    peer.Send(MakeRequest("INVITE", "sip:alice@edge.net", 1, kContact));
    fixture_.RunUntilIdle();
    ResponseOrder order;
    order.request_id = sink_->deliveries.back().request_id;
    order.status_code = 200;
    auto results = std::make_shared<RecordingResponseSink>();
    fixture_.engine->Respond({order}, results);
    fixture_.RunUntilIdle();
    const std::vector<std::string> answers = Messages(peer.TakeReceived());
    to_ = HeaderOf(answers.back(), "To");
    peer.Send(InDialog("ACK", 1));
    fixture_.RunUntilIdle();
    return results->results.back().dialog;
  }
  std::string InDialog(const std::string& method, int cseq) {
    return absl::StrReplaceAll(MakeRequest(method, "sip:alice@192.0.2.1", 1),
                               {{"CSeq: 1 ", absl::StrCat("CSeq: ", cseq, " ")},
                                {"z9hG4bKtest1", absl::StrCat("z9hG4bKin", method, cseq)},
                                {"To: <sip:alice@192.0.2.1>", absl::StrCat("To: ", to_)}});
  }
  // A BYE in the dialog, whose flow has closed, is for whoever proves to be Bob.
  void ExpectOnlyForBob(dialog::DialogId dialog) {
    Serve(kMallory);
    const auto refused = SendBye(dialog);
    ASSERT_THAT(refused->events, SizeIs(1));
    EXPECT_EQ(refused->events[0].kind, SendEvent::Kind::kFailure);
    EXPECT_EQ(refused->events[0].written, SendEvent::Written::kNothing);
    ASSERT_THAT(server_->peers(), SizeIs(1));
    EXPECT_THAT(server_->peers()[0]->received(), IsEmpty());
    Serve(kBob);
    fixture_.AdvanceBy(absl::Seconds(10));  // The address was found dead a moment ago.
    SendBye(dialog);
    ASSERT_THAT(server_->peers(), SizeIs(1));
    EXPECT_THAT(server_->peers()[0]->received(),
                StartsWith("BYE sip:bob@198.51.100.9:5061;transport=tls SIP/2.0\r\n"));
  }

  MutualTlsFixture fixture_;
  std::shared_ptr<RecordingSink> sink_ = std::make_shared<RecordingSink>();
  std::unique_ptr<Subscription> subscription_;
  std::unique_ptr<fakes::TestListener> server_;
  std::string to_;
};

TEST_F(VerifiedNameTest, WhereACallWentByNameAReconnectToItsAddressWantsTheNameAgain) {
  Serve(kBob);
  const dialog::DialogId dialog = Call();
  server_->peers()[0]->Close();
  fixture_.RunUntilIdle();
  ExpectOnlyForBob(dialog);
}

TEST_F(VerifiedNameTest, WhoCalledWithACertificateIsCalledBackOnlyWhereItIsProvedAgain) {
  auto bob = fixture_.ConnectTlsPeer({.dns_names = {kBob}});
  ASSERT_TRUE(bob->is_ready());
  const dialog::DialogId dialog = BeCalled(*bob);
  bob->Close();
  fixture_.RunUntilIdle();
  ExpectOnlyForBob(dialog);
}

TEST_F(VerifiedNameTest, ADialogMovesToAnotherConnectionOfItsPeerAndToNobodyElses) {
  auto bob = fixture_.ConnectTlsPeer({.dns_names = {kBob}});
  const dialog::DialogId dialog = BeCalled(*bob);
  auto mallory = fixture_.ConnectTlsPeer({.dns_names = {kMallory}});
  ASSERT_TRUE(mallory->is_ready());
  mallory->Send(InDialog("INFO", 2));
  fixture_.RunUntilIdle();
  SendOrder info;
  info.method = "INFO";
  info.dialog = dialog;
  Send(info);
  EXPECT_THAT(mallory->received(), IsEmpty());
  EXPECT_THAT(bob->TakeReceived(), StartsWith("INFO sip:bob@"));
  auto again = fixture_.ConnectTlsPeer({.dns_names = {kBob}});
  again->Send(InDialog("INFO", 3));
  fixture_.RunUntilIdle();
  Send(info);
  EXPECT_THAT(bob->received(), IsEmpty());
  EXPECT_THAT(again->received(), StartsWith("INFO sip:bob@"));
}

}  // namespace
}  // namespace sipcm::engine
