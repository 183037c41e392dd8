#include "core/sip/cseq.h"

#include "gtest/gtest.h"

namespace sipcm::sip {
namespace {

TEST(CseqTest, GivesNumberAndMethod) {
  Cseq cseq;
  EXPECT_EQ(ParseCseq("0009\r\n  INVITE", &cseq), CseqForm::kValid);
  EXPECT_EQ(cseq.number, 9u);
  EXPECT_EQ(cseq.method, "INVITE");
}

TEST(CseqTest, NumbersEndBelowTwoToTheThirtyFirst) {
  Cseq cseq;
  EXPECT_EQ(ParseCseq("2147483647 BYE", &cseq), CseqForm::kValid);
  EXPECT_EQ(cseq.number, kMaxCseq);
  for (const char* text : {"2147483648 BYE", "4294967297 BYE", "36893488147419103232 BYE"}) {
    EXPECT_EQ(ParseCseq(text, &cseq), CseqForm::kOutOfRange) << text;
    EXPECT_EQ(cseq.method, "BYE");
    EXPECT_EQ(cseq.number, 0u);
  }
}

TEST(CseqTest, MalformedOnesAreRefused) {
  for (const char* text :
       {"", "1", "1 ", "BYE", "1BYE", "-1 BYE", "+1 BYE", "1 BY E", "1 B/E", "0x1 BYE", "1, BYE"}) {
    Cseq cseq;
    EXPECT_EQ(ParseCseq(text, &cseq), CseqForm::kMalformed) << text;
  }
}

}  // namespace
}  // namespace sipcm::sip
