#include "core/sip/warning.h"

#include <string>

#include "gtest/gtest.h"

namespace sipcm::sip {
namespace {

TEST(WarningTest, HasCodeAgentAndQuotedText) {
  EXPECT_EQ(MakeWarning(399, "edge.example.net", "To: no URI"),
            "399 edge.example.net \"To: no URI\"");
  EXPECT_EQ(MakeWarning(399, "[2001:db8::1]:5060", ""), "399 [2001:db8::1]:5060 \"\"");
}

TEST(WarningTest, NothingBreaksOutOfTheQuotes) {
  EXPECT_EQ(MakeWarning(399, "h", "a\"b\\c\r\nX: y\x01\x7f"), "399 h \"a\\\"b\\\\c??X: y??\"");
  EXPECT_EQ(MakeWarning(399, "h\r\nX: y", "t"), "399 h??X:?y \"t\"");
  EXPECT_EQ(MakeWarning(399, "", "t"), "399 - \"t\"");
}

TEST(WarningTest, LongTextIsCutBetweenCharacters) {
  EXPECT_EQ(MakeWarning(399, "h", std::string(kMaxWarningText, 'x')).size(),
            kMaxWarningText + std::string("399 h \"\"").size());
  const std::string text = std::string(kMaxWarningText - 1, 'x') + "\xC3\xA9";
  EXPECT_EQ(MakeWarning(399, "h", text), "399 h \"" + std::string(kMaxWarningText - 1, 'x') + "\"");
}

TEST(WarningTest, AppendsToWhatIsThere) {
  std::string out = "Warning: ";
  AppendWarning(399, "h", "t", &out);
  EXPECT_EQ(out, "Warning: 399 h \"t\"");
}

}  // namespace
}  // namespace sipcm::sip
