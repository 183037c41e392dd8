#include "core/transaction/client_transaction.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/transaction/branch.h"
#include "gtest/gtest.h"
#include "tests/core/dispatch/test_request.h"

namespace sipcm::transaction {
namespace {

using dispatch::ParsedText;
using dispatch::TestRequest;

// Draws from a list: chance that a test can write down.
class ListedSource final : public RandomSource {
 public:
  explicit ListedSource(std::vector<uint64_t> values) : values_(std::move(values)) {}
  uint64_t Next() override { return values_.at(next_++); }

 private:
  const std::vector<uint64_t> values_;
  size_t next_ = 0;
};

std::unique_ptr<ClientTransaction> MakeTransaction(sip::Method method_id) {
  auto transaction = std::make_unique<ClientTransaction>();
  transaction->method_id = method_id;
  transaction->method = std::string(sip::MethodName(method_id));
  return transaction;
}

ParsedText MakeResponse(const std::string& branch, const std::string& method) {
  return ParsedText(absl::StrCat("SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP us.example.com;branch=",
                                 branch, "\r\nFrom: <sip:us@example.com>;tag=a\r\n",
                                 "To: <sip:them@example.net>;tag=b\r\nCall-ID: c@us\r\nCSeq: 5 ",
                                 method, "\r\nContent-Length: 0\r\n\r\n"));
}

TEST(ClientTransactionTableTest, ARenewedOneIsFoundByItsNewBranchOnly) {
  SeededRandomSource random(1);
  ClientTransactionTable table(&random);
  auto owned = MakeTransaction(sip::Method::kMessage);
  ClientTransaction* const message = owned.get();
  table.Add(std::move(owned));
  const std::string former = BranchText(message->key);
  message->has_provisional = true;
  table.Renew(message);
  EXPECT_EQ(table.size(), 1u);
  EXPECT_FALSE(message->has_provisional);
  EXPECT_EQ(table.Match(MakeResponse(former, "MESSAGE").view), nullptr);
  EXPECT_EQ(table.Match(MakeResponse(BranchText(message->key), "MESSAGE").view), message);
}

TEST(ClientTransactionTableTest, AResponseFindsItByBranchAndMethod) {
  SeededRandomSource random(1);
  ClientTransactionTable table(&random);
  ClientTransaction* invite = nullptr;
  ClientTransaction* message = nullptr;
  {
    auto owned = MakeTransaction(sip::Method::kInvite);
    invite = owned.get();
    table.Add(std::move(owned));
    owned = MakeTransaction(sip::Method::kMessage);
    message = owned.get();
    table.Add(std::move(owned));
  }
  EXPECT_EQ(table.size(), 2u);
  EXPECT_NE(invite->key, message->key);
  EXPECT_EQ(table.Match(MakeResponse(BranchText(invite->key), "INVITE").view), invite);
  EXPECT_EQ(table.Match(MakeResponse(BranchText(message->key), "MESSAGE").view), message);
}

TEST(ClientTransactionTableTest, AnotherBranchOrMethodFindsNothing) {
  SeededRandomSource random(1);
  ClientTransactionTable table(&random);
  auto owned = MakeTransaction(sip::Method::kInvite);
  const uint64_t key = owned->key;
  ClientTransaction* invite = owned.get();
  EXPECT_EQ(key, 0u);
  table.Add(std::move(owned));
  const std::string branch = BranchText(invite->key);
  // The response to its CANCEL has the same branch (RFC 3261 9.1).
  EXPECT_EQ(table.Match(MakeResponse(branch, "CANCEL").view), nullptr);
  EXPECT_EQ(table.Match(MakeResponse(BranchText(invite->key ^ 1), "INVITE").view), nullptr);
  EXPECT_EQ(table.Match(MakeResponse("z9hG4bKothers", "INVITE").view), nullptr);
}

TEST(ClientTransactionTableTest, RemovedIsForgottenAndDestroyed) {
  struct Watched final : ClientTransaction {
    explicit Watched(bool* destroyed) : destroyed(destroyed) {}
    ~Watched() override { *destroyed = true; }
    bool* const destroyed;
  };
  SeededRandomSource random(1);
  ClientTransactionTable table(&random);
  bool destroyed = false;
  auto owned = std::make_unique<Watched>(&destroyed);
  owned->method = "INVITE";
  ClientTransaction* transaction = owned.get();
  table.Add(std::move(owned));
  EXPECT_EQ(table.Any(), transaction);
  const std::string branch = BranchText(transaction->key);
  table.Remove(transaction);
  EXPECT_TRUE(destroyed);
  EXPECT_EQ(table.Match(MakeResponse(branch, "INVITE").view), nullptr);
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table.Any(), nullptr);
}

TEST(ClientTransactionTableTest, ChanceThatRepeatsItselfOrIsZeroIsDrawnAgain) {
  ListedSource random({7, 7, 0, 7, 8});
  ClientTransactionTable table(&random);
  auto first = MakeTransaction(sip::Method::kInvite);
  auto second = MakeTransaction(sip::Method::kInvite);
  ClientTransaction* a = first.get();
  ClientTransaction* b = second.get();
  table.Add(std::move(first));
  table.Add(std::move(second));
  EXPECT_EQ(a->key, 7u);
  EXPECT_EQ(b->key, 8u);
}

// An INVITE as it was sent, with all that must and all that must not be in its followers.
std::string SentInvite() {
  return "INVITE sip:bob@example.net;transport=tcp SIP/2.0\r\n"
         "Via: SIP/2.0/TCP us.example.com:5070;branch=z9hG4bKs00000000000000aa;rport\r\n"
         "Via: SIP/2.0/TCP inner.example.com;branch=z9hG4bKinner\r\n"
         "Route: <sip:p1.example.net;lr>\r\n"
         "Route: <sip:p2.example.net;lr>\r\n"
         "Max-Forwards: 12\r\n"
         "From: \"Alice\" <sip:alice@example.com>;tag=a1\r\n"
         "To: <sip:bob@example.net>\r\n"
         "Call-ID: call-9@us.example.com\r\n"
         "CSeq: 314 INVITE\r\n"
         "Contact: <sip:alice@us.example.com>\r\n"
         "Content-Type: text/plain\r\n"
         "Content-Length: 5\r\n"
         "\r\n"
         "hello";
}

std::string Busy(const std::string& to_line) {
  return absl::StrCat(
      "SIP/2.0 486 Busy Here\r\n"
      "Via: SIP/2.0/TCP us.example.com:5070;branch=z9hG4bKs00000000000000aa;rport=5070\r\n"
      "Via: SIP/2.0/TCP inner.example.com;branch=z9hG4bKinner\r\n"
      "From: \"Alice\" <sip:alice@example.com>;tag=a1\r\n",
      to_line, "Call-ID: call-9@us.example.com\r\nCSeq: 314 INVITE\r\nContent-Length: 0\r\n\r\n");
}

TEST(MakeAckTest, IsTheAckOfRfc3261Section17113) {
  const ParsedText invite(SentInvite());
  const ParsedText response(Busy("To: <sip:bob@example.net>;tag=b7\r\n"));
  ASSERT_TRUE(invite.verdict.ok());
  ASSERT_TRUE(response.verdict.ok());
  EXPECT_EQ(MakeAck(invite.view, response.view),
            "ACK sip:bob@example.net;transport=tcp SIP/2.0\r\n"
            "Via: SIP/2.0/TCP us.example.com:5070;branch=z9hG4bKs00000000000000aa;rport\r\n"
            "Route: <sip:p1.example.net;lr>\r\n"
            "Route: <sip:p2.example.net;lr>\r\n"
            "From: \"Alice\" <sip:alice@example.com>;tag=a1\r\n"
            "Call-ID: call-9@us.example.com\r\n"
            "To: <sip:bob@example.net>;tag=b7\r\n"
            "CSeq: 314 ACK\r\n"
            "Max-Forwards: 70\r\n"
            "Content-Length: 0\r\n"
            "\r\n");
}

TEST(MakeAckTest, TakesTheToAsThePeerWroteIt) {
  const ParsedText invite(SentInvite());
  for (const char* to_line : {"t: <sip:bob@example.net>;tag=b7\r\n",
                              "To: \"B, ob\" <sip:bob@example.net>\r\n ;tag=b7\r\n"}) {
    const ParsedText response(Busy(to_line));
    ASSERT_TRUE(response.verdict.ok()) << response.verdict.reason;
    const ParsedText ack(MakeAck(invite.view, response.view));
    ASSERT_TRUE(ack.verdict.ok()) << ack.verdict.reason << "\n" << ack.bytes;
    EXPECT_EQ(ack.view.to_tag(), "b7");
    EXPECT_EQ(ack.view.method_id(), sip::Method::kAck);
    EXPECT_EQ(ack.view.cseq_number(), 314u);
    EXPECT_EQ(ack.view.branch(), invite.view.branch());
  }
}

TEST(MakeCancelTest, IsTheCancelOfRfc3261Section91) {
  const ParsedText invite(SentInvite());
  EXPECT_EQ(MakeCancel(invite.view),
            "CANCEL sip:bob@example.net;transport=tcp SIP/2.0\r\n"
            "Via: SIP/2.0/TCP us.example.com:5070;branch=z9hG4bKs00000000000000aa;rport\r\n"
            "Route: <sip:p1.example.net;lr>\r\n"
            "Route: <sip:p2.example.net;lr>\r\n"
            "From: \"Alice\" <sip:alice@example.com>;tag=a1\r\n"
            "Call-ID: call-9@us.example.com\r\n"
            "To: <sip:bob@example.net>\r\n"
            "CSeq: 314 CANCEL\r\n"
            "Max-Forwards: 70\r\n"
            "Content-Length: 0\r\n"
            "\r\n");
}

TEST(MakeCancelTest, OfAReInviteKeepsTheToTag) {
  const ParsedText invite(
      absl::StrReplaceAll(SentInvite(), {{"To: <sip:bob@example.net>", "To: <sip:b@x>;tag=d1"}}));
  ASSERT_TRUE(invite.verdict.ok());
  const ParsedText cancel(MakeCancel(invite.view));
  ASSERT_TRUE(cancel.verdict.ok()) << cancel.verdict.reason;
  EXPECT_EQ(cancel.view.to_tag(), "d1");
  EXPECT_EQ(cancel.view.from_tag(), "a1");
}

TEST(MakeCancelTest, OneViaRowWithSeveralViasGivesOnlyTheTopOne) {
  TestRequest request{.method = "INVITE"};
  request.via = "SIP/2.0/TCP us;branch=z9hG4bKtop, SIP/2.0/TCP inner;branch=z9hG4bKin";
  const ParsedText invite(request);
  ASSERT_TRUE(invite.verdict.ok());
  const ParsedText cancel(MakeCancel(invite.view));
  ASSERT_TRUE(cancel.verdict.ok());
  EXPECT_EQ(cancel.view.branch(), "z9hG4bKtop");
  EXPECT_EQ(cancel.bytes.find("inner"), std::string::npos);
}

}  // namespace
}  // namespace sipcm::transaction
