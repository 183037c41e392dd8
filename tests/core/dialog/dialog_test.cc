#include "core/dialog/dialog.h"

#include "core/dialog/dialog_id.h"
#include "gtest/gtest.h"
#include "tests/core/dispatch/test_request.h"

namespace sipcm::dialog {
namespace {

using dispatch::ParsedText;

constexpr char kRoutes[] =
    "Record-Route: <sip:p1.example.net;lr>\r\n"
    "Record-Route: <sip:p2.example.net;lr>,\r\n <sip:p3.example.net;lr>\r\n";

std::string Response(int status_code, const std::string& more_headers) {
  return absl::StrCat("SIP/2.0 ", status_code,
                      " X\r\nVia: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bKx\r\n", more_headers,
                      "From: \"Alice\" <sip:alice@example.com>;tag=ours\r\n"
                      "To: <sip:bob@example.net>;tag=theirs\r\nCall-ID: c1\r\nCSeq: 7 INVITE\r\n"
                      "Content-Length: 0\r\n\r\n");
}

TEST(DialogIdTest, ATagNamesItsDialogAndOthersNone) {
  const DialogId id(3, 77, 0x123456789);
  DialogId read;
  ASSERT_TRUE(ParseTag(TagText(id), &read));
  EXPECT_EQ(read, id);
  for (const std::string tag : {"", "sd", "1918181833n", "3fa85f64a1b2c3d", "sd0123"}) {
    EXPECT_FALSE(ParseTag(tag, &read)) << tag;
  }
  EXPECT_EQ(read, id);
}

TEST(DialogTest, ACallerTakesRoutesInReverseOrder) {
  const ParsedText ok(
      Response(200, absl::StrCat(kRoutes, "Contact: \"Bob\" <sip:bob@192.0.2.8:5070>;q=1\r\n")));
  ASSERT_TRUE(ok.verdict.ok());
  Dialog dialog;
  dialog.BeginAsCaller(ok.view);
  EXPECT_EQ(dialog.routes,
            "<sip:p3.example.net;lr>, <sip:p2.example.net;lr>, <sip:p1.example.net;lr>");
  EXPECT_EQ(dialog.remote_target, "sip:bob@192.0.2.8:5070");
  EXPECT_EQ(dialog.local, "\"Alice\" <sip:alice@example.com>;tag=ours");
  EXPECT_EQ(dialog.remote, "<sip:bob@example.net>;tag=theirs");
  EXPECT_EQ(dialog.remote_tag, "theirs");
  EXPECT_EQ(dialog.call_id, "c1");
  EXPECT_EQ(dialog.local_cseq, 7u);
}

TEST(DialogTest, ACalleeTakesRoutesInTheirOrder) {
  const ParsedText invite({.method = "INVITE",
                           .cseq = 5,
                           .more_headers = absl::StrCat(kRoutes, "m: <sip:bob@192.0.2.8>\r\n")});
  ASSERT_TRUE(invite.verdict.ok());
  Dialog dialog;
  dialog.BeginAsCallee(invite.view, "<sip:alice@example.com>;tag=ours");
  EXPECT_EQ(dialog.routes,
            "<sip:p1.example.net;lr>, <sip:p2.example.net;lr>, <sip:p3.example.net;lr>");
  EXPECT_EQ(dialog.remote_target, "sip:bob@192.0.2.8");
  EXPECT_EQ(dialog.local, "<sip:alice@example.com>;tag=ours");
  EXPECT_EQ(dialog.remote, "<sip:bob@example.net>;tag=f1");
  EXPECT_EQ(dialog.remote_cseq, 5u);
}

TEST(DialogTest, WithoutContactTheTargetIsTheOtherSidesAddress) {
  const ParsedText ringing(Response(180, ""));
  Dialog dialog;
  dialog.BeginAsCaller(ringing.view);
  EXPECT_EQ(dialog.remote_target, "sip:bob@example.net");
}

TEST(DialogTest, ASuccessAfterRequestsOfTheEarlyDialogDoesNotCountBack) {
  Dialog dialog;
  dialog.local_cseq = 9;
  const ParsedText ok(Response(200, ""));
  dialog.BeginAsCaller(ok.view);
  EXPECT_EQ(dialog.local_cseq, 9u);
}

TEST(DialogTest, AHeaderThatIsFoldedStaysOneLine) {
  const ParsedText invite(
      dispatch::TestRequest{.method = "INVITE", .from = "\"B\"\r\n <sip:b@x>;tag=f"});
  ASSERT_TRUE(invite.verdict.ok());
  Dialog dialog;
  dialog.BeginAsCallee(invite.view, "<sip:a@y>\r\n\t;tag=ours");
  EXPECT_EQ(dialog.remote, "\"B\" <sip:b@x>;tag=f");
  EXPECT_EQ(dialog.local, "<sip:a@y> ;tag=ours");
}

TEST(DialogTest, ACseqThatIsNotHigherIsOutOfOrder) {
  Dialog dialog;
  EXPECT_TRUE(dialog.TakeRemoteCseq(0)) << "a number as any";
  EXPECT_FALSE(dialog.TakeRemoteCseq(0));
  EXPECT_TRUE(dialog.TakeRemoteCseq(10));
  EXPECT_FALSE(dialog.TakeRemoteCseq(10)) << "a copy that came by another way";
  EXPECT_TRUE(dialog.TakeRemoteCseq(12));
  EXPECT_FALSE(dialog.TakeRemoteCseq(11));
  EXPECT_EQ(dialog.remote_cseq, 12u);
}

TEST(DialogTest, ATargetIsRefreshedOnlyByAContact) {
  Dialog dialog;
  dialog.remote_target = "sip:a@old";
  dialog.RefreshTarget("");
  EXPECT_EQ(dialog.remote_target, "sip:a@old");
  dialog.RefreshTarget("sip:a@new");
  EXPECT_EQ(dialog.remote_target, "sip:a@new");
}

TEST(DialogTest, WhatIsLargerThanADialogMayBeMakesNone) {
  for (const size_t length : {size_t{100}, kMaxKeptBytes}) {
    const dispatch::ParsedText invite(
        {.method = "INVITE",
         .more_headers =
             absl::StrCat("Record-Route: <sip:", std::string(length, 'p'), ";lr>\r\n")});
    EXPECT_EQ(Fits(invite.view), length == 100);
  }
  Dialog dialog;
  dialog.RefreshTarget("sip:a@b");
  dialog.RefreshTarget(absl::StrCat("sip:", std::string(kMaxKeptBytes, 'a')));
  EXPECT_EQ(dialog.remote_target, "sip:a@b");
}

}  // namespace
}  // namespace sipcm::dialog
