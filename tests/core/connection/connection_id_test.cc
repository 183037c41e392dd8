#include "core/connection/connection_id.h"

#include "absl/hash/hash_testing.h"
#include "gtest/gtest.h"

namespace sipcm::connection {
namespace {

TEST(ConnectionIdTest, NamesItsWorker) {
  const ConnectionId id(3, 0x1234);
  EXPECT_TRUE(id.is_valid());
  EXPECT_EQ(id.worker(), 3);
  EXPECT_EQ(ConnectionId::FromValue(id.value()), id);
  EXPECT_FALSE(ConnectionId().is_valid());
}

TEST(ConnectionIdTest, IdsOfTwoWorkersNeverMeet) {
  EXPECT_NE(ConnectionId(0, 7), ConnectionId(1, 7));
  EXPECT_NE(ConnectionId(1, 7), ConnectionId(1, 8));
  EXPECT_TRUE(absl::VerifyTypeImplementsAbslHashCorrectly(
      {ConnectionId(), ConnectionId(0, 7), ConnectionId(1, 7)}));
}

TEST(ConnectionIdTest, TextReadsBack) {
  for (const ConnectionId id : {ConnectionId(0, 1), ConnectionId(65535, 0xffffffffffff)}) {
    ConnectionId parsed;
    ASSERT_TRUE(ConnectionId::Parse(id.ToString(), &parsed)) << id.ToString();
    EXPECT_EQ(parsed, id);
  }
}

TEST(ConnectionIdTest, OnlyTheOneSpellingIsAnId) {
  ConnectionId id(5, 5);
  for (const char* text :
       {"", "0", "00", "01", "0x1", " 1", "1 ", "-1", "+1", "A", "g", "11111111111111111"}) {
    EXPECT_FALSE(ConnectionId::Parse(text, &id)) << text;
    EXPECT_EQ(id, ConnectionId(5, 5)) << text;
  }
}

}  // namespace
}  // namespace sipcm::connection
