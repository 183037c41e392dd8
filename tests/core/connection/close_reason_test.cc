#include "core/connection/close_reason.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

namespace sipcm::connection {
namespace {

TEST(CloseReasonTest, EachReasonHasALabelOfItsOwn) {
  std::set<std::string> names;
  for (int i = 0; i < kCloseReasonCount; ++i) {
    const std::string name(CloseReasonName(static_cast<CloseReason>(i)));
    EXPECT_NE(name, "unknown") << i;
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string::npos) << name;
    EXPECT_TRUE(names.insert(name).second) << name;
  }
}

TEST(CloseReasonTest, AValueThatIsNoReasonIsUnknown) {
  EXPECT_EQ(CloseReasonName(static_cast<CloseReason>(kCloseReasonCount)), "unknown");
}

TEST(CloseReasonTest, LabelsAreTheWordsOfTheApi) {
  EXPECT_EQ(CloseReasonName(CloseReason::kIdle), "idle");
  EXPECT_EQ(CloseReasonName(CloseReason::kFirstMessageTimeout), "first_message_timeout");
  EXPECT_EQ(CloseReasonName(CloseReason::kPeerClosed), "peer_closed");
  EXPECT_EQ(CloseReasonName(CloseReason::kShutdown), "shutdown");
}

}  // namespace
}  // namespace sipcm::connection
