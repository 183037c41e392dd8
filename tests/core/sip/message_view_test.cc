#include "core/sip/message_view.h"

#include <string>

#include "core/sip/parser.h"
#include "gtest/gtest.h"
#include "tests/core/sip/test_message.h"

namespace sipcm::sip {
namespace {

TEST(MessageViewTest, FindsHeadersByIdAndByName) {
  const ParsedMessage parsed(TestMessage::Request().Add("X-Trace", "1").Add("k", "timer"));
  const MessageView& view = parsed.view;
  EXPECT_EQ(view.FirstValue(HeaderId::kSupported), "timer");
  EXPECT_EQ(view.value(*view.Find("SUPPORTED")), "timer");
  EXPECT_EQ(view.value(*view.Find("x-trace")), "1");
  EXPECT_EQ(view.name(*view.Find("x-trace")), "X-Trace");
  EXPECT_EQ(view.line(*view.Find("x-trace")), "X-Trace: 1\r\n");
  EXPECT_EQ(view.Find("X-Other"), nullptr);
  EXPECT_EQ(view.Find(""), nullptr);
  EXPECT_EQ(view.Find("a b"), nullptr);
  EXPECT_EQ(view.Find(HeaderId::kRoute), nullptr);
  EXPECT_EQ(view.FirstValue(HeaderId::kRoute), "");
}

TEST(MessageViewTest, FindNextGivesTheSameHeaderInOrder) {
  const ParsedMessage parsed(TestMessage::Request()
                                 .Add("Route", "<sip:1>")
                                 .Add("X-A", "1")
                                 .Add("X-B", "no")
                                 .Add("route", "<sip:2>")
                                 .Add("x-a", "2"));
  const MessageView& view = parsed.view;
  const HeaderField* route = view.FindNext(*view.Find(HeaderId::kRoute));
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(view.value(*route), "<sip:2>");
  EXPECT_EQ(view.FindNext(*route), nullptr);
  const HeaderField* unknown = view.FindNext(*view.Find("X-A"));
  ASSERT_NE(unknown, nullptr);
  EXPECT_EQ(view.value(*unknown), "2");
  EXPECT_EQ(view.FindNext(*unknown), nullptr);
}

TEST(MessageViewTest, RebaseFollowsTheBytes) {
  ParsedMessage parsed(TestMessage::Request().Body("hello"));
  const std::string copy = parsed.bytes;
  parsed.bytes.assign(parsed.bytes.size(), '?');
  parsed.view.Rebase(copy.data());
  EXPECT_EQ(parsed.view.bytes().data(), copy.data());
  EXPECT_EQ(parsed.view.call_id(), "call@example.net");
  EXPECT_EQ(parsed.view.top_via().host, "client.example.net");
  EXPECT_EQ(parsed.view.from().uri, "sip:alice@example.net");
  EXPECT_EQ(parsed.view.body(), "hello");
}

TEST(MessageViewTest, CopyIndexFromMakesAViewOfACopy) {
  const ParsedMessage parsed(TestMessage::Request().Add("X-Trace", "1").Body("hello"));
  const std::string copy = parsed.bytes;
  MessageView view;
  view.CopyIndexFrom(parsed.view, copy.data());
  EXPECT_TRUE(view.is_request());
  EXPECT_EQ(view.method_id(), Method::kOptions);
  EXPECT_EQ(view.bytes().data(), copy.data());
  EXPECT_EQ(view.bytes(), copy);
  EXPECT_EQ(view.body(), "hello");
  EXPECT_EQ(view.cseq_number(), 7u);
  EXPECT_EQ(view.max_forwards(), 70);
  EXPECT_EQ(view.branch(), "z9hG4bKtest");
  EXPECT_EQ(view.from_tag(), "a1");
  EXPECT_EQ(view.headers().size(), parsed.view.headers().size());
  EXPECT_EQ(view.value(*view.Find("x-trace")), "1");
  EXPECT_EQ(view.Find(HeaderId::kTo)->value.offset, parsed.view.Find(HeaderId::kTo)->value.offset);
}

TEST(MessageViewTest, AnEmptyOneAnswersNothing) {
  MessageView view;
  EXPECT_EQ(view.bytes(), "");
  EXPECT_EQ(view.body(), "");
  EXPECT_EQ(view.method(), "");
  EXPECT_EQ(view.call_id(), "");
  EXPECT_EQ(view.top_via().element, "");
  EXPECT_EQ(view.from().uri, "");
  EXPECT_TRUE(view.headers().empty());
}

}  // namespace
}  // namespace sipcm::sip
