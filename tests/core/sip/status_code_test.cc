#include "core/sip/status_code.h"

#include "gtest/gtest.h"

namespace sipcm::sip {
namespace {

TEST(StatusCodeTest, RegisteredCodesHaveTheirPhrase) {
  EXPECT_EQ(ReasonPhrase(100), "Trying");
  EXPECT_EQ(ReasonPhrase(200), "OK");
  EXPECT_EQ(ReasonPhrase(480), "Temporarily Unavailable");
  EXPECT_EQ(ReasonPhrase(481), "Call/Transaction Does Not Exist");
  EXPECT_EQ(ReasonPhrase(513), "Message Too Large");
  EXPECT_EQ(ReasonPhrase(608), "Rejected");
}

TEST(StatusCodeTest, OthersHaveThatOfTheirClass) {
  EXPECT_EQ(ReasonPhrase(198), "Progress");
  EXPECT_EQ(ReasonPhrase(299), "Success");
  EXPECT_EQ(ReasonPhrase(399), "Redirection");
  EXPECT_EQ(ReasonPhrase(499), "Request Failure");
  EXPECT_EQ(ReasonPhrase(599), "Server Failure");
  EXPECT_EQ(ReasonPhrase(699), "Global Failure");
}

TEST(StatusCodeTest, NoCodeIsWithoutPhrase) {
  for (int code = -1; code < 800; ++code) EXPECT_FALSE(ReasonPhrase(code).empty()) << code;
}

TEST(StatusCodeTest, ClassesEndWhereTheyShould) {
  EXPECT_FALSE(IsStatusCode(99));
  EXPECT_TRUE(IsStatusCode(100));
  EXPECT_TRUE(IsStatusCode(699));
  EXPECT_FALSE(IsStatusCode(700));
  EXPECT_FALSE(IsFinal(199));
  EXPECT_TRUE(IsFinal(200));
}

}  // namespace
}  // namespace sipcm::sip
