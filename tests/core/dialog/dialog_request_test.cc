#include "core/dialog/dialog_request.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sipcm::dialog {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::Pair;

class DialogRequestTest : public ::testing::Test {
 protected:
  DialogRequestTest() {
    dialog_.local = "<sip:alice@example.com>;tag=ours";
    dialog_.remote = "<sip:bob@example.net>;tag=theirs";
    dialog_.call_id = "c1";
    dialog_.remote_target = "sip:bob@192.0.2.8";
    dialog_.local_cseq = 3;
  }
  Dialog dialog_;
};

TEST_F(DialogRequestTest, ByeSaysAllThatTheDialogKnows) {
  const DialogRequest bye = MakeRequest("BYE", &dialog_);
  EXPECT_EQ(bye.request_uri, "sip:bob@192.0.2.8");
  EXPECT_THAT(bye.headers, ElementsAre(Pair("From", "<sip:alice@example.com>;tag=ours"),
                                       Pair("To", "<sip:bob@example.net>;tag=theirs"),
                                       Pair("Call-ID", "c1"), Pair("CSeq", "4 BYE")));
}

TEST_F(DialogRequestTest, EachRequestCountsUpAndAnAckHasTheNumberOfItsInvite) {
  MakeRequest("INVITE", &dialog_);
  EXPECT_THAT(MakeRequest("INFO", &dialog_).headers, Contains(Pair("CSeq", "5 INFO")));
  EXPECT_THAT(MakeRequest("ACK", &dialog_).headers, Contains(Pair("CSeq", "4 ACK")));
  EXPECT_THAT(MakeRequest("BYE", &dialog_).headers, Contains(Pair("CSeq", "6 BYE")));
}

TEST_F(DialogRequestTest, LooseRoutesLeaveTheTargetInTheRequestUri) {
  dialog_.routes = "<sip:p1.example.net;lr>, <sip:p2.example.net;lr>";
  const DialogRequest bye = MakeRequest("BYE", &dialog_);
  EXPECT_EQ(bye.request_uri, "sip:bob@192.0.2.8");
  EXPECT_THAT(bye.headers,
              Contains(Pair("Route", "<sip:p1.example.net;lr>, <sip:p2.example.net;lr>")));
}

TEST_F(DialogRequestTest, AStrictRouterGetsItselfInTheRequestUriAndTheTargetAtTheEnd) {
  dialog_.routes = "<sip:p1.example.net>, <sip:p2.example.net;lr>";
  const DialogRequest bye = MakeRequest("BYE", &dialog_);
  EXPECT_EQ(bye.request_uri, "sip:p1.example.net");
  EXPECT_THAT(bye.headers, Contains(Pair("Route", "<sip:p2.example.net;lr>, <sip:bob@192.0.2.8>")));
}

TEST_F(DialogRequestTest, TheOnlyStrictRouterLeavesTheTargetAsRoute) {
  dialog_.routes = "<sip:p1.example.net>";
  EXPECT_THAT(MakeRequest("BYE", &dialog_).headers, Contains(Pair("Route", "<sip:bob@192.0.2.8>")));
}

TEST_F(DialogRequestTest, TheApplicationsContactGoesWithWhatRefreshesTheTarget) {
  dialog_.contact = "<sip:me@192.0.2.1;context=7>";
  for (const char* method : {"INVITE", "UPDATE", "SUBSCRIBE", "NOTIFY"}) {
    EXPECT_THAT(MakeRequest(method, &dialog_).headers, Contains(Pair("Contact", dialog_.contact)))
        << method;
  }
  for (const char* method : {"BYE", "INFO", "ACK"}) {
    EXPECT_THAT(MakeRequest(method, &dialog_).headers,
                Not(Contains(Pair("Contact", dialog_.contact))))
        << method;
  }
}

}  // namespace
}  // namespace sipcm::dialog
