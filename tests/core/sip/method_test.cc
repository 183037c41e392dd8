#include "core/sip/method.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace sipcm::sip {
namespace {

TEST(MethodTest, EveryNameIsItsMethodAndIsAllowed) {
  for (int i = 0; i < static_cast<int>(Method::kOther); ++i) {
    const Method method = static_cast<Method>(i);
    const absl::string_view name = MethodName(method);
    ASSERT_FALSE(name.empty());
    EXPECT_EQ(ParseMethod(name), method) << name;
    EXPECT_TRUE(
        absl::StrContains(absl::StrCat(", ", AllowedMethods(), ","), absl::StrCat(", ", name, ",")))
        << name;
  }
}

TEST(MethodTest, AnythingElseIsOther) {
  for (const char* name : {"", "I", "invite", "INVITES", "INVIT", "RE%47ISTER", "NEWMETHOD", "ACKS",
                           "Bye", "REFERS", "PUBLISHED", "SIP"}) {
    EXPECT_EQ(ParseMethod(name), Method::kOther) << name;
  }
  EXPECT_EQ(MethodName(Method::kOther), "");
}

TEST(MethodTest, DialogsStartWithTheMethodsThatMayStartThem) {
  EXPECT_TRUE(MayStartDialog(Method::kInvite));
  EXPECT_TRUE(MayStartDialog(Method::kSubscribe));
  EXPECT_TRUE(MayStartDialog(Method::kRefer));
  EXPECT_FALSE(MayStartDialog(Method::kOptions));
  EXPECT_FALSE(MayStartDialog(Method::kMessage));
  EXPECT_FALSE(MayStartDialog(Method::kRegister));
}

}  // namespace
}  // namespace sipcm::sip
