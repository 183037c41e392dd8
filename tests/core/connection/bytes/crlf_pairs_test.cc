#include "core/connection/bytes/crlf_pairs.h"

#include "gtest/gtest.h"

namespace sipcm::connection {
namespace {

TEST(CrlfPairsTest, TheSecondOfEachPairCompletesAPing) {
  CrlfPairs pairs;
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(pairs.Take());
    EXPECT_TRUE(pairs.Take());
  }
}

TEST(CrlfPairsTest, TheAnswersToTwoPingsAreNoPing) {
  CrlfPairs pairs;
  for (int i = 0; i < 5; ++i) {
    pairs.NotePingSent();
    EXPECT_FALSE(pairs.Take());
  }
}

TEST(CrlfPairsTest, APingAfterTheAnswerToOursIsAPing) {
  CrlfPairs pairs;
  pairs.NotePingSent();
  EXPECT_FALSE(pairs.Take());
  EXPECT_FALSE(pairs.Take());
  EXPECT_TRUE(pairs.Take());
}

TEST(CrlfPairsTest, AMessageBetweenEndsThePair) {
  CrlfPairs pairs;
  EXPECT_FALSE(pairs.Take());
  pairs.NoteMessage();
  EXPECT_FALSE(pairs.Take());
  EXPECT_TRUE(pairs.Take());
}

}  // namespace
}  // namespace sipcm::connection
