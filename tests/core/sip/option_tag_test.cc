#include "core/sip/option_tag.h"

#include <string>

#include "gtest/gtest.h"
#include "tests/core/sip/test_message.h"

namespace sipcm::sip {
namespace {

TEST(OptionTagTest, RegisteredAndMicrosoftTagsAreKnownInAnyCase) {
  for (const char* tag : {"100rel", "100REL", "199", "timer", "Replaces", "gruu", "uui",
                          "ms-early-media", "MS-Piggyback", "com.microsoft.autoextend"}) {
    EXPECT_TRUE(IsKnownOptionTag(tag)) << tag;
  }
  for (const char* tag : {"", "100re", "100rel2", "nothingSupportsThis", "ms", "microsoft"}) {
    EXPECT_FALSE(IsKnownOptionTag(tag)) << tag;
  }
}

TEST(OptionTagTest, UnsupportedNamesTheUnknownOnesOfAllRequireRowsInOrder) {
  const auto unknown = [](const TestMessage& message) {
    return UnknownRequirements(ParsedMessage(message).view);
  };
  EXPECT_EQ(unknown(TestMessage::Request()), "");
  EXPECT_EQ(unknown(TestMessage::Request().Add("Require", "100rel, timer")), "");
  EXPECT_EQ(unknown(TestMessage::Request()
                        .Add("Require", "foo, 100rel,bar")
                        .Add("Proxy-Require", "baz")
                        .Add("Require", "qux")),
            "foo, bar, qux");
  EXPECT_EQ(unknown(TestMessage::Request().Add("Require", "")), "");
}

}  // namespace
}  // namespace sipcm::sip
