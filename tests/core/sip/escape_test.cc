#include "core/sip/escape.h"

#include "gtest/gtest.h"

namespace sipcm::sip {
namespace {

TEST(EscapeTest, TwoHexDigitsBehindAPercentAreAByte) {
  EXPECT_EQ(DecodeEscape("a%41b", 1), 'A');
  EXPECT_EQ(DecodeEscape("%c3%A9", 3), 0xa9);
  EXPECT_EQ(DecodeEscape("%00", 0), 0);
}

TEST(EscapeTest, AnythingElseIsNone) {
  EXPECT_EQ(DecodeEscape("a41", 0), -1);
  EXPECT_EQ(DecodeEscape("%4", 0), -1);
  EXPECT_EQ(DecodeEscape("%4g", 0), -1);
  EXPECT_EQ(DecodeEscape("%41", 1), -1);
  EXPECT_EQ(DecodeEscape("", 0), -1);
}

}  // namespace
}  // namespace sipcm::sip
