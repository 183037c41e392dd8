#include "core/dispatch/delivery.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

namespace sipcm::dispatch {
namespace {

TEST(DispatchReasonTest, EveryReasonHasANameOfItsOwn) {
  std::set<std::string> names;
  const int last = static_cast<int>(DispatchReason::kAutomaticAnswer);
  for (int i = 0; i <= last; ++i) {
    const std::string name(DispatchReasonName(static_cast<DispatchReason>(i)));
    EXPECT_FALSE(name.empty());
    EXPECT_TRUE(names.insert(name).second) << name;
  }
  EXPECT_EQ(DispatchReasonName(DispatchReason::kRequestUri), "request_uri");
  EXPECT_EQ(DispatchReasonName(DispatchReason::kAutomaticAnswer), "automatic_answer");
}

}  // namespace
}  // namespace sipcm::dispatch
