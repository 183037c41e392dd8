#include "core/connection/connection_state.h"

#include <string>

#include "gtest/gtest.h"

namespace sipcm::connection {
namespace {

TEST(ConnectionStateTest, OnlyTheStatedTransitionsAreLegal) {
  using S = ConnectionState;
  for (int i = 0; i < kConnectionStateCount; ++i) {
    for (int j = 0; j < kConnectionStateCount; ++j) {
      const S from = static_cast<S>(i);
      const S to = static_cast<S>(j);
      const bool legal = (from == S::kHandshaking && to == S::kEstablished) ||
                         (from == S::kEstablished && to == S::kDraining) ||
                         (from != S::kClosed && to == S::kClosed);
      EXPECT_EQ(IsLegalTransition(from, to), legal)
          << ConnectionStateName(from) << " to " << ConnectionStateName(to);
    }
  }
}

TEST(ConnectionStateTest, NamesAreTheWordsOfTheApi) {
  EXPECT_EQ(ConnectionStateName(ConnectionState::kHandshaking), "handshaking");
  EXPECT_EQ(ConnectionStateName(ConnectionState::kEstablished), "established");
  EXPECT_EQ(ConnectionStateName(ConnectionState::kDraining), "draining");
  EXPECT_EQ(ConnectionStateName(ConnectionState::kClosed), "closed");
}

}  // namespace
}  // namespace sipcm::connection
