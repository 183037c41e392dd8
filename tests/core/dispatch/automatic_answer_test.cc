#include "core/dispatch/automatic_answer.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/sip/method.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/dispatch/test_request.h"

namespace sipcm::dispatch {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr Situation kAll[] = {
    Situation::kNoEndpoint,      Situation::kNothingMatches, Situation::kNotFound,
    Situation::kNoDialog,        Situation::kNoTransaction,  Situation::kNoSubscription,
    Situation::kApplicationGone, Situation::kOverloaded,     Situation::kExpired,
    Situation::kMethodNotTaken,  Situation::kDraining,       Situation::kMerged,
    Situation::kCancelled,       Situation::kCancelAccepted, Situation::kMethodUnknown,
    Situation::kUnknownScheme,   Situation::kBadExtension,   Situation::kTooManyHops,
    Situation::kTrying,
};

AnswerContext Context() {
  AnswerContext context;
  context.agent = "edge.example.com";
  context.to_tag = "ours";
  context.received_host = "192.0.2.7";
  context.received_port = 40001;
  return context;
}

std::string Answer(const TestRequest& request, Situation situation,
                   const AnswerContext& context = Context()) {
  const ParsedText parsed(request);
  EXPECT_TRUE(parsed.verdict.ok()) << parsed.verdict.reason;
  std::string out;
  EXPECT_TRUE(AppendAutomaticAnswer(parsed.view, situation, context, &out));
  return out;
}

std::string HeaderOf(const sip::MessageView& view, absl::string_view name) {
  const sip::HeaderField* field = view.Find(name);
  return field == nullptr ? "" : std::string(view.value(*field));
}

struct Row {
  Situation situation;
  int status;
  bool warns;
  bool retry_after;
};

class SituationTest : public ::testing::TestWithParam<Row> {};

TEST_P(SituationTest, IsAnsweredAsTheTableSays) {
  const Row& row = GetParam();
  const ParsedText answer(Answer({.method = "INVITE"}, row.situation));
  ASSERT_TRUE(answer.verdict.ok()) << answer.verdict.reason;
  EXPECT_FALSE(answer.view.is_request());
  EXPECT_EQ(answer.view.status_code(), row.status);
  EXPECT_EQ(StatusCodeOf(row.situation), row.status);
  EXPECT_EQ(HeaderOf(answer.view, "Retry-After"), row.retry_after ? "5" : "");
  const std::string warning = HeaderOf(answer.view, "Warning");
  if (row.warns) {
    EXPECT_EQ(warning, absl::StrCat("399 edge.example.com \"", ExplanationOf(row.situation), "\""));
    EXPECT_FALSE(ExplanationOf(row.situation).empty());
  } else {
    EXPECT_EQ(warning, "");
  }
  EXPECT_EQ(HeaderOf(answer.view, "Allow").empty(), row.situation != Situation::kMethodNotTaken &&
                                                        row.situation != Situation::kMethodUnknown);
}

INSTANTIATE_TEST_SUITE_P(AllRows, SituationTest,
                         ::testing::Values(Row{Situation::kNoEndpoint, 500, true, false},
                                           Row{Situation::kNothingMatches, 500, true, false},
                                           Row{Situation::kNotFound, 404, true, false},
                                           Row{Situation::kNoDialog, 481, true, false},
                                           Row{Situation::kNoTransaction, 481, true, false},
                                           Row{Situation::kNoSubscription, 480, true, true},
                                           Row{Situation::kApplicationGone, 500, true, true},
                                           Row{Situation::kOverloaded, 503, true, true},
                                           Row{Situation::kExpired, 500, true, false},
                                           Row{Situation::kMethodNotTaken, 405, true, false},
                                           Row{Situation::kMethodUnknown, 501, true, false},
                                           Row{Situation::kUnknownScheme, 416, true, false},
                                           Row{Situation::kBadExtension, 420, true, false},
                                           Row{Situation::kTooManyHops, 483, true, false},
                                           Row{Situation::kTrying, 100, false, false},
                                           Row{Situation::kDraining, 503, true, true},
                                           Row{Situation::kMerged, 482, true, false},
                                           Row{Situation::kCancelled, 487, false, false},
                                           Row{Situation::kCancelAccepted, 200, false, false}));

TEST(AutomaticAnswerTest, CopiesWhatMakesItTheAnswerToThatRequest) {
  const ParsedText answer(
      Answer({.method = "MESSAGE", .call_id = "xyz@host", .cseq = 77}, Situation::kExpired));
  ASSERT_TRUE(answer.verdict.ok());
  EXPECT_EQ(answer.view.call_id(), "xyz@host");
  EXPECT_EQ(answer.view.cseq_number(), 77u);
  EXPECT_EQ(answer.view.cseq_method(), "MESSAGE");
  EXPECT_EQ(answer.view.from_tag(), "f1");
  EXPECT_EQ(answer.view.branch(), "z9hG4bKpeer");
  EXPECT_EQ(answer.view.content_length(), 0u);
}

TEST(AutomaticAnswerTest, GivesTheToTagOnlyWhenTheRequestHasNone) {
  EXPECT_EQ(ParsedText(Answer({}, Situation::kExpired)).view.to_tag(), "ours");
  const ParsedText in_dialog(
      Answer({.to = "<sip:alice@example.com>;tag=theirs"}, Situation::kNoDialog));
  EXPECT_EQ(in_dialog.view.to_tag(), "theirs");
}

TEST(AutomaticAnswerTest, TellsInTheTopViaWhereTheRequestCameFrom) {
  const TestRequest request{.via =
                                "SIP/2.0/TLS inside.example.net:5061;branch=z9hG4bKa;rport, "
                                "SIP/2.0/TLS far.example.org;branch=z9hG4bKb"};
  const ParsedText answer(Answer(request, Situation::kNoEndpoint));
  ASSERT_TRUE(answer.verdict.ok());
  EXPECT_EQ(answer.view.top_via().received, "192.0.2.7");
  EXPECT_EQ(answer.view.top_via().rport, 40001);
  EXPECT_THAT(HeaderOf(answer.view, "Via"), HasSubstr("far.example.org;branch=z9hG4bKb"));
}

TEST(AutomaticAnswerTest, UnsupportedTellsWhichExtensions) {
  AnswerContext context = Context();
  context.unsupported = "foo, bar";
  EXPECT_EQ(HeaderOf(ParsedText(Answer({}, Situation::kBadExtension, context)).view, "Unsupported"),
            "foo, bar");
}

TEST(AutomaticAnswerTest, ATryingHasNoToTag) {
  EXPECT_EQ(ParsedText(Answer({.method = "INVITE"}, Situation::kTrying)).view.to_tag(), "");
}

TEST(AutomaticAnswerTest, AllowTellsWhatIsTakenOrElseAllThatIsKnown) {
  AnswerContext context = Context();
  EXPECT_EQ(HeaderOf(ParsedText(Answer({}, Situation::kMethodNotTaken, context)).view, "Allow"),
            sip::AllowedMethods());
  context.allow = "INVITE, BYE";
  EXPECT_EQ(HeaderOf(ParsedText(Answer({}, Situation::kMethodNotTaken, context)).view, "Allow"),
            "INVITE, BYE");
}

TEST(AutomaticAnswerTest, AnAckIsNeverAnswered) {
  const ParsedText ack(TestRequest{.method = "ACK"});
  ASSERT_TRUE(ack.verdict.ok());
  std::string out = "before";
  for (const Situation situation : kAll) {
    EXPECT_FALSE(AppendAutomaticAnswer(ack.view, situation, Context(), &out));
  }
  sip::ParseVerdict verdict;
  verdict.kind = sip::VerdictKind::kBad;
  verdict.answerable = true;
  verdict.status_code = 400;
  verdict.reason = "made up";
  EXPECT_FALSE(AppendRefusal(ack.view, verdict, Context(), &out));
  EXPECT_EQ(out, "before");
}

TEST(AutomaticAnswerTest, AppendsBehindWhatIsThere) {
  const ParsedText request{TestRequest{}};
  std::string out = "earlier bytes";
  ASSERT_TRUE(AppendAutomaticAnswer(request.view, Situation::kDraining, Context(), &out));
  EXPECT_THAT(out, StartsWith("earlier bytesSIP/2.0 503 "));
}

TEST(AutomaticAnswerTest, WithoutATagToGiveNothingIsWritten) {
  const ParsedText request{TestRequest{}};
  AnswerContext context = Context();
  context.to_tag = "";
  std::string out;
  EXPECT_FALSE(AppendAutomaticAnswer(request.view, Situation::kDraining, context, &out));
  EXPECT_EQ(out, "");
}

TEST(AutomaticAnswerTest, AnAgentThatCannotStandInAWarningIsMadeSafe) {
  AnswerContext context = Context();
  context.agent = "evil\r\nX-Injected: 1";
  const ParsedText answer(Answer({}, Situation::kNoEndpoint, context));
  ASSERT_TRUE(answer.verdict.ok());
  EXPECT_EQ(answer.view.Find("X-Injected"), nullptr);
}

TEST(AutomaticAnswerTest, EveryAnswerToEveryMethodIsASoundResponse) {
  for (const char* method : {"INVITE", "MESSAGE", "CANCEL", "BYE", "REGISTER", "X-NEW"}) {
    for (const Situation situation : kAll) {
      const ParsedText answer(Answer({.method = method}, situation));
      EXPECT_TRUE(answer.verdict.ok()) << method << " " << answer.verdict.reason;
      EXPECT_EQ(answer.bytes.size(), answer.bytes.find("\r\n\r\n") + 4);
    }
  }
}

TEST(RefusalTest, NamesTheFaultyField) {
  TestRequest bad;
  bad.more_headers = "Max-Forwards: 999\r\n";
  std::string text = bad.Text();
  text.erase(text.find("Max-Forwards: 70\r\n"), 18);
  const ParsedText request(text);
  ASSERT_FALSE(request.verdict.ok());
  ASSERT_TRUE(request.verdict.answerable);
  std::string out;
  ASSERT_TRUE(AppendRefusal(request.view, request.verdict, Context(), &out));
  const ParsedText answer(out);
  ASSERT_TRUE(answer.verdict.ok()) << answer.verdict.reason;
  EXPECT_EQ(answer.view.status_code(), 400);
  EXPECT_EQ(HeaderOf(answer.view, "Warning"),
            absl::StrCat("399 edge.example.com \"Max-Forwards: ", request.verdict.reason, "\""));
}

TEST(RefusalTest, AnotherSipVersionIs505) {
  std::string text = TestRequest{}.Text();
  text.replace(text.find(" SIP/2.0"), 8, " SIP/7.0");
  const ParsedText request(text);
  ASSERT_FALSE(request.verdict.ok());
  ASSERT_TRUE(request.verdict.answerable);
  std::string out;
  ASSERT_TRUE(AppendRefusal(request.view, request.verdict, Context(), &out));
  EXPECT_EQ(ParsedText(out).view.status_code(), 505);
}

TEST(RefusalTest, WhatCannotBeAnsweredIsNot) {
  std::string text = TestRequest{}.Text();
  text.erase(text.find("Call-ID: "), std::string("Call-ID: call-1@example.net\r\n").size());
  const ParsedText request(text);
  ASSERT_FALSE(request.verdict.ok());
  EXPECT_FALSE(request.verdict.answerable);
  std::string out;
  EXPECT_FALSE(AppendRefusal(request.view, request.verdict, Context(), &out));
  EXPECT_EQ(out, "");
}

}  // namespace
}  // namespace sipcm::dispatch
