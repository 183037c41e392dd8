#include "core/engine/reuse/reusable_connections.h"

#include <utility>

#include "gtest/gtest.h"

namespace sipcm::engine {
namespace {

using connection::ConnectionId;

pool::Destination To(const std::string& host) {
  pool::Destination destination;
  destination.host = host;
  destination.port = 5061;
  destination.transport = connection::Transport::kTls;
  return *pool::Destination::Normalized(std::move(destination));
}

TEST(ReusableConnectionsTest, AConnectionIsFoundWhileItIsHeld) {
  ReusableConnections all;
  EXPECT_FALSE(all.Find(To("a.example")).is_valid());
  auto hold = all.Add(To("a.example"), ConnectionId(1, 7));
  EXPECT_EQ(all.Find(To("a.example")), ConnectionId(1, 7));
  EXPECT_FALSE(all.Find(To("b.example")).is_valid());
  hold.reset();
  EXPECT_FALSE(all.Find(To("a.example")).is_valid());
}

TEST(ReusableConnectionsTest, OfSeveralTheLastThatCameIsFoundAndAfterItTheOneBefore) {
  ReusableConnections all;
  auto first = all.Add(To("a.example"), ConnectionId(0, 1));
  auto second = all.Add(To("a.example"), ConnectionId(1, 2));
  EXPECT_EQ(all.Find(To("a.example")), ConnectionId(1, 2));
  second.reset();
  EXPECT_EQ(all.Find(To("a.example")), ConnectionId(0, 1));
}

}  // namespace
}  // namespace sipcm::engine
