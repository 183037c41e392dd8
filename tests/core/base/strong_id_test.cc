#include "core/base/strong_id.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "absl/container/flat_hash_set.h"

namespace sipcm {
namespace {

using AppleId = StrongId<struct AppleIdTag>;
using PearId = StrongId<struct PearIdTag>;

TEST(StrongIdTest, KindsDoNotMix) {
  EXPECT_FALSE((std::is_convertible_v<AppleId, PearId>));
  EXPECT_FALSE((std::is_convertible_v<uint64_t, AppleId>));
  EXPECT_FALSE((std::is_convertible_v<AppleId, uint64_t>));
}

TEST(StrongIdTest, ComparesOrdersAndHashesByValue) {
  EXPECT_EQ(AppleId(3), AppleId(3));
  EXPECT_LT(AppleId(3), AppleId(4));
  const absl::flat_hash_set<AppleId> ids = {AppleId(1), AppleId(2), AppleId(1)};
  EXPECT_EQ(ids.size(), 2u);
}

TEST(StrongIdTest, DefaultIsNone) {
  EXPECT_TRUE(AppleId().is_none());
  EXPECT_FALSE(AppleId(1).is_none());
  EXPECT_EQ(AppleId(7).value(), 7u);
}

}  // namespace
}  // namespace sipcm
