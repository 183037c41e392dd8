#include "core/transaction/branch.h"

#include <set>
#include <string>

#include "core/base/random_source.h"
#include "core/sip/via.h"
#include "gtest/gtest.h"

namespace sipcm::transaction {
namespace {

TEST(BranchTest, EveryKeyComesBack) {
  SeededRandomSource random(1);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const uint64_t key = random.Next();
    const std::string branch = BranchText(key);
    EXPECT_TRUE(seen.insert(branch).second);
    uint64_t parsed = 0;
    ASSERT_TRUE(ParseBranch(branch, &parsed)) << branch;
    EXPECT_EQ(parsed, key);
  }
  for (const uint64_t key : {uint64_t{0}, uint64_t{1}, ~uint64_t{0}}) {
    uint64_t parsed = 99;
    ASSERT_TRUE(ParseBranch(BranchText(key), &parsed));
    EXPECT_EQ(parsed, key);
  }
}

TEST(BranchTest, HasTheCookieThatMakesItUnique) {
  sip::Via via;
  const std::string text = "SIP/2.0/TCP host;branch=" + BranchText(0xabc);
  ASSERT_EQ(sip::ParseVia(text, &via), "");
  EXPECT_TRUE(via.has_unique_branch());
  EXPECT_EQ(BranchText(0xabc), "z9hG4bKs0000000000000abc");
}

TEST(BranchTest, WhatIsNotOursIsNot) {
  for (const char* branch :
       {"", "z9hG4bK", "z9hG4bKs", "z9hG4bKs123", "z9hG4bKs00000000000000001",
        "z9hG4bKs000000000000000g", "z9hG4bKt0000000000000001", "x9hG4bKs0000000000000001",
        "z9hG4bKs0x00000000000001", "z9hG4bKs+000000000000001", "z9hG4bKs 000000000000001",
        "z9hG4bKs-000000000000001", "z9hG4bKs00000000 0000001"}) {
    uint64_t key = 0;
    EXPECT_FALSE(ParseBranch(branch, &key)) << branch;
  }
}

}  // namespace
}  // namespace sipcm::transaction
