#include "server/messaging/conversion/utf8_text.h"

#include <gtest/gtest.h>

#include <string>

namespace sipcm::server {
namespace {

std::string Utf8(absl::string_view bytes) {
  std::string text = "what was there before";
  AssignUtf8(bytes, &text);
  return text;
}

constexpr char kSign[] = "\xEF\xBF\xBD";

TEST(Utf8TextTest, AsciiAndWellFormedSequencesPassUnchanged) {
  for (const char* text : {"", "a", "exactly8", "longer than eight bytes", "J\xC3\xBCrgen",
                           "\xE2\x82\xAC 12", "\xF0\x9F\x93\x9E",
                           "12345678\xC3\xBC"
                           "12345678"}) {
    EXPECT_EQ(Utf8(text), text);
  }
}

TEST(Utf8TextTest, EachForeignByteBecomesAReplacementCharacter) {
  EXPECT_EQ(Utf8("J\xFCrgen"), std::string("J") + kSign + "rgen");      // Latin-1
  EXPECT_EQ(Utf8("\xC3"), kSign);                                       // cut off
  EXPECT_EQ(Utf8("\x80x"), std::string(kSign) + "x");                   // lone continuation
  EXPECT_EQ(Utf8("\xC0\xAF"), std::string(kSign) + kSign);              // overlong
  EXPECT_EQ(Utf8("\xE0\x80\xAF"), std::string(kSign) + kSign + kSign);  // overlong
  EXPECT_EQ(Utf8("\xED\xA0\x80"), std::string(kSign) + kSign + kSign);  // surrogate
  EXPECT_EQ(Utf8("\xF4\x90\x80\x80"), std::string(kSign) + kSign + kSign + kSign);  // too large
}

}  // namespace
}  // namespace sipcm::server
