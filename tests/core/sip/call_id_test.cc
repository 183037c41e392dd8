#include "core/sip/call_id.h"

#include "gtest/gtest.h"

namespace sipcm::sip {
namespace {

TEST(CallIdTest, WordsMayHoldOddCharacters) {
  EXPECT_TRUE(IsCallId("a84b4c76e66710@pc33.example.com"));
  EXPECT_TRUE(IsCallId("intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{"));
}

TEST(CallIdTest, EmptyOrSpacedOnesAreRefused) {
  for (const char* text : {"", "a b", "a\tb", "a\r\n b", "a\x7f", "\x01"}) {
    EXPECT_FALSE(IsCallId(text)) << text;
  }
}

}  // namespace
}  // namespace sipcm::sip
