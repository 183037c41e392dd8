#include "server/memory_return.h"

#include "gtest/gtest.h"

namespace sipcm::server {
namespace {

TEST(MemoryReturnTest, GivesBackOnceWhenHalfOfACrowdHasGone) {
  MemoryReturn memory;
  EXPECT_FALSE(memory.OnConnectionCount(1000));
  EXPECT_FALSE(memory.OnConnectionCount(501));
  EXPECT_TRUE(memory.OnConnectionCount(500));
  EXPECT_FALSE(memory.OnConnectionCount(500));
  EXPECT_FALSE(memory.OnConnectionCount(301));
  EXPECT_TRUE(memory.OnConnectionCount(250));
}

TEST(MemoryReturnTest, KeepsTheMemoryOfFew) {
  MemoryReturn memory;
  EXPECT_FALSE(memory.OnConnectionCount(MemoryReturn::kSmallestFall - 1));
  EXPECT_FALSE(memory.OnConnectionCount(0));
  EXPECT_FALSE(memory.OnConnectionCount(MemoryReturn::kSmallestFall));
  EXPECT_FALSE(memory.OnConnectionCount(1));
  EXPECT_TRUE(memory.OnConnectionCount(0));
}

TEST(MemoryReturnTest, KeepsTheMemoryOfACrowdThatComesAndGoes) {
  MemoryReturn memory;
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(memory.OnConnectionCount(10000));
    EXPECT_FALSE(memory.OnConnectionCount(6000));
  }
}

}  // namespace
}  // namespace sipcm::server
