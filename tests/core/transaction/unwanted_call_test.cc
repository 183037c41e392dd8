#include "core/transaction/unwanted_call.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/transaction/call_key.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/dispatch/test_request.h"

namespace sipcm::transaction {
namespace {

using dispatch::ParsedText;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kBranch[] = "z9hG4bKnew";

const ParsedText& Invite() {
  static const ParsedText* const invite =
      new ParsedText({.method = "INVITE",
                      .uri = "sip:bob@example.net",
                      .to = "<sip:bob@example.net>",
                      .from = "<sip:alice@example.com>;tag=ours",
                      .via = "SIP/2.0/TLS edge.example.com:5061;branch=z9hG4bKold;alias",
                      .cseq = 7,
                      .more_headers = "Contact: <sip:alice@edge.example.com>\r\n",
                      .body = "v=0"});
  return *invite;
}

// The 2xx with these header rows.
ParsedText Success(const std::string& rows) {
  return ParsedText(absl::StrCat(
      "SIP/2.0 200 OK\r\nVia: SIP/2.0/TLS edge.example.com:5061;branch=z9hG4bKold\r\n",
      "From: <sip:alice@example.com>;tag=ours\r\nTo: <sip:bob@example.net>;tag=theirs\r\n",
      "Call-ID: call-1@example.net\r\nCSeq: 7 INVITE\r\n", rows, "Content-Length: 0\r\n\r\n"));
}

std::vector<std::string> RoutesOf(const sip::MessageView& request) {
  std::vector<std::string> routes;
  const sip::HeaderField* field = request.Find(sip::HeaderId::kRoute);
  for (; field != nullptr; field = request.FindNext(*field)) {
    routes.emplace_back(request.value(*field));
  }
  return routes;
}

TEST(UnwantedCallTest, AckAndByeGoToTheRemoteTargetInTheDialogThatTheyEnd) {
  const ParsedText success = Success("Contact: \"Bob\" <sip:bob@192.0.2.4:5070;transport=tcp>\r\n");
  const ParsedText ack(MakeAckOfSuccess(Invite().view, success.view, kBranch));
  const ParsedText bye(MakeBye(Invite().view, success.view, kBranch));
  ASSERT_TRUE(ack.verdict.ok()) << ack.verdict.reason;
  ASSERT_TRUE(bye.verdict.ok()) << bye.verdict.reason;
  EXPECT_EQ(ack.view.method(), "ACK");
  EXPECT_EQ(ack.view.cseq_number(), 7u);
  EXPECT_EQ(bye.view.method(), "BYE");
  EXPECT_EQ(bye.view.cseq_number(), 8u);
  for (const ParsedText* request : {&ack, &bye}) {
    EXPECT_EQ(request->view.request_uri(), "sip:bob@192.0.2.4:5070;transport=tcp");
    EXPECT_EQ(request->view.top_via().element,
              "SIP/2.0/TLS edge.example.com:5061;branch=z9hG4bKnew");
    EXPECT_EQ(request->view.call_id(), "call-1@example.net");
    EXPECT_EQ(request->view.from_tag(), "ours");
    EXPECT_EQ(request->view.to_tag(), "theirs");
    EXPECT_EQ(request->view.body(), "");
    EXPECT_THAT(RoutesOf(request->view), IsEmpty());
  }
}

TEST(UnwantedCallTest, TheRecordRouteIsGoneBackwards) {
  const ParsedText success = Success(
      "Record-Route: <sip:p3.example.net;lr>, <sip:p2.example.net;lr>\r\n"
      "Contact: <sip:bob@192.0.2.4>\r\nRecord-Route: <sip:p1.example.net;lr>\r\n");
  const ParsedText bye(MakeBye(Invite().view, success.view, kBranch));
  EXPECT_EQ(bye.view.request_uri(), "sip:bob@192.0.2.4");
  EXPECT_THAT(RoutesOf(bye.view), ElementsAre("<sip:p1.example.net;lr>", "<sip:p2.example.net;lr>",
                                              "<sip:p3.example.net;lr>"));
}

TEST(UnwantedCallTest, AStrictRouterTakesThePlaceOfTheTarget) {
  const ParsedText success = Success(
      "Record-Route: <sip:p2.example.net;lr>, <sip:p1.example.net>\r\n"
      "Contact: <sip:bob@192.0.2.4>\r\n");
  const ParsedText ack(MakeAckOfSuccess(Invite().view, success.view, kBranch));
  EXPECT_EQ(ack.view.request_uri(), "sip:p1.example.net");
  EXPECT_THAT(RoutesOf(ack.view), ElementsAre("<sip:p2.example.net;lr>", "<sip:bob@192.0.2.4>"));
}

TEST(UnwantedCallTest, WithoutAContactTheInvitesOwnTargetIsAllThereIs) {
  const ParsedText bye(MakeBye(Invite().view, Success("").view, kBranch));
  EXPECT_EQ(bye.view.request_uri(), "sip:bob@example.net");
}

TEST(UnwantedCallTest, TheAckHasTheCredentialsOfTheInviteAndTheByeHasNot) {
  const std::string credentials = "Authorization: Digest a\r\nProxy-Authorization: Digest b\r\n";
  const ParsedText invite({.method = "INVITE", .more_headers = credentials});
  const ParsedText success = Success("");
  const ParsedText ack(MakeAckOfSuccess(invite.view, success.view, kBranch));
  EXPECT_EQ(ack.view.FirstValue(sip::HeaderId::kAuthorization), "Digest a");
  EXPECT_EQ(ack.view.FirstValue(sip::HeaderId::kProxyAuthorization), "Digest b");
  const ParsedText bye(MakeBye(invite.view, success.view, kBranch));
  EXPECT_EQ(bye.view.Find(sip::HeaderId::kAuthorization), nullptr);
}

TEST(UnwantedCallTest, WithinACallTheRouteStaysAsItWas) {
  const ParsedText invite({.method = "INVITE",
                           .to = "<sip:bob@example.net>;tag=theirs",
                           .more_headers = "Route: <sip:p1;lr>, <sip:p2;lr>\r\n"});
  const ParsedText success = Success("Contact: <sip:moved@b>\r\nRecord-Route: <sip:other;lr>\r\n");
  const ParsedText ack(MakeAckOfSuccess(invite.view, success.view, kBranch));
  EXPECT_EQ(ack.view.request_uri(), "sip:moved@b");
  EXPECT_THAT(RoutesOf(ack.view), ElementsAre("<sip:p1;lr>", "<sip:p2;lr>"));
}

TEST(CallKeyTest, A2xxAndItsAckShareItWhateverTheirBranches) {
  const ParsedText success = Success("");
  const ParsedText ack(MakeAckOfSuccess(Invite().view, success.view, kBranch));
  EXPECT_EQ(CallKeyOf(ack.view), CallKeyOf(success.view));
  EXPECT_NE(CallKeyOf(Invite().view), CallKeyOf(success.view));
  const ParsedText bye(MakeBye(Invite().view, success.view, kBranch));
  EXPECT_NE(CallKeyOf(bye.view), CallKeyOf(success.view));
}

}  // namespace
}  // namespace sipcm::transaction
