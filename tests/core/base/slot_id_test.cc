#include "core/base/slot_id.h"

#include <string>

#include "gtest/gtest.h"

namespace sipcm {
namespace {

using Id = SlotId<struct TestTag>;

TEST(SlotIdTest, TellsWorkerAndSlotAndReadsWhatItWrote) {
  const Id id(63, Id::kMaxSlots - 1, 0xfffffffffULL);
  EXPECT_EQ(id.worker(), 63);
  EXPECT_EQ(id.slot(), Id::kMaxSlots - 1);
  Id read;
  ASSERT_TRUE(Id::Parse(id.ToString(), &read));
  EXPECT_EQ(read, id);
  EXPECT_NE(Id(63, 1, 2), Id(63, 1, 3));
}

TEST(SlotIdTest, NoneIsNotValid) {
  EXPECT_FALSE(Id().is_valid());
  EXPECT_TRUE(Id(0, 0, 1).is_valid());
}

TEST(SlotIdTest, OneObjectHasOneSpelling) {
  Id id(1, 2, 3);
  const Id before = id;
  for (const std::string text :
       {"", "1", "0x00000000000001", " 000000000000001", "000000000000000A", "00000000000000010"}) {
    EXPECT_FALSE(Id::Parse(text, &id)) << text;
  }
  EXPECT_EQ(id, before);
}

}  // namespace
}  // namespace sipcm
