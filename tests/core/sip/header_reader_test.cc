#include "core/sip/header_reader.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/core/sip/test_message.h"

namespace sipcm::sip {
namespace {

std::string Read(const TestMessage& message, HeaderId id) {
  const ParsedMessage parsed(message);
  HeaderReader reader(parsed.view, id);
  std::string result;
  for (absl::string_view element; reader.Next(&element);) absl::StrAppend(&result, element, "|");
  if (!reader.well_formed()) result += "!";
  return result;
}

TEST(HeaderReaderTest, GoesThroughAllRowsInOrder) {
  EXPECT_EQ(Read(TestMessage::Request()
                     .Add("Route", "<sip:1>, <sip:2,3>")
                     .Add("X", "no")
                     .Add("Route", "")
                     .Add("ROUTE", "<sip:4>"),
                 HeaderId::kRoute),
            "<sip:1>|<sip:2,3>|<sip:4>|");
}

TEST(HeaderReaderTest, GivesNothingForAMissingHeader) {
  EXPECT_EQ(Read(TestMessage::Request(), HeaderId::kRoute), "");
}

TEST(HeaderReaderTest, RemembersAFaultInAnEarlierRow) {
  EXPECT_EQ(
      Read(TestMessage::Request().Add("Route", "<sip:1").Add("Route", "<sip:2>"), HeaderId::kRoute),
      "<sip:1|<sip:2>|!");
}

TEST(HeaderReaderTest, HeaderContainsLooksInEveryRow) {
  const ParsedMessage parsed(
      TestMessage::Request().Add("Supported", "timer, path").Add("k", "Outbound"));
  EXPECT_TRUE(HeaderContains(parsed.view, HeaderId::kSupported, "path"));
  EXPECT_TRUE(HeaderContains(parsed.view, HeaderId::kSupported, "outbound"));
  EXPECT_FALSE(HeaderContains(parsed.view, HeaderId::kSupported, "pat"));
  EXPECT_FALSE(HeaderContains(parsed.view, HeaderId::kRequire, "path"));
}

}  // namespace
}  // namespace sipcm::sip
