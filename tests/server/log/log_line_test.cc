#include "server/log/log_line.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"

namespace sipcm::server {
namespace {

constexpr absl::Time kTime = absl::FromUnixMillis(1'780'000'000'123);

std::string Text(const std::string& value) {
  return FormatLogLine(LogFormat::kText, kTime, LogLevel::kInfo, "event", {{"key", value}});
}

std::string Json(const std::string& value) {
  return FormatLogLine(LogFormat::kJson, kTime, LogLevel::kWarning, "event", {{"key", value}});
}

TEST(LogLineTest, TextHasTimeLevelEventAndFields) {
  EXPECT_EQ(FormatLogLine(LogFormat::kText, kTime, LogLevel::kInfo, "connection_closed",
                          {{"manager", "edge"}, {"detail", "two words"}, {"empty", ""}}),
            "2026-05-28T20:26:40.123Z info connection_closed manager=edge detail=\"two words\" "
            "empty=\"\"");
}

TEST(LogLineTest, JsonHasTheSame) {
  EXPECT_EQ(Json("a"),
            "{\"time\":\"2026-05-28T20:26:40.123Z\",\"level\":\"warning\",\"event\":\"event\","
            "\"key\":\"a\"}");
}

TEST(LogLineTest, ControlCharactersAndQuotesAreEscaped) {
  const std::string hostile = std::string("a\nb\r\x1b[31m\x7f\"\\") + '\0' + "\t";
  EXPECT_TRUE(
      absl::EndsWith(Text(hostile), "key=\"a\\x0ab\\x0d\\x1b[31m\\x7f\\\"\\\\\\x00\\x09\""));
  EXPECT_TRUE(absl::EndsWith(
      Json(hostile), "\"key\":\"a\\u000ab\\u000d\\u001b[31m\\u007f\\\"\\\\\\u0000\\u0009\"}"));
}

TEST(LogLineTest, ForeignBytesAreEscapedAndUtf8Stays) {
  EXPECT_TRUE(absl::EndsWith(Text("gr\xc3\xbc\xc3\x9f\xff"), "key=\"gr\xc3\xbc\xc3\x9f\\xff\""));
  EXPECT_TRUE(absl::EndsWith(Json("\xff"), "\"key\":\"\\\\xff\"}"));
  // C1 controls, line separators, turned text, overlong and surrogate forms.
  for (const char* bad : {"\xc2\x9b", "\xe2\x80\xa8", "\xe2\x80\xae", "\xc0\x80", "\xed\xa0\x80"}) {
    EXPECT_FALSE(absl::StrContains(Text(bad), bad)) << bad;
    EXPECT_FALSE(absl::StrContains(Json(bad), bad)) << bad;
  }
}

TEST(LogLineTest, ALineForATerminalKeepsItsQuotesAndHasNoControls) {
  EXPECT_EQ(PrintableLine("\"gr\xc3\xbc\xc3\x9f\": a\\b"), "\"gr\xc3\xbc\xc3\x9f\": a\\b");
  EXPECT_EQ(PrintableLine("a\n\x1b]0;t\x07\xff\xc2\x9b"), "a\\x0a\\x1b]0;t\\x07\\xff\\xc2\\x9b");
  EXPECT_EQ(PrintableLine(std::string(5000, 'x')), std::string(5000, 'x'));
}

TEST(LogLineTest, LongValuesAreCut) {
  EXPECT_LT(Text(std::string(100'000, 'x')).size(), 1'100u);
  EXPECT_TRUE(absl::EndsWith(Text(std::string(100'000, 'x')), "...\""));
}

}  // namespace
}  // namespace sipcm::server
